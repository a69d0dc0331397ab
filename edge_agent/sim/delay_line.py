"""From the card to the air: a delay that shrinks or grows when the two clocks differ, and jumps when samples are lost.

Law: arithmetic on blocks of 10 ms. A card's buffer that runs empty, or full at twice its level, starts again in the
middle, with a click: so does this.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.sim.acoustics import SINC, fractional

_PHASES = 4096  # of a sample: what is left of the error is 80 dB down at 2 kHz


class DelayLine:
    """drift_ppm > 0: the loudspeaker's clock runs fast, so the delay shrinks.  lag: samples, in the latest block."""

    def __init__(self, delay_ms: float, drift_ppm: float) -> None:
        self._start = delay_ms * HEARING_RATE / 1000.0
        self._step = -drift_ppm * 1e-6 * HEARING_BLOCK
        if drift_ppm == 0.0:
            self._start = float(round(self._start))
        else:
            self._start = max(self._start, 4.0 * SINC)  # room for the interpolation to look ahead
        self._delay = self._start
        length = int(2.0 * self._start) + HEARING_BLOCK + 4 * SINC
        self._past: Samples = np.zeros(length + HEARING_BLOCK, np.float32)
        self._ramp = (np.arange(HEARING_BLOCK) / HEARING_BLOCK).astype(np.float32)

    @property
    def lag(self) -> int:
        return round(self._delay)

    def slip(self, samples: int) -> None:
        """The microphone's side has lost so many samples (negative: had so many twice): the sound arrives earlier."""
        self._delay -= samples
        least = 0.0 if self._step == 0.0 else SINC + 1.0
        if not least <= self._delay <= 2.0 * self._start:
            self._delay = self._start

    def cut(self) -> None:
        """What is on its way is lost."""
        self._past.fill(0.0)

    def step(self, block: Samples) -> Samples:
        self._past[:-HEARING_BLOCK] = self._past[HEARING_BLOCK:]
        self._past[-HEARING_BLOCK:] = block
        if self._step == 0.0:
            start = len(self._past) - HEARING_BLOCK - round(self._delay)
            return self._past[start : start + HEARING_BLOCK].copy()
        before = self._delayed_by(self._delay)
        self._delay += self._step
        if not SINC + 1 <= self._delay <= 2.0 * self._start:
            self._delay = self._start
            return self._delayed_by(self._delay)
        # Within a block the delay moves by a hundredth of a sample: blending the two ends is as good as moving it.
        return before + self._ramp * (self._delayed_by(self._delay) - before)

    def _delayed_by(self, delay: float) -> Samples:
        whole = math.floor(delay)
        start = len(self._past) - HEARING_BLOCK - whole - SINC
        piece = self._past[start : start + HEARING_BLOCK + 2 * SINC - 1]
        delayed: Samples = np.convolve(piece, _phases()[round((delay - whole) * _PHASES)], "valid")
        return delayed


@functools.cache
def _phases() -> Samples:
    """(_PHASES + 1, taps): to compute them anew for every block took longer than the whole room."""
    return np.stack([fractional(phase / _PHASES) for phase in range(_PHASES + 1)])
