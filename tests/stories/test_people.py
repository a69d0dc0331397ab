"""Recordings of people through the whole daemon: what woke it, and a turn held with human speech."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.rehearsal import SHARED, of, tell

WAKE = SHARED / "audio" / "wake"
pytestmark = pytest.mark.skipif(not WAKE.exists(), reason=f"the recordings of people are not here: {WAKE}")

STORY = """
duration_s = {seconds}
[room]
talker_m = 1.0
[config.wake]
words = ["{word}"]
[[talker]]
at_s = 1.0
wav = "{wav}"
"""


class TestARecordedPerson:
    @pytest.mark.parametrize("word", ["alexa", "hey_jarvis", "hey_mycroft", "hey_rhasspy"])
    def test_wakes_it(self, word: str, tmp_path: Path) -> None:
        outcome = tell(STORY.format(word=word, wav=WAKE / "positives" / f"{word}.wav", seconds=6), tmp_path)
        assert [wake.data["word"] for wake in of(outcome, "wake")] == [word]

    @pytest.mark.parametrize(
        "name", ["allison_demo-congrats", "okay_nabu", "oww_hey_jane", "computer", "moh_reno_project-system"]
    )
    def test_who_says_something_else_does_not_wake_it_and_nothing_leaves(self, name: str, tmp_path: Path) -> None:
        outcome = tell(STORY.format(word="hey_jarvis", wav=WAKE / "negatives" / f"{name}.wav", seconds=8), tmp_path)
        assert of(outcome, "wake") == []
        assert outcome.summary["bytes_before_wake"] == 0

    def test_holds_a_turn_with_a_question_nobody_synthesised(self, tmp_path: Path) -> None:
        story = STORY.format(word="hey_jarvis", wav=WAKE / "positives" / "hey_jarvis.wav", seconds=16)
        question = WAKE / "negatives" / "alsa_Front_Center.wav"
        outcome = tell(story + f'[[talker]]\nat_s = 3.5\nwav = "{question}"\n', tmp_path)
        first_sounds = of(outcome, "first_sample")
        # The first recording ends in a knock, which may open a sentence of its own: what follows continues it.
        assert len(first_sounds) == 1
        assert first_sounds[0].t_ms > outcome.evidence.story.said[-1].span.end_ms
        assert outcome.rows[-1].heard_ms is not None
