"""Evens out the network: the voice of one reply, waiting to be played.

Law: first in, first out, nothing is ever dropped here and no length is too long (a reply arrives faster than it is
spoken). It knows items only as labels, no clock, no lock (`playback.py` has it) and no gain. 24 kHz, counts in
samples.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from edge_agent.audio.format import WIRE_RATE, Samples

GROWTH = 2  # after a gap, wait for this many times more before going on: a link that failed once fails again
LONGEST_PREBUFFER_MS = 320  # a longer pause would be heard as the end of the reply


@dataclass(frozen=True, slots=True)
class Slice:
    """`count` samples of one item, in the order in which they were taken."""

    item_id: str
    count: int


class JitterBuffer:
    """prebuffer_ms: how much must have arrived before the first sample is given out (unless the reply is shorter).

    received: samples that arrived, by item, in order of arrival.
    underruns: gaps inside the voice. Running dry counts only when more comes afterwards; at the end of a reply it is
    no gap.
    """

    def __init__(self, prebuffer_ms: int = 60) -> None:
        self.received: dict[str, int] = {}
        self.underruns = 0
        self.finished = False
        self._chunks: deque[tuple[str, Samples]] = deque()
        self._waiting = 0
        self._prebuffer = prebuffer_ms * WIRE_RATE // 1000
        self._flowing = False
        self._dry = False

    def __len__(self) -> int:
        """Samples waiting."""
        return self._waiting

    @property
    def exhausted(self) -> bool:
        """Finished, and the last sample has been taken."""
        return self.finished and not self._waiting

    def push(self, item_id: str, samples: Samples) -> None:
        """Append samples, shape (n,), to the voice; ignored after `finish`."""
        if self.finished or not len(samples):
            return
        if self._dry:
            self._dry = False
            self.underruns += 1
            self._prebuffer = min(self._prebuffer * GROWTH, LONGEST_PREBUFFER_MS * WIRE_RATE // 1000)
        self.received[item_id] = self.received.get(item_id, 0) + len(samples)
        self._chunks.append((item_id, samples))
        self._waiting += len(samples)

    def finish(self) -> None:
        """Nothing more will come: what waits is given out without waiting for the prebuffer."""
        self.finished = True

    def take(self, out: Samples) -> list[Slice]:
        """Fill `out` from its start with what may be played now; its rest is left alone. Returns what was taken."""
        if not self._flowing:
            if not self._waiting or (self._waiting < self._prebuffer and not self.finished):
                return []
            self._flowing = True
        taken: list[Slice] = []
        at = 0
        while at < len(out) and self._chunks:
            item_id, chunk = self._chunks[0]
            count = min(len(chunk), len(out) - at)
            out[at : at + count] = chunk[:count]
            at += count
            if count == len(chunk):
                self._chunks.popleft()
            else:
                self._chunks[0] = (item_id, chunk[count:])
            taken.append(Slice(item_id, count))
        self._waiting -= at
        if at < len(out) and not self.finished:
            self._flowing = False
            self._dry = True
        return taken
