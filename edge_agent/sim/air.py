"""The ear in the simulated room: when a reply becomes audible at the loudspeaker's cone, and when it falls silent.

Law: it measures what is in the air, so the device's latency is inside every figure; it trusts nobody's word for it but
the tag that says whose voice a sample is. Time is the count of samples at 16 kHz; levels are peak dBFS.

`first_sample` carries the time of a turn's first audible sample, `silence` that of its last, both recorded as soon as
they are known. A pause inside a reply is no silence: silence is the end of the tagged voice (gone for 60 ms, or
followed by another turn's), or more than 700 ms without sound.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.timeline import Happening, Recorder

AUDIBLE_DBFS = -60.0  # below this a loudspeaker on a desk is not heard in a quiet room
_AUDIBLE = 10.0 ** (AUDIBLE_DBFS / 20.0)
_GONE = HEARING_RATE * 60 // 1000  # samples without the tag until the voice counts as ended: an underrun is shorter
_PAUSE = (
    HEARING_RATE * 700 // 1000
)  # samples without sound inside a voice until it counts as silent: sentences pause less


class AirMeter:
    """Feed it everything that is in the air, in order.  turn: whose voice is audible, or 0."""

    def __init__(self, recorder: Recorder) -> None:
        self.turn = 0
        self._recorder = recorder
        self._now = 0
        self._first = 0
        self._last = 0
        self._tagged_until = 0

    def hear(self, air: Samples, turn: int) -> None:
        """air: any number of samples that bear the same tag; turn: whose reply they are, 0 for nobody's."""
        start = self._now
        self._now += len(air)
        if self.turn and turn not in (0, self.turn):
            self._fall_silent()
        if turn:
            self._tagged_until = self._now
            loud = np.flatnonzero(np.abs(air) > _AUDIBLE)
            if loud.size:
                self._sound(turn, start + int(loud[0]), start + int(loud[-1]))
        if self.turn and (self._now - self._tagged_until >= _GONE or self._now - self._last > _PAUSE):
            self._fall_silent()

    def finish(self) -> None:
        """Nothing more will be heard: a voice still audible ends with its last audible sample."""
        if self.turn:
            self._fall_silent()

    def _sound(self, turn: int, first: int, last: int) -> None:
        if self.turn and first - self._last > _PAUSE:
            self._fall_silent()
        if not self.turn:
            self.turn, self._first = turn, first
            self._recorder.record(Happening(_ms(first), turn, "first_sample"))
        self._last = last

    def _fall_silent(self) -> None:
        audible_ms = _ms(self._last) - _ms(self._first)
        self._recorder.record(Happening(_ms(self._last), self.turn, "silence", {"audible_ms": audible_ms}))
        self.turn = 0


def _ms(sample: int) -> int:
    return sample * 1000 // HEARING_RATE
