"""A timer through the whole daemon: set by the model, rung by the device, ended by a person who is heard over it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_agent.local.realtime.mind import Answer, Call, Question, Say
from edge_agent.simulation import Outcome
from tests.stories.rehearsal import loudness, of, tell

HEAD = """
duration_s = {seconds}
[config.session]
provider = "local"
[config.wake]
words = ["hey_jarvis"]
stop_words = ["alexa"]
[[cue]]
kind = "talk"
voice = "flite:kal16"
after = "ready"
delay_s = 0.5
text = "hey jarvis tell me a joke"
"""
TALK = '[[cue]]\nkind = "talk"\nvoice = "flite:kal16"\nafter = "{after}"\ndelay_s = {delay_s}\ntext = "{text}"\n'
PRESS = '[[cue]]\nkind = "press"\nafter = "{after}"\ndelay_s = {delay_s}\n'
MUTE = '[[cue]]\nkind = "mute"\nafter = "{after}"\ndelay_s = {delay_s}\n'
DROP = '[[cue]]\nkind = "fault"\nfault = "offline"\nfor_s = 60\nafter = "{after}"\n'

LONG = "Your timer is set. While you wait, here is what I know about eggs. They are round, they are many, and so on."


@dataclass(frozen=True)
class Cook:
    """Sets a timer whatever is said, and says so."""

    seconds: int
    reply: str

    def answer(self, question: Question) -> Answer:
        last = next(i for i in reversed(question.items) if "output" in i or i.get("role") == "user")
        if "output" in last:
            return (Say(self.reply),)
        return (Call("set_timer", json.dumps({"seconds": self.seconds})),)


@pytest.fixture
def kitchen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kitchen:
    return Kitchen(tmp_path, monkeypatch)


@dataclass(frozen=True)
class Kitchen:
    out: Path
    patch: pytest.MonkeyPatch

    def story(self, *cues: str, seconds: float = 16, timer_s: int = 3, reply: str = "All right.") -> Outcome:
        self.patch.setattr("edge_agent.sim.answers.Brain", lambda language: Cook(timer_s, reply))
        return tell(HEAD.format(seconds=seconds) + "".join(cues), self.out)


class TestATimer:
    def test_rings_when_it_is_due_and_again_until_the_button_is_pressed(self, kitchen: Kitchen) -> None:
        outcome = kitchen.story(PRESS.format(after="alarm", delay_s=5.0))
        (was_set,), (rang,), (ended,) = of(outcome, "alarm_set"), of(outcome, "alarm"), of(outcome, "alarm_stopped")
        assert was_set.data == {"kind": "timer", "in_s": 3}
        assert 3000 <= rang.t_ms - was_set.t_ms <= 3050
        assert ended.data["by"] == "press"
        for start in (0, 3000):
            assert loudness(outcome, rang.t_ms + start + 100, rang.t_ms + start + 1000) > -40
        assert loudness(outcome, ended.t_ms + 150, ended.t_ms + 4000) < -80
        assert len(of(outcome, "listening")) == 1
        assert of(outcome, "state")[-1].data["light"] == "idle"

    def test_is_stopped_by_the_stop_word_said_over_it(self, kitchen: Kitchen) -> None:
        outcome = kitchen.story(TALK.format(after="alarm", delay_s=2.5, text="alexa"))
        (ended,) = of(outcome, "alarm_stopped")
        assert ended.data["by"] == "stop_word"
        assert loudness(outcome, ended.t_ms + 150, ended.t_ms + 4000) < -80
        assert len(of(outcome, "commit")) == 1

    def test_is_stopped_by_the_wake_word_and_the_question_is_answered(self, kitchen: Kitchen) -> None:
        outcome = kitchen.story(TALK.format(after="alarm", delay_s=2.5, text="hey jarvis tell me a story"), seconds=20)
        (ended, *_) = of(outcome, "alarm_stopped")
        assert ended.data["by"] == "wake"
        assert len(of(outcome, "commit")) == 2
        assert len(of(outcome, "alarm_set")) == 2

    def test_is_not_interrupted_by_its_own_sound_nor_by_talk(self, kitchen: Kitchen) -> None:
        outcome = kitchen.story(TALK.format(after="alarm", delay_s=2.5, text="the eggs are ready I think"), seconds=24)
        (rang,) = of(outcome, "alarm")
        stirred = of(outcome, "alarm_stopped", "barge_in", "duck", "unexpected")
        assert [happening for happening in stirred if happening.t_ms >= rang.t_ms] == []
        assert len(of(outcome, "listening")) == 1
        assert of(outcome, "state")[-1].data["light"] == "alarm"

    def test_that_is_due_during_a_reply_rings_after_it(self, kitchen: Kitchen) -> None:
        outcome = kitchen.story(PRESS.format(after="alarm", delay_s=1.0), reply=LONG, seconds=24)
        (drained,), (rang,) = of(outcome, "drained"), of(outcome, "alarm")
        (was_set,) = of(outcome, "alarm_set")
        assert drained.t_ms > was_set.t_ms + 4000
        assert drained.t_ms <= rang.t_ms <= drained.t_ms + 50

    def test_rings_muted_and_offline(self, kitchen: Kitchen) -> None:
        cues = (DROP.format(after="drained"), MUTE.format(after="fault", delay_s=0.5))
        outcome = kitchen.story(*cues, PRESS.format(after="alarm", delay_s=3.0), timer_s=8, seconds=22)
        (rang,), (ended,) = of(outcome, "alarm"), of(outcome, "alarm_stopped")
        assert of(outcome, "mute")[0].t_ms < rang.t_ms
        assert ended.data["by"] == "press"
        assert loudness(outcome, rang.t_ms + 100, rang.t_ms + 1000) > -40
        assert of(outcome, "state")[-1].data["light"] == "muted"
