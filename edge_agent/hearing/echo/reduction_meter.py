"""How much of our own playback the echo stage takes off.

Law: energies in, one slow figure out; it decides nothing. Only blocks count whose sound is mostly our echo, by the path
as known: a talker is not our playback.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from edge_agent.audio.format import Samples
from edge_agent.hearing.echo.spectra import FRAME, Powers

_METER_BLOCKS = 300  # 3 s of playback
_METER_EVERY = 10  # blocks between medians: one of 300 values costs as much as a filter step on a small board
_METER_SHARE = 0.5  # of the microphone's energy that must be echo, by the path as known: a talker is not our playback
_METER_SILENCE = 1e-12  # energy


class ReductionMeter:
    """How much of our own playback the whole stage takes off: median over the last 3 s of it, block by block.

    db: at least 0; 0 until something was played.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was measured."""
        self.db = 0.0
        self._ratios: deque[float] = deque(maxlen=_METER_BLOCKS)
        self._mic = self._echo = 0.0
        self._fresh = 0

    def pair(self, clean: Samples) -> None:
        """clean: the suppressed form of the block last given to `expect`."""
        if self._mic <= 0 or self._echo < _METER_SHARE * self._mic:
            return
        self._ratios.append(self._mic / (float(clean @ clean) + _METER_SILENCE))
        self._fresh += 1
        if self._fresh >= _METER_EVERY:
            self._fresh = 0
            self.db = max(0.0, 10 * float(np.log10(np.median(self._ratios))))

    def expect(self, mic: Samples, expected: Powers) -> None:
        """mic: (160,), the block whose suppressed form comes next. expected: its echo, as in `EchoForecast`."""
        self._mic = float(mic @ mic)
        self._echo = float(expected.sum()) / FRAME
