"""The daemon in a simulated room: the same stages as `app.py`, with the twins from `sim/` at the machine's edges.

Two wirings: in real time, threaded, over real sockets to a server process, through a counting proxy; in lock step, in
simulated time. Both leave the same evidence behind, judged by `sim/verdict.py`.

Law: it constructs, connects, runs and collects; nothing is decided here.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from edge_agent import app
from edge_agent.audio.duplex import Duplex
from edge_agent.audio.format import Samples
from edge_agent.board.animation import frame
from edge_agent.config import Settings
from edge_agent.config_file import from_dict
from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.local.child import ServerChild
from edge_agent.local.faults.fault import Fault
from edge_agent.local.lazy_detector import LazyDetector
from edge_agent.local.realtime.protocol import Session
from edge_agent.output import OutputError, OutputFolder
from edge_agent.sim.acoustics_pyroom import AcousticsError
from edge_agent.sim.answers import ears_of, mind_of
from edge_agent.sim.background import Backgrounds
from edge_agent.sim.card import Card
from edge_agent.sim.clean_track import CleanTrack
from edge_agent.sim.device import SimulatedDevice, Talkers
from edge_agent.sim.evidence import Evidence
from edge_agent.sim.layout import LayoutError
from edge_agent.sim.lockstep import LockStep
from edge_agent.sim.network import MemoryLink
from edge_agent.sim.page import LOCK_STEP_NOTES, NOTES, page
from edge_agent.sim.panel import scenes_of
from edge_agent.sim.proxy import CountingProxy
from edge_agent.sim.report import circumstances, unreadable
from edge_agent.sim.room import Room
from edge_agent.sim.room_plan import room_plan
from edge_agent.sim.scenario import Scenario, ScenarioError
from edge_agent.sim.script import Script
from edge_agent.sim.speed import Speed
from edge_agent.sim.terminal import Terminal, TerminalBoard
from edge_agent.sim.turn_table import TurnRow, turn_table
from edge_agent.sim.verdict import Step, complaints, judge, summary
from edge_agent.sim.wire_tap import WireTap
from edge_agent.stopping import Stopping
from edge_agent.system.systemd import Notifier
from edge_agent.timeline import Happening

NOON = datetime(2026, 11, 21, 12, 30)  # the wall clock in lock step: a story must not change with the hour
EVENTS, SUMMARY, ROOM, PAGE = WRITTEN = ("events.jsonl", "summary.json", "room.wav", "index.html")
METER_BLOCKS = 5  # the terminal's meters move every 50 ms


@dataclass(frozen=True)
class Outcome:
    """A run and what the judge made of it."""

    evidence: Evidence
    steps: list[Step]
    rows: list[TurnRow]
    summary: dict[str, Any]
    speed: dict[str, object]

    @property
    def report(self) -> dict[str, Any]:
        """What `--json` prints: the summary, and how fast it went, which no two runs have in common."""
        return {**self.summary, "speed": self.speed}


def rehearse(scenario: Scenario, base: Settings, out: Path, *, realtime: bool, screen: TextIO) -> Outcome:
    """Run a scenario live on `screen`, and write DIR/events.jsonl, room.wav, summary.json and index.html.

    Raises ConfigError, ScenarioError, VoiceError, ModelError, SpeechError; OutputError or WavError where `out` cannot
    be written; Stopped where a signal ends the run: then nothing is judged or written.
    """
    if wrong := complaints(scenario.expectations) + unreadable(scenario):
        raise ScenarioError([f"{scenario.path}: {line}" for line in wrong])
    if realtime and scenario.provider.passages:
        raise ScenarioError([f"{scenario.path}: provider.passages: found it with --realtime, expected lock step"])
    folder = OutputFolder(out, WRITTEN)
    settings = from_dict(scenario.config, str(scenario.path), base=base)
    with Stopping() as stopping:
        stage = _staged(scenario, settings, screen, realtime=realtime)
        stopping.clock_ms = lambda: stage.parts.clock.ms
        with stage.terminal, stage.speed.measured("run"):
            if realtime:
                _in_real_time(stage, stopping)
            else:
                _in_lock_step(stage)
    outcome = _judged(stage, folder)
    stage.terminal.print_table(outcome.rows)
    stage.terminal.print_steps(outcome.steps)
    failure = stage.terminal.failure
    if failure is not None and not isinstance(failure, BrokenPipeError):  # one who has seen enough is no failure
        raise OutputError(f"standard output: {failure.strerror}; all is in {out}")
    return outcome


def observe(scenario: Scenario, base: Settings) -> tuple[Evidence, dict[str, object]]:
    """Run a scenario in lock step and write nothing: the evidence, and how fast it went. Raises as `rehearse` does."""
    settings = from_dict(scenario.config, str(scenario.path), base=base)
    stage = _staged(scenario, settings, io.StringIO(), realtime=False)
    with stage.speed.measured("run"):
        _in_lock_step(stage)
    evidence = _collected(stage)
    return evidence, stage.speed.told(evidence.duration_ms / 1000)


def _staged(scenario: Scenario, settings: Settings, screen: TextIO, *, realtime: bool) -> Stage:
    try:
        return Stage(scenario, settings, screen, realtime=realtime)
    except (LayoutError, AcousticsError) as error:
        raise ScenarioError([f"{scenario.path}: {error}"]) from error


class Stage:
    """What both wirings set up: the stages, the room with its people, the panel, and who watches."""

    def __init__(self, scenario: Scenario, settings: Settings, screen: TextIO, *, realtime: bool) -> None:
        self.scenario, self.settings, self.realtime = scenario, settings, realtime
        self.speed = Speed()
        with self.speed.measured("models"):
            self.parts = parts = app.stages(settings, epoch=None if realtime else NOON.timestamp())
        self.happenings: list[Happening] = []
        parts.recorder.listen(self.happenings.append)
        self.terminal = Terminal(
            screen,
            lambda: parts.clock.ms / 1000,
            frame,
            duration_s=scenario.duration_s,
            scenes=scenes_of(scenario),
        )
        self.board = TerminalBoard(self.terminal)
        self.tap = WireTap(lambda: parts.clock.ms)
        self.clean = CleanTrack()
        self._captioned: dict[tuple[int, str], str] = {}
        self.strike: Callable[[Fault], None] = lambda fault: None
        places = 1 + len(scenario.further) - len(scenario.backgrounds)
        with self.speed.measured("voices"):
            self.mind = mind_of(scenario.provider, settings.system.language)  # in real time it is the server's own
            talkers = Talkers(places, Backgrounds(scenario.backgrounds))
            script = Script(
                scenario,
                parts.recorder,
                talk=talkers.say,
                press=lambda button, hold_s: self.board.press(),
                mute=self.board.slide,
                fault=lambda fault: self.strike(fault),
            )
        with self.speed.measured("room"):
            room = Room(scenario.room, scenario.seed, scenario.further, scenario.changes)
        self.device = SimulatedDevice(
            room,
            script=script,
            talkers=talkers,
            playing=lambda: parts.playback.rendering,
            recorder=parts.recorder,
            realtime=realtime,
            delay_ms=scenario.room.delay_ms,
            card=Card(scenario.card, scenario.room, scenario.seed),
        )
        parts.ear.watch = self._watch
        parts.recorder.listen(self.terminal.hear)

    def caption(self, turn: int, role: str, text: str) -> None:
        """What was said is told in the simulator only: the daemon logs no words. A reply's words come as all so far."""
        before = self._captioned.get((turn, role), "")
        self._captioned[turn, role] = text
        fresh = text[len(before) :] if text.startswith(before) else text
        if fresh.strip():
            self.parts.recorder.note("caption", turn, role=role, text=fresh.strip())

    def _watch(self, index: int, clean: Samples) -> None:
        self.clean.keep(index, clean)
        if index % METER_BLOCKS == 0:
            listener = self.parts.listener
            self.terminal.update(listener.mic_dbfs, listener.clean_dbfs, self.device.air_dbfs)


