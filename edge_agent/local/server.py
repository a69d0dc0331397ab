"""The embedded Realtime server's shell: WebSockets and a clock.

Law: nothing of the protocol is decided here; `protocol.Session` is fed and what it gives is sent when it is due. Nobody
reaches it from a web page: a request with an Origin is refused.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import logging
import socket
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
from edge_agent.local.guests import Guests
from edge_agent.local.lazy_detector import LazyDetector
from edge_agent.local.protocol import Session
from edge_agent.local.reply import Timed
from edge_agent.local.work import Failed, Work
from edge_agent.local.workers import SpeechWorkers

PATH = "/v1/realtime"
LARGEST_MESSAGE = 22 * 1024 * 1024  # bytes: an append of 15 MiB, in base64, with its JSON around it
GOING_AWAY = 1001
SESSION_EXPIRED = "session_expired"

log = logging.getLogger(__name__)


class Talk:
    """One client: its session, and what is to be sent to it when."""

    def __init__(self, socket: ServerConnection, session: Session, workers: SpeechWorkers) -> None:
        self._socket, self._session, self._workers = socket, session, workers
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
        result = await self._workers.perform(work)
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
    """brain: who answers, the same for all clients, who have a session each.  guests: where they are counted."""

    def __init__(self, brain: Mind, workers: SpeechWorkers, guests: Guests, *, model_delay_ms: float = 0) -> None:
        self._brain, self._workers, self._guests, self._delay_ms = brain, workers, guests, model_delay_ms

    async def listen(self, host: str, port: int, given: socket.socket | None = None) -> tuple[Server, str]:
        """given: a socket that listens already, instead of host and port.

        Returns the listening server and its address. Raises ConnectionError: it cannot listen there.
        """
        where: dict[str, Any] = {"host": host, "port": port} if given is None else {"sock": given}
        try:
            server = await serve(
                self._talk,
                **where,
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
        bound = next(iter(server.sockets)).getsockname()
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        return server, f"ws://{shown}:{bound[1]}{PATH}"

    async def _talk(self, socket: ServerConnection) -> None:
        session = Session(brain=self._brain, wall=datetime.now, model_delay_ms=self._delay_ms, detector=LazyDetector())
        began = time.monotonic()
        self._guests.came()
        try:
            await Talk(socket, session, self._workers).run()
        finally:
            self._guests.went(began)


def _admit(socket: ServerConnection, request: Request) -> Response | None:
    if urlsplit(request.path).path != PATH:
        return socket.respond(HTTPStatus.NOT_FOUND, f"found {request.path}, expected {PATH}\n")
    return None
