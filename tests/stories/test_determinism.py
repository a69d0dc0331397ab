"""Lock step: the same story, to the byte."""

from __future__ import annotations

from pathlib import Path

from tests.stories.rehearsal import tell

STORY = """
seed = 7
duration_s = 12
[[talker]]
at_s = 1.0
text = "hey jarvis what time is it"
voice = "flite:rms"
[[press]]
at_s = 9.0
"""


class TestTwoRuns:
    def test_of_one_scenario_are_the_same_to_the_byte(self, tmp_path: Path) -> None:
        for run in ("first", "second"):
            tell(STORY, tmp_path / run)
        for name in ("events.jsonl", "room.wav", "summary.json"):
            assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name

    def test_with_another_seed_are_heard_in_another_room(self, tmp_path: Path) -> None:
        tell(STORY, tmp_path / "first")
        tell(STORY.replace("seed = 7", "seed = 8"), tmp_path / "second")
        assert (tmp_path / "first/room.wav").read_bytes() != (tmp_path / "second/room.wav").read_bytes()
