"""What processes cost: memory and CPU, as the kernel counts them.

Law: /proc is read, nothing kept. MB are 10^6 bytes; memory is the proportional share (PSS): pages shared with others
count in part, so that the sum over processes is what would be free without them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Consumption:
    """cpu_s: of all threads since the start, user and system."""

    memory_mb: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.memory_mb:.0f} MB, {self.cpu_s:.1f} s CPU"


def consumption(pids: Iterable[int]) -> Consumption:
    """The sum over these processes; one that is gone counts nothing."""
    memory_mb = cpu_s = 0.0
    for pid in pids:
        try:
            pss_kib = next(
                line.split()[1]
                for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
                if line.startswith("Pss:")
            )
            fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except (OSError, StopIteration):
            continue
        memory_mb += int(pss_kib) * 1024 / 1e6
        cpu_s += (int(fields[11]) + int(fields[12])) / _TICKS
    return Consumption(memory_mb, cpu_s)
