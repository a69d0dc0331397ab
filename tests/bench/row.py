"""A measured figure beside what it is measured against, and the table of them.

Law: form only, nothing is measured here and nothing heavy imported (the children of `memory.py` start from here). A
ratio is value by baseline, both in the row's unit and of the same run: it may be compared between machines, the value
itself may not. Less is better, but for speeds ("x real time", "events/s").
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


@dataclass(frozen=True, slots=True)
class Row:
    """name: `group.what`; the group is what `--only` takes.  against: what the baseline is, in words."""

    name: str
    value: float
    unit: str
    baseline: float
    against: str

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]

    @property
    def ratio(self) -> float:
        return self.value / self.baseline

    @property
    def command(self) -> str:
        """How to measure this row again."""
        return f"{COMMAND} --only {self.group}"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "baseline": _rounded(self.baseline),
            "ratio": _rounded(self.ratio),
            "command": self.command,
            "against": self.against,
        }


class Table:
    """The printed table: a line a row, as rows come in, under a head that says where it was measured."""

    HEAD = f"{'what':<34} {'value':>9} {'unit':<13} {'ratio':>9}  to"

    def head(self) -> str:
        load = " ".join(f"{n:.1f}" for n in getloadavg())
        libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
        where = f"{cpu_model()}, {cpu_count()} cores, load {load}; Python {platform.python_version()}, {libraries}"
        again = f"The same again, one group of rows: {COMMAND} --only GROUP   (a row's name is GROUP.what)"
        return f"{where}\n{again}\n\n{self.HEAD}"

    def line(self, row: Row) -> str:
        ratio = f"{shown(row.ratio)} x"
        return f"{row.name:<34} {shown(row.value):>9} {row.unit:<13} {ratio:>9}  {row.against}"

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
    return f"{number:.3f}" if number >= 0.01 else f"{number:.5f}"


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
