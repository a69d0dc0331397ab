"""The stop word through the whole daemon: what runs ends, and what was said is not answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.app import stages
from edge_agent.hearing.wake import ModelError
from edge_agent.simulation import Outcome
from tests.stories.rehearsal import of, settings, tell

HEAD = """
duration_s = {seconds}
[config.session]
provider = "local"
[config.wake]
words = ["hey_jarvis"]
stop_words = ["alexa"]
"""
SAYS = """
[[cue]]
kind = "talk"
voice = "flite:kal16"
after = "{after}"
delay_s = {delay_s}
text = "{text}"
"""


def story(out: Path, *says: tuple[str, float, str], seconds: float = 16) -> Outcome:
    """says: after which kind of happening, how long after, which sentence. "Alexa" is the stop word."""
    cues = [SAYS.format(after=after, delay_s=delay_s, text=text) for after, delay_s, text in says]
    return tell(HEAD.format(seconds=seconds) + "".join(cues), out)


LONG = ("ready", 1.0, "hey jarvis tell me a story")


class TestAStopWord:
    def test_said_over_a_reply_ends_it_and_is_not_answered(self, tmp_path: Path) -> None:
        outcome = story(tmp_path, LONG, ("first_sample", 3.0, "alexa"))
        (stopped,) = of(outcome, "stop_word")
        assert stopped.data["word"] == "alexa"
        (silence,) = of(outcome, "silence")
        said = outcome.evidence.story.said[-1]
        assert silence.t_ms <= said.span.end_ms + 1000
        assert len(of(outcome, "commit")) == 1
        assert len(of(outcome, "truncate")) == 1
        assert of(outcome, "state")[-1].data["phase"] == "idle"

    def test_ends_a_turn_that_has_just_been_opened(self, tmp_path: Path) -> None:
        outcome = story(tmp_path, ("ready", 1.0, "hey jarvis"), ("wake", 1.2, "alexa"), seconds=9)
        assert len(of(outcome, "stop_word")) == 1
        assert of(outcome, "commit", "first_sample") == []
        assert of(outcome, "state")[-1].data["phase"] == "idle"

    def test_wakes_nothing_at_rest(self, tmp_path: Path) -> None:
        outcome = story(tmp_path, ("ready", 1.0, "alexa"), seconds=5)
        assert of(outcome, "wake", "listening", "append") == []


class TestAThresholdOfOneWord:
    def test_reaches_the_wake_engine(self) -> None:
        with pytest.raises(ModelError, match="alexa"):
            stages(settings(wake={"words": ["hey_jarvis"], "thresholds": {"alexa": 0.4}}))
        assert stages(settings(wake={"words": ["hey_jarvis"], "stop_words": ["alexa"], "thresholds": {"alexa": 0.4}}))
