"""The line between devices and a server, with all that may be wrong with it: messages in, and out each in its time.

Law: sans-IO. No socket, clock or thread; it is told the time (seconds, any origin, never going back), and what is drawn
is drawn from a seed, so a run can be repeated exactly. It serves the embedded server, the simulated link and the proxy
on real sockets alike.

A condition (stall, delay, burst, reorder, offline, what becomes of the next messages, what becomes of upgrades) holds
for everybody on the line. An act (drop, half_open, error, garbage, oversized, expire, close) strikes the connection
that brought it about, or all of them where it came from outside.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from edge_agent.local.faults.crossing import Crossing
from edge_agent.local.faults.fault import Fault
from edge_agent.local.faults.fault_events import Refusal, refusal
from edge_agent.local.faults.lane import Weather

_WEATHER = ("stall", "delay", "burst", "reorder")
_OF_MESSAGES = ("duplicate", "lose", "wrong_types", "failed")
_ONCE = (*_OF_MESSAGES, "garbage", "oversized")  # `count` is what they do, not how often they strike


@dataclass(slots=True)
class Counted:
    """A fault that still stands, and how many times."""

    fault: Fault
    left: float

    def use(self) -> Fault:
        self.left -= 1
        return self.fault


@dataclass(frozen=True, slots=True)
class Knock:
    """How an upgrade fares.  unreachable: torn down before any answer.  wait_s: before it is answered; inf: never.

    refusal: the answer, if it is no.  certificate: what is wrong with the server's, or empty.
    """

    unreachable: bool = False
    wait_s: float = 0.0
    refusal: Refusal | None = None
    certificate: str = ""


class Line:
    """faults: those that stand from the start: at an upgrade, or as each says at a connection; where it says nothing,
    when the first opens.
    """

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        self.rng = Random(seed)
        self.down, self.up = Weather(), Weather()
        self.injected = 0
        self._offline_until = 0.0
        self._crossings: list[Crossing] = []
        self._upgrades: list[Counted] = []
        self._armed: list[Counted] = []
        self._messages: list[Counted] = []
        for fault in faults:
            self._stand(fault)

    @property
    def certificate(self) -> str:
        """Which one the server shows; empty: it does not speak TLS."""
        return next((str(counted.fault.value) for counted in self._upgrades if counted.fault.kind == "certificate"), "")

    # --- upgrades and connections -------------------------------------------------------------------------------------

    def knock(self, now: float) -> Knock:
        """Somebody wants to connect."""
        if now < self._offline_until:
            return Knock(unreachable=True)
        waits = self._standing("slow_upgrade")
        refused = self._standing("refuse")
        shown = str(certificate.value) if (certificate := self._standing("certificate")) else ""
        return Knock(
            wait_s=waits.for_s if waits else 0.0,
            refusal=refusal(int(float(refused.value or 0))) if refused else None,
            certificate="" if shown == "good" else shown,
        )

    def open(self, now: float) -> Crossing:
        """A connection is open. The caller says `left` at its end."""
        late = self._standing("slow_close")
        crossing = Crossing(self, now, late_goodbye_s=late.for_s if late else 0.0)
        self._crossings.append(crossing)
        for counted in self._armed:
            if counted.fault.after is None and counted.left > 0:
                crossing.plan(now + (counted.fault.at_s or 0.0), counted.use())
        crossing.advance(now)
        return crossing

    def left(self, crossing: Crossing) -> None:
        if crossing in self._crossings:
            self._crossings.remove(crossing)

    # --- faults -------------------------------------------------------------------------------------------------------

    def strike(self, fault: Fault, now: float) -> None:
        """Let a fault happen, to everybody: now, or when it says."""
        if fault.at_upgrade or fault.after is not None:
            self._stand(fault)
        elif fault.at_s is not None:
            for crossing in self._crossings:
                crossing.plan(now + fault.at_s, fault)
        else:
            self.happen(fault, now, list(self._crossings))

    def happen(self, fault: Fault, now: float, struck: Iterable[Crossing]) -> None:
        """A fault's time has come, for these connections."""
        if fault.kind in _WEATHER:
            for weather in (self.down,) if fault.way == "down" else (self.up,) if fault.way == "up" else self._both:
                weather.turn(fault, now)
        elif fault.kind in _OF_MESSAGES:
            self._messages.append(Counted(fault, fault.count or math.inf))
        else:
            if fault.kind == "offline":
                self._offline_until = now + fault.for_s
                struck = list(self._crossings)
            for crossing in struck:
                crossing.act(fault, now)

    @property
    def _both(self) -> tuple[Weather, Weather]:
        return self.down, self.up

    # --- asked by connections -----------------------------------------------------------------------------------------

    @property
    def waits_for_events(self) -> bool:
        """Whether it matters what kind of messages cross."""
        return any(counted.fault.after and counted.left > 0 for counted in self._armed)

    def brought_about(self, kind: str) -> list[Fault]:
        """The faults that strike now that an event of this type has crossed."""
        return [counted.use() for counted in self._armed if counted.fault.after == kind and counted.left > 0]

    @property
    def alters_messages(self) -> bool:
        return bool(self._messages)

    def alteration(self, kind: str) -> Fault | None:
        """What becomes of the server's next message, which is of this type; it is used up by asking."""
        for counted in self._messages:
            fault = counted.fault
            if fault.only in ("", kind) and (fault.kind != "failed" or kind.startswith("response.")):
                counted.left -= 1
                self._messages = [other for other in self._messages if other.left > 0]
                return fault
        return None

    def next_injected(self) -> int:
        self.injected += 1
        return self.injected

    # --- inside -------------------------------------------------------------------------------------------------------

    def _stand(self, fault: Fault) -> None:
        if fault.at_upgrade:
            self._upgrades.append(Counted(fault, fault.count or math.inf))
        else:
            self._armed.append(Counted(fault, 1 if fault.kind in _ONCE else fault.count or math.inf))

    def _standing(self, kind: str) -> Fault | None:
        found = next((counted for counted in self._upgrades if counted.fault.kind == kind and counted.left > 0), None)
        return found.use() if found else None
