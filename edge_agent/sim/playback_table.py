"""A survey of playback told in a terminal: a line for each scene as it is done, and the tables at the end.

Law: words out of `playback_tally`'s summary, nothing is counted here. At most 120 columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge_agent.sim.playback_tally import SceneReport
from edge_agent.sim.survey_table import MOST_WORST, command, milliseconds, percent

MOST_WHY = 3  # of one scene


def line_of(report: SceneReport, hours: float, wanted: float) -> str:
    """hours: of playback so far, of those wanted."""
    scene = report.scene
    if report.crash:
        said = "CRASHED: " + report.crash.strip().splitlines()[-1]
    else:
        caught = sum(attempt.caught for attempt in scene.attempts)
        said = f"{scene.played_ms / 1000:.0f} s of playback, caught {caught} of {len(scene.attempts)}"
        said += "".join(f"; {trouble.why}" for trouble in report.troubles[:MOST_WHY])
    speed = report.speed.get("times_real_time_cpu")
    fast = f", {speed:g} times real time" if speed else ""
    return f"{hours:.2f}/{wanted:g} h  {report.number:03d}  {said}{fast}"


def by_the_hour(item: Mapping[str, Any]) -> str:
    """A rate with its interval: `0.52 (0.06 to 1.9)`."""
    if item["per_hour"] is None:
        return "–"
    return f"{item['per_hour']:.2f} ({item['lo']:.2f} to {item['hi']:.2f})"


def share_of(item: Mapping[str, Any]) -> str:
    """As `percent` has it, with a digit more where it matters."""
    if not item["of"] or 0.0 < item["share"] < 0.95:
        return percent(item)
    return f"{100 * item['share']:.1f} % ({100 * item['lo']:.1f} to {100 * item['hi']:.1f})"


def band_name(band: int | None) -> str:
    return "all" if band is None else f"{band:+d} dB"


def verdict_of(goal: Mapping[str, Any]) -> str:
    return {True: "met", False: "NOT MET", None: "no occasion"}[goal["met"]]


def found_of(goal: Mapping[str, Any]) -> str:
    value = goal["found"]
    return "–" if value is None else f"{value:.4g}"


def table(told: Mapping[str, Any], out: Path) -> str:
    """Everything, as text."""
    lines = ["", f"{'by the hour of playback':<58} {'events':>7} {'hours':>8}  an hour, 95 % interval"]
    lines += [
        f"{item['title']:<58} {item['count']:>7} {item['hours']:>8.2f}  {by_the_hour(item)}" for item in told["rates"]
    ]
    lines += ["", f"{'':<58} {'':>7} {'of':>8}  share, 95 % interval"]
    lines += [f"{item['title']:<58} {item['good']:>7} {item['of']:>8}  {share_of(item)}" for item in told["shares"]]
    lines += ["", "ms from the first sound of an interruption, median and 95th percentile (95 % interval)"]
    lines.append(f"{'SER':<7} {'of':>5}  {'to a softer reply':<34} {'to silence at the air':<34}")
    for item in told["times"]:
        ducked, silent = (_both(item[key]) for key in ("duck_ms", "silence_ms"))
        lines.append(f"{band_name(item['band']):<7} {item['of']:>5}  {ducked:<34} {silent}")
    lines += ["", f"{'goal':<66} {'found':>9}"]
    lines += [f"{item['goal']:<66} {found_of(item):>9}  {verdict_of(item)}" for item in told["goals"]]
    lines += ["", *_worst(told, out), "", _conclusion(told)]
    return "\n".join(lines)


def _both(found: Mapping[str, Any]) -> str:
    return f"{milliseconds(found.get('median'))}, {milliseconds(found.get('p95'))}" if found else "–"


def _worst(told: Mapping[str, Any], out: Path) -> list[str]:
    lines = ["The worst first:"] if told["worst"] else []
    for bad in told["worst"][:MOST_WORST]:
        lines += [f"  {bad['number']:03d}  {bad['why'][0]}", *(f"       {why}" for why in bad["why"][1:MOST_WHY])]
        lines.append(f"       {command(out, bad['number'])}")
    return lines


def _conclusion(told: Mapping[str, Any]) -> str:
    speed = told["speed"]["times_real_time"]
    fast = f", {speed['median']:g} times real time on one core (median)" if speed else ""
    crashed = f", {len(told['crashed'])} crashed" if told["crashed"] else ""
    verdict = "it never stopped itself" if told["passed"] else "FAILED: something happened that must not"
    done = f"{told['hours']:.2f} of {told['asked_for']:g} h of playback in {told['scenes']} scenes{crashed}"
    return f"{done}, seed {told['seed']}, engine {told['engine']}{fast}.\nIn all: {verdict}."
