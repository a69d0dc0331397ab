"""A counting proxy on loopback sockets: it sits between daemon and server and can swear to what left the device.

Law: it relays whole WebSocket messages verbatim, in order, and counts them by itself: no code is shared with `session`,
which is what it judges. It keeps sizes, kinds and times, never sound, text or headers. Faults are those of `fault.py`,
struck between messages. Times are seconds of `time.monotonic`. It runs its own event loop, in its own thread.

When one side dies the other is dropped at once; when one side closes, the other is closed with its code and reason.
While the server cannot be reached, or the line is offline, a client's connection is torn down before any answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Request, Response

from edge_agent.sim.fault import Line, Tap
from edge_agent.sim.scenario import Fault

_log = logging.getLogger(__name__)
_MAX_MESSAGE = 16 * 1024 * 1024  # bytes: the provider takes appends of up to 15 MiB
_PATIENCE_S = 5.0  # for a handshake, a close, a start or a stop on loopback
_UNSENDABLE = (1005, 1006, 1015)  # close codes that only say there was none (RFC 6455, 7.4.1)
_HANDSHAKE_HEADERS = ("host", "connection", "upgrade", "content-length")


@dataclass(frozen=True, slots=True)
class Passed:
    """One message from device to server. kind: its `type`, or "?" if it is no event. pcm_bytes: audio, after base64."""

    at_s: float
    kind: str
    pcm_bytes: int
    wire_bytes: int


class CountingProxy:
    """Between `start` and `stop`, a server at `url` that relays to `upstream`.

    upstream: may be changed at any time, for the connections to come (a server that was restarted on another port).
    log: what passed from device to server, oldest first; it only grows, and may be read from any thread.
    tap: is shown every message as it reaches the proxy (up) or leaves it for the device (down), on the proxy's thread.
    """

    def __init__(self, upstream: str, tap: Tap | None = None) -> None:
        self.upstream = upstream
        self._tap = tap
        self.log: list[Passed] = []
        self._line = Line()
        self._relays: set[_Relay] = set()
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
            open_timeout=_PATIENCE_S,
            close_timeout=_PATIENCE_S,
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
        try:
            if self._line.offline(time.monotonic()):
                raise OSError("the simulated line is offline")
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
        relay = _Relay(client, self._waiting.pop(client), self._line, self.log, self._tap)
        self._relays.add(relay)
        try:
            await relay.run()
        finally:
            self._relays.discard(relay)

    def _strike(self, fault: Fault) -> None:
        strike = self._line.strike(fault, time.monotonic())
        for relay in list(self._relays):
            for event in strike.events:
                relay.inject(json.dumps(event))
            if strike.closes is not None:
                code, reason = strike.closes
                relay.drop() if code in _UNSENDABLE else relay.inject((code, reason))


class _Relay:
    """One client and its server. Downwards everything goes through a queue, where faults hold it back."""

    def __init__(
        self, client: ServerConnection, server: ClientConnection, line: Line, log: list[Passed], tap: Tap | None
    ) -> None:
        self._client, self._server, self._line, self._log, self._tap = client, server, line, log, tap
        self._down: asyncio.Queue[tuple[float, str | bytes | tuple[int, str]]] = asyncio.Queue()

    def inject(self, item: str | tuple[int, str]) -> None:
        """Send the client a message that the server never sent, or close it with a code and reason."""
        self._down.put_nowait((time.monotonic(), item))

    def drop(self) -> None:
        """Lose both sides, without a goodbye."""
        self._client.transport.abort()
        self._server.transport.abort()

    async def run(self) -> None:
        """Relay until either side is gone, then let the other go the same way."""
        pumps = [asyncio.create_task(pump()) for pump in (self._pump_up, self._pump_down, self._write_down)]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            ended = await asyncio.gather(*pumps, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionClosed):
                _log.error("relay ended by %r", outcome)
        await asyncio.gather(self._close_like(self._client, self._server), self._close_like(self._server, self._client))

    async def _pump_up(self) -> None:
        async for message in self._client:
            self._log.append(_measure(message, time.monotonic()))
            if self._tap is not None:
                self._tap.outgoing(message)
            await self._server.send(message)

    async def _pump_down(self) -> None:
        try:
            async for message in self._server:
                self._down.put_nowait((self._line.arrives_s(time.monotonic()), message))
        except ConnectionClosed:
            if self._server.close_code == 1006:
                return  # the server died: whatever was held back died with it
        self._down.put_nowait((time.monotonic(), _goodbye(self._server)))
        await asyncio.Event().wait()  # until the writer has said that goodbye

    async def _write_down(self) -> None:
        while True:
            arrives_s, item = await self._down.get()
            while (early_s := max(arrives_s, self._line.stalled_until_s) - time.monotonic()) > 0.0:
                await asyncio.sleep(early_s)
            if isinstance(item, tuple):
                await self._client.close(*item)
                return
            if self._tap is not None:
                self._tap.incoming(item)
            await self._client.send(item)

    async def _close_like(
        self, one: ServerConnection | ClientConnection, other: ServerConnection | ClientConnection
    ) -> None:
        """End `one` as `other` was ended; a side that died without a goodbye takes the other with it."""
        if other.close_code is None or one.close_code is not None:
            return
        code, reason = _goodbye(other)
        if other.close_code == 1006:
            one.transport.abort()
        else:
            await one.close(code, reason)


def _goodbye(side: ServerConnection | ClientConnection) -> tuple[int, str]:
    code = side.close_code
    return (1000, "") if code is None or code in _UNSENDABLE else (code, side.close_reason or "")


def _port_of(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


def _measure(message: str | bytes, at_s: float) -> Passed:
    """What one message weighs; audio is looked for wherever a client event may carry it."""
    wire_bytes = len(message.encode()) if isinstance(message, str) else len(message)
    try:
        event = json.loads(message)
    except ValueError:
        return Passed(at_s, "?", 0, wire_bytes)
    kind = event.get("type") if isinstance(event, dict) else None
    return Passed(at_s, kind if isinstance(kind, str) else "?", _pcm_bytes(event), wire_bytes)


def _pcm_bytes(value: Any) -> int:
    """Bytes behind every base64 text under a key `audio`, at any depth."""
    if isinstance(value, list):
        return sum(_pcm_bytes(item) for item in value)
    if not isinstance(value, dict):
        return 0
    total = 0
    for key, item in value.items():
        if key == "audio" and isinstance(item, str):
            total += len(item) * 3 // 4 - item[-2:].count("=")
        else:
            total += _pcm_bytes(item)
    return total
