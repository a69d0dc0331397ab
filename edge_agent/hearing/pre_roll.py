"""The last seconds of what was heard, so that a turn that is opened late misses nothing.

Law: it remembers and hands out; it decides nothing, and it is emptied on mute. Clean tap, 16 kHz, 160 samples a block,
addressed by the device's block numbers. A lost pair is a number that is not there: nothing is invented in its place.
What leaves the device reaches back as far as its owner allows; the speech detector, which sends nothing, may have slept
and needs a phrase and a sentence's beginning to catch up with.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edge_agent.audio.format import BLOCKS_PER_S, HEARING_BLOCK, Samples

_NOTHING = -1
_CATCH_UP_BLOCKS = 2 * BLOCKS_PER_S  # a slow wake phrase, what follows it before it wakes, and the detector's own start


class Remembered(NamedTuple):
    """block: its number.  samples: (160,), the reader's own.  probability: of speech; 0 where it was never asked."""

    block: int
    samples: Samples
    probability: float


class PreRoll:
    """seconds: how far back `since` reaches; 0: no further than the block being heard."""

    def __init__(self, seconds: float = 3.0) -> None:
        if seconds < 0:
            raise ValueError(f"found a pre-roll of {seconds} s, expected 0 or more")
        self._reach = max(1, round(seconds * BLOCKS_PER_S))
        self._capacity = max(self._reach, _CATCH_UP_BLOCKS)
        self._samples = np.zeros((self._capacity, HEARING_BLOCK), np.float32)
        self._probabilities = [0.0] * self._capacity
        self._indices = [_NOTHING] * self._capacity
        self._newest = _NOTHING

    def keep(self, index: int, block: Samples) -> None:
        """block: (160,), copied. Numbers rise; one that does not (a recording that is fed anew) starts afresh."""
        if index <= self._newest:
            self.clear()
        slot = index % self._capacity
        self._samples[slot] = block
        self._probabilities[slot] = 0.0
        self._indices[slot] = index
        self._newest = index

    def judge(self, index: int, probability: float) -> None:
        """How likely a remembered block is speech."""
        slot = index % self._capacity
        if self._indices[slot] == index:
            self._probabilities[slot] = probability

    def since(self, first: int) -> list[Remembered]:
        """Every block from number `first` on that is still there and may leave the device, oldest first."""
        return self._from(max(first, self._newest - self._reach + 1))

    def for_catching_up(self) -> list[Remembered]:
        """The last two seconds, oldest first: for the ears of this device only."""
        return self._from(self._newest - _CATCH_UP_BLOCKS + 1)

    def clear(self) -> None:
        """Forget everything, the samples included."""
        self._samples.fill(0.0)
        self._probabilities = [0.0] * self._capacity
        self._indices = [_NOTHING] * self._capacity
        self._newest = _NOTHING

    def _from(self, first: int) -> list[Remembered]:
        found = []
        for index in range(max(first, 0), self._newest + 1):
            slot = index % self._capacity
            if self._indices[slot] == index:
                found.append(Remembered(index, self._samples[slot].copy(), self._probabilities[slot]))
        return found
