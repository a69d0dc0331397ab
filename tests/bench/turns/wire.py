"""The wire between a client and the embedded server, with a clock on it: what passed, which way, when.

Law: it relays whole messages verbatim over real sockets, in a thread and loop of its own, and keeps kinds, sizes and
times only. It can hold a reply back until all of it is there (a burst), and lose the line. `sim/proxy.py` bears witness
in audio time and knows many faults; this one stamps the wall clock as near to the socket as Python gets.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, WebSocketException

DELTA = "response.output_audio.delta"
_OPEN: dict[str, Any] = {"compression": None, "max_size": None, "ping_interval": None}


class Passed(NamedTuple):
    """up: from the client.  at_s: when it had been read from the client, or was about to be given to it."""

    at_s: float
    up: bool
    kind: str
    audio_bytes: int


class Wire:
    """From `start` to `stop`. passed: oldest first, only grows. bursts: replies come in one piece.
    lost_s: when the line was lost, each time.
    """

    def __init__(self, upstream: str, *, bursts: bool = False) -> None:
        self.passed: list[Passed] = []
        self.lost_s: list[float] = []
        self._upstream = urlsplit(upstream)
        self._bursts = bursts
        self._pairs: set[tuple[ServerConnection, ClientConnection]] = set()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._port = 0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="wire", daemon=True)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}{self._upstream.path}"

    def start(self) -> None:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("wire: it could not listen")

    def stop(self) -> None:
        if self._loop is not None and self._ending is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ending.set)
            self._thread.join(10)

    def lose(self) -> None:
        """Every connection is gone, without a goodbye. From any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._lose)

    def kills(self, kill: Callable[[], None]) -> Callable[[], None]:
        """Another way to lose the line: the server's own death."""

        def killed() -> None:
            self.lost_s.append(time.monotonic())
            kill()

        return killed

    def _lose(self) -> None:
        self.lost_s.append(time.monotonic())
        self._cut()

    def _cut(self) -> None:
        for client, server in list(self._pairs):
            client.transport.abort()
            server.transport.abort()

    async def _serve(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        async with serve(self._relay, "127.0.0.1", 0, **_OPEN) as listening:
            self._port = next(iter(listening.sockets)).getsockname()[1]
            self._ready.set()
            await self._ending.wait()
            self._cut()

    async def _relay(self, client: ServerConnection) -> None:
        path = client.request.path if client.request else self._upstream.path
        try:
            server = await connect(f"ws://{self._upstream.netloc}{path}", proxy=None, **_OPEN)
        except (OSError, WebSocketException):
            client.transport.abort()  # as a host that does not answer
            return
        pair = (client, server)
        self._pairs.add(pair)
        pumps = [asyncio.create_task(self._up(client, server)), asyncio.create_task(self._down(client, server))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._pairs.discard(pair)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for side in pair:
                side.transport.abort()

    async def _up(self, client: ServerConnection, server: ClientConnection) -> None:
        async for message in client:
            now_s = time.monotonic()
            self.passed.append(Passed(now_s, True, *_measured(message)))
            await server.send(message)

    async def _down(self, client: ServerConnection, server: ClientConnection) -> None:
        held: list[str | bytes] = []
        async for message in server:
            kind, _ = _measured(message)
            if not self._bursts or (kind != DELTA and not held):
                await self._give(client, message)
                continue
            held.append(message)
            if kind == "response.done":
                for each in held:
                    await self._give(client, each)
                held = []

    async def _give(self, client: ServerConnection, message: str | bytes) -> None:
        self.passed.append(Passed(time.monotonic(), False, *_measured(message)))
        try:
            await client.send(message)
        except ConnectionClosed:
            return  # the other pump ends the relay


def _measured(message: str | bytes) -> tuple[str, int]:
    event = json.loads(message)
    audio = event.get("audio" if event["type"] == "input_audio_buffer.append" else "delta", "")
    sounds = event["type"] in ("input_audio_buffer.append", DELTA)
    return str(event["type"]), len(audio) * 3 // 4 - audio[-2:].count("=") if sounds else 0
