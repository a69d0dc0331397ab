"""The embedded server as a process: its socket, its workers, its end.

Law: the life of the process and what it tells about itself; sockets are served in `server.py`. It runs as a child of
the daemon (`child.py`), by hand, or as a systemd unit of its own, started by the first connection; then it ends when
nobody has talked to it for a while, and gives the memory back.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from systemd.daemon import notify

from edge_agent.local import activation
from edge_agent.local.assistant.language import ENGLISH
from edge_agent.local.consumption import consumption
from edge_agent.local.faults.fault import Fault
from edge_agent.local.guests import Guests
from edge_agent.local.realtime.mind import Mind
from edge_agent.local.server import LocalServer
from edge_agent.local.speech.engines import AUTO
from edge_agent.local.speech.worker import SpeechWorker
from edge_agent.local.speech.workers import SpeechWorkers

FIRST_TO_GO = 300  # oom_score_adj, as in our own unit: the daemon's child would inherit that the kernel spares it
LOOK_S = 5.0  # how often it is looked whether somebody talks, and told what it costs
MOST_WORKERS = 4  # more than this many people at one board is no appliance any more
MEMORY_MB = 900  # of the board's, for each worker: the better engines take a third of it

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Life:
    """until_eof: end with standard input, which is the death of whoever holds it.  idle_s: end when nobody was
    connected for so long; 0: never.  workers: speech processes at most; 0: one for each core and each MEMORY_MB of the
    board, up to MOST_WORKERS.  recogniser, voice: their engines (`engines.py`).  language: what they hear and speak.
    """

    until_eof: bool = False
    idle_s: float = 0.0
    workers: int = 0
    recogniser: str = AUTO
    voice: str = AUTO
    language: str = ENGLISH

    @property
    def most_workers(self) -> int:
        memory_mb = os.sysconf("SC_PAGESIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6
        return self.workers or max(1, min(MOST_WORKERS, len(os.sched_getaffinity(0)), int(memory_mb / MEMORY_MB)))


def main(
    host: str,
    port: int,
    brain: Mind,
    *,
    model_delay_ms: float = 0,
    life: Life | None = None,
    faults: Iterable[Fault] = (),
) -> None:
    """Serve until SIGTERM, SIGINT, or as `life` says. Where systemd hands over a socket, host and port are its own.

    faults: what goes wrong on the line to its clients.
    The first line on standard output is the address. Raises ConnectionError, SpeechError.
    """
    _first_to_go()
    asyncio.run(_serve(host, port, brain, model_delay_ms, life or Life(), faults))


def _first_to_go(own: Path = Path("/proc/self/oom_score_adj")) -> None:
    """When memory is short this process and its workers go before the daemon: they come back by themselves."""
    with suppress(OSError, ValueError):  # to raise it takes no privilege, to be let into /proc may
        if int(own.read_text()) < FIRST_TO_GO:
            own.write_text(f"{FIRST_TO_GO}\n")


async def _serve(host: str, port: int, brain: Mind, model_delay_ms: float, life: Life, faults: Iterable[Fault]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if life.until_eof:
        threading.Thread(target=_wait_for_eof, args=(loop, stop), daemon=True).start()
    given = activation.inherited()
    workers = SpeechWorkers(life.most_workers, make=partial(SpeechWorker, life.recogniser, life.voice, life.language))
    guests = Guests(lambda: consumption([os.getpid(), *workers.pids]))
    try:
        await workers.start()
        server = LocalServer(brain, workers, guests, model_delay_ms=model_delay_ms, faults=faults)
        listening, url = await server.listen(host, port, given)
        print(f"listening {url}", flush=True)
        if server.certificate is not None:
            print(f"clients trust it with SSL_CERT_FILE={server.certificate.authority}", flush=True)
        notify("READY=1")
        async with listening:
            await _until(stop, guests, life.idle_s)
    finally:
        notify("STOPPING=1")
        await workers.stop()


async def _until(stop: asyncio.Event, guests: Guests, idle_s: float) -> None:
    """Told to stop, or nobody there for too long."""
    while not stop.is_set() and not (0 < idle_s <= guests.idle_s()):
        notify(f"STATUS={guests.talking} talking; {guests.cost()}")
        try:
            await asyncio.wait_for(stop.wait(), min(LOOK_S, idle_s / 4) if idle_s else LOOK_S)
        except TimeoutError:
            continue
    if not stop.is_set():
        log.info("nobody has talked for %.0f s: the server ends, the next connection starts it again", idle_s)


def _wait_for_eof(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)
