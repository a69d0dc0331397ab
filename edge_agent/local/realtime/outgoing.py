"""What a session gives to its caller: events with the time they are due, and speech to be heard or spoken.

Law: it keeps the time it was told and the numbers that were given out; it knows no event's meaning.
Times are seconds of the session's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from edge_agent.local.realtime.ids import Ids
from edge_agent.local.realtime.items import Entry
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.speech.work import WORK_RATE, Work

Timed = tuple[float, dict[str, Any]]  # an event, and the second at which it is due
Make = Callable[..., dict[str, Any]]  # an event of a type and its fields, with an id of its own


class Outgoing:
    """now: the latest time that was told."""

    def __init__(self, ids: Ids) -> None:
        self.now = 0.0
        self.ids = ids
        self._events: list[Timed] = []
        self._work: list[Work] = []
        self._withdrawn: set[str] = set()

    def make(self, kind: str, **fields: Any) -> dict[str, Any]:
        """An event with a number of its own, not given out yet."""
        return {"type": kind, "event_id": self.ids.next("event"), **fields}

    def tell(self, kind: str, **fields: Any) -> None:
        """An event, due now."""
        self._events.append((self.now, self.make(kind, **fields)))

    def add(self, events: Iterable[Timed]) -> None:
        self._events += events

    def refuse(self, refusal: Refused, event_id: str | None) -> None:
        self.tell("error", error=refusal.error(event_id))

    def announce(self, entry: Entry, previous: str | None) -> None:
        """A new item, finished as it comes. previous: the id of the one before it."""
        for kind in ("conversation.item.added", "conversation.item.done"):
            self.tell(kind, item=entry.snapshot(), previous_item_id=previous)

    def ask(
        self, kind: Literal["recognise", "speak"], payload: bytes | str, *, rate: int = WORK_RATE, speed: float = 1.0
    ) -> str:
        """A job; returns its id."""
        work = Work(self.ids.next("work"), kind, payload, rate, speed)
        self._work.append(work)
        return work.id

    def withdraw(self, event_ids: Iterable[str]) -> None:
        """Events that were given out and must not be sent any more."""
        self._withdrawn.update(event_ids)

    def stands(self, event_id: str) -> bool:
        """Whether an event that is due may still be sent; asked once an event."""
        if event_id in self._withdrawn:
            self._withdrawn.remove(event_id)
            return False
        return True

    def take_events(self) -> list[Timed]:
        events, self._events = self._events, []
        return events

    def take_work(self) -> list[Work]:
        work, self._work = self._work, []
        return work
