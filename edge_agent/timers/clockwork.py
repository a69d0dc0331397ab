"""The clockwork: which timers and alarms there are, and which of them are due.

Law: it is asked and never calls; the clocks are given. Tools call it from their own threads, the loop from its own:
one lock. An entry stays in it, and on the disk, until its ring has ended, so a power cut in the middle loses none.
Seconds; what is due by the wall clock is noticed within LOOK_S.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import count
from threading import Lock

from edge_agent.dialogue import events as ev
from edge_agent.timeline import Timeline
from edge_agent.timers.entry import Entry, Kind, TimerError, label_of, next_at
from edge_agent.timers.memory import TimerMemory

MOST = 32  # timers and alarms together: more cannot be told apart by voice
LATE_S = 600.0  # what was due longer ago is not rung any more: nobody knows what it was for
LOOK_S = 1.0
JUMP_S = 2.0  # a wall clock that moved by so much against the monotonic one was set


class Clockwork:
    """now: monotonic, s.  wall: seconds of the epoch.  zone: for people's times; None is the machine's."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        wall: Callable[[], float],
        memory: TimerMemory,
        timeline: Timeline,
        zone: tzinfo | None = None,
    ) -> None:
        self.zone = zone
        self._now, self._wall = now, wall
        self._memory, self._timeline = memory, timeline
        self._lock = Lock()
        # under the lock:
        self._entries = {entry.id: entry for entry in memory.load()[:MOST]}
        self._ringing: set[str] = set()
        self._gone: list[str] = []
        self._apart = wall() - now()
        self._look_at = 0.0

    # --- tools, on any thread ---

    def set_timer(self, seconds: float, label: str = "") -> Entry:
        """Raises TimerError where there are MOST already."""
        now = self._now()
        return self._add("timer", self._wall() + seconds, label, ends=now + seconds)

    def set_alarm(self, clock: str, *, day: str = "", daily: bool = False, label: str = "") -> Entry:
        """clock: local "HH:MM".  day: "YYYY-MM-DD"; empty: the next time it is so late. Raises TimerError."""
        if daily and day:
            raise TimerError("an alarm is for one date or for every day, not both")
        due = next_at(clock, day, self._wall(), self.zone)
        return self._add("alarm", due, label, daily=clock.strip() if daily else "")

    def cancel(self, which: str) -> list[Entry]:
        """An id, a label, "timers", "alarms" or "all"; returns what is cancelled. Raises TimerError for none."""
        wanted = label_of(which).casefold()
        with self._lock:
            entries = self._entries.values()
            found = [e for e in entries if wanted and wanted in ("all", f"{e.kind}s", e.id, e.label.casefold())]
            if not found:
                there = ", ".join(f"{e.id} {e.label}".strip() for e in self._entries.values())
                raise TimerError(f"there is no {which[:40]!r}; there are: {there or 'none'}")
            for entry in found:
                del self._entries[entry.id]
                if entry.id in self._ringing:
                    self._gone.append(entry.id)
            self._look_at = 0.0
            self._keep()
        for entry in found:
            self._timeline.note("alarm_cancelled", kind=entry.kind)
        return found

    def entries(self) -> list[Entry]:
        """What there is, the first due first."""
        now, wall = self._now(), self._wall()
        with self._lock:
            return sorted((self._as_of(entry, now, wall) for entry in self._entries.values()), key=lambda e: e.due)

    def rings(self, entry: Entry) -> bool:
        return entry.id in self._ringing

    def here(self) -> datetime:
        """Local time."""
        return self.local(self._wall())

    def local(self, wall: float) -> datetime:
        return datetime.fromtimestamp(wall, self.zone).astimezone(self.zone)

    # --- the loop ---

    def poll(self) -> tuple[ev.Event, ...]:
        """What has come due, and what is not wanted any more, since the last call. To be asked every tick."""
        now = self._now()
        if now < self._look_at:
            return ()
        missed: list[Entry] = []
        with self._lock:
            wall = self._wall()
            self._notice_a_new_time(now, wall)
            gone, self._gone = self._gone, []
            due = [e for e in self._entries.values() if e.id not in self._ringing and e.late_s(now, wall) >= 0]
            for entry in sorted(due, key=lambda e: e.due):
                if entry.late_s(now, wall) < LATE_S:
                    self._ringing.add(entry.id)
                else:
                    missed.append(entry)
            self._ringing.difference_update(gone)
            self._finish(missed)
            self._look_at = min([now + LOOK_S, *(e.ends for e in self._waiting() if e.ends is not None)])
        for entry in missed:
            self._timeline.note("alarm_missed", kind=entry.kind, late_s=round(entry.late_s(now, wall)))
        rung = [ev.AlarmDue(e.id) for e in sorted(due, key=lambda e: e.due) if e not in missed]
        return (*(ev.AlarmGone(name) for name in gone), *rung)

    def ended(self, alarms: Iterable[str]) -> None:
        """They have rung, whoever heard it: a daily alarm is set for its next time, the others are forgotten."""
        with self._lock:
            self._finish([self._entries[name] for name in alarms if name in self._entries])

    # --- under the lock ---

    def _waiting(self) -> list[Entry]:
        return [entry for entry in self._entries.values() if entry.id not in self._ringing]

    def _finish(self, entries: list[Entry]) -> None:
        for entry in entries:
            self._ringing.discard(entry.id)
            if entry.daily:
                due = next_at(entry.daily, "", max(self._wall(), entry.due), self.zone)
                self._entries[entry.id] = replace(entry, due=due)
            else:
                del self._entries[entry.id]
        if entries:
            self._keep()

    def _notice_a_new_time(self, now: float, wall: float) -> None:
        """The wall clock was set: the next round of a daily alarm may be an earlier one, and the disk has to know when
        our timers are due by the new clock."""
        apart = wall - now
        if abs(apart - self._apart) < JUMP_S:
            return
        self._apart = apart
        for entry in self._waiting():
            if entry.daily and entry.due > wall:
                self._entries[entry.id] = replace(entry, due=next_at(entry.daily, "", wall, self.zone))
        self._keep()

    def _keep(self) -> None:
        now, wall = self._now(), self._wall()
        self._memory.save(self._as_of(entry, now, wall) for entry in self._entries.values())

    @staticmethod
    def _as_of(entry: Entry, now: float, wall: float) -> Entry:
        return entry if entry.ends is None else replace(entry, due=wall + entry.ends - now)

    def _add(self, kind: Kind, due: float, label: str, *, ends: float | None = None, daily: str = "") -> Entry:
        with self._lock:
            if len(self._entries) >= MOST:
                raise TimerError(f"there are {MOST} timers and alarms already; cancel one first")
            name = next(name for n in count(1) if (name := f"{kind}-{n}") not in self._entries.keys() | self._ringing)
            entry = self._entries[name] = Entry(name, kind, due, label_of(label), daily, ends)
            self._look_at = 0.0
            self._keep()
        self._timeline.note("alarm_set", kind=kind, in_s=round(due - self._wall()))
        return entry
