"""A survey: many scenarios drawn from a documented distribution, each run in lock step and judged, and told together.

Law: it draws, hands out, collects and writes; what is drawn is `sim/distribution.py`'s, what went well
`sim/outcomes.py`'s to say.

DIR/NNN/ is scenario NNN: scenario.toml, which `edge-agent simulate` repeats, events.jsonl, summary.json, outcome.json,
and where something went wrong room.wav, index.html, or traceback.txt. DIR/index.html and DIR/summary.json are all of
them together.
"""

from __future__ import annotations

import io
import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from edge_agent.board.animation import frame
from edge_agent.config import Settings
from edge_agent.output import OutputFolder
from edge_agent.sim.crew import Crew, Lost
from edge_agent.sim.distribution import drawn, scenario_seed
from edge_agent.sim.draft import facts_of, installed, scenario_text
from edge_agent.sim.outcomes import outcomes, times
from edge_agent.sim.scenario import load
from edge_agent.sim.survey_page import survey_page
from edge_agent.sim.survey_table import line_of, table
from edge_agent.sim.tally import WORST, Report, tally, worst
from edge_agent.sim.timeline_picture import timeline_svg
from edge_agent.sim.voice import VoiceError
from edge_agent.simulation import PAGE, ROOM, rehearse
from edge_agent.stopping import Stopping

SUMMARY = "summary.json"
LANES = ("Who speaks", "State", "Microphone", "Loudspeaker", "On the wire", "Events")


@dataclass(frozen=True, slots=True)
class Task:
    """Scenario `number` of survey `seed`; out: the survey's folder."""

    seed: int
    number: int
    voices: tuple[str, ...]
    out: Path

    @property
    def folder(self) -> Path:
        return self.out / f"{self.number:03d}"


def survey(count: int, seed: int, out: Path, jobs: int, screen: TextIO) -> dict[str, Any]:
    """Run scenarios 1 to `count`, `jobs` at a time; a line each on `screen`, then the table. Returns the summary.

    Raises VoiceError where no voice is installed; OutputError where `out` cannot be written; Stopped where a signal
    ends it: then what is done by then has been told and written.
    """
    voices = installed()
    if not voices:
        raise VoiceError("no voice is installed; install the Debian package flite, or espeak-ng")
    folder = OutputFolder(out, (SUMMARY, PAGE))
    reports: list[Report] = []
    tasks = (Task(seed, number, tuple(voices), out) for number in range(1, count + 1))
    try:
        with Stopping() as stopping, Crew(perform, min(jobs, count)) as crew:
            stopping.clock_ms = lambda: round(1000 * _audio_s(reports))
            for task, result in crew.results(tasks):
                report = _lost(task, result) if isinstance(result, Lost) else result
                reports.append(report)
                print(line_of(report, len(reports), count), file=screen, flush=True)
                reports = _with_worst_pictures(reports)
    finally:
        told = _summary(sorted(reports, key=lambda report: report.number), count, seed, voices)
        folder.write(SUMMARY, json.dumps(told, indent=1) + "\n")
        folder.write(PAGE, survey_page(told, {r.number: r.picture for r in reports}, out))
        print(table(told, out), file=screen, flush=True)
    return told


def perform(task: Task) -> Report:
    """Draw, write, run and judge one scenario. Whatever goes wrong in it is in the report."""
    task.folder.mkdir(parents=True, exist_ok=True)
    try:
        report = _performed(task)
    except Exception:
        report = Report(task.number, crash=traceback.format_exc())
    return _filed(task, report)


def _performed(task: Task) -> Report:
    seed = scenario_seed(task.seed, task.number)
    facts = facts_of(drawn(task.seed, task.number, task.voices), seed)
    file = task.folder / "scenario.toml"
    file.write_text(scenario_text(facts, task.number, seed), encoding="utf-8")
    outcome = rehearse(load(file), Settings(), task.folder, realtime=False, screen=io.StringIO())
    evidence = outcome.evidence
    found = outcomes(evidence, str(facts["background"]), float(facts["model_ms"]))
    report = Report(task.number, facts, found, times(evidence), speed=outcome.speed)
    if report.weight:
        return replace(report, picture=timeline_svg(evidence, frame, LANES))
    for name in (ROOM, PAGE):
        (task.folder / name).unlink(missing_ok=True)
    return report


def _lost(task: Task, lost: Lost) -> Report:
    return _filed(task, Report(task.number, crash=lost.why))


def _filed(task: Task, report: Report) -> Report:
    folder = OutputFolder(task.folder, ())
    folder.write("outcome.json", json.dumps(report.told(), indent=1) + "\n")
    if report.crash:
        folder.write("traceback.txt", report.crash + "\n")
    return report


def _with_worst_pictures(reports: list[Report]) -> list[Report]:
    """Only the worst keep their pictures: a thousand would not fit into memory, nor onto a page."""
    kept = {report.number for report in worst(reports)[:WORST]}
    return [report if report.number in kept else replace(report, picture="") for report in reports]


def _summary(reports: list[Report], count: int, seed: int, voices: list[str]) -> dict[str, Any]:
    return {
        **tally(reports),
        "asked_for": count,
        "seed": seed,
        "voices": voices,
        "speed": {
            "audio_s": round(_audio_s(reports), 1),
            "times_real_time": _spread(reports, lambda speed: speed.get("times_real_time")),
            "cpu_s": round(sum(sum(r.speed.get("cpu_s", {}).values()) for r in reports), 1),
            "run_cpu_s": round(sum(r.speed.get("cpu_s", {}).get("run", 0.0) for r in reports), 1),
        },
    }


def _audio_s(reports: list[Report]) -> float:
    """How much of simulated time there has been."""
    return sum(float(report.speed.get("audio_s", 0.0)) for report in reports)


def _spread(reports: list[Report], of: Callable[[Any], Any]) -> dict[str, float]:
    found = sorted(value for report in reports if (value := of(report.speed)) is not None)
    if not found:
        return {}
    return {"slowest": found[0], "median": found[len(found) // 2], "fastest": found[-1]}