class OnReady(Notifier):
    """A service manager that does something once the daemon's loop runs."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self._act = act

    def ready(self) -> None:
        super().ready()
        self._act()


def _in_real_time(stage: Stage, stopping: Stopping) -> None:
    """The daemon's own wiring, over real sockets to a server in a process of its own; a proxy between them counts."""
    server = ServerChild(
        model_delay_ms=stage.scenario.provider.model_delay_ms,
        reply_wav=stage.scenario.provider.reply_wav,
        language=stage.settings.system.language,
    )
    proxy = CountingProxy(server.url, tap=stage.tap, seed=stage.scenario.seed)
    proxy.start()

    def strike(fault: Fault) -> None:
        """`drop` is the worst there is: the server's process is killed, and a new one must be waited for."""
        if fault.kind == "drop" and fault.after is None:
            server.kill()
        else:
            proxy.fault(fault)

    stage.strike = strike
    try:
        life = app.wire(
            stage.settings,
            stage.parts,
            device=stage.device,
            board=stage.board,
            url=proxy.url,
            key=None,
            notifier=OnReady(lambda: stopping.under(asyncio.get_running_loop(), life.stop)),
            services=(server,),
            finished=lambda: stage.device.finished,
            caption=stage.caption,
        )
        life.run()
    finally:
        proxy.stop()
    stopping.check(finished=stage.device.finished)


