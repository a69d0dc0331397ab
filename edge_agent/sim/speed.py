"""How long a run took, part by part, on the wall's clock and in processor time.

Law: it reads clocks and adds up; it takes part in nothing. Seconds. Processor time is this process's own: a synthesiser
that runs beside it is on the wall's clock only. None of it may reach summary.json, which is the same from run to run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Speed:
    """parts: name to (wall, processor) seconds."""

    parts: dict[str, tuple[float, float]] = field(default_factory=dict)

    @contextmanager
    def measured(self, part: str) -> Iterator[None]:
        wall_s, processor_s = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            taken = (time.perf_counter() - wall_s, time.process_time() - processor_s)
            before = self.parts.get(part, (0.0, 0.0))
            self.parts[part] = (before[0] + taken[0], before[1] + taken[1])

    def told(self, audio_s: float) -> dict[str, object]:
        """For `--json`: every part, and how many seconds of the room one second of `run` was."""
        wall_s, processor_s = self.parts.get("run", (0.0, 0.0))
        return {
            "audio_s": round(audio_s, 2),
            "times_real_time": round(audio_s / wall_s, 1) if wall_s > 0.0 else None,
            "times_real_time_cpu": round(audio_s / processor_s, 1) if processor_s > 0.0 else None,
            "wall_s": {part: round(wall, 3) for part, (wall, _) in self.parts.items()},
            "cpu_s": {part: round(cpu, 3) for part, (_, cpu) in self.parts.items()},
        }
