"""The twin of the WebSocket, in simulated time: a link whose far end is a server's protocol without its sockets.

Law: only what a wire carries crosses, as JSON text both ways; the user is told only from inside `advance`, so a run is
the same whenever its calls are. Times in seconds on the clock given; it never looks at another.
"""

from __future__ import annotations

import heapq
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from edge_agent.session.link import Endpoint, LinkUser
from edge_agent.sim.fault import Line, Tap
from edge_agent.sim.scenario import Fault

CONNECT_S = 0.02  # name, TCP and TLS on a good line

Timed = tuple[float, dict[str, Any]]


class Work(Protocol):
    """Something slow the server wants done for it (`local.protocol.Work`)."""

    @property
    def id(self) -> str | int: ...


class Server(Protocol):
    """One conversation at the far end (`local.protocol.Session`): events in, events with the time they are sent out."""

    def open(self, now: float, /) -> Sequence[Timed]: ...
    def receive(self, event: dict[str, Any], now: float, /) -> Sequence[Timed]: ...
    def work(self) -> Sequence[Any]: ...
    def done(self, work_id: Any, result: Any, now: float, /) -> Sequence[Timed]: ...
    def stands(self, event: dict[str, Any], /) -> bool: ...


@dataclass(slots=True)
class Traffic:
    """One direction's totals. pcm_bytes: audio, after base64. wire_bytes: JSON text."""

    events: int = 0
    pcm_bytes: int = 0
    wire_bytes: int = 0

    def count(self, wire: str, audio: str) -> None:
        self.events += 1
        self.wire_bytes += len(wire.encode())
        self.pcm_bytes += len(audio) * 3 // 4 - audio[-2:].count("=")


class MemoryLink:
    """A `Link`. server: makes the far end anew for each connection. perform: does its work, at once and in place.

    user: who is told; set before the first `advance`. sent, received: everything that crossed, as the device sees it.
    tap: is shown every message when the device sends or gets it.
    """

    def __init__(
        self,
        server: Callable[[], Server],
        clock_s: Callable[[], float],
        perform: Callable[[Any], Any],
        user: LinkUser | None = None,
        tap: Tap | None = None,
    ) -> None:
        self.user = user
        self.sent = Traffic()
        self.received = Traffic()
        self._make_server = server
        self._clock_s = clock_s
        self._perform = perform
        self._tap = tap
        self._line = Line()
        self._faults: deque[Fault] = deque()  # struck from any thread, taken up by advance
        self._opens_s: float | None = None
        self._server: Server | None = None
        self._outbox: list[tuple[float, int, dict[str, Any]]] = []  # a heap: sent at, order, what the server will send
        self._wire: deque[tuple[float, str]] = deque()  # arrives at, text: what is under way, in the order it was sent
        self._order = 0

    def connect(self, endpoint: Endpoint) -> None:
        self.close()
        self._opens_s = self._clock_s() + CONNECT_S

    def send(self, event: Mapping[str, Any], *, lot: int = 0) -> None:
        if self._server is None:
            return
        wire = json.dumps(event)
        self.sent.count(wire, _audio_sent(event))
        if self._tap is not None:
            self._tap.outgoing(wire)
        now_s = self._clock_s()
        self._post(self._server.receive(json.loads(wire), now_s))
        self._serve(now_s)

    def forget_unsent(self, lot: int) -> None:
        """Nothing waits here: what is sent has arrived."""

    def close(self) -> None:
        self._opens_s = None
        self._server = None
        self._outbox.clear()
        self._wire.clear()

    def fault(self, fault: Fault) -> None:
        """Let something go wrong at the next `advance`. Callable from any thread."""
        self._faults.append(fault)

    def advance(self, now_s: float) -> None:
        """Everything that happens on the line until now, in order. Call it once a block."""
        while self._faults:
            self._strike(self._faults.popleft(), now_s)
        if self._opens_s is not None and self._opens_s <= now_s:
            self._open(now_s)
        while (wire := self._next(now_s)) is not None:
            self._tell(wire)

    def _next(self, now_s: float) -> str | None:
        """What the server has sent by now goes on the line; what has come through it is taken off."""
        while self._outbox and self._outbox[0][0] <= now_s:
            sent_s, _, event = heapq.heappop(self._outbox)
            if self._server is None or not self._server.stands(event):
                continue
            before_s = self._wire[-1][0] if self._wire else 0.0
            self._wire.append((max(before_s, self._line.arrives_s(sent_s)), json.dumps(event)))
        if self._wire and self._wire[0][0] <= now_s and not self._line.stalled(now_s):
            return self._wire.popleft()[1]
        return None

    def _open(self, now_s: float) -> None:
        self._opens_s = None
        if self._line.offline(now_s):
            self._lose("cannot connect: network is unreachable (simulated); it will be tried again")
            return
        self._server = self._make_server()
        self._post(self._server.open(now_s))
        self._serve(now_s)
        self._user().link_opened()

    def _strike(self, fault: Fault, now_s: float) -> None:
        strike = self._line.strike(fault, now_s)
        if self._server is None:
            return
        for event in strike.events:
            self._tell(json.dumps(event))
        if strike.closes is not None and self._server is not None:
            code, reason = strike.closes
            self._lose(f"connection closed ({code} {reason})")

    def _lose(self, reason: str) -> None:
        self.close()
        self._user().link_lost(reason, False)

    def _serve(self, now_s: float) -> None:
        """Do the work the server asks for until it asks for none."""
        server = self._server
        while server is not None and (works := server.work()):
            for work in works:
                self._post(server.done(work.id, self._perform(work), now_s))

    def _post(self, events: Sequence[Timed]) -> None:
        for due_s, event in events:
            self._order += 1
            heapq.heappush(self._outbox, (due_s, self._order, event))

    def _tell(self, wire: str) -> None:
        event = json.loads(wire)
        self.received.count(wire, _audio_received(event))
        if self._tap is not None:
            self._tap.incoming(wire)
        self._user().link_event(event)

    def _user(self) -> LinkUser:
        if self.user is None:
            raise RuntimeError("MemoryLink: no user; set `user` before the first connection")
        return self.user


def _audio_sent(event: Mapping[str, Any]) -> str:
    return str(event.get("audio", "")) if event.get("type") == "input_audio_buffer.append" else ""


def _audio_received(event: Mapping[str, Any]) -> str:
    return str(event.get("delta", "")) if event.get("type") == "response.output_audio.delta" else ""
