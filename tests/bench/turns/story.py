"""A story told to one client: the server and the wire around it, the client's process, and what it left behind.

Law: the embedded server is a process of its own, the wire a thread of this one; a quota holds for the client alone.
Every story is told once a run of the bench, however many groups ask for its figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np

from edge_agent.audio.format import HEARING_RATE
from edge_agent.audio.wav import write_wav
from edge_agent.local.child import ServerChild
from edge_agent.sim.voice import at_level, synthesise
from tests.bench import quota
from tests.bench.turns.card import room_share
from tests.bench.turns.sinks import Monitor
from tests.bench.turns.trace import Trace, read
from tests.bench.turns.wire import Wire
from tests.daemon import pulse

REPLY = "it is a quarter past nine in the evening, and the day after tomorrow is a holiday"
REPLY_VOICE = "flite:awb"
MODEL_DELAY_MS = 500.0
LOSE_AFTER_S = 0.4  # of a connection's life
LONGEST_S = 300.0


def tell(
    client: str,
    story: str,
    count: int,
    *,
    seed: int = 1,
    reply_s: float = 1.0,
    share: float = 1.0,
    given: Sequence[dict[str, float]] = (),
    sinks: bool = False,
) -> Trace:
    """client: `daemon` or `plain`.  reply_s: length of every reply.  share: of one core that the client gets,
    and what the simulated walls take beside it.
    given: the moments that the plain client is given, a turn each.  sinks: PulseAudio's instead of the simulated room.
    Raises RuntimeError.
    """
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="edge-agent-bench-")))
        reply = _reply(folder / "reply.wav", reply_s)
        server = ServerChild(model_delay_ms=MODEL_DELAY_MS if story == "talk" else 0, reply_wav=reply)
        ending.callback(server.stop)
        wire = Wire(server.url, bursts=story == "burst")
        wire.start()
        ending.callback(wire.stop)
        spec = {"story": story, "count": count, "seed": seed, "url": wire.url, "given": list(given)}
        spec["clocked"] = share == 1.0  # a realtime priority would run outside the quota
        sound = _sound(folder, ending) if sinks else None
        spec["sinks"] = f"unix:{sound.socket}" if sound else ""
        hold = ending.enter_context(quota.limit(share if share == 1.0 else share + room_share()))
        monitor = Monitor(sound) if sound else None
        if monitor is not None:
            ending.callback(monitor.stop)
        trouble = {"lose": wire.lose, "kill": wire.kills(server.kill)}.get(story)
        trace = _run(client, spec, folder, pulse.cards(sound, sound, folder) if sound else {}, hold, trouble)
        trace.passed, trace.lost_s = wire.passed, wire.lost_s
        if monitor is not None:
            monitor.stop()
            monitor.complete(trace)
        return trace


def _sound(folder: Path, ending: ExitStack) -> pulse.PulseAudio:
    sound = pulse.PulseAudio(folder / "pulse")
    ending.callback(sound.stop)
    return sound


def _run(
    client: str,
    spec: dict[str, Any],
    folder: Path,
    env: dict[str, str],
    hold: Callable[[int], None],
    trouble: Callable[[], None] | None,
) -> Trace:
    """The client's process, from start to end.  env: beside ours; PulseAudio's address is none of it, or ALSA's default
    would become the server's own."""
    out = folder / "trace.json"
    command = [sys.executable, "-m", f"tests.bench.turns.{client}", json.dumps({**spec, "out": str(out)})]
    with (folder / "errors").open("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env={**os.environ, **env}, text=True)
        try:
            _watch(process, ready=lambda: hold(process.pid), trouble=trouble)
        finally:
            _end(process)
        if process.returncode or not out.exists():
            raise RuntimeError(f"{client}, {spec['story']}: exit code {process.returncode}: {_last(errors)}")
    return read(out)


def _watch(process: subprocess.Popen[str], *, ready: Callable[[], None], trouble: Callable[[], None] | None) -> None:
    """Wait for its end; its first `ready` is told, and each brings about trouble where the story has some."""
    assert process.stdout is not None
    ending = threading.Timer(LONGEST_S, process.kill)
    ending.start()
    first = True
    for line in process.stdout:
        if line.strip() != "ready":
            continue
        if first:
            ready()
        first = False
        if trouble is not None:
            time.sleep(LOSE_AFTER_S)
            trouble()
    process.wait()
    ending.cancel()


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _last(errors: IO[str]) -> str:
    errors.seek(0)
    return errors.read().strip()[-600:]


def _reply(path: Path, seconds: float) -> Path:
    """Speech of that length that begins with its first sample at full strength, so that its beginning is no matter of
    taste."""
    spoken = at_level(synthesise(REPLY_VOICE, REPLY), -20.0)
    spoken = spoken[int(np.argmax(np.abs(spoken) > 0.05)) :]
    write_wav(path, np.resize(spoken, (1, round(seconds * HEARING_RATE))), HEARING_RATE)
    return path
