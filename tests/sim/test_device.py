"""The twin of the sound card."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.device import AudioDevice, DeviceError
from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.audio.wav import read_wav
from edge_agent.sim.card import Card
from edge_agent.sim.device import SimulatedDevice, Talkers
from edge_agent.sim.room import Room
from edge_agent.sim.scenario import Cue, Press, Scenario
from edge_agent.sim.scenario_card import CardTrouble
from edge_agent.sim.scenario_room import RoomSettings
from edge_agent.sim.script import Script
from edge_agent.timeline import Happening, Recorder

SILENT: Samples = np.zeros(HEARING_BLOCK, np.float32)
VOICE: Samples = np.full(HEARING_BLOCK, 0.1, np.float32)


class Desk:
    """A device in its room, with a turn that can be set and presses that are kept with their time."""

    def __init__(
        self,
        *,
        delay_ms: float = 40.0,
        duration_s: float = 10.0,
        realtime: bool = False,
        ends_after: str = "",
        drift_ppm: float = 0.0,
        mics: int = 1,
        card: tuple[CardTrouble, ...] = (),
    ) -> None:
        room = RoomSettings(delay_ms=delay_ms, mics=mics, noise_dbfs=-120.0, drift_ppm=drift_ppm)
        self.turn = 0
        self.presses: list[int] = []
        self.happenings: list[Happening] = []
        self.recorder = Recorder(lambda: self.device.t_ms, self.happenings.append)
        self.talkers = Talkers()
        press: Callable[[str, float], None] = lambda button, hold_s: self.presses.append(self.device.t_ms)  # noqa: E731
        script = Script(
            Scenario(
                Path("story.toml"), duration_s=duration_s, ends_after=ends_after, room=room, cues=(Press(Cue(0.05)),)
            ),
            self.recorder,
            talk=self.talkers.say,
            press=press,
            mute=lambda on: None,
            fault=lambda fault: None,
        )
        self.device = SimulatedDevice(
            Room(room, 1),
            script=script,
            talkers=self.talkers,
            playing=lambda: self.turn,
            recorder=self.recorder,
            realtime=realtime,
            delay_ms=delay_ms,
            card=Card(card),
        )
        self.device.open()

    def play(self, block: Samples, turn: int, times: int) -> None:
        self.turn = turn
        for _ in range(times):
            self.device.exchange(block)

    @property
    def story(self) -> list[tuple[int, int, str]]:
        return [(h.t_ms, h.turn, h.kind) for h in self.happenings]


class TestTheDevice:
    def test_keeps_the_boundary(self) -> None:
        device: AudioDevice = Desk(delay_ms=60.0, mics=3).device
        assert (device.rate, device.channels, device.latency_ms) == (16_000, 3, 60.0)
        assert device.exchange(SILENT).shape == (3, HEARING_BLOCK)
        assert (device.overflows, device.underruns) == (0, 0)

    def test_counts_audio_time(self) -> None:
        desk = Desk()
        desk.play(SILENT, 0, 25)
        assert desk.device.t_ms == 250

    def test_lets_the_script_act_in_its_block(self) -> None:
        desk = Desk()
        desk.play(SILENT, 0, 10)
        assert desk.presses == [50]

    def test_refuses_a_block_of_another_rate(self) -> None:
        with pytest.raises(ValueError, match=r"found a block of shape \(480,\), expected \(160,\)"):
            Desk().device.exchange(np.zeros(480, np.float32))

    def test_refuses_to_work_when_closed(self) -> None:
        desk = Desk()
        desk.device.close()
        desk.device.close()
        with pytest.raises(DeviceError, match="not open"):
            desk.device.exchange(SILENT)


class TestTheAir:
    @pytest.mark.parametrize("delay_ms", [0.0, 40.0, 100.0])
    def test_holds_the_reply_one_latency_later(self, delay_ms: float) -> None:
        desk = Desk(delay_ms=delay_ms)
        desk.play(SILENT, 0, 10)
        desk.play(VOICE, 7, 20)
        desk.play(SILENT, 0, 30)
        assert desk.story == [(100 + delay_ms, 7, "first_sample"), (299 + delay_ms, 7, "silence")]

    def test_tells_turns_apart_inside_a_block(self) -> None:
        desk = Desk(delay_ms=43.0)
        desk.play(VOICE, 1, 10)
        desk.play(VOICE, 2, 20)
        assert desk.story == [(43, 1, "first_sample"), (142, 1, "silence"), (143, 2, "first_sample")]

    def test_is_followed_while_the_clocks_drift(self) -> None:
        desk = Desk(drift_ppm=1000.0)
        desk.play(SILENT, 0, 500)  # 5 ms of drift
        desk.play(VOICE, 7, 20)
        desk.play(SILENT, 0, 30)
        assert [kind for _, _, kind in desk.story] == ["first_sample", "silence"]
        assert desk.story[0][0] == pytest.approx(5035, abs=1)

    def test_is_silent_for_the_record_when_the_device_closes(self) -> None:
        desk = Desk(delay_ms=0.0)
        desk.play(VOICE, 1, 10)
        desk.device.close()
        assert desk.story[-1] == (99, 1, "silence")

    def test_shows_its_level(self) -> None:
        desk = Desk(delay_ms=0.0)
        desk.play(SILENT, 0, 1)
        assert desk.device.air_dbfs == -120.0
        desk.play(VOICE, 1, 1)
        assert desk.device.air_dbfs == pytest.approx(-20.0, abs=0.01)


class TestTheTalkers:
    def test_are_heard_by_the_microphone(self) -> None:
        desk = Desk()
        desk.talkers.say(np.full(1600, 0.2, np.float32))
        heard = np.concatenate([desk.device.exchange(SILENT)[0] for _ in range(20)])
        assert np.max(np.abs(heard)) > 0.05

    def test_may_speak_at_once(self) -> None:
        talkers = Talkers()
        talkers.say(np.full(200, 0.1, np.float32))
        first = talkers.block().copy()
        talkers.say(np.full(100, 0.2, np.float32))
        second = talkers.block().copy()
        assert np.allclose(first, 0.1)
        assert np.allclose(second[0, :40], 0.3)
        assert np.allclose(second[0, 40:100], 0.2)
        assert not second[0, 100:].any()
        assert not talkers.block().any()


class TestTheEndOfTheRun:
    def test_comes_with_the_scenarios_duration(self) -> None:
        desk = Desk(duration_s=0.5)
        desk.play(SILENT, 0, 49)
        assert not desk.device.finished
        desk.play(SILENT, 0, 1)
        assert desk.device.finished

    def test_comes_earlier_when_the_story_is_over(self) -> None:
        desk = Desk(ends_after="idle")
        desk.play(SILENT, 0, 10)
        desk.recorder.note("idle")
        desk.play(SILENT, 0, 200)
        assert not desk.device.finished
        desk.play(SILENT, 0, 1)
        assert desk.device.finished


class TestTheRecording:
    def test_has_the_microphone_left_and_the_air_right(self, tmp_path: Path) -> None:
        desk = Desk(delay_ms=40.0, duration_s=0.2)
        desk.play(SILENT, 0, 10)
        desk.play(VOICE, 1, 40)  # beyond the scenario's duration
        path = tmp_path / "room.wav"
        desk.device.save(path)
        samples, rate = read_wav(path)
        assert rate == HEARING_RATE
        assert samples.shape == (2, 50 * HEARING_BLOCK)
        assert np.allclose(samples[0], desk.device.mic, atol=1e-4)
        assert np.allclose(samples[1], desk.device.air, atol=1e-4)
        assert not samples[1, : 14 * HEARING_BLOCK].any()
        assert np.allclose(samples[1, 14 * HEARING_BLOCK :], 0.1, atol=1e-4)
        assert np.abs(samples[0, 14 * HEARING_BLOCK :]).max() > 0.01


class TestRealTime:
    def test_is_never_ahead_of_the_clock(self) -> None:
        desk = Desk(realtime=True)
        began = time.monotonic()
        desk.play(SILENT, 0, 6)
        assert time.monotonic() - began >= 0.050  # the sixth block begins 50 ms after the first

    def test_catches_up_and_counts_what_was_late(self) -> None:
        desk = Desk(realtime=True)
        began = time.monotonic()
        desk.play(SILENT, 0, 1)
        while time.monotonic() - began < 0.060:
            pass
        desk.play(SILENT, 0, 1)
        assert desk.device.late == 1
        assert desk.device.worst_late_ms >= 49.0

    def test_is_not_kept_in_lock_step(self) -> None:
        desk = Desk(duration_s=60.0)
        desk.play(SILENT, 0, 1000)
        assert desk.device.late == 0


class TestATroubledCard:
    def test_that_overruns_says_so_and_the_room_has_gone_on(self) -> None:
        desk = Desk(card=(CardTrouble(0.1, "overrun", blocks=3),))
        desk.play(SILENT, 0, 20)
        assert (desk.device.overflows, desk.device.underruns) == (3, 3)
        assert desk.device.t_ms == 230
        assert desk.presses == [50]

    def test_that_overruns_plays_a_gap(self) -> None:
        desk = Desk(delay_ms=0.0, card=(CardTrouble(0.1, "overrun", blocks=10),))
        desk.play(VOICE, 1, 20)
        silent = np.flatnonzero(desk.device.air == 0.0)
        assert (silent[0], silent[-1]) == (1600, 3199)

    def test_that_loses_samples_says_nothing_and_moves_voice_and_echo(self) -> None:
        desk = Desk(card=(CardTrouble(0.1, "lost", samples=40),))
        desk.talkers.say(np.linspace(0.0, 1.0, 8001, dtype=np.float32))
        desk.play(SILENT, 0, 10)
        desk.play(VOICE, 1, 10)
        assert desk.device.overflows == 0
        assert desk.device.t_ms == 200
        assert desk.talkers.block()[0, 0] == pytest.approx((20 * 160 + 40) / 8000)
        assert desk.story[0] == (100 + (640 - 40) * 1000 // 16_000, 1, "first_sample")

    def test_that_is_gone_is_silent_at_once_and_back_in_time(self) -> None:
        desk = Desk(card=(CardTrouble(0.2, "gone", for_s=0.1),))
        desk.play(VOICE, 1, 20)
        with pytest.raises(DeviceError, match="gone"):
            desk.device.exchange(VOICE)
        desk.device.close()
        for _ in range(9):
            desk.device.pass_by()
        with pytest.raises(DeviceError, match="gone"):
            desk.device.open()
        desk.device.pass_by()
        desk.device.open()
        assert desk.device.t_ms == 300
        desk.play(SILENT, 0, 10)
        assert not desk.device.air[20 * HEARING_BLOCK :].any()
        assert len(desk.device.mic) == 40 * HEARING_BLOCK

    def test_that_is_gone_in_real_time_is_made_up_for(self) -> None:
        desk = Desk(realtime=True, card=(CardTrouble(0.02, "gone", for_s=0.05),))
        desk.play(SILENT, 0, 2)
        with pytest.raises(DeviceError):
            desk.device.exchange(SILENT)
        desk.device.close()
        time.sleep(0.06)
        desk.device.open()
        assert desk.device.t_ms >= 70
