"""When an engine with these settings would have woken, told from its scores.

Law: arithmetic on scores (frames,), as `wake_openwakeword` decides: a rise counts once, after `patience` frames over
the threshold in a row, and nothing counts within the refractory time after a wake, not even later in the same rise. A
test holds it against the engine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.bench.wake_words.scores import FRAME_S

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Policy:
    threshold: float
    patience: int = 1
    refractory_s: float = 2.0

    def wakes(self, scores: Scores) -> list[int]:
        """The frames at which it wakes."""
        over = np.flatnonzero(scores >= self.threshold)
        if not over.size:
            return []
        begins = np.flatnonzero(np.diff(over, prepend=-2) > 1)
        lengths = np.diff(begins, append=over.size)
        found: list[int] = []
        for begin, length in zip(over[begins], lengths, strict=True):
            frame = int(begin) + self.patience - 1
            if length >= self.patience and (not found or (frame - found[-1]) * FRAME_S >= self.refractory_s - 1e-9):
                found.append(frame)
        return found


def greater(one: Scores, other: Scores) -> Scores:
    """The greater of two grids' scores, frame by frame."""
    frames = min(len(one), len(other))
    return np.maximum(one[:frames], other[:frames])


def average(one: Scores, other: Scores) -> Scores:
    frames = min(len(one), len(other))
    return (one[:frames] + other[:frames]) / np.float32(2.0)
