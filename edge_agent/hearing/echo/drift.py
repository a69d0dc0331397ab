"""By how much the two clocks differ, read off the echo path's own slow motion.

Law: looks at what the filter knows, at times it is told, and moves nothing. Between two clocks the whole impulse
response slides; an answer of the room, a hand, a talker change its shape and do not slide it evenly for seconds. So the
response is compared with what it was a while ago (cross-correlation, interpolated to a hundredth of a sample), each
comparison adds a point to the course of the echo's delay, and the clocks' difference is the median of the slopes
between the points (Theil 1950, Sen 1968): a jump spoils few of them. A response that cannot be recognised begins a new
course; the estimate stays until that one is long enough. Silence needs nothing: the next point has a longer lever.

Speed, on recorded speech in simulated rooms of RT60 0.2 to 0.5 s: 70 to 300 ppm are known to 15 % within 4 to 6 s of
playback, to 5 ppm within 8 to 14 s, and to 0.3 ppm after 20 s.

Units: delays in samples at 16 kHz, time in blocks of 10 ms; a drift in samples per block, positive = the echo falls
behind, 1 ppm = 0.00016.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK
from edge_agent.hearing.echo.spectra import FRAME, Powers, Spectra, power_of

PPM = HEARING_BLOCK * 1e-6  # samples per block

_EVERY = 25  # blocks of learning between two points
_POINTS = 40  # of a course: 10 s of playback
_FIRST = 5  # points before the first estimate
_AGAIN = 10  # points of a later course before it replaces what is known
_ANCHORS = 6  # responses kept for comparison: the farther back, the finer
_SAME = 0.6  # correlation coefficient from which a response is recognised
_FINE = 4  # interpolation of the correlation, before the parabola
_FARTHEST = 8 * _FINE  # of a comparison
_MOST = 400 * PPM  # no pair of crystals differs by more
_SURE = 4.0  # standard errors from none, before a drift is believed at all
_NOTICED = 3 * PPM  # less is left to the filter, while no drift is known


@dataclass(frozen=True, slots=True)
class _Point:
    time: int
    delay: float
    bulk: float
    response: Spectra
    power: Powers


class ClockDrift:
    """per_block: samples by which the echo falls behind the reference with each block; 0.0 until a drift was found."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the clocks."""
        self.per_block = 0.0
        self._course: deque[tuple[int, float]] = deque(maxlen=_POINTS)
        self._anchors: deque[_Point] = deque(maxlen=_ANCHORS)
        self._since = 0

    def interrupt(self) -> None:
        """The response means something else from now on: begin a new course."""
        self._course.clear()
        self._anchors.clear()
        self._since = 0

    def due(self) -> bool:
        """Call once a block of learning; whether a point is to be given to `observe` now."""
        self._since += 1
        return self._since >= _EVERY

    def observe(self, time: int, bulk: float, response: Spectra, weight: Powers) -> None:
        """Another point of the course.

        time: blocks since the start, with silence. bulk: the delay already given to the reference. response:
        (partitions, 161), kept. weight: (161,), by how much each bin of it counts.
        """
        self._since = 0
        power = float(np.dot(power_of(response).sum(axis=0), weight))
        if power <= 0:
            return
        delay = self._placed(bulk, response, weight, power)
        if delay is None:
            self.interrupt()
            delay = bulk
        self._anchors.append(_Point(time, delay, bulk, response, power_of(response).sum(axis=0)))
        self._course.append((time, delay))
        self._judge()

    def _placed(self, bulk: float, response: Spectra, weight: Powers, power: float) -> float | None:
        """The echo's delay on the course so far; None where the response is not recognised."""
        for anchor in self._anchors:
            cross = np.einsum("pk,pk->k", response, anchor.response.conj())
            cross *= weight
            then = float(np.dot(anchor.power, weight))
            fine = np.fft.irfft(cross, FRAME * _FINE) * (FRAME * _FINE / 2)
            near = np.concatenate([fine[-_FARTHEST:], fine[: _FARTHEST + 1]])
            at = int(near.argmax())
            if not 0 < at < len(near) - 1 or near[at] < _SAME * np.sqrt(power * then):
                continue
            before, here, after = (float(value) for value in near[at - 1 : at + 2])
            peak = at + 0.5 * (before - after) / (before - 2 * here + after)
            return anchor.delay + bulk - anchor.bulk + (peak - _FARTHEST) / _FINE
        return None

    def _judge(self) -> None:
        known = self.per_block != 0.0
        count = len(self._course)
        if count < (_AGAIN if known else _FIRST):
            return
        course = np.array(self._course)
        first, second = np.triu_indices(count, max(1, count // 3))
        slopes = (course[second, 1] - course[first, 1]) / (course[second, 0] - course[first, 0])
        slope = float(np.median(slopes))
        error = float(np.median(np.abs(slopes - slope))) / np.sqrt(count)
        if abs(slope) > _MOST or (not known and abs(slope) < max(_SURE * error, _NOTICED)):
            return
        self.per_block = slope
