"""The twin of the WebSocket, in simulated time: a link whose far end is a server's protocol without its sockets.

Law: only what a wire carries crosses, as JSON text both ways; the user is told only from inside `advance`, so a run is
the same whenever its calls are. Times in seconds on the clock given; it never looks at another. What goes wrong is the
affair of `local.faulty_line`; here it is told as the real link (`session.client`) would tell it.
"""

from __future__ import annotations

import heapq
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from edge_agent.local.faults.crossing import Crossing
from edge_agent.local.faults.fault import Fault
from edge_agent.local.faults.fault_events import BrokenText
from edge_agent.local.faults.faulty_line import Line
from edge_agent.local.faults.lane import Close, Item
from edge_agent.session.link import Endpoint, LinkUser
from edge_agent.sim.tap import Tap

CONNECT_S = 0.02  # name, TCP and TLS on a good line
# As the real link has them:
OPEN_TIMEOUT_S = 10.0
PING_TIMEOUT_S = 50.0  # from the last sign of life: one ping every 20 s, and 30 s of patience
MAX_MESSAGE = 16 * 1024 * 1024
NO_PONG = 1011  # the close code with which the real link gives up (RFC 6455: internal error)
FATAL = (401, 403, 404)  # refusals that another try cannot help

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
    tap: is shown every message when the device sends or gets it. seed: of what faults draw. malformed: messages that
    were no JSON object.
    """

    def __init__(
        self,
        server: Callable[[], Server],
        clock_s: Callable[[], float],
        perform: Callable[[Any], Any],
        user: LinkUser | None = None,
        tap: Tap | None = None,
        seed: int = 0,
    ) -> None:
        self.user = user
        self.malformed = 0
        self.sent = Traffic()
        self.received = Traffic()
        self._make_server = server
        self._clock_s = clock_s
        self._perform = perform
        self._tap = tap
        self._line = Line(seed=seed)
        self._faults: deque[Fault] = deque()  # struck from any thread, taken up by advance
        self._knocks_s: float | None = None
        self._opens_s: float | None = None  # let in, but late
        self._gives_up_s: float | None = None
        self._crossing: Crossing | None = None
        self._server: Server | None = None
        self._outbox: list[tuple[float, int, dict[str, Any]]] = []  # a heap: sent at, order, what the server will send
        self._order = 0

    def connect(self, endpoint: Endpoint) -> None:
        self.close()
        self._knocks_s = self._clock_s() + CONNECT_S

    def send(self, event: Mapping[str, Any], *, lot: int = 0) -> None:
        if self._crossing is None:
            return
        wire = json.dumps(event)
        self.sent.count(wire, _audio_sent(event))
        if self._tap is not None:
            self._tap.outgoing(wire)
        now_s = self._clock_s()
        self._crossing.send_up(wire, now_s)
        self._hear(now_s)

    def forget_unsent(self, lot: int) -> None:
        """Nothing waits here: what is sent has arrived."""

    def close(self) -> None:
        self._knocks_s = self._opens_s = self._gives_up_s = None
        if self._crossing is not None:
            self._line.left(self._crossing)
        self._crossing = self._server = None
        self._outbox.clear()

    def fault(self, fault: Fault) -> None:
        """Let something go wrong at the next `advance`. Callable from any thread."""
        self._faults.append(fault)

    def advance(self, now_s: float) -> None:
        """Everything that happens on the line until now, in order. Call it once a block."""
        while self._faults:
            self._line.strike(self._faults.popleft(), now_s)
        if self._knocks_s is not None and self._knocks_s <= now_s:
            self._knock(now_s)
        if self._opens_s is not None and self._opens_s <= now_s:
            self._open(now_s)
        if self._gives_up_s is not None and self._gives_up_s <= now_s:
            self._lose("cannot connect: it does not answer in time (simulated)")
        while (item := self._next(now_s)) is not None:
            self._arrive(item)

    # --- the line -----------------------------------------------------------------------------------------------------

    def _knock(self, now_s: float) -> None:
        self._knocks_s = None
        knock = self._line.knock(now_s)
        if knock.unreachable:
            self._lose("cannot connect: network is unreachable (simulated); it will be tried again")
        elif knock.certificate:
            self._lose(f"cannot connect: the certificate is not valid ({knock.certificate}, simulated)")
        elif knock.wait_s > OPEN_TIMEOUT_S:
            self._gives_up_s = now_s + OPEN_TIMEOUT_S
        elif knock.refusal is not None:
            status = knock.refusal.status
            self._lose(f"cannot connect: HTTP {status} (simulated)", fatal=status in FATAL)
        else:
            self._opens_s = now_s + knock.wait_s

    def _open(self, now_s: float) -> None:
        self._opens_s = None
        self._server, self._crossing = self._make_server(), self._line.open(now_s)
        self._post(self._server.open(now_s))
        self._serve(now_s)
        self._user().link_opened()

    def _hear(self, now_s: float) -> None:
        """The server is told what has come up the line."""
        while self._crossing is not None and (message := self._crossing.take_up(now_s)) is not None:
            if self._server is not None:
                self._post(self._server.receive(json.loads(message), now_s))
                self._serve(now_s)

    def _next(self, now_s: float) -> Item | None:
        """What the server has sent by now goes on the line; what has come through it is taken off."""
        self._hear(now_s)
        crossing = self._crossing
        if crossing is None or self._server is None:
            return None
        while self._outbox and self._outbox[0][0] <= now_s:
            sent_s, _, event = heapq.heappop(self._outbox)
            if self._server.stands(event):
                crossing.send_down(json.dumps(event), sent_s)
        if crossing.dead_since is not None and now_s - crossing.dead_since >= PING_TIMEOUT_S:
            return Close(NO_PONG, "the server does not answer any more (no pong)")
        return crossing.take_down(now_s)

    def _arrive(self, item: Item) -> None:
        """What the device makes of it, as the real link would."""
        if isinstance(item, Close):
            self._lose(f"connection closed ({item.code} {item.reason})")
        elif len(item) > MAX_MESSAGE:
            self._lose("the server sent a message that is too big (over 16 MiB)")
        elif isinstance(item, BrokenText):
            self._lose("the server broke the WebSocket rules (1007, no UTF-8)")
        else:
            self._tell(item)

    def _lose(self, reason: str, *, fatal: bool = False) -> None:
        self.close()
        self._user().link_lost(reason, fatal)

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

    def _tell(self, message: str | bytes) -> None:
        if self._tap is not None:
            self._tap.incoming(message)
        try:
            event = json.loads(message) if isinstance(message, str) else None
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            self.malformed += 1
            return
        self.received.count(str(message), _audio_received(event))
        self._user().link_event(event)

    def _user(self) -> LinkUser:
        if self.user is None:
            raise RuntimeError("MemoryLink: no user; set `user` before the first connection")
        return self.user


def _audio_sent(event: Mapping[str, Any]) -> str:
    return str(event.get("audio", "")) if event.get("type") == "input_audio_buffer.append" else ""


def _audio_received(event: Mapping[str, Any]) -> str:
    return str(event.get("delta", "")) if event.get("type") == "response.output_audio.delta" else ""
