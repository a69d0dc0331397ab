"""A survey told in a terminal: a line for each scenario as it is done, and the tables at the end.

Law: words out of `tally`'s summary, nothing is counted here. At most 120 columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge_agent.sim.outcome_kinds import KINDS
from edge_agent.sim.tally import Report

MOST_WORST = 8


def line_of(report: Report, done: int, count: int) -> str:
    speed = report.speed.get("times_real_time")
    fast = f", {speed:g} times real time" if speed else ""
    if report.crash:
        said = "CRASHED: " + report.crash.strip().splitlines()[-1]
    else:
        said = "; ".join(report.outcomes[key].why for key in report.failed) or "all went well"
    return f"{done}/{count}  {report.number:03d}  {said}{fast}"


def percent(counted: Mapping[str, Any]) -> str:
    """A share with its interval: `93 % (84 to 97)`."""
    if not counted["of"]:
        return "–"
    return f"{100 * counted['share']:.0f} % ({100 * counted['lo']:.0f} to {100 * counted['hi']:.0f})"


def milliseconds(found: Mapping[str, Any] | None) -> str:
    """A quantile with its interval: `812 (790 to 850)`; a side that so few values cannot tell is left open."""
    if not found:
        return "–"
    lo = "?" if found["lo"] is None else f"{found['lo']:.0f}"
    hi = "?" if found["hi"] is None else f"{found['hi']:.0f}"
    return f"{found['value']:.0f} ({lo} to {hi})"


def command(out: Path, number: int) -> str:
    folder = out / f"{number:03d}"
    return f"edge-agent simulate {folder / 'scenario.toml'} --out {folder}"


def table(told: Mapping[str, Any], out: Path) -> str:
    """Everything, as text."""
    lines = ["", f"{'':<58} {'good':>9}  {'95 % interval':<18} {'tells about'}"]
    for item in told["outcomes"]:
        mark = "" if not item["hard"] else "  (must never fail)"
        count = f"{item['good']}/{item['of']}"
        lines.append(f"{item['title']:<58} {count:>9}  {percent(item):<18} {item['whose']}{mark}")
    lines += ["", f"{'ms':<58} {'of':>9}  {'median':<22} {'95th percentile'}"]
    for item in told["times"]:
        middle, late = milliseconds(item.get("median")), milliseconds(item.get("p95"))
        lines.append(f"{item['title']:<58} {item['of']:>9}  {middle:<22} {late}")
    lines += ["", *_where(told), *_worst(told, out), "", _conclusion(told)]
    return "\n".join(lines)


def _where(told: Mapping[str, Any]) -> list[str]:
    """Groups in which something goes otherwise than in the rest, beyond what chance explains easily."""
    found = []
    for split in told["factors"]:
        for group in split["groups"]:
            for key, cell in group.items():
                if isinstance(cell, dict) and cell["apart"]:
                    found.append(f"  {split['factor']} = {group['group']}: {KINDS[key].title}: {percent(cell)}")
    return ["Where it differs from the rest (intervals apart):", *found, ""] if found else []


def _worst(told: Mapping[str, Any], out: Path) -> list[str]:
    lines = ["The worst first:"] if told["worst"] else []
    for bad in told["worst"][:MOST_WORST]:
        lines += [f"  {bad['number']:03d}  {'; '.join(bad['why'])}", f"       {command(out, bad['number'])}"]
    return lines


def _conclusion(told: Mapping[str, Any]) -> str:
    speed = told["speed"]["times_real_time"]
    fast = f", {speed['median']:g} times real time (median of {told['scenarios']})" if speed else ""
    crashed = f", {len(told['crashed'])} crashed" if told["crashed"] else ""
    verdict = "nothing happened that must not" if told["passed"] else "FAILED: something happened that must not"
    done = f"{told['scenarios']} of {told['asked_for']} scenarios{crashed}, seed {told['seed']}{fast}"
    return f"{done}: all went well in {told['all_well']}; {verdict}."
