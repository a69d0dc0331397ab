"""The reference on the microphone's clock, and in step with the filter that reads it.

Law: keeps a promise: whatever the delay does, the frames the filter sees are those its weights were learned with. A
delay that drifts past a block is one the filter's own offset takes over; a jump of any number of samples puts the same
weights to the new place. Decides neither drift nor jump. Until there is one the reference passes bit for bit.

Units: samples at 16 kHz; blocks of 10 ms; drift in samples per block, positive = the echo falls behind.
"""

from __future__ import annotations

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.echo.delay_line import LEAST, DelayLine
from edge_agent.hearing.echo.path import EchoPath

_MOST = HEARING_BLOCK + 4 * LEAST  # of the fractional part: so far above `LEAST` that no noise turns back and forth
_JUMP_ROOM = 5 * LEAST  # left below after a jump
MOST_BLOCKS = 2  # by which the echo's end is later than the filter's rows say, at most


class LateReference:
    """Gives `path` its reference.

    delay: samples, by which the reference is late; 0 until a drift or a jump asked for more.
    """

    def __init__(self, path: EchoPath) -> None:
        self._path = path
        self._line = DelayLine(path.rows + 1)
        self.reset()

    def reset(self) -> None:
        """Forget the reference; in time again."""
        self._line.reset()
        self.delay = 0.0
        self._begin = 0.0
        self._step = 0

    @property
    def bulk(self) -> float:
        """Samples from the reference to the filter's first partition."""
        return self.delay + self._path.offset * HEARING_BLOCK

    @property
    def _last_offset(self) -> int:
        """The latest place at which the reference is still kept for every partition."""
        return self._path.rows - self._path.partitions - 1

    @property
    def blocks(self) -> int:
        """By how much an echo is later than the path's rows say."""
        return MOST_BLOCKS if self.delay else 0

    def run(self, drift: float) -> int:
        """Once a block, in silence too: the clocks run on. Returns by how many blocks the delay and the path's offset
        changed places: the path's offset is that much less."""
        self._begin = self.delay
        self._step = 0
        if drift == 0.0:
            return 0
        room = self._path.offset > 0
        if (self.delay == 0.0 or self.delay + drift < LEAST) and not room:
            return 0
        if self.delay + drift > _MOST and self._path.offset >= self._last_offset:
            return 0
        if self.delay + drift < LEAST:
            self._step = 1
        elif self.delay + drift > _MOST:
            self._step = -1
        self.delay += drift + self._step * HEARING_BLOCK
        self._begin += self._step * HEARING_BLOCK
        self._path.offset -= self._step
        return self._step

    def hear(self, ref: Samples) -> None:
        """ref: (160,), of the block for which `run` was called last."""
        self._line.hear(ref)
        if self._step > 0:
            return
        if self._step < 0:
            self._path.reference.hear(self._line.newest(self._begin + HEARING_BLOCK, self._begin + HEARING_BLOCK))
        self._path.reference.hear(self._line.newest(self._begin, self.delay))

    def jump(self, by: int) -> bool:
        """Explain echoes `by` samples later (negative: earlier) with the same weights; False where none can be."""
        bulk = self.bulk + by
        delay, offset = self.delay + by % HEARING_BLOCK, self._path.offset + by // HEARING_BLOCK
        if delay:
            offset = max(0, int(bulk - _JUMP_ROOM) // HEARING_BLOCK)
            delay = bulk - offset * HEARING_BLOCK
        if offset < 0 or offset > self._last_offset or 0 < delay < LEAST or delay < 0:
            return False
        self.delay = delay
        self._path.offset = offset
        self._path.reference.hear_again(self._line.last(delay, (self._path.rows + 1) * HEARING_BLOCK))
        return True
