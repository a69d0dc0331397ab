"""One connection on a faulty line: two lanes, what becomes of the messages on them, and how it ends.

Law: sans-IO, as `faulty_line.py`, whose part it is. What comes off the lane down goes to the client, what comes off the
lane up to the server; a `Close` is the last that comes.
"""

from __future__ import annotations

import heapq
import json
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edge_agent.local.faults import fault_events
from edge_agent.local.faults.fault import Fault
from edge_agent.local.faults.fault_events import Injected
from edge_agent.local.faults.fault_kinds import FOREVER
from edge_agent.local.faults.lane import Close, Item, Lane

if TYPE_CHECKING:
    from edge_agent.local.faults.faulty_line import Line

LOST = 1006  # as a close code: a line that is gone, without a goodbye (RFC 6455, 7.4.1)
EXPIRED = 1001  # "going away": how the service closes an expired session
_LOST_BY = {"drop": "connection lost", "offline": "network is unreachable"}


class Crossing:
    """late_goodbye_s: so late the client's goodbye is answered.  dead_since: since when nothing gets through, or None.

    wake: called when `next_s` has become sooner by something from outside.
    """

    def __init__(self, line: Line, now: float, *, late_goodbye_s: float) -> None:
        self.late_goodbye_s = late_goodbye_s
        self.dead_since: float | None = None
        self.wake: Callable[[], None] = lambda: None
        self._line = line
        self._down, self._up = Lane(line.down, line.rng), Lane(line.up, line.rng)
        self._ready: deque[Item] = deque()  # off the lane down, and altered
        self._plans: list[tuple[float, int, Fault]] = []  # a heap: due, order, what strikes then
        self._planned = 0
        self._ends: float = FOREVER  # when a dead connection is found out
        self._end: Close | None = None
        self._over = False  # the end has been told
        self._response: dict[str, Any] = {}  # the last that was created
        self._silenced = ""  # the response of which nothing more is let through

    # --- what the caller does -----------------------------------------------------------------------------------------

    @property
    def dead(self) -> bool:
        return self.dead_since is not None

    def send_down(self, item: Item, now: float) -> None:
        """The server says something, or ends the connection."""
        if not self.dead:
            self._down.put(item, now)

    def send_up(self, message: str | bytes, now: float) -> None:
        """The client says something."""
        if not self.dead:
            self._up.put(message, now)

    def take_down(self, now: float) -> Item | None:
        """The next that reaches the client by now."""
        self.advance(now)
        if self._end is not None and not self._over:
            self._over = True
            return self._end
        while not self.dead and not self._over:
            if self._ready:
                item = self._ready.popleft()
                self._crossed(item, now)
                return item
            arrived = self._down.take(now)
            if arrived is None:
                break
            self._ready.extend([arrived] if isinstance(arrived, (Close, Injected)) else self._altered(arrived))
        return None

    def take_up(self, now: float) -> str | bytes | None:
        """The next that reaches the server by now."""
        self.advance(now)
        message = None if self.dead or self._end else self._up.take(now)
        if message is None or isinstance(message, Close):
            return None
        self._crossed(message, now)
        return message

    def advance(self, now: float) -> None:
        """What is due by now strikes."""
        while self._plans and self._plans[0][0] <= now:
            self._line.happen(heapq.heappop(self._plans)[-1], now, (self,))
        if self._ends <= now:
            self._lose("connection reset")

    @property
    def next_s(self) -> float | None:
        """When to come again, if nothing else happens; maybe in the past: at once."""
        times = [plan[0] for plan in self._plans[:1]]
        if self._over:
            return None
        if self._end is not None or (self._ready and not self.dead):
            times.append(0.0)
        if self.dead:
            times.append(self._ends)
        else:
            times += [due for due in (self._down.next_s, self._up.next_s) if due is not None]
        soonest = min(times, default=FOREVER)
        return None if soonest == FOREVER else soonest

    # --- what the line does -------------------------------------------------------------------------------------------

    def plan(self, due: float, fault: Fault) -> None:
        self._planned += 1
        heapq.heappush(self._plans, (due, self._planned, fault))
        self.wake()

    def act(self, fault: Fault, now: float) -> None:
        """What strikes one connection."""
        match fault.kind:
            case "drop" | "offline":
                self._lose(_LOST_BY[fault.kind])
            case "half_open":
                self.dead_since, self._ends = now, now + fault.for_s
            case "close":
                self.send_down(Close(int(float(fault.value or 0)), "simulated"), now)
            case "expire":
                self._inject(self._error("session_expired", fault_events.EXPIRED_REASON), now)
                self.send_down(Close(EXPIRED, fault_events.EXPIRED_REASON), now)
            case "error":
                self._inject(self._error(str(fault.value), f"simulated error: {fault.value}"), now)
            case "oversized":
                for _ in range(fault.count):
                    self._inject(fault_events.oversized(float(fault.value or 0)), now)
            case "garbage":
                for _ in range(fault.count):
                    junk = fault_events.garbage(str(fault.value), self._line.rng)
                    self._inject(junk, now)
        self.wake()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _lose(self, reason: str) -> None:
        self._end = Close(LOST, reason)
        self._plans.clear()
        self._ends = FOREVER

    def _error(self, code: str, message: str) -> str:
        return json.dumps(fault_events.error(code, message, self._line.next_injected()))

    def _inject(self, message: str | bytes, now: float) -> None:
        self.send_down(Injected(message) if isinstance(message, str) else message, now)

    def _crossed(self, item: Item, now: float) -> None:
        """A message is through: what was waiting for one of its type strikes."""
        if isinstance(item, (Close, Injected)) or not self._line.waits_for_events:
            return
        for fault in self._line.brought_about(_kind(_event(item))):
            self.plan(now + fault.delay_s, fault)
        self.advance(now)

    def _altered(self, message: str | bytes) -> list[Item]:
        """What becomes of a message of the server."""
        if isinstance(message, str) and '"response.created"' in message:
            created = _event(message).get("response")
            self._response = created if isinstance(created, dict) else {}
        if not self._silenced and not self._line.alters_messages:
            return [message]
        event = _event(message)
        response_id = _response_id(event)
        if self._silenced and response_id == self._silenced:
            return []
        fault = self._line.alteration(_kind(event)) if event else None
        if fault is None:
            return [message]
        match fault.kind:
            case "duplicate":
                return [message, message]
            case "lose":
                return []
            case "wrong_types":
                return [json.dumps(fault_events.mistyped(event, str(fault.value), self._line.rng))]
        return self._failed(message, _kind(event), response_id, str(fault.value))

    def _failed(self, message: str | bytes, kind: str, response_id: str, code: str) -> list[Item]:
        """The response ends here; `response.created` itself is let through first."""
        known = self._response if self._response.get("id") == response_id else {"id": response_id}
        done = json.dumps(fault_events.failed(known, code, self._line.next_injected()))
        self._silenced = response_id
        return [message, Injected(done)] if kind == "response.created" else [Injected(done)]


def _event(message: Item) -> dict[str, Any]:
    """What a message says; nothing, if it is no event."""
    try:
        event = json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _kind(event: dict[str, Any]) -> str:
    return str(event.get("type", ""))


def _response_id(event: dict[str, Any]) -> str:
    response = event.get("response")
    found = response.get("id") if isinstance(response, dict) else event.get("response_id")
    return found if isinstance(found, str) else ""
