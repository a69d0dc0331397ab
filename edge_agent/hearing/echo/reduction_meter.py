"""How much of our own playback the echo stage takes off.

Law: energies in, one slow figure out; it decides nothing. Only blocks count whose sound is mostly our echo, by the path
as known: a talker is not our playback.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

from edge_agent.audio.format import Samples
from edge_agent.hearing.echo.spectra import FRAME, Powers

_METER_BLOCKS = 300  # 3 s of playback
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
        self._ratios: deque[float] = deque()
        self._sorted: list[float] = []
        self._mic = self._echo = 0.0

    def pair(self, clean: Samples) -> None:
        """clean: the suppressed form of the block last given to `expect`."""
        if self._mic <= 0 or self._echo < _METER_SHARE * self._mic:
            return
        self.count(self._mic, float(clean @ clean))

    def count(self, before: float, after: float) -> None:
        """A block that is playback. Energies of the microphone, and of the same sound after the echo stage."""
        if len(self._ratios) == _METER_BLOCKS:
            del self._sorted[bisect_left(self._sorted, self._ratios.popleft())]
        ratio = before / (after + _METER_SILENCE)
        self._ratios.append(ratio)
        insort(self._sorted, ratio)
        self.db = 10 * math.log10(max(1.0, self._sorted[len(self._sorted) // 2]))

    def expect(self, mic: Samples, expected: Powers) -> None:
        """mic: (160,), the block whose suppressed form comes next. expected: its echo, as in `EchoForecast`."""
        self._mic = float(mic @ mic)
        self._echo = float(expected.sum()) / FRAME
