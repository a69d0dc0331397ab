"""People who pause in the middle of a sentence, and people who wait for an answer."""

from __future__ import annotations

from pathlib import Path

from tests.stories.rehearsal import of, tell

STORY = """
duration_s = 14
[provider]
model_delay_ms = {delay_ms}
[config.turn]
pause_ms = {pause_ms}
[[talker]]
at_s = 1.0
voice = "flite:kal16"
text = "hey jarvis"
[[talker]]
at_s = 2.6
voice = "flite:kal16"
text = "{first}"
"""
REST = """
[[talker]]
at_s = {at_s}
voice = "flite:kal16"
text = "{rest}"
"""


class TestAnAnswer:
    def test_comes_sooner_when_it_is_asked_for_before_the_end_is_sure(self, tmp_path: Path) -> None:
        waits: list[int | None] = []
        for pause_ms in (0, 300):
            outcome = tell(
                STORY.format(first="what time is it", pause_ms=pause_ms, delay_ms=500), tmp_path / str(pause_ms)
            )
            waits += [row.speech_end_to_first_sample_ms for row in outcome.rows]
        late, early = [wait for wait in waits if wait is not None]
        assert late - early >= 400

    def test_is_never_heard_before_the_sentence_is_over(self, tmp_path: Path) -> None:
        outcome = tell(STORY.format(first="what time is it", pause_ms=300, delay_ms=0), tmp_path)
        (ended,) = of(outcome, "speech_ended")
        (heard,) = of(outcome, "first_sample")
        assert heard.t_ms >= ended.t_ms


class TestAPause:
    def test_is_taken_back_and_the_sentence_is_understood_as_a_whole(self, tmp_path: Path) -> None:
        text = STORY.format(first="set the volume", pause_ms=300, delay_ms=100)
        outcome = tell(text + REST.format(at_s=4.2, rest="to fifty percent"), tmp_path)
        assert len(of(outcome, "speech_resumed")) == 1
        assert len(of(outcome, "commit")) == 2
        said = [caption.data["text"] for caption in of(outcome, "caption") if caption.data["role"] == "user"]
        assert said[-1] == "set the volume to fifty percent"
        assert len(of(outcome, "first_sample")) == 1
        assert len(of(outcome, "listening")) == 1  # one sentence, one turn
        assert of(outcome, "barge_in") == []
