"""The speech worker: a process that hears and speaks for the server, and the server's end of the pipes to it.

Law: jobs go in and results come out, one at a time, each a pickle behind its length; nothing of the protocol. Speech
holds the interpreter for as long as a sentence takes, so it must not happen where sockets are served. The pipe to the
worker's standard input is its lifeline: whoever holds it dies, and the worker ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import struct
import sys
from asyncio.subprocess import PIPE, Process
from typing import BinaryIO

from edge_agent.local.assistant.language import ENGLISH
from edge_agent.local.speech import engines, speech
from edge_agent.local.speech.work import Failed, Result, Work

_LENGTH = struct.Struct("<I")
_ATTEMPTS = 2  # a worker that died idle is no fault of the job; one that dies twice of the same job is

PATIENCE_S = 30.0  # for a job, beside what its sound takes; models may have to be loaded
SLOWEST = 4.0  # times real time

log = logging.getLogger(__name__)


class SpeechWorker:
    """recogniser, voice: names of engines (`engines.py`).  language: one of `language.py`.

    Raises SpeechError: one of them is not on this machine.
    """

    def __init__(self, recogniser: str = engines.AUTO, voice: str = engines.AUTO, language: str = ENGLISH) -> None:
        self._engines = engines.chosen_recogniser(recogniser, language), engines.chosen_voice(voice, language)
        self._language = language
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._exchanges: set[asyncio.Task[Result]] = set()

    @property
    def pid(self) -> int | None:
        """Of the process that runs; None before the first."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Let it load its models before the first sentence comes."""
        async with self._turn:
            await self._running()

    async def perform(self, work: Work) -> Result:
        """Whoever asked may go away meanwhile; the exchange goes on to its end, for the pipe's sake."""
        exchange = asyncio.create_task(self._exchange(work))
        self._exchanges.add(exchange)
        exchange.add_done_callback(self._exchanges.discard)
        return await asyncio.shield(exchange)

    async def stop(self) -> None:
        for exchange in self._exchanges:
            exchange.cancel()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _exchange(self, work: Work) -> Result:
        job, limit_s = pickle.dumps(work), _longest_s(work)
        async with self._turn:
            for _ in range(_ATTEMPTS):
                process = await self._running()
                assert process.stdin is not None
                assert process.stdout is not None
                try:
                    async with asyncio.timeout(limit_s):
                        process.stdin.write(_LENGTH.pack(len(job)) + job)
                        await process.stdin.drain()
                        (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
                        result: Result = pickle.loads(await process.stdout.readexactly(length))
                except TimeoutError:
                    process.kill()
                    await process.wait()
                    log.error("the speech worker hung for %.0f s over one job; a new one is started", limit_s)
                    return Failed(f"{work.kind}: the speech worker did not finish within {limit_s:.0f} s")
                except (asyncio.IncompleteReadError, ConnectionError):
                    log.error("the speech worker died (exit code %s); a new one is started", await process.wait())
                    continue
                return result
        return Failed(f"{work.kind}: the speech worker died of it {_ATTEMPTS} times")

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            ears, voice = self._engines
            log.info("speech: language %s, recogniser %s, voice %s", self._language, ears, voice)
            command = (sys.executable, "-m", "edge_agent.local.speech.worker", ears.name, voice.name, self._language)
            self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        return self._process


def _longest_s(work: Work) -> float:
    """How long a job may take: a slow board needs some three times as long as the sound itself."""
    sound_s = len(work.payload) / 2 / work.rate if isinstance(work.payload, bytes) else 0.0
    return PATIENCE_S + SLOWEST * sound_s


def main() -> None:
    """In the worker: until the pipe ends. Ctrl-C is the parent's to answer. Arguments: ears, voice, language."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    speech.use(*sys.argv[1:4])
    speech.warm()
    while (job := _read(sys.stdin.buffer)) is not None:
        result = pickle.dumps(speech.perform(pickle.loads(job)))
        answers.write(_LENGTH.pack(len(result)) + result)
        answers.flush()


def _read(jobs: BinaryIO) -> bytes | None:
    head = jobs.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    return jobs.read(length)


if __name__ == "__main__":
    main()
