"""The embedded Realtime server's shell: WebSockets and a clock.

Law: nothing of the protocol is decided here; `protocol.Session` is fed and what it gives is sent when it is due. Nobody
reaches it from a web page: a request with an Origin is refused.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from edge_agent.local.brain import Mind
from edge_agent.local.lazy_detector import LazyDetector
from edge_agent.local.protocol import Session
from edge_agent.local.reply import Timed
from edge_agent.local.work import Failed, Work
from edge_agent.local.worker import SpeechWorker

PATH = "/v1/realtime"
LARGEST_MESSAGE = 22 * 1024 * 1024  # bytes: an append of 15 MiB, in base64, with its JSON around it
GOING_AWAY = 1001
SESSION_EXPIRED = "session_expired"

log = logging.getLogger(__name__)


class Talk:
    """One client: its session, and what is to be sent to it when."""

    def __init__(self, socket: ServerConnection, session: Session, worker: SpeechWorker) -> None:
        self._socket, self._session, self._worker = socket, session, worker
        self._outbox: list[tuple[float, int, dict[str, Any]]] = []  # a heap: due, order, event
        self._order = 0
        self._fresh = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the client leaves, or its session has expired."""
        self._give(self._session.open(time.monotonic()))
        writer = asyncio.create_task(self._write())
        try:
            async for message in self._socket:
                self._give(self._session.receive(_parsed(message), time.monotonic()))
        except ConnectionClosed:
            pass  # gone without a goodbye
        finally:
            for task in (writer, *self._jobs):
                task.cancel()
            await asyncio.gather(writer, *self._jobs, return_exceptions=True)

    def _give(self, events: Iterable[Timed]) -> None:
        for due, event in events:
            self._order += 1
            heapq.heappush(self._outbox, (due, self._order, event))
        self._fresh.set()
        for work in self._session.work():
            job = asyncio.create_task(self._do(work))
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)

    async def _do(self, work: Work) -> None:
        result = await self._worker.perform(work)
        if isinstance(result, Failed):
            log.error("%s", result.reason)
        self._give(self._session.done(work.id, result, time.monotonic()))

    async def _write(self) -> None:
        while True:
            if self._outbox and (wait_s := self._outbox[0][0] - time.monotonic()) <= 0:
                event = heapq.heappop(self._outbox)[2]
                if self._session.stands(event):
                    await self._send(event)
                continue
            self._fresh.clear()
            timeout = wait_s if self._outbox else None
            try:
                await asyncio.wait_for(self._fresh.wait(), timeout)
            except TimeoutError:
                continue

    async def _send(self, event: dict[str, Any]) -> None:
        try:
            await self._socket.send(json.dumps(event, separators=(",", ":")))
        except ConnectionClosed:
            return  # the reader ends the talk
        if event["type"] == "error" and event["error"]["code"] == SESSION_EXPIRED:
            await self._socket.close(GOING_AWAY, event["error"]["message"])


def _parsed(message: str | bytes) -> Any:
    """What a message says; the message itself, which is no event, when it is not JSON."""
    if isinstance(message, bytes):
        return "a binary message"
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return message


class LocalServer:
    """brain: who answers, the same for all clients.  Several clients at once have a session each."""

    def __init__(self, brain: Mind, worker: SpeechWorker, *, model_delay_ms: float = 0) -> None:
        self._brain, self._worker, self._delay_ms = brain, worker, model_delay_ms

    async def listen(self, host: str, port: int) -> tuple[Server, str]:
        """Returns the listening server and its address. Raises ConnectionError: it cannot listen there."""
        try:
            server = await serve(
                self._talk,
                host,
                port,
                process_request=_admit,
                origins=[None],
                compression=None,
                max_size=LARGEST_MESSAGE,
                close_timeout=1.0,
            )
        except OSError as error:
            raise ConnectionError(
                f"local-server: cannot listen on {host}:{port}: {error.strerror or error}; choose another --port, "
                "or 0 for a free one"
            ) from None
        where = next(iter(server.sockets)).getsockname()
        shown = f"[{where[0]}]" if ":" in where[0] else where[0]
        return server, f"ws://{shown}:{where[1]}{PATH}"

    async def _talk(self, socket: ServerConnection) -> None:
        session = Session(brain=self._brain, wall=datetime.now, model_delay_ms=self._delay_ms, detector=LazyDetector())
        await Talk(socket, session, self._worker).run()


def _admit(socket: ServerConnection, request: Request) -> Response | None:
    if urlsplit(request.path).path != PATH:
        return socket.respond(HTTPStatus.NOT_FOUND, f"found {request.path}, expected {PATH}\n")
    return None


def main(host: str, port: int, brain: Mind, *, model_delay_ms: float = 0, until_eof: bool = False) -> None:
    """Serve until SIGTERM, SIGINT or, with until_eof, the end of standard input: the death of whoever holds it.

    The first line on standard output is the address. Raises ConnectionError, SpeechError.
    """
    asyncio.run(_serve(host, port, brain, model_delay_ms, until_eof))


async def _serve(host: str, port: int, brain: Mind, model_delay_ms: float, until_eof: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_eof:
        threading.Thread(target=_wait_for_eof, args=(loop, stop), daemon=True).start()
    worker = SpeechWorker()
    try:
        await worker.start()
        server, url = await LocalServer(brain, worker, model_delay_ms=model_delay_ms).listen(host, port)
        print(f"listening {url}", flush=True)
        async with server:
            await stop.wait()
    finally:
        await worker.stop()


def _wait_for_eof(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)
