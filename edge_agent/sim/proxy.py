"""A counting proxy on loopback sockets: it sits between daemon and server and can swear to what left the device.

Law: it relays whole WebSocket messages verbatim, in order, and counts them by itself: no code is shared with `session`,
which is what it judges. It keeps sizes, kinds and times, never sound, text or headers. What goes wrong is the affair of
`local.faulty_line`; for a bad certificate a client's connection is torn down, as its own TLS would do. Times are
seconds of `time.monotonic`. It runs its own event loop, in its own thread.

While the server cannot be reached, or the line is offline, a client's connection is torn down before any answer.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.http11 import Request, Response

from edge_agent.local.faults.fault import Fault
from edge_agent.local.faults.faulty_line import Line
from edge_agent.local.faults.faulty_socket import FaultySocket
from edge_agent.sim.relay import Passed, Relay
from edge_agent.sim.tap import Tap

_log = logging.getLogger(__name__)
_MAX_MESSAGE = 16 * 1024 * 1024  # bytes: the provider takes appends of up to 15 MiB
_PATIENCE_S = 5.0  # for a handshake, a close, a start or a stop on loopback
_HANDSHAKE_HEADERS = ("host", "connection", "upgrade", "content-length")


class CountingProxy:
    """Between `start` and `stop`, a server at `url` that relays to `upstream`.

    upstream: may be changed at any time, for the connections to come (a server that was restarted on another port).
    log: what passed from device to server, oldest first; it only grows, and may be read from any thread.
    tap: is shown every message as it reaches the proxy (up) or leaves it for the device (down), on the proxy's thread.
    seed: of what faults draw.
    """

    def __init__(self, upstream: str, tap: Tap | None = None, *, seed: int = 0) -> None:
        self.upstream = upstream
        self._tap = tap
        self.log: list[Passed] = []
        self._line = Line(seed=seed)
        self._relays: set[Relay] = set()
        self._waiting: dict[ServerConnection, ClientConnection] = {}
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="counting-proxy", daemon=True)

    @property
    def url(self) -> str:
        """The upstream's address with this proxy's host and port in it."""
        parts = urlsplit(self.upstream)
        return urlunsplit(("ws", f"127.0.0.1:{self._port}", parts.path, parts.query, ""))

    @property
    def messages(self) -> int:
        return len(self.log)

    @property
    def pcm_bytes(self) -> int:
        return sum(passed.pcm_bytes for passed in self.log)

    @property
    def wire_bytes(self) -> int:
        return sum(passed.wire_bytes for passed in self.log)

    def between(self, since_s: float, until_s: float) -> list[Passed]:
        """What passed from device to server in since_s <= t < until_s (`time.monotonic`)."""
        return [passed for passed in list(self.log) if since_s <= passed.at_s < until_s]

    def start(self) -> None:
        """Listen on a free loopback port. Raises OSError."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Drop every connection and stop listening; returns when the port is free. May be called twice."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(2 * _PATIENCE_S)

    def fault(self, fault: Fault) -> None:
        """Let something go wrong now. Callable from any thread. Raises RuntimeError before `start`."""
        if self._loop is None:
            raise RuntimeError("CountingProxy: fault before start; call start() first")
        self._loop.call_soon_threadsafe(self._strike, fault)

    def _run(self) -> None:
        try:
            asyncio.run(self._listen())
        except Exception as error:
            self._failure = error
            _log.exception("counting proxy ended")
        finally:
            self._ready.set()

    async def _listen(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        options: dict[str, Any] = {"max_size": _MAX_MESSAGE, "compression": None, "ping_interval": None}
        async with serve(
            self._relay,
            "127.0.0.1",
            0,
            process_request=self._admit,
            open_timeout=None,  # a fault may take its time
            close_timeout=_PATIENCE_S,
            create_connection=FaultySocket,
            **options,
        ) as server:
            self._port = _port_of(server)
            self._ready.set()
            await self._stop.wait()
            for relay in self._relays:
                relay.drop()
            for server_side in self._waiting.values():
                server_side.transport.abort()

    async def _admit(self, client: ServerConnection, request: Request) -> Response | None:
        """Reach the server first: a client is let in only to a server that is there."""
        assert isinstance(client, FaultySocket)
        knock = self._line.knock(time.monotonic())
        if knock.wait_s == math.inf:
            await client.wait_closed()
        await asyncio.sleep(knock.wait_s if knock.wait_s < math.inf else 0)
        if knock.refusal is not None:
            return client.refuse(knock.refusal)
        try:
            if knock.unreachable or knock.certificate:
                raise OSError("the simulated line lets nobody through")
            self._waiting[client] = await self._reach(request)
        except InvalidStatus as refusal:
            return refusal.response
        except (OSError, TimeoutError, WebSocketException) as error:
            _log.info("connection refused: %s", error)
            client.transport.abort()
            return client.respond(503, "the server cannot be reached\n")
        return None

    async def _reach(self, request: Request) -> ClientConnection:
        parts = urlsplit(self.upstream)
        headers = [
            (name, value)
            for name, value in request.headers.raw_items()
            if name.lower() not in _HANDSHAKE_HEADERS and not name.lower().startswith("sec-websocket-")
        ]
        return await connect(
            f"{parts.scheme}://{parts.netloc}{request.path}",
            additional_headers=headers,
            user_agent_header=None,
            max_size=_MAX_MESSAGE,
            compression=None,
            ping_interval=None,
            open_timeout=_PATIENCE_S,
            close_timeout=_PATIENCE_S,
            proxy=None,
        )

    async def _relay(self, client: ServerConnection) -> None:
        assert isinstance(client, FaultySocket)
        crossing = self._line.open(time.monotonic())
        relay = Relay(client, self._waiting.pop(client), crossing, self.log, self._tap)
        self._relays.add(relay)
        try:
            await relay.run()
        finally:
            self._relays.discard(relay)
            self._line.left(crossing)

    def _strike(self, fault: Fault) -> None:
        self._line.strike(fault, time.monotonic())


def _port_of(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port
