"""Rooms, people and troubled cards: what a scenario can say, through the whole daemon in lock step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edge_agent.sim.scenario import load
from tests.stories.rehearsal import DEMO, of, perform, tell

pytestmark = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed (Debian package flite)")

GONE = """
duration_s = 20
[[person]]
name = "Ben"
m = 1.2
voice = "flite:kal16"
[[talker]]
at_s = 1
name = "Ben"
text = "hey jarvis what time is it"
[[card]]
at_s = 6
kind = "gone"
for_s = 2.5
[[talker]]
at_s = 12
name = "Ben"
text = "hey jarvis what day is it today"
"""


class TestACardThatIsPulledOut:
    def test_is_missed_and_comes_back_to_a_device_that_hears(self, tmp_path: Path) -> None:
        outcome = tell(GONE, tmp_path)
        lost, back = of(outcome, "sound_lost")[0], of(outcome, "sound_back")[0]
        assert lost.t_ms == pytest.approx(6000, abs=20)
        assert 8500 <= back.t_ms <= 9500  # it is looked for once a second
        assert [wake.t_ms // 1000 for wake in of(outcome, "wake")] == [1, 12]
        assert of(outcome, "first_sample")[-1].t_ms > 12_000

    def test_leaves_sound_and_events_on_one_clock(self, tmp_path: Path) -> None:
        outcome = tell(GONE, tmp_path)
        assert len(outcome.evidence.mic) == 20 * 16_000
        spoken = outcome.evidence.story.said[-1]
        assert of(outcome, "wake")[-1].t_ms == pytest.approx(spoken.span.start_ms + 800, abs=400)
        assert {said.name for said in outcome.evidence.story.said} == {"Ben"}

    def test_happens_the_same_every_time(self, tmp_path: Path) -> None:
        for run in ("first", "second"):
            tell(GONE, tmp_path / run)
        for name in ("events.jsonl", "room.wav", "summary.json"):
            assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


class TestACardThatOverruns:
    def test_loses_time_and_no_clock(self, tmp_path: Path) -> None:
        text = 'duration_s = 6\n[[card]]\nat_s = 2\nkind = "overrun"\nblocks = 20\n'
        talker = '[[talker]]\nat_s = 3\nvoice = "flite:kal16"\ntext = "hey jarvis what time is it"\n'
        whole, short = tell("duration_s = 6\n" + talker, tmp_path / "whole"), tell(text + talker, tmp_path / "short")
        assert of(short, "wake")[0].t_ms == pytest.approx(of(whole, "wake")[0].t_ms, abs=90)
        assert short.summary["card"] == {"lost_blocks": 20, "slips": 0}


class TestTheEvening:
    def test_is_played_and_told(self, tmp_path: Path) -> None:
        outcome = perform(load(DEMO.parent / "evening.toml"), tmp_path)
        assert [happening.data["kind"] for happening in of(outcome, "card")] == ["lost", "gone"]
        assert [change.data["what"] for change in of(outcome, "room")] == ["somebody turns the device round"]
        assert len(of(outcome, "background")) == 3
        page = (tmp_path / "index.html").read_text()
        for words in ("Carl:", "Where it happened", "somebody turns the device round", "sound card: gone", "tv off"):
            assert words in page
        told = json.loads((tmp_path / "summary.json").read_text())
        assert told["seed"] == 4
        assert "speed" not in told
        assert outcome.report["speed"]["audio_s"] == 75.0


class TestAPersonAfterALongTimeOfMusic:
    def test_who_presses_the_button_is_heard(self, tmp_path: Path) -> None:
        """The speech detector remembered replies and music for so long that it was deaf to a clear sentence."""
        scenario = """
seed = 3805759306
duration_s = 34
[room]
size_m = [4.94, 4.06, 2.59]
rt60_s = 0.496
mic_m = [0.453, 2.75, 0.76]
mic_gain_db = [-5.44]
mic_noise_dbfs = -62.8
talker_m = 0.578
speaker_m = 0.144
speaker_gain_db = -2.61
noise_dbfs = -61.9
delay_ms = 33.8
[provider]
model_delay_ms = 308
[[background]]
kind = "music"
for_s = 25.52
m = 2.51
level_dbfs = -33.2
"""
        talk = '[[cue]]\nkind = "talk"\n{when}\ntext = "{text}"\nvoice = "flite:rms"\nlevel_dbfs = -16.1\n'
        cues = (
            talk.format(when="at_s = 1.63", text="hey jarvis"),
            talk.format(when="at_s = 3.35", text="what is your name"),
            talk.format(when='after = "drained"\ndelay_s = 2.25', text="set the volume to fifty percent"),
            '[[cue]]\nkind = "press"\nat_s = 27.5239\n',
            talk.format(when="at_s = 28.1239", text="what is your name"),
        )
        outcome = tell(scenario + "".join(cues), tmp_path)
        (pressed,) = of(outcome, "press")
        assert [h for h in of(outcome, "speech_ended") if h.t_ms > pressed.t_ms]
        assert [h for h in of(outcome, "first_sample") if h.t_ms > pressed.t_ms]
