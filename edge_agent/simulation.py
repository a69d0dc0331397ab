"""The daemon in a simulated room: the same stages as `app.py`, with the twins from `sim/` at the machine's edges.

Two wirings: in real time, threaded, over real sockets to a server process, through a counting proxy; in lock step, in
simulated time. Both leave the same evidence behind, judged by `sim/verdict.py`.

Law: it constructs, connects, runs and collects; nothing is decided here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent import app
from edge_agent.audio.duplex import Duplex
from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.audio.wav import read_wav
from edge_agent.config import Settings
from edge_agent.config_file import from_dict
from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.local import speech
from edge_agent.local.brain import Brain, FixedReply
from edge_agent.local.child import ServerChild
from edge_agent.local.language_en import ENGLISH
from edge_agent.local.protocol import Session
from edge_agent.sim.device import SimulatedDevice, Talkers
from edge_agent.sim.evidence import Evidence
from edge_agent.sim.lockstep import LockStep
from edge_agent.sim.network import MemoryLink
from edge_agent.sim.page import page
from edge_agent.sim.proxy import CountingProxy
from edge_agent.sim.room import Room
from edge_agent.sim.scenario import Fault, Scenario
from edge_agent.sim.script import Script
from edge_agent.sim.terminal import SimulatedBoard
from edge_agent.sim.turn_table import TurnRow, turn_table
from edge_agent.sim.verdict import Step, judge, summary
from edge_agent.sim.wire_tap import WireTap
from edge_agent.system.systemd import Notifier

NOON = datetime(2026, 11, 21, 12, 30)  # the wall clock in lock step: a story must not change with the hour


@dataclass(frozen=True)
class Outcome:
    """A run and what the judge made of it."""

    evidence: Evidence
    steps: list[Step]
    rows: list[TurnRow]
    summary: dict[str, Any]


class CleanTrack:
    """The suppressed tap of the whole run, block by block, for the judge and the page."""

    def __init__(self) -> None:
        self._blocks: dict[int, Samples] = {}

    def keep(self, index: int, clean: Samples) -> None:
        self._blocks[index] = clean

    def samples(self, length: int) -> Samples:
        """(length,) float32; blocks that hearing never got are silent."""
        track = np.zeros(length, np.float32)
        for index, block in self._blocks.items():
            start = index * HEARING_BLOCK
            track[start : start + HEARING_BLOCK] = block[: max(0, length - start)]
        return track


def rehearse(scenario: Scenario, base: Settings, out: Path, *, realtime: bool, terminal: Terminal | None) -> Outcome:
    """Run a scenario and write DIR/events.jsonl, room.wav, summary.json and index.html.

    Raises ConfigError, ScenarioError, VoiceError, ModelError, SpeechError; OSError where `out` cannot be written.
    """
    if wrong := complaints(scenario.expectations):
        raise ScenarioError([f"{scenario.path}: {line}" for line in wrong])
    out.mkdir(parents=True, exist_ok=True)
    settings = from_dict(scenario.config, str(scenario.path), base=base)
    stage = Stage(scenario, settings, terminal, realtime=realtime)
    if realtime:
        _in_real_time(stage)
    else:
        _in_lock_step(stage)
    return _judged(stage, out)


class Stage:
    """What both wirings set up: the stages, the room with its people, the panel, and who watches."""

    def __init__(self, scenario: Scenario, settings: Settings, terminal: Terminal | None, *, realtime: bool) -> None:
        self.scenario, self.settings = scenario, settings
        self.parts = parts = app.stages(settings)
        self.board = TerminalBoard(terminal) if terminal else PressableBoard()
        self.tap = WireTap(lambda: parts.clock.ms)
        self.clean = CleanTrack()
        self.strike: Callable[[Fault], None] = lambda fault: None
        talkers = Talkers()
        script = Script(
            scenario,
            parts.recorder,
            talk=talkers.say,
            press=lambda button, hold_s: self.board.press(),
            mute=self.board.slide,
            fault=lambda fault: self.strike(fault),
        )
        self.device = SimulatedDevice(
            Room(scenario.room, scenario.seed),
            script=script,
            talkers=talkers,
            playing=lambda: parts.playback.rendering,
            recorder=parts.recorder,
            realtime=realtime,
            delay_ms=scenario.room.delay_ms,
        )
        parts.ear.watch = self._watch
        self._terminal = terminal
        if terminal:
            parts.recorder.listen(terminal.hear)

    def caption(self, role: str, text: str) -> None:
        """What was said is told in the simulator only: the daemon logs no words."""
        self.parts.recorder.note("caption", self.turn(), role=role, text=text)

    def turn(self) -> int:
        return self.parts.ear.turn

    def _watch(self, index: int, clean: Samples) -> None:
        self.clean.keep(index, clean)
        if self._terminal and index % METER_BLOCKS == 0:
            listener = self.parts.listener
            self._terminal.update(listener.mic_dbfs, listener.clean_dbfs, self.device.air_dbfs)
