"""The reference, as late as asked for to a fraction of a sample.

Law: time only: nothing here looks at a level or decides a delay. Two clocks that differ are one clock again behind a
delay that grows or shrinks by their difference; within a block the delay goes linearly from one value to the next.
Interpolation is by a windowed sinc out of a table of phases (Laakso et al. 1996); a whole delay copies bit for bit.

Units: samples at 16 kHz; delays >= 0. A fractional delay needs `LEAST` samples, for its taps reach both ways.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_BLOCK, Samples

_REACH = 12  # taps each side of a place
LEAST = _REACH  # the shortest fractional delay
_PHASES = 1024  # a sample: half a step of phase at 6 kHz is an error of -59 dB
_BEYOND = 0.25  # of a sample, before and after the phases of one: a block's two ends share their whole delay
_MOST_STEP = 0.2  # samples a block: 1250 ppm


def _phase_table() -> npt.NDArray[np.float32]:
    fractions = np.arange(round((1 + 2 * _BEYOND) * _PHASES) + 1) / _PHASES - _BEYOND
    at = np.arange(1 - _REACH, _REACH + 1) - fractions[:, None]
    taps = np.sinc(at) * np.cos(np.pi * np.clip(at / (2 * _REACH + 1), -0.5, 0.5)) ** 2
    normalised: npt.NDArray[np.float32] = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
    return normalised


_TAPS = _phase_table()
_RAMP = (np.arange(1, HEARING_BLOCK + 1) / HEARING_BLOCK).astype(np.float32)


class DelayLine:
    """Keeps the last `blocks` blocks and a margin."""

    def __init__(self, blocks: int) -> None:
        self._heard = np.zeros((blocks + 3) * HEARING_BLOCK + 2 * _REACH, np.float32)

    def reset(self) -> None:
        """Forget what was heard."""
        self._heard[:] = 0

    def hear(self, block: Samples) -> None:
        """block: (160,)."""
        self._heard[:-HEARING_BLOCK] = self._heard[HEARING_BLOCK:]
        self._heard[-HEARING_BLOCK:] = block

    def newest(self, begin: float, end: float) -> Samples:
        """(160,): the newest block as its delay goes from `begin` to `end`, at most 0.2 samples apart."""
        whole = math.floor(begin)
        if begin == whole == end:
            first = len(self._heard) - HEARING_BLOCK - whole
            return self._heard[first : first + HEARING_BLOCK]
        one = self._delayed(whole, begin - whole, HEARING_BLOCK)
        one += _RAMP * (self._delayed(whole, end - whole, HEARING_BLOCK) - one)
        return one

    def last(self, delay: float, samples: int) -> Samples:
        """(samples,): the last ones, all by one delay."""
        whole = math.floor(delay)
        if delay == whole:
            first = len(self._heard) - samples - whole
            return self._heard[first : first + samples]
        return self._delayed(whole, delay - whole, samples)

    def _delayed(self, whole: int, fraction: float, samples: int) -> Samples:
        taps = _TAPS[round((fraction + _BEYOND) * _PHASES)]
        end = len(self._heard) - whole + _REACH - 1
        return np.convolve(self._heard[end - samples - 2 * _REACH + 1 : end], taps, "valid")
