"""The built-in assistant in the simulated room: a timer is asked for aloud, it rings, and is stopped."""

from __future__ import annotations

from pathlib import Path

from edge_agent.simulation import Outcome
from tests.stories.rehearsal import loudness, of, tell

STORY = """
duration_s = 22
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
text = "hey jarvis set a timer for three seconds"
"""
STOP = '[[cue]]\nkind = "talk"\nvoice = "flite:kal16"\nafter = "alarm"\ndelay_s = 2.5\ntext = "alexa"\n'
PRESS = '[[cue]]\nkind = "press"\nafter = "alarm"\ndelay_s = 2.0\n'


def said(outcome: Outcome, role: str) -> str:
    return " ".join(str(note.data["text"]) for note in of(outcome, "caption") if note.data["role"] == role)


class TestATimerThatIsAskedForAloud:
    def test_is_set_told_rung_and_stopped_by_the_stop_word(self, tmp_path: Path) -> None:
        outcome = tell(STORY + STOP, tmp_path)
        assert said(outcome, "user") == "set a timer for three seconds"
        assert said(outcome, "assistant") == "Your timer is set: three seconds."
        (was_set,), (rang,), (ended,) = of(outcome, "alarm_set"), of(outcome, "alarm"), of(outcome, "alarm_stopped")
        assert was_set.data == {"kind": "timer", "in_s": 3}
        assert rang.t_ms >= was_set.t_ms + 3000
        assert loudness(outcome, rang.t_ms + 100, rang.t_ms + 1000) > -40
        assert ended.data["by"] == "stop_word"
        assert loudness(outcome, ended.t_ms + 150, ended.t_ms + 3000) < -80

    def test_is_ended_by_the_button_too(self, tmp_path: Path) -> None:
        outcome = tell(STORY + PRESS, tmp_path)
        (ended,) = of(outcome, "alarm_stopped")
        assert ended.data["by"] == "press"
        assert of(outcome, "state")[-1].data["light"] == "idle"
