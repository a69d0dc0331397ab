"""What a person may do, and what the device does then, from recorded sound and from what crossed the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.simulation import Outcome
from tests.stories.rehearsal import of, tell

HEAD = """
duration_s = {seconds}
ends_after = "drained"
[config.session]
provider = "local"
greeting = "{greeting}"
[config.turn]
{turn}
"""
SAYS = """
[[cue]]
kind = "talk"
voice = "flite:kal16"
after = "{after}"
delay_s = {delay_s}
text = "{text}"
"""


def story(
    out: Path, *says: tuple[str, float, str], seconds: float = 40, greeting: str = "", turn: str = "", more: str = ""
) -> Outcome:
    """says: after which kind of happening, how long after, which sentence."""
    cues = [SAYS.format(after=after, delay_s=delay_s, text=text) for after, delay_s, text in says]
    return tell(HEAD.format(seconds=seconds, greeting=greeting, turn=turn) + "".join(cues) + more, out)


def said(outcome: Outcome, turn: int) -> str:
    return outcome.evidence.story.caption(turn, of_person=False)


class TestTheFirstReply:
    def test_can_be_interrupted_by_talking_over_it(self, tmp_path: Path) -> None:
        outcome = story(tmp_path, ("first_sample", 1.5, "what can you do"), greeting="Greet.")
        (interruption,) = of(outcome, "barge_in")
        (spoken, *_) = outcome.evidence.story.said
        silence = next(h for h in of(outcome, "silence") if h.turn == 1)
        assert interruption.turn in (1, 2)
        assert silence.t_ms - spoken.span.start_ms < 1000
        assert said(outcome, 2).startswith("I know the time")

    def test_is_not_interrupted_by_the_wake_word_in_it(self, tmp_path: Path) -> None:
        outcome = story(tmp_path, greeting="Greet.", seconds=14)
        assert "hey jarvis" in said(outcome, 1).lower()
        assert of(outcome, "wake", "barge_in", "truncate") == []
        assert [note.data["word"] for note in of(outcome, "wake_doubted")] == ["hey_jarvis"]


class TestAFunctionCall:
    def test_goes_round_and_its_answer_is_spoken(self, tmp_path: Path) -> None:
        outcome = story(tmp_path, ("ready", 1.0, "hey jarvis set the volume to thirty percent"), seconds=20)
        (called,) = of(outcome, "tool")
        assert called.data["name"] == "set_volume"
        (turn,) = {row.turn for row in outcome.rows}
        assert said(outcome, turn) == "The volume is now at thirty percent."


class TestWhoFindsTheEndOfASentence:
    @pytest.mark.parametrize("detection", ["local", "server_vad", "semantic_vad"])
    def test_is_a_setting(self, tmp_path: Path, detection: str) -> None:
        outcome = story(
            tmp_path,
            ("ready", 1.0, "hey jarvis tell me a joke"),
            ("drained", 0.8, "what can you do"),
            turn=f'detection = "{detection}"',
        )
        assert [row.turn for row in outcome.rows] == [1, 2]
        assert said(outcome, 1).startswith("Why did the clock")
        assert said(outcome, 2).startswith("I know the time")
        assert bool(of(outcome, "commit")) is (detection == "local")
        assert of(outcome, "unexpected", "error") == []


class TestAThoughtfulPause:
    def test_within_a_sentence_does_not_end_it(self, tmp_path: Path) -> None:
        pause = SAYS.format(after="talk", delay_s=1.9, text="tell me a joke")
        outcome = story(tmp_path, ("ready", 1.0, "hey jarvis"), more=pause, seconds=20)
        assert len(of(outcome, "commit")) == 1
        assert said(outcome, 1).startswith("Why did the clock")


class TestAWakeWordAlone:
    def test_is_given_up_without_a_sound_sent_to_be_answered(self, tmp_path: Path) -> None:
        outcome = story(tmp_path, ("ready", 1.0, "hey jarvis"), seconds=14)
        assert of(outcome, "commit", "response") == []
        assert of(outcome, "state")[-1].data["phase"] == "idle"


class TestACough:
    def test_ducks_the_reply_and_lets_it_go_on(self, tmp_path: Path) -> None:
        outcome = story(
            tmp_path,
            ("ready", 1.0, "hey jarvis tell me a story"),
            ("first_sample", 3.0, "ah"),
            seconds=45,
        )
        (reply,) = outcome.evidence.story.replies
        assert reply.ended == "drained"
        assert of(outcome, "truncate") == []


class TestAnAgreement:
    def test_makes_the_reply_wait_and_costs_none_of_it(self, tmp_path: Path) -> None:
        outcome = story(
            tmp_path,
            ("ready", 1.0, "hey jarvis tell me a story"),
            ("first_sample", 3.0, "yeah"),
            seconds=45,
        )
        (reply,) = outcome.evidence.story.replies
        assert reply.ended == "drained"
        assert [h.kind for h in of(outcome, "duck", "reply_paused", "duck_released", "barge_in")] == [
            "duck",
            "reply_paused",
            "duck_released",
        ]


class TestADeviceThatIsStoppedByWordsOnly:
    def test_speaks_on_when_somebody_talks_over_it_and_says_why(self, tmp_path: Path) -> None:
        outcome = story(
            tmp_path,
            ("ready", 1.0, "hey jarvis tell me a story"),
            ("first_sample", 3.0, "what time is it"),
            seconds=45,
            turn='listen_while_speaking = "wake"',
        )
        (reply,) = outcome.evidence.story.replies
        assert reply.ended == "drained"
        assert of(outcome, "duck", "barge_in") == []
        assert [h.data for h in of(outcome, "floor")] == [{"tier": "wake", "why": "configured"}]

    def test_hears_its_wake_word_over_the_reply(self, tmp_path: Path) -> None:
        outcome = story(
            tmp_path,
            ("ready", 1.0, "hey jarvis tell me a story"),
            ("first_sample", 3.0, "hey jarvis what time is it"),
            seconds=45,
            turn='listen_while_speaking = "wake"',
        )
        assert [h.data["by"] for h in of(outcome, "listening")] == ["wake", "wake"]
        assert outcome.evidence.story.replies[0].ended == "flushed"
