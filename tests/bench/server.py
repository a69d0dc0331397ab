"""The embedded server as the daemon has it: a process of its own, with a worker process for speech.

Law: the real child, real sockets, a real sentence. Times are wall time: what a person waits for.
"""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from websockets.asyncio.client import ClientConnection, connect

from edge_agent.audio.format import HEARING_RATE, WIRE_RATE
from edge_agent.audio.wire import pcm16
from edge_agent.local.child import ServerChild
from edge_agent.sim.voice import synthesise
from tests.bench.memory import BARE_TOLD, ZERO_2_W_MB, ZERO_2_W_TOLD, bare_python_mb, resident_mb
from tests.bench.row import Row

SENTENCE = "what time is it"
PAUSE_S = 0.7  # of silence behind the sentence: what the daemon's end-pointing waits for
ASKED = 4  # times; the first, which waits for the recogniser to be loaded, is told by itself
PATIENCE_S = 60.0
SLICE = WIRE_RATE // 50 * 2  # bytes: 20 ms
BARE = "import numpy, onnxruntime, websockets.asyncio.server"


def rows() -> Iterator[Row]:
    sentence = np.asarray(soxr.resample(synthesise("flite:kal16", SENTENCE), HEARING_RATE, WIRE_RATE), np.float32)
    pcm = pcm16(sentence) + bytes(round(PAUSE_S * WIRE_RATE) * 2)
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", BARE], check=True)
    bare_s = time.perf_counter() - began
    began = time.perf_counter()
    server = ServerChild()
    try:
        started_s = time.perf_counter() - began
        first_s, later_s = asyncio.run(_asked(server.url, pcm))
        resident = _family_mb(server.pid)
    finally:
        server.stop()
    bare_mb = bare_python_mb()
    spoken_s = len(sentence) / WIRE_RATE
    said = f'saying the sentence ("{SENTENCE}")'
    yield Row("server.start_to_listening", started_s, "s wall", bare_s, BARE)
    yield Row("server.first_turn_to_delta", first_s, "s wall", spoken_s, said)
    yield Row("server.sentence_end_to_delta", later_s, "s wall", spoken_s, said)
    for name, megabytes in resident.items():
        yield Row(f"server.memory_of_{name}", megabytes, "MB", bare_mb, BARE_TOLD)
    yield Row("server.memory_to_a_zero_2_w", sum(resident.values()), "MB", ZERO_2_W_MB, ZERO_2_W_TOLD)


async def _asked(url: str, pcm: bytes) -> tuple[float, float]:
    """From the commit of a sentence to the first sound of the reply: the first time, and the median of the others."""
    waits = []
    async with connect(url, compression=None, max_size=None) as socket:
        audio = {"input": {"turn_detection": None, "transcription": {"model": "local"}}}
        await _send(socket, "session.update", session={"type": "realtime", "audio": audio})
        await _next(socket, "session.updated")
        for _ in range(ASKED):
            for start in range(0, len(pcm), SLICE):
                await _send(
                    socket, "input_audio_buffer.append", audio=base64.b64encode(pcm[start : start + SLICE]).decode()
                )
            began = time.perf_counter()
            await _send(socket, "input_audio_buffer.commit")
            await _send(socket, "response.create")
            await _next(socket, "response.output_audio.delta")
            waits.append(time.perf_counter() - began)
            await _next(socket, "response.done")
    return waits[0], float(np.median(waits[1:]))


async def _send(socket: ClientConnection, kind: str, **fields: Any) -> None:
    await socket.send(json.dumps({"type": kind, **fields}))


async def _next(socket: ClientConnection, kind: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            event = json.loads(await socket.recv())
            if event["type"] == kind:
                return
            if event["type"] == "error":
                raise RuntimeError(f"server: {event['error']['message']}")


def _family_mb(pid: int) -> dict[str, float]:
    """The server and its speech worker."""
    (worker,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {"server": resident_mb(pid), "worker": resident_mb(worker)}
