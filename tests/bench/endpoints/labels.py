"""Where speech begins, pauses and ends in a clean recording, by level alone.

Law: no speech network is asked (it is what is judged), no room is heard: labels are made on the dry recording and
carried along. Frames of 10 ms. Speech is whatever is within 30 dB of the recording's own active level and 10 dB above
its own floor; shorter than 30 ms it is a click, and silence shorter than 200 ms between speech is articulation, no
pause. A recording whose floor is too near its speech (music, hum) is refused: its labels would be guesses.
Units: milliseconds from the recording's start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.voice import active_level_dbfs

FRAME_MS = 10
FRAME = HEARING_RATE * FRAME_MS // 1000
BELOW_ACTIVE_DB = 30.0  # the last of a fading vowel, a soft fricative
ABOVE_FLOOR_DB = 10.0
REFUSED_DB = 16.0  # a threshold nearer to the active level than this would clip soft speech (ITU-T P.56: 15.9)
FLOOR_QUANTILE = 0.03
CLICK_MS = 30
PAUSE_MS = 200  # the shortest silence that is a pause: below lie the closures of stops (Campione & Veronis 2002)


@dataclass(frozen=True, slots=True)
class Pause:
    """A silence inside a turn, [start_ms, end_ms). made: put there by `hesitation`, else the talker's own."""

    start_ms: int
    end_ms: int
    made: bool = False

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Labels:
    """Speech from start_ms to end_ms, with pauses in between, in order."""

    start_ms: int
    end_ms: int
    pauses: tuple[Pause, ...] = ()

    def later(self, by_ms: int) -> Labels:
        moved = tuple(Pause(p.start_ms + by_ms, p.end_ms + by_ms, p.made) for p in self.pauses)
        return Labels(self.start_ms + by_ms, self.end_ms + by_ms, moved)


def levels_dbfs(samples: Samples) -> Samples:
    """Level of each whole frame of 10 ms; -120 for digital silence."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    powers: Samples = 10.0 * np.log10(np.mean(np.square(frames), axis=1) + 1e-12)
    return powers


def label(samples: Samples) -> Labels | None:
    """None where level cannot tell speech from the rest, or there is none."""
    levels = levels_dbfs(samples)
    active = active_level_dbfs(samples)
    if not len(levels) or not np.isfinite(active):
        return None
    threshold = max(active - BELOW_ACTIVE_DB, float(np.quantile(levels, FLOOR_QUANTILE)) + ABOVE_FLOOR_DB)
    if threshold > active - REFUSED_DB:
        return None
    spans = [(start, end) for start, end in runs(levels > threshold) if (end - start) * FRAME_MS > CLICK_MS]
    if not spans:
        return None
    gaps = ((spans[n][1] * FRAME_MS, spans[n + 1][0] * FRAME_MS) for n in range(len(spans) - 1))
    pauses = tuple(Pause(start, end) for start, end in gaps if end - start >= PAUSE_MS)
    return Labels(spans[0][0] * FRAME_MS, spans[-1][1] * FRAME_MS, pauses)


def runs(truth: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open spans of frames where `truth` holds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], truth, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
