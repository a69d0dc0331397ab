"""What lies between the card and hearing, and between the wire and the card: CPU time a 10 ms block.

Law: as `app.py` and `duplex.py` use them, at a usual card's 48 kHz; the card itself costs nothing here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import soxr

from edge_agent.audio.duplex import Duplex
from edge_agent.audio.format import HEARING_RATE, WIRE_BLOCK, WIRE_RATE, Samples
from edge_agent.audio.jitter_buffer import JitterBuffer
from edge_agent.audio.playback import Playback
from edge_agent.audio.resample import BlockResampler
from edge_agent.audio.wire import PCM16_24K, DownlinkDecoder, UplinkEncoder, pcm16
from tests.bench.meter import REAL_TIME, REAL_TIME_US, YARDSTICK, fed, typical_us, yardstick
from tests.bench.row import Row

CARD_RATE = 48_000
CARD_BLOCK = CARD_RATE // 100
LONG = 1 << 16  # blocks of reply that wait, more than any measurement plays


class SilentCard:
    """An AudioDevice that takes no time."""

    rate = mic_rate = CARD_RATE
    channels, has_reference, is_clocked, latency_ms, drift_ppm, overflows, underruns = 1, False, False, 40.0, 0.0, 0, 0

    def __init__(self) -> None:
        self.obtained: dict[str, Any] = {}
        self._mic = noise(CARD_BLOCK)[None, :]

    def open(self) -> None: ...

    def exchange(self, speaker: Samples | None) -> Samples:
        return self._mic

    def close(self) -> None: ...


def noise(count: int) -> Samples:
    return (0.1 * np.random.default_rng(count).standard_normal(count)).astype(np.float32)


def speaking() -> Playback:
    """A playback with a reply that does not end."""
    playback = Playback(volume=70)
    block = noise(WIRE_BLOCK)
    for _ in range(LONG):
        playback.push(1, "item", block)
    return playback


def rows() -> Iterator[Row]:
    yield from _playing()
    yield from _resampling()
    yield from _wire()


def _playing() -> Iterator[Row]:
    silent, busy = Playback(), speaking()
    duplex = Duplex(SilentCard(), speaking())
    buffer = JitterBuffer()
    block, out = noise(WIRE_BLOCK), np.zeros(WIRE_BLOCK, np.float32)

    def through_the_buffer() -> None:
        buffer.push("item", block)
        buffer.take(out)

    def copied() -> None:
        out[:] = block.copy()

    render, rest, step, jitter, copy, unit = typical_us(
        busy.render, silent.render, duplex.step, through_the_buffer, copied, yardstick(), rounds=200
    )
    yield Row("sound.render_reply", render, "us/block", unit, YARDSTICK)
    yield Row("sound.render_silence", rest, "us/block", unit, YARDSTICK)
    yield Row("sound.duplex_step_48k", step, "us/block", REAL_TIME_US, REAL_TIME)
    yield Row("sound.jitter_buffer", jitter, "us/block", copy, "two numpy copies of the block")


def _resampling() -> Iterator[Row]:
    for in_rate, out_rate, channels in ((WIRE_RATE, CARD_RATE, 1), (CARD_RATE, HEARING_RATE, 2)):
        ours = BlockResampler(in_rate, out_rate, channels=channels)
        theirs = soxr.ResampleStream(in_rate, out_rate, channels, dtype="float32", quality="HQ")
        count = in_rate // 100
        block = noise(channels * count).reshape(channels, count)
        frames = np.ascontiguousarray(block.T)
        cost, soxr_cost = typical_us(partial(ours.process, block), partial(theirs.resample_chunk, frames), rounds=200)
        name = f"sound.resample_{in_rate // 1000}_to_{out_rate // 1000}k_x{channels}"
        yield Row(name, cost, "us/block", soxr_cost, "soxr's HQ stream (37 ms of delay, ours 2 ms)")


def _wire() -> Iterator[Row]:
    """Up: hearing's block to slices of bytes. Down: a delta's bytes to samples. JSON is in the session rows."""
    up, down = UplinkEncoder(PCM16_24K), DownlinkDecoder(PCM16_24K)
    heard, pcm = noise(HEARING_RATE // 100), pcm16(noise(WIRE_BLOCK))
    text = base64.b64encode(pcm).decode()

    def plain() -> str:
        return json.dumps({"audio": base64.b64encode(pcm).decode()})

    works = (fed(up.feed, [heard]), plain, fed(down.feed, [pcm]), partial(base64.b64decode, text))
    encode, bare, decode, bare_back = typical_us(*works, rounds=200)
    yield Row("sound.uplink_encoder", encode, "us/block", bare, "plain base64 + json of the same bytes")
    yield Row("sound.downlink_decoder", decode, "us/block", bare_back, "plain base64 of the same bytes")
