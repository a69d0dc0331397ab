"""One direction of a line: what is put on it at one time comes off it at another.

Law: no clock, no socket; it is told the time (seconds, never going back). Order is kept, except where a fault takes it.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from random import Random

from edge_agent.local.faults.fault import Fault

_DRAWN, _IN_ORDER, _LAST = 0, 1, 2  # among what comes at the same moment


@dataclass(frozen=True, slots=True)
class Close:
    """The end of a connection, from the server's side. code: 1006 is a line that is lost without a goodbye."""

    code: int
    reason: str


Item = str | bytes | Close


@dataclass(frozen=True, slots=True)
class _Window:
    """What is sent from `began` to `until` comes at the end of the `every_s` in which it was sent."""

    began: float = 0.0
    until: float = 0.0
    every_s: float = 1.0

    def end(self, at: float) -> float:
        """Of the part of the window that `at` lies in."""
        return self.began + math.ceil((at - self.began + 1e-9) / self.every_s) * self.every_s


class Weather:
    """What holds for one direction, for everybody on the line."""

    def __init__(self) -> None:
        self.stalled_until = 0.0
        self._slow_until = self._slow_by_s = self._jitter_s = 0.0
        self._burst = self._reorder = _Window()

    def turn(self, fault: Fault, now: float) -> None:
        """fault: stall, delay, burst or reorder, whose `value` is milliseconds."""
        until, value_s = now + fault.for_s, float(fault.value or 0) / 1000
        match fault.kind:
            case "stall":
                self.stalled_until = until
            case "delay":
                self._slow_until, self._slow_by_s, self._jitter_s = until, value_s, fault.jitter_ms / 1000
            case "burst":
                self._burst = _Window(now, until, value_s)
            case "reorder":
                self._reorder = _Window(now, until, value_s)

    def arrival(self, sent: float, rng: Random) -> tuple[float, bool]:
        """When what is sent then arrives, stalls aside; whether its order is drawn."""
        at = sent
        if sent < self._slow_until:
            at += self._slow_by_s + (rng.uniform(0, self._jitter_s) if self._jitter_s else 0.0)
        if sent < self._burst.until:
            at = self._burst.end(at)
        if sent < self._reorder.until:
            return self._reorder.end(at), True
        return at, False


class Lane:
    """One direction of one connection."""

    def __init__(self, weather: Weather, rng: Random) -> None:
        self._weather, self._rng = weather, rng
        self._waiting: list[tuple[float, int, float, int, Item]] = []  # a heap: arrives, rank, drawn, order, item
        self._latest = 0.0
        self._order = 0

    def put(self, item: Item, now: float) -> None:
        arrives, shuffled = self._weather.arrival(now, self._rng)
        self._latest = arrives = max(self._latest, arrives)
        self._order += 1
        rank = _LAST if isinstance(item, Close) else _DRAWN if shuffled else _IN_ORDER
        heapq.heappush(self._waiting, (arrives, rank, self._rng.random() if rank is _DRAWN else 0.0, self._order, item))

    def take(self, now: float) -> Item | None:
        """The next that has arrived."""
        due = self.next_s
        return heapq.heappop(self._waiting)[-1] if due is not None and due <= now else None

    @property
    def next_s(self) -> float | None:
        """When there will be something to take."""
        return max(self._waiting[0][0], self._weather.stalled_until) if self._waiting else None
