"""Devices with a path that is known to the sample: the simulated room, and what stands between it and who listens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.audio.device import DeviceError
from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.field.calibration.examination import Figures, Setting, examine
from edge_agent.field.calibration.programme import Programme
from edge_agent.field.calibration.recording import TRIM_S, Recording, record
from edge_agent.hearing.echo.engines import make
from edge_agent.sim.card import Card
from edge_agent.sim.device import SimulatedDevice, Talkers
from edge_agent.sim.room import Room
from edge_agent.sim.scenario import Scenario
from edge_agent.sim.scenario_card import CardTrouble
from edge_agent.sim.scenario_room import RoomSettings
from edge_agent.sim.script import Script
from edge_agent.timeline import Recorder

SHORT = Programme(4, voice=False)
WHOLE = Programme(3)
NOWHERE_NEAR_MS = 0.73  # from the loudspeaker to a microphone at 0.25 m, through the air
QUIET = -120.0  # dBFS: no noise at all

Alter = Callable[[int, Samples, Samples], Samples]


def simulated(troubles: Sequence[CardTrouble] = (), **room: Any) -> SimulatedDevice:
    """The simulated room, in lock step, in which nobody speaks. room: as `[room]`."""
    settings = RoomSettings(**room)
    recorder = Recorder(lambda: 0)
    script = Script(
        Scenario(Path("calibration.toml"), room=settings),
        recorder,
        talk=lambda samples, place: None,
        press=lambda button, hold_s: None,
        mute=lambda on: None,
        fault=lambda fault: None,
    )
    return SimulatedDevice(
        Room(settings, 1),
        script=script,
        talkers=Talkers(),
        playing=lambda: 0,
        recorder=recorder,
        realtime=False,
        delay_ms=settings.delay_ms,
        card=Card(troubles, settings, 1),
    )


class Altered:
    """A simulated device whose microphones go through a function of the test's.

    alter: from the block's number, what was heard (rows, 160) and what was given (160,), to what is handed out.
    """

    def __init__(self, device: SimulatedDevice, alter: Alter, *, has_reference: bool = False, busy: str = "") -> None:
        self.rate = self.mic_rate = device.rate
        self.channels = device.channels
        self.has_reference = has_reference
        self.is_clocked = False
        self.latency_ms = device.latency_ms
        self.drift_ppm = 0.0
        self.overflows = self.underruns = 0
        self.obtained: dict[str, Any] = dict(device.obtained)
        self.closed = 0
        self._device, self._alter, self._busy = device, alter, busy
        self._block = 0

    def open(self) -> None:
        if self._busy:
            raise DeviceError(self._busy)
        self._device.open()

    def exchange(self, speaker: Samples | None) -> Samples:
        given = np.zeros(HEARING_BLOCK, np.float32) if speaker is None else speaker
        heard = self._alter(self._block, self._device.exchange(speaker), given)
        self._block += 1
        return heard

    def close(self) -> None:
        self.closed += 1
        self._device.close()


def recorded(device: SimulatedDevice | Altered, programme: Programme = SHORT, volume: int = 70) -> Recording:
    device.open()
    try:
        return record(device, programme, volume=volume)
    finally:
        device.close()


def examined(device: SimulatedDevice | Altered, setting: Setting, heard: bool | None = None) -> Figures:
    """The whole calibration, as short as it can be, with the engine of the setting."""
    engine = make(setting.engine, tail_ms=setting.tail_ms, max_delay_ms=setting.max_delay_ms)
    return examine(device, engine, setting, WHOLE, ask=lambda: heard)


@cache
def living_room() -> Figures:
    """Of a room in which all is well."""
    return examined(simulated(), Setting())


def block_at(programme_s: float) -> int:
    """The number of the device's block in which this moment of the programme is exchanged."""
    return round((programme_s + TRIM_S) * 100)
