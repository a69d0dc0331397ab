"""The stages at work together: the simulated room, lock step, and the daemon's own threads in real time.

Law: the wirings are the product's own (`app.wire`, `simulation.rehearse`), the card, the room and the people simulated.
In real time the embedded server runs in a process of its own and is not counted; the simulated room is.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from edge_agent import app
from edge_agent.audio.duplex import Duplex
from edge_agent.audio.format import BLOCKS_PER_S, HEARING_BLOCK, DuplexBlock
from edge_agent.audio.wire import PCM16_24K, UplinkEncoder
from edge_agent.board.nothing import NoBoard
from edge_agent.config import Settings
from edge_agent.ear import Batch, Ear
from edge_agent.local.child import ServerChild
from edge_agent.sim.device import SimulatedDevice, Talkers
from edge_agent.sim.room import Room
from edge_agent.sim.scenario import Scenario, load
from edge_agent.sim.scenario_room import RoomSettings
from edge_agent.sim.script import Script
from edge_agent.simulation import rehearse
from edge_agent.system.systemd import Notifier
from tests.bench.meter import REAL_TIME, REAL_TIME_US, YARDSTICK, typical_us, yardstick
from tests.bench.row import Row
from tests.bench.sound import noise

STORY = """
duration_s = 12
[config.session]
provider = "local"
[[cue]]
kind = "talk"
voice = "flite:kal16"
at_s = 2.0
text = "hey jarvis tell me a story"
"""
SETTLED_S = 1.0  # the first second, in which caches fill and the session connects, is not counted


class TimedEar(Ear):
    """The hearing thread's work, and what each block of it took.  cpu_us: of that thread.  wall_us: until it was done,
    the wait for a core and for Python's lock included."""

    def __init__(self, parts: app.Stages) -> None:
        super().__init__(parts.listener, UplinkEncoder(PCM16_24K), parts.recorder)
        self.cpu_us: list[float] = []
        self.wall_us: list[float] = []

    def hear(self, pair: DuplexBlock) -> Batch:
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        batch = super().hear(pair)
        self.cpu_us.append((time.thread_time_ns() - cpu) / 1000)
        self.wall_us.append((time.perf_counter_ns() - wall) / 1000)
        return batch


def simulation() -> Iterator[Row]:
    speaker, talker = (noise(HEARING_BLOCK + n)[:HEARING_BLOCK] for n in range(2))
    one, two = Room(RoomSettings(), 1), Room(RoomSettings(mics=2), 1)
    parts = app.stages(Settings())
    device = _device(parts, _story(), realtime=False)
    device.open()
    step = Duplex(device, parts.playback).step
    works = [partial(room.step, speaker, talker) for room in (one, two)]
    mono, stereo, duplex, unit = typical_us(*works, step, yardstick(), rounds=60)
    yield Row("simulation.room_1_mic", mono, "us/block", unit, YARDSTICK)
    yield Row("simulation.room_2_mics", stereo, "us/block", unit, YARDSTICK)
    yield Row("simulation.duplex_step", duplex, "us/block", REAL_TIME_US, REAL_TIME)
    scenario = _story()
    with tempfile.TemporaryDirectory(prefix="edge-agent-bench-") as folder:
        began = time.perf_counter()
        rehearse(scenario, Settings(), Path(folder), realtime=False, screen=io.StringIO())
        wall_s = time.perf_counter() - began
    yield Row("simulation.lock_step", scenario.duration_s / wall_s, "x real time", 1.0, "real time (the whole command)")


def threads() -> Iterator[Row]:
    """The daemon in its three threads for twelve seconds of a room: a question, a reply."""
    parts = app.stages(Settings())
    ear = TimedEar(parts)
    noted: list[str] = []
    parts.recorder.listen(lambda happening: noted.append(happening.kind))
    parts = replace(parts, ear=ear)
    scenario = _story()
    device = _device(parts, scenario, realtime=True)
    server = ServerChild()
    interval = sys.getswitchinterval()
    began = time.process_time()
    try:
        app.wire(
            Settings(),
            parts,
            device=device,
            board=NoBoard(),
            url=server.url,
            key=None,
            notifier=Notifier(),
            services=(server,),
            finished=lambda: device.finished,
        ).run()
    finally:
        server.stop()
        sys.setswitchinterval(interval)
    used_us = (time.process_time() - began) * 1e6
    if "first_sample" not in noted:
        raise RuntimeError("threads: nobody answered within the story, so a reply was not measured")
    settled = round(SETTLED_S * BLOCKS_PER_S)
    cpu, wall = (np.array(kept[settled:]) for kept in (ear.cpu_us, ear.wall_us))
    for name, value in (
        ("hearing_mean", cpu.mean()),
        ("hearing_median", np.median(cpu)),
        ("hearing_p99", np.percentile(cpu, 99)),
        ("hearing_p99_wall", np.percentile(wall, 99)),
        ("daemon_and_room_mean", used_us / (scenario.duration_s * BLOCKS_PER_S)),
    ):
        yield Row(f"threads.{name}", float(value), "us/block", REAL_TIME_US, REAL_TIME)


def _device(parts: app.Stages, scenario: Scenario, *, realtime: bool) -> SimulatedDevice:
    talkers = Talkers()
    script = Script(
        scenario,
        parts.recorder,
        talk=talkers.say,
        press=lambda button, hold_s: None,
        mute=lambda on: None,
        fault=lambda fault: None,
    )
    return SimulatedDevice(
        Room(scenario.room, scenario.seed),
        script=script,
        talkers=talkers,
        playing=lambda: parts.playback.rendering,
        recorder=parts.recorder,
        realtime=realtime,
        delay_ms=scenario.room.delay_ms,
    )


def _story() -> Scenario:
    with tempfile.TemporaryDirectory(prefix="edge-agent-bench-") as folder:
        path = Path(folder) / "story.toml"
        path.write_text(STORY)
        return load(path)
