"""Somebody to talk to a server: sentences by another synthesiser than the server's own, as bytes for the wire.

Law: sound only. PCM is 16-bit little-endian mono; rates are Hz.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import soxr

from edge_agent.sim.voice import synthesise

WIRE_RATE = 24_000
BLOCK = 2 * WIRE_RATE // 10  # bytes of 100 ms


def spoken(text: str, rate: int = WIRE_RATE) -> bytes:
    samples = soxr.resample(synthesise("flite:kal16", text), 16_000, rate)
    return np.asarray(np.clip(samples, -1, 1) * 32767, "<i2").tobytes()


def in_blocks(pcm: bytes, size: int = BLOCK) -> Iterator[bytes]:
    for start in range(0, len(pcm), size):
        yield pcm[start : start + size]
