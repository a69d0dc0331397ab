"""A survey of playback: a device that talks for hours, in rooms drawn at random, and who stops it.

Law: it draws, hands out, collects and writes; what is drawn is `sim/playback_distribution.py`'s, what went well
`sim/playback_judge.py`'s to say. Scenes are drawn until so many hours of replies have been played, or it has
become plain that they never will be; which of them count does not depend on how many are in work at a time.

DIR/NNN/ is scene NNN: scenario.toml, which `edge-agent simulate` repeats, with its sound and page; outcome.json; and
traceback.txt where it crashed. DIR/index.html and DIR/summary.json are all of them together.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from edge_agent.board.animation import frame
from edge_agent.config import Settings
from edge_agent.config_file import from_dict
from edge_agent.output import OutputFolder
from edge_agent.sim.crew import Crew, Lost
from edge_agent.sim.distribution import scenario_seed
from edge_agent.sim.draft import installed
from edge_agent.sim.evidence import Evidence, excerpt
from edge_agent.sim.playback_distribution import SCENE_S
from edge_agent.sim.playback_draft import facts_of, scene_text
from edge_agent.sim.playback_judge import judged
from edge_agent.sim.playback_page import playback_page
from edge_agent.sim.playback_table import line_of, table
from edge_agent.sim.playback_tally import WORST, SceneReport, enough, hours_of, tally, worst
from edge_agent.sim.scenario import load
from edge_agent.sim.timeline_picture import timeline_svg
from edge_agent.sim.voice import VoiceError
from edge_agent.simulation import PAGE, observe
from edge_agent.stopping import Stopping

SUMMARY = "summary.json"
LANES = ("Who speaks", "State", "Spectrum", "Echo-reduced", "Loudspeaker", "Events")
BEFORE_MS, AFTER_MS = 4000, 5000  # of a picture, around what went wrong
MOST_TIMES, LEAST_SCENES = 5, 4  # scenes at most: so many times those that nothing but playback would need
ZOOM = 128  # pixels a second: nine seconds fill the page


@dataclass(frozen=True, slots=True)
class SceneTask:
    """Scene `number` of survey `seed`; out: the survey's folder.  recordings: of people who interrupt, or none."""

    seed: int
    number: int
    voices: tuple[str, ...]
    out: Path
    engine: str
    recordings: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return self.out / f"{self.number:03d}"


def playback_survey(
    hours: float, seed: int, out: Path, jobs: int, screen: TextIO, *, engine: str = "", recordings: Path | None = None
) -> dict[str, Any]:
    """Run scenes until `hours` of replies have been played; a line each on `screen`, then the table. The summary.

    engine: of the echo stage, empty for the one that is the default.  recordings: a folder of WAV files of people, one
    sentence each, who interrupt in place of synthetic voices.
    Raises VoiceError where no voice or recording is there; OutputError where `out` cannot be written; Stopped where a
    signal ends it: then what is done by then has been told and written.
    """
    voices = installed()
    if not voices:
        raise VoiceError("no voice is installed; install the Debian package flite, or espeak-ng")
    echo = {"echo": {"engine": engine}} if engine else {}
    engine = from_dict(echo, "--engine").echo.engine
    said = _recordings(recordings) if recordings is not None else ()
    folder = OutputFolder(out, (SUMMARY, PAGE))
    reports: list[SceneReport] = []
    try:
        with Stopping() as stopping, Crew(perform, jobs) as crew:
            stopping.clock_ms = lambda: sum(report.scene.played_ms for report in reports)

            def wanted() -> Iterator[SceneTask]:
                for number in range(1, _most_scenes(hours) + 1):
                    if hours_of(enough(reports, hours)) >= hours:
                        return
                    yield SceneTask(seed, number, tuple(voices), out, engine, said)

            for task, result in crew.results(wanted()):
                report = _lost(task, result) if isinstance(result, Lost) else result
                reports.append(report)
                print(line_of(report, hours_of(reports), hours), file=screen, flush=True)
                reports[:] = _with_worst_pictures(reports)
    finally:
        told = _summary(enough(reports, hours) or reports, hours, seed, voices, engine)
        folder.write(SUMMARY, json.dumps(told, indent=1) + "\n")
        folder.write(PAGE, playback_page(told, {r.number: r.picture for r in reports}, out))
        print(table(told, out), file=screen, flush=True)
    return told


