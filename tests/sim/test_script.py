"""The script: what happens when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.audio.wav import write_wav
from edge_agent.local.faults.fault import Fault
from edge_agent.sim.scenario import Break, Cue, Mute, Press, Scenario, Talk
from edge_agent.sim.script import Script
from edge_agent.sim.voice import VoiceError
from edge_agent.timeline import Happening, Recorder

Item = Talk | Press | Mute | Break


class Stage:
    """A script with everyone it acts on; `done` is what was done, with the time."""

    def __init__(self, *cues: Item, ends_after: str = "") -> None:
        self.now = 0
        self.done: list[tuple[int, Any]] = []
        self.noted: list[Happening] = []
        self.recorder = Recorder(lambda: self.now, self.noted.append)
        self.script = Script(
            Scenario(Path("story.toml"), cues=cues, ends_after=ends_after),
            self.recorder,
            talk=self._talk,
            press=lambda button, hold_s: self.done.append((self.now, (button, hold_s))),
            mute=self._mute,
            fault=lambda fault: self.done.append((self.now, fault.kind)),
        )

    def _talk(self, samples: Samples, place: int) -> None:
        self.done.append((self.now, samples))

    def _mute(self, on: bool) -> None:
        self.done.append((self.now, on))
        self.recorder.note("mute" if on else "unmute")

    def run_to(self, t_ms: int) -> None:
        while self.now < t_ms:
            self.script.advance(self.now)
            self.now += 10


def at(seconds: float) -> Cue:
    return Cue(seconds)


def after(kind: str, delay_s: float = 0.0) -> Cue:
    return Cue(None, kind, delay_s)


class TestACueAtATime:
    def test_happens_then_and_once(self) -> None:
        stage = Stage(Press(at(1.0), hold_s=0.3))
        stage.run_to(3000)
        assert stage.done == [(1000, ("talk", 0.3))]

    def test_happens_in_the_block_that_has_reached_it(self) -> None:
        stage = Stage(Press(at(0.123)))
        stage.run_to(1000)
        assert stage.done[0][0] == 130

    def test_keeps_the_files_order_among_its_equals(self) -> None:
        stage = Stage(Mute(at(1.0)), Press(at(1.0)), Break(at(1.0), Fault("stall")))
        stage.run_to(1010)
        assert [what for _, what in stage.done] == [True, ("talk", 0.1), "stall"]

    def test_waits_for_no_cue_that_waits(self) -> None:
        stage = Stage(Press(after("wake")), Mute(at(0.5)))
        stage.run_to(1000)
        assert stage.done == [(500, True)]


class TestACueAfterAnEvent:
    def test_happens_its_delay_after_the_events_own_time(self) -> None:
        stage = Stage(Press(after("silence", 0.5)))
        stage.run_to(1000)
        stage.recorder.record(Happening(940, 1, "silence"))
        stage.run_to(2000)
        assert stage.done[0][0] == 1440

    def test_happens_at_once_without_a_delay(self) -> None:
        stage = Stage(Press(after("wake")))
        stage.run_to(500)
        stage.recorder.note("wake", 1)
        stage.run_to(1000)
        assert stage.done[0][0] == 500

    def test_overlooks_what_came_before_the_cue_before_it(self) -> None:
        stage = Stage(Mute(at(1.0), False), Press(after("wake")))
        stage.run_to(500)
        stage.recorder.note("wake", 1)
        stage.run_to(2000)
        assert stage.done == [(1000, False)]
        stage.recorder.note("wake", 2)
        stage.run_to(3000)
        assert stage.done[1][0] == 2000

    def test_overlooks_what_is_only_told_after_the_cue_before_it(self) -> None:
        stage = Stage(Mute(at(1.0), False), Press(after("silence")))
        stage.run_to(1020)
        stage.recorder.record(Happening(970, 1, "silence"))
        stage.run_to(2000)
        assert len(stage.done) == 1

    def test_takes_what_the_cue_before_it_has_caused(self) -> None:
        stage = Stage(Mute(at(1.0)), Press(after("mute", 0.2)))
        stage.run_to(2000)
        assert [t_ms for t_ms, _ in stage.done] == [1000, 1200]

    def test_takes_an_event_of_a_clock_that_is_a_block_behind(self) -> None:
        stage = Stage(Mute(at(1.0), False), Press(after("wake")))
        stage.run_to(1010)
        stage.recorder.record(Happening(990, 1, "wake"))
        stage.run_to(2000)
        assert len(stage.done) == 2

    def test_takes_the_first_of_several(self) -> None:
        stage = Stage(Press(after("wake", 1.0)))
        for t_ms in (200, 400, 600):
            stage.run_to(t_ms)
            stage.recorder.note("wake")
        stage.run_to(3000)
        assert [t_ms for t_ms, _ in stage.done] == [1200]

    def test_leaves_one_event_to_one_cue_of_a_chain(self) -> None:
        stage = Stage(Press(after("idle")), Press(after("idle")))
        stage.run_to(500)
        stage.recorder.note("idle")
        stage.run_to(1000)
        assert len(stage.done) == 1
        stage.recorder.note("idle")
        stage.run_to(1500)
        assert len(stage.done) == 2

    def test_that_never_came_is_pending(self) -> None:
        waiting = Press(after("wake"))
        stage = Stage(Mute(at(0.1)), waiting)
        stage.run_to(1000)
        assert stage.script.pending == (waiting,)


class TestACueThatIsAlwaysPerformed:
    def test_follows_each_of_its_events(self) -> None:
        stage = Stage(Press(Cue(None, "idle", 0.3, always=True)))
        for t_ms in (500, 1500, 2500):
            stage.run_to(t_ms)
            stage.recorder.note("idle")
        stage.run_to(3500)
        assert [t_ms for t_ms, _ in stage.done] == [800, 1800, 2800]

    def test_takes_several_events_before_its_time_for_one(self) -> None:
        stage = Stage(Press(Cue(None, "idle", 1.0, always=True)))
        for t_ms in (500, 700, 900):
            stage.run_to(t_ms)
            stage.recorder.note("idle")
        stage.run_to(4000)
        assert [t_ms for t_ms, _ in stage.done] == [1500]

    def test_waits_for_no_cue_before_it(self) -> None:
        stage = Stage(Mute(after("never")), Press(Cue(None, "idle", 0.0, always=True)))
        stage.run_to(500)
        stage.recorder.note("idle")
        stage.run_to(1000)
        assert [t_ms for t_ms, _ in stage.done] == [500]


class TestATalk:
    def test_may_be_a_noise(self) -> None:
        stage = Stage(Talk(at(0.1), sound="clap", seed=4, level_dbfs=-20.0))
        stage.run_to(300)
        assert np.abs(stage.done[0][1]).max() > 0.1
        assert stage.noted[0].data["text"] == "clap"

    def test_is_noted_with_the_words_at_the_microphone(self, tmp_path: Path) -> None:
        tone = (0.3 * np.sin(np.arange(HEARING_RATE) * 0.2)).astype(np.float32)
        path = tmp_path / "hello.wav"
        write_wav(path, np.concatenate([np.zeros(3200, np.float32), tone]), HEARING_RATE)
        stage = Stage(Talk(at(1.0), wav=path, level_dbfs=-20.0))
        stage.run_to(1010)
        (happening,) = stage.noted
        way_ms = 4  # 1.5 m
        assert (happening.t_ms, happening.kind) == (1000, "talk")
        assert happening.data == {"text": "hello.wav", "from_ms": 1200 + way_ms, "to_ms": 2200 + way_ms}
        assert len(stage.done[0][1]) == HEARING_RATE + 3200

    def test_that_cannot_be_spoken_is_told_before_the_run(self) -> None:
        with pytest.raises(VoiceError):
            Stage(Talk(at(1.0), "hello", "festival:kal"))


class TestAFault:
    def test_is_noted(self) -> None:
        stage = Stage(Break(at(1.0), Fault("delay", 300.0, 2.0)))
        stage.run_to(1010)
        assert stage.noted == [Happening(1000, 0, "fault", {"kind": "delay", "for_s": 2.0, "value": 300.0})]
        assert stage.done == [(1000, "delay")]


class TestTheEnd:
    def test_comes_two_seconds_after_its_event(self) -> None:
        stage = Stage(Press(at(1.0)), ends_after="idle")
        stage.run_to(1500)
        stage.recorder.note("idle")
        stage.run_to(3500)
        assert not stage.script.ended
        stage.run_to(3510)
        assert stage.script.ended

    def test_waits_for_every_cue(self) -> None:
        stage = Stage(Press(at(1.0)), Press(at(5.0)), ends_after="idle")
        stage.run_to(2000)
        stage.recorder.note("idle")
        stage.run_to(6000)
        assert not stage.script.ended
        stage.recorder.note("idle")
        stage.run_to(8010)
        assert stage.script.ended

    def test_never_comes_unasked(self) -> None:
        stage = Stage(Press(at(1.0)))
        stage.run_to(2000)
        stage.recorder.note("idle")
        stage.run_to(9000)
        assert not stage.script.ended
