"""The speech workers: as many processes as are busy at the same time, up to a number; one of them always ready.

Law: who does a job, never how. Several people talking to one server must not wait for each other's sentences, and a
small board has no memory for a worker that nobody needs: one that has rested for a while is let go.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from edge_agent.local.speech.work import Result, Work
from edge_agent.local.speech.worker import SpeechWorker

REST_S = 60.0  # a worker beyond the first that had nothing to do for so long is let go

log = logging.getLogger(__name__)


class Performer(Protocol):
    """A worker (`worker.SpeechWorker`)."""

    @property
    def pid(self) -> int | None: ...
    async def start(self) -> None: ...
    async def perform(self, work: Work) -> Result: ...
    async def stop(self) -> None: ...


class SpeechWorkers:
    """most: processes at once, at least 1.  Raises SpeechError if there is no voice on this machine."""

    def __init__(self, most: int = 1, *, make: Callable[[], Performer] = SpeechWorker, rest_s: float = REST_S) -> None:
        if most < 1:
            raise ValueError(f"found {most} workers, expected at least 1")
        self._most, self._make, self._rest_s = most, make, rest_s
        self._jobs: dict[Performer, int] = {make(): 0}  # how many each has in hand; the first stays
        self._resting: dict[Performer, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def pids(self) -> list[int]:
        return [worker.pid for worker in self._jobs if worker.pid is not None]

    async def start(self) -> None:
        """Let the first load its models before a sentence comes."""
        await next(iter(self._jobs)).start()

    async def perform(self, work: Work) -> Result:
        worker = self._free()
        self._jobs[worker] += 1
        try:
            return await worker.perform(work)
        finally:
            self._jobs[worker] -= 1
            if self._jobs[worker] == 0 and worker is not next(iter(self._jobs)):
                loop = asyncio.get_running_loop()
                self._resting[worker] = loop.call_later(self._rest_s, self._let_go, worker)

    async def stop(self) -> None:
        for handle in self._resting.values():
            handle.cancel()
        await asyncio.gather(*(worker.stop() for worker in self._jobs), *self._leaving)

    def _free(self) -> Performer:
        """One without work; else a new one, while there may be more; else the one with the least."""
        worker = min(self._jobs, key=lambda one: self._jobs[one])
        if self._jobs[worker] and len(self._jobs) < self._most:
            worker = self._make()
            self._jobs[worker] = 0
        if handle := self._resting.pop(worker, None):
            handle.cancel()
        return worker

    def _let_go(self, worker: Performer) -> None:
        del self._resting[worker], self._jobs[worker]
        leaving = asyncio.get_running_loop().create_task(worker.stop())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