def _most_scenes(hours: float) -> int:
    """One that stops itself at once plays next to nothing, and would have to be tried for ever."""
    return max(LEAST_SCENES, round(MOST_TIMES * hours * 3600.0 / SCENE_S))


def perform(task: SceneTask) -> SceneReport:
    """Draw, write, run and judge one scene. Whatever goes wrong in it is in the report."""
    task.folder.mkdir(parents=True, exist_ok=True)
    try:
        report = _performed(task)
    except Exception:
        report = SceneReport(task.number, crash=traceback.format_exc())
    return _filed(task, report)


def _performed(task: SceneTask) -> SceneReport:
    seed = scenario_seed(task.seed, task.number)
    facts = facts_of(task.seed, task.number, seed, task.voices)
    file = task.folder / "scenario.toml"
    file.write_text(scene_text(facts, task.number, seed, task.engine, task.recordings), encoding="utf-8")
    evidence, speed = observe(load(file), Settings())
    report = SceneReport(task.number, facts, judged(evidence, str(facts["background"])), speed=speed)
    return replace(report, picture=_picture(evidence, report.troubles[0].at_ms)) if report.troubles else report


def _picture(evidence: Evidence, at_ms: int) -> str:
    drawn = timeline_svg(excerpt(evidence, max(0, at_ms - BEFORE_MS), at_ms + AFTER_MS), frame, LANES)
    return drawn.replace("--z:30", f"--z:{ZOOM}", 1)


def _lost(task: SceneTask, lost: Lost) -> SceneReport:
    return _filed(task, SceneReport(task.number, crash=lost.why))


def _filed(task: SceneTask, report: SceneReport) -> SceneReport:
    folder = OutputFolder(task.folder, ())
    troubles = [asdict(trouble) for trouble in report.troubles]
    told = {"number": report.number, "crash": report.crash, "troubles": troubles, **report.scene.told()}
    folder.write("outcome.json", json.dumps({**told, "facts": dict(report.facts)}, indent=1) + "\n")
    if report.crash:
        folder.write("traceback.txt", report.crash + "\n")
    return report


def _recordings(folder: Path) -> tuple[str, ...]:
    found = tuple(str(path.resolve()) for path in sorted(folder.rglob("*.wav")))
    if not found:
        raise VoiceError(f"{folder}: found no WAV file, expected one for each sentence")
    return found


def _with_worst_pictures(reports: list[SceneReport]) -> list[SceneReport]:
    """Only the worst keep their pictures: hundreds would not fit onto a page."""
    kept = {report.number for report in worst(reports)[:WORST]}
    return [report if report.number in kept else replace(report, picture="") for report in reports]


def _summary(reports: list[SceneReport], hours: float, seed: int, voices: list[str], engine: str) -> dict[str, Any]:
    fast = sorted(found for report in reports if (found := report.speed.get("times_real_time_cpu")) is not None)
    spread = {"slowest": fast[0], "median": fast[len(fast) // 2], "fastest": fast[-1]} if fast else {}
    cpu_s = sum(sum(report.speed.get("cpu_s", {}).values()) for report in reports)
    return {
        **tally(reports),
        "asked_for": hours,
        "seed": seed,
        "engine": engine,
        "voices": voices,
        "speed": {
            "audio_s": round(sum(float(report.speed.get("audio_s", 0.0)) for report in reports), 1),
            "times_real_time": spread,
            "cpu_s": round(cpu_s, 1),
        },
    }
