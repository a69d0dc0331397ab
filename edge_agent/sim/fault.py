"""What can go wrong between device and provider: one vocabulary for the simulated link and the proxy on real sockets.

Law: the condition of a line as a function of the faults that struck it and of the time; no socket, clock or thread.
Times in seconds on the caller's clock; `delay`'s value is milliseconds, `error`'s is the provider's error code.

  drop     the connection is lost; the next one meets a server that remembers nothing
  offline  the connection is lost, and none can be made, for `for_s`
  stall    what the server sends is held back for `for_s`, then comes at once
  delay    what the server sends within `for_s` comes `value` ms late
  error    the server sends an error with code `value`; the session stays open
  expire   the server sends session_expired and closes, as at the end of its 60 minutes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from edge_agent.sim.scenario import Fault

EXPIRED_CODE = 1001  # "going away": how the provider closes an expired session
EXPIRED_REASON = "Your session hit the maximum duration of 60 minutes."


class Tap(Protocol):
    """Whoever is shown what crosses a line, message by message, as a wire carries it (`wire_tap.py`)."""

    def outgoing(self, message: str | bytes) -> None: ...
    def incoming(self, message: str | bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Strike:
    """What a fault does at once. events: server events to inject. closes: close code, reason; 1006 is a lost line."""

    events: tuple[dict[str, Any], ...] = ()
    closes: tuple[int, str] | None = None


class Line:
    """The condition of one line between a device and its provider."""

    def __init__(self) -> None:
        self._offline_until_s = 0.0
        self._stalled_until_s = 0.0
        self._slow_until_s = 0.0
        self._slow_by_s = 0.0
        self._injected = 0

    def strike(self, fault: Fault, now_s: float) -> Strike:
        """Let a fault happen now. Raises ValueError for a kind or a value that is not in the vocabulary."""
        until_s = now_s + fault.for_s
        if fault.kind == "drop":
            return Strike(closes=(1006, "connection lost"))
        if fault.kind == "offline":
            self._offline_until_s = until_s
            return Strike(closes=(1006, "network is unreachable"))
        if fault.kind == "stall":
            self._stalled_until_s = until_s
            return Strike()
        if fault.kind == "delay":
            if not isinstance(fault.value, (int, float)):
                raise ValueError(f"fault delay: value: found {fault.value!r}, expected milliseconds")
            self._slow_until_s, self._slow_by_s = until_s, fault.value / 1000.0
            return Strike()
        if fault.kind == "error":
            return Strike(events=(self._error(str(fault.value), f"simulated error: {fault.value}"),))
        if fault.kind == "expire":
            return Strike((self._error("session_expired", EXPIRED_REASON),), (EXPIRED_CODE, EXPIRED_REASON))
        raise ValueError(f"fault: kind: found {fault.kind!r}, expected drop, stall, delay, error, expire or offline")

    def offline(self, now_s: float) -> bool:
        return now_s < self._offline_until_s

    def arrives_s(self, sent_s: float) -> float:
        """When something the server sends at `sent_s` would arrive, stalls aside."""
        return sent_s + (self._slow_by_s if sent_s < self._slow_until_s else 0.0)

    def stalled(self, now_s: float) -> bool:
        return now_s < self._stalled_until_s

    @property
    def stalled_until_s(self) -> float:
        return self._stalled_until_s

    def _error(self, code: str, message: str) -> dict[str, Any]:
        self._injected += 1
        kind = "server_error" if code == "server_error" else "invalid_request_error"
        detail = {"type": kind, "code": code, "message": message, "param": None, "event_id": None}
        return {"type": "error", "event_id": f"event_fault_{self._injected}", "error": detail}
