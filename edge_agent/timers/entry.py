"""One timer or alarm, and the arithmetic of when it is due.

Law: values and pure functions; no clock is read. Wall time is seconds of the epoch, local only where a person reads or
says it. A timer runs on the monotonic clock of the process that set it, so nobody can shift it by setting the wall
clock; what a restart left behind, and every alarm, goes by the wall clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Literal

Kind = Literal["timer", "alarm"]
LONGEST_LABEL = 28  # bytes: a list of all there may be has to fit into the answer of a tool
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class TimerError(ValueError):
    """What was asked for cannot be; the text is for the model, and through it for a person."""


@dataclass(frozen=True, slots=True)
class Entry:
    """due: wall time.  ends: monotonic time, of a timer set in this run.  daily: the local "HH:MM" of an alarm that
    comes back every day, or empty.
    """

    id: str
    kind: Kind
    due: float
    label: str = ""
    daily: str = ""
    ends: float | None = None

    def late_s(self, now: float, wall: float) -> float:
        """Seconds since it was due; negative: until it is."""
        return wall - self.due if self.ends is None else now - self.ends

    def kept(self) -> dict[str, Any]:
        """As a restart needs it: JSON types."""
        return {"id": self.id, "kind": self.kind, "due": self.due, "label": self.label, "daily": self.daily}


def from_kept(data: Any) -> Entry:
    """The inverse of `kept`. Raises ValueError for what it did not write."""
    match data:
        case {
            "id": str(name),
            "kind": "timer" | "alarm" as kind,
            "due": int() | float() as due,
            "label": str(label),
            "daily": str(daily),
        } if not isinstance(due, bool) and 0 <= due < 1e11 and (not daily or _TIME.fullmatch(daily)):
            return Entry(name, kind, float(due), label, daily)
    raise ValueError(f"found {str(data)[:80]}, expected a timer or an alarm")


def label_of(text: str) -> str:
    """What is left of a label that a model made up: one short line without what JSON would have to escape."""
    plain = "".join(c for c in " ".join(text.split()) if c.isprintable() and c not in '"\\')
    return plain.encode()[:LONGEST_LABEL].decode(errors="ignore").strip()


def next_at(clock: str, day: str, wall: float, zone: tzinfo | None) -> float:
    """The next time it is `clock` ("HH:MM", local) after `wall`, or that time of `day` ("YYYY-MM-DD").

    zone: None is the machine's. Raises TimerError for what is no time, no day, or over.
    """
    at, here = _time(clock), datetime.fromtimestamp(wall, zone)
    if day:
        due = _wall(_day(day), at, zone)
        if due <= wall:
            raise TimerError(f"{day} {clock} is over; it is {here:%Y-%m-%d %H:%M} now")
        return due
    due = _wall(here.date(), at, zone)
    return due if due > wall else _wall(here.date() + timedelta(days=1), at, zone)


def _wall(day: date, at: time, zone: tzinfo | None) -> float:
    """An hour that a change of the clocks leaves out is the one after it, one that comes twice is the first."""
    return datetime.combine(day, at, zone).timestamp()


def _time(clock: str) -> time:
    found = _TIME.fullmatch(clock.strip())
    if found is None:
        raise TimerError(f"time: found {clock[:20]!r}, expected HH:MM from 00:00 to 23:59")
    return time(int(found[1]), int(found[2]))


def _day(day: str) -> date:
    try:
        return date.fromisoformat(day.strip())
    except ValueError:
        raise TimerError(f"date: found {day[:20]!r}, expected YYYY-MM-DD") from None