def _in_lock_step(stage: Stage) -> None:
    """One thread and simulated time; the server's own protocol without its sockets."""
    settings, parts = stage.settings, stage.parts

    def clock_s() -> float:
        return parts.clock.ms / 1000

    def run_tool(request: ef.RunTool) -> None:
        output = parts.toolbox.call(request.name, request.arguments)
        mind.tell(ev.ToolFinished(request.turn, request.call_id, output))

    provision = stage.scenario.provider
    link = MemoryLink(
        lambda: Session(
            brain=stage.mind,
            wall=lambda: NOON,
            model_delay_ms=provision.model_delay_ms,
            detector=LazyDetector(),
        ),
        clock_s,
        ears_of(provision),
        tap=stage.tap,
        seed=stage.scenario.seed,
    )
    stage.strike = link.fault
    answers = app.provider(settings, "ws://memory/v1/realtime", None, parts.toolbox)
    talk = app.conversation(settings, parts, link, answers, lambda event: mind.tell(event), stage.caption)
    link.user = talk
    mind = app.interpreter(settings, parts, talk, stage.board, run_tool, clock_s)
    app.learn_words(settings, parts)
    stage.board.open(
        lambda: mind.tell(ev.ButtonPressed(parts.clock.block)),
        lambda on: mind.tell(ev.MuteChanged(on, parts.clock.block)),
    )
    LockStep(
        device=stage.device,
        duplex=Duplex(stage.device, parts.playback),
        ear=parts.ear,
        mouth=parts.mouth,
        interpreter=mind,
        link=link,
        clock=parts.clock,
    ).run()
    stage.board.close()


def _collected(stage: Stage) -> Evidence:
    happenings = sorted(stage.happenings, key=lambda happening: happening.t_ms)
    mic, air = stage.device.mic, stage.device.air
    clean = stage.clean.samples(len(mic))
    return Evidence(happenings, mic, air, clean, stage.tap.records, stage.tap.sent(happenings))


def _judged(stage: Stage, folder: OutputFolder) -> Outcome:
    """Collect the evidence, judge it, and write everything down."""
    evidence = _collected(stage)
    happenings = evidence.happenings
    steps = judge(stage.scenario.expectations, evidence)
    rows = turn_table(happenings)
    # a scenario that expects nothing asks for a recording, not for a judgement: nothing has failed
    told = summary(steps, rows, evidence) | circumstances(stage.scenario, stage.device)
    folder.write(EVENTS, "".join(happening.line() + "\n" for happening in happenings))
    folder.write(SUMMARY, json.dumps(told, indent=1) + "\n")
    stage.device.save(folder.file(ROOM))
    with stage.speed.measured("page"):
        plan = room_plan(stage.scenario)
        notes = NOTES if stage.realtime else LOCK_STEP_NOTES
        folder.write(PAGE, page(stage.scenario.path.stem, steps, rows, evidence, frame, room=plan, notes=notes))
    return Outcome(evidence, steps, rows, told, stage.speed.told(evidence.duration_ms / 1000))
