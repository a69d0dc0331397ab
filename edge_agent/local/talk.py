"""One client of the embedded server: its session, its socket, and the line between them.

Law: nothing of the protocol is decided here, and nothing of what goes wrong; it moves messages when they are due.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import logging
import time
from collections.abc import Iterable
from typing import Any

from websockets.exceptions import ConnectionClosed

from edge_agent.local.faults.crossing import LOST, Crossing
from edge_agent.local.faults.fault_events import BrokenText
from edge_agent.local.faults.faulty_socket import FaultySocket
from edge_agent.local.faults.lane import Close, Item
from edge_agent.local.realtime.outgoing import Timed
from edge_agent.local.realtime.protocol import Session
from edge_agent.local.speech.work import Failed, Work
from edge_agent.local.speech.workers import SpeechWorkers

GOING_AWAY = 1001
SESSION_EXPIRED = "session_expired"

log = logging.getLogger(__name__)


class Talk:
    """One client: its session, and what is to be sent to it when."""

    def __init__(self, socket: FaultySocket, session: Session, workers: SpeechWorkers, crossing: Crossing) -> None:
        self._socket, self._session, self._workers, self._crossing = socket, session, workers, crossing
        self._outbox: list[tuple[float, int, dict[str, Any]]] = []  # a heap: due, order, event
        self._order = 0
        self._fresh = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the client leaves, its session has expired, or the line is lost."""
        self._socket.late_goodbye_s = self._crossing.late_goodbye_s
        self._crossing.wake = self._fresh.set
        self._give(self._session.open(time.monotonic()))
        writer = asyncio.create_task(self._write())
        try:
            async for message in self._socket:
                self._crossing.send_up(message, time.monotonic())
                self._hear()
                self._fresh.set()
        except ConnectionClosed:
            pass  # gone without a goodbye
        finally:
            for task in (writer, *self._jobs):
                task.cancel()
            await asyncio.gather(writer, *self._jobs, return_exceptions=True)

    def _hear(self) -> None:
        """The session is told what has come up the line."""
        while (message := self._crossing.take_up(now := time.monotonic())) is not None:
            self._give(self._session.receive(_parsed(message), now))

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
            self._fresh.clear()
            self._hear()
            self._say()
            self._socket.dead = self._crossing.dead
            item = self._crossing.take_down(time.monotonic())
            if item is not None:
                await self._send(item)
                continue
            if (wait_s := self._wait_s()) is not None and wait_s <= 0:
                continue
            try:
                await asyncio.wait_for(self._fresh.wait(), wait_s)
            except TimeoutError:
                continue

    def _say(self) -> None:
        """What the session has to say by now goes on the line."""
        now = time.monotonic()
        while self._outbox and self._outbox[0][0] <= now:
            event = heapq.heappop(self._outbox)[2]
            if not self._session.stands(event):
                continue
            self._crossing.send_down(json.dumps(event, separators=(",", ":")), now)
            if event["type"] == "error" and event["error"]["code"] == SESSION_EXPIRED:
                self._crossing.send_down(Close(GOING_AWAY, event["error"]["message"]), now)

    def _wait_s(self) -> float | None:
        """Until something is due, if nothing happens before."""
        times = [self._outbox[0][0]] if self._outbox else []
        if (due := self._crossing.next_s) is not None:
            times.append(due)
        return min(times) - time.monotonic() if times else None

    async def _send(self, item: Item) -> None:
        try:
            if not isinstance(item, Close):
                await self._socket.send(item, text=True if isinstance(item, BrokenText) else None)
            elif item.code == LOST:
                self._socket.transport.abort()
            else:
                await self._socket.close(item.code, item.reason)
        except ConnectionClosed:
            return  # the reader ends the talk


def _parsed(message: str | bytes) -> Any:
    """What a message says; the message itself, which is no event, when it is not JSON."""
    if isinstance(message, bytes):
        return "a binary message"
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return message
