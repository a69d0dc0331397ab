"""A clockwork whose clocks a test turns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from edge_agent.dialogue import events as ev
from edge_agent.timeline import Happening, Recorder
from edge_agent.timers.clockwork import Clockwork
from edge_agent.timers.memory import TimerMemory

BERLIN = ZoneInfo("Europe/Berlin")


class Clocks:
    """now: monotonic seconds.  wall: seconds of the epoch, of a local time in Berlin at the start."""

    def __init__(self, local: str = "2026-11-21 12:30:00", directory: Path | None = None) -> None:
        self.now = 1000.0
        self.wall = datetime.fromisoformat(local).replace(tzinfo=BERLIN).timestamp()
        self.told: list[Happening] = []
        self._env: Mapping[str, str] = {"STATE_DIRECTORY": str(directory)} if directory else {}
        self.clockwork = self.started()

    def started(self) -> Clockwork:
        """As after a restart of the process."""
        self.clockwork = Clockwork(
            now=lambda: self.now,
            wall=lambda: self.wall,
            memory=TimerMemory(self._env),
            timeline=Recorder(lambda: 0, self.told.append),
            zone=BERLIN,
        )
        return self.clockwork

    def wait(self, seconds: float) -> tuple[ev.Event, ...]:
        """Time passes for both clocks, and the clockwork is asked."""
        self.now += seconds
        self.wall += seconds
        return self.clockwork.poll()

    def set_to(self, local: str) -> tuple[ev.Event, ...]:
        """Somebody sets the wall clock."""
        self.wall = datetime.fromisoformat(local).replace(tzinfo=BERLIN).timestamp()
        self.now += 1.0
        self.wall += 1.0
        return self.clockwork.poll()

    def kinds(self) -> list[str]:
        return [happening.kind for happening in self.told]

    def due(self) -> list[str]:
        """Every entry's local time."""
        return [f"{self.clockwork.local(entry.due):%Y-%m-%d %H:%M:%S}" for entry in self.clockwork.entries()]
