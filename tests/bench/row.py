"""A measured figure beside what it is measured against, and the table of them.

Law: form only, nothing is measured here and nothing heavy imported (the children of `memory.py` start from here). A
ratio is value by baseline, both in the row's unit and of the same run: it may be compared between machines, the value
itself may not. Less is better, but for speeds ("x real time", "events/s") and shares ("%"). A goal is a bound that was
set before anything was measured; one that is missed stays in the table, with a profile: which part took how long.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from os import cpu_count, getloadavg
from pathlib import Path
from typing import Any

COMMAND = "python -m tests.bench"
LIBRARIES = ("numpy", "onnxruntime", "websockets")
NO_MORE, NO_LESS = "<=", ">="


@dataclass(frozen=True, slots=True)
class Part:
    """Of what a row's figure consists: a stretch of the way, in the row's unit, over the same trials."""

    name: str
    median: float
    p95: float


@dataclass(frozen=True, slots=True)
class Row:
    """name: `group.what`; the group is what `--only` takes.  against: what the baseline is, in words.
    means: the figure in words.  goal, comparison: what the value shall be, if anything is asked of it.
    parts: its profile, in order.  worst: the worst trials, in words.
    """

    name: str
    value: float
    unit: str
    baseline: float
    against: str
    goal: float | None = None
    comparison: str = NO_MORE
    parts: tuple[Part, ...] = ()
    means: str = ""
    worst: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]

    @property
    def ratio(self) -> float | None:
        """None: of nothing there is no multiple."""
        if self.baseline == 0.0:
            return 1.0 if self.value == 0.0 else None
        return self.value / self.baseline

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.comparison == NO_MORE else self.value >= self.goal

    @property
    def command(self) -> str:
        """How to measure this row again."""
        return f"{COMMAND} --only {self.group}"

    def as_json(self) -> dict[str, Any]:
        told = {
            "name": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "baseline": _rounded(self.baseline),
            "ratio": None if self.ratio is None else _rounded(self.ratio),
            "command": self.command,
            "against": self.against,
        }
        if self.means:
            told["means"] = self.means
        if self.goal is not None:
            told |= {"goal": self.goal, "comparison": self.comparison, "met": self.met}
        if self.parts:
            told["parts"] = [
                {"name": part.name, "median": _rounded(part.median), "p95": _rounded(part.p95)} for part in self.parts
            ]
        if self.worst:
            told["worst"] = list(self.worst)
        return told


class Table:
    """The printed table: a line a row, as rows come in, under a head that says where it was measured."""

    HEAD = f"{'what':<38} {'value':>9} {'unit':<13} {'ratio':>9}  to"

    def head(self) -> str:
        again = f"The same again, one group of rows: {COMMAND} --only GROUP   (a row's name is GROUP.what)"
        return f"{machine()}\n{again}\n\n{self.HEAD}"

    def line(self, row: Row) -> str:
        ratio = "-" if row.ratio is None else f"{shown(row.ratio)} x"
        line = f"{row.name:<38} {shown(row.value):>9} {row.unit:<13} {ratio:>9}  {row.against}"
        if row.goal is None:
            return line
        return f"{line}; goal {row.comparison} {shown(row.goal)}{'' if row.met else ': MISSED'}"

    def text(self, rows: Sequence[Row]) -> str:
        return "\n".join([self.head(), *(self.line(row) for row in rows)])


def shown(number: float) -> str:
    """Three figures, and never an exponent."""
    if number >= 100:
        return f"{number:,.0f}"
    if number >= 10:
        return f"{number:.1f}"
    if number >= 1:
        return f"{number:.2f}"
    if number == 0:
        return "0"
    return f"{number:.3f}" if number >= 0.01 else f"{number:.5f}"


def machine() -> str:
    """Where this is measured, and how busy it is."""
    load = " ".join(f"{n:.1f}" for n in getloadavg())
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{cpu_model()}, {cpu_count()} cores, load {load}; Python {platform.python_version()}, {libraries}"


def cpu_model() -> str:
    """As /proc/cpuinfo has it; a Pi's is under `Model`."""
    facts = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        facts[name.strip()] = value.strip()
    return facts.get("Model") or facts.get("model name") or platform.machine()


def _rounded(number: float) -> float:
    """Five significant figures: more would be noise."""
    return float(f"{number:.5g}")
