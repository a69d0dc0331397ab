"""How loud a recording is, and when: levels of 10 ms blocks, speech found and silence found in them.

Law: arithmetic on recorded arrays; nothing here knows a turn, a check or a file. It is the yardstick of `verdict.py`,
so it is independent of `hearing`: no model, no state, no threshold that the daemon uses.
Units: samples float32 in [-1, 1] at 16 kHz; levels in dB relative to full scale (RMS of a block); times in ms.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import BLOCK_MS, HEARING_BLOCK, HEARING_RATE, Samples

Levels = npt.NDArray[np.float64]

AUDIBLE_DBFS = -55.0  # at the loudspeaker's feed: 30 dB under a quiet reply, 30 dB over what dither or a fade leaves
FLOOR_DBFS = -120.0  # digital silence
SPOKEN_MS = 400  # this much sound within a second is speech; the longest earcon is shorter
SPOKEN_WITHIN_MS = 1000
QUIET_MS = 300  # a silence shorter than this may be a pause for breath
EARCON_MS = 250  # a short sound after the silence is an earcon, not the reply going on


def samples_at(t_ms: float) -> int:
    return round(t_ms * HEARING_RATE / 1000)


def cut(samples: Samples, from_ms: float, to_ms: float) -> Samples:
    """The part between two moments; what lies outside the recording is left out."""
    return samples[max(0, samples_at(from_ms)) : max(0, samples_at(to_ms))]


def energy(samples: Samples) -> float:
    """Sum of squares."""
    return float(np.dot(samples.astype(np.float64), samples.astype(np.float64)))


def decibels(ratio: float) -> float:
    """Of a ratio of energies; FLOOR_DBFS at the least."""
    return max(FLOOR_DBFS, 10.0 * float(np.log10(max(ratio, 1e-30))))


def levels_of(samples: Samples) -> Levels:
    """RMS of every whole 10 ms block, dBFS, shape (blocks,)."""
    blocks = len(samples) // HEARING_BLOCK
    squares = np.square(samples[: blocks * HEARING_BLOCK].reshape(blocks, HEARING_BLOCK), dtype=np.float64)
    levels: Levels = 10.0 * np.log10(np.maximum(squares.mean(axis=1), 10.0 ** (FLOOR_DBFS / 10.0)))
    return levels


def audible_ms(levels: Levels, from_ms: float, to_ms: float, threshold_dbfs: float = AUDIBLE_DBFS) -> int:
    """How much of the time between two moments was louder than the threshold, ms."""
    return int(np.count_nonzero(_between(levels, from_ms, to_ms) > threshold_dbfs)) * BLOCK_MS


def speech_from(levels: Levels, from_ms: float, to_ms: float) -> int | None:
    """The first moment at which something as long as speech becomes audible, or None. Earcons are passed over."""
    first = max(0, int(from_ms) // BLOCK_MS)
    last = min(len(levels), int(to_ms) // BLOCK_MS)
    loud = levels > AUDIBLE_DBFS
    sums = np.concatenate([[0], np.cumsum(loud)])
    for block in map(int, first + np.flatnonzero(loud[first:last])):
        end = min(len(levels), block + SPOKEN_WITHIN_MS // BLOCK_MS)
        if (sums[end] - sums[block]) * BLOCK_MS >= SPOKEN_MS:
            return block * BLOCK_MS
    return None


def silent_from(levels: Levels, from_ms: float, to_ms: float) -> int | None:
    """The first moment from which it stays silent until `to_ms` (one earcon may sound); None: it never does."""
    first = max(0, int(from_ms) // BLOCK_MS)
    last = min(len(levels), int(to_ms) // BLOCK_MS)
    loud = levels[first:last] > AUDIBLE_DBFS
    remaining = int(np.count_nonzero(loud)) * BLOCK_MS
    quiet = QUIET_MS // BLOCK_MS
    for block in range(len(loud)):
        if remaining <= EARCON_MS and not loud[block : block + quiet].any():
            return (first + block) * BLOCK_MS
        remaining -= int(loud[block]) * BLOCK_MS
    return None


def onset_of(samples: Samples, from_ms: float, to_ms: float) -> int | None:
    """Where the sound between two moments begins: the first block within 25 dB of its loudest; None for silence."""
    levels = _between(levels_of(samples), from_ms, to_ms)
    if not len(levels) or levels.max() <= FLOOR_DBFS + 1:
        return None
    return int(from_ms) // BLOCK_MS * BLOCK_MS + int(np.argmax(levels > levels.max() - 25.0)) * BLOCK_MS


def envelope(samples: Samples, points: int) -> npt.NDArray[np.float32]:
    """Peaks for drawing: shape (points, 2), lowest and highest sample of each stretch; zeros if it has none."""
    peaks = np.zeros((points, 2), np.float32)
    edges = np.linspace(0, len(samples), points + 1).astype(int)
    for point in range(points):
        stretch = samples[edges[point] : edges[point + 1]]
        if len(stretch):
            peaks[point] = stretch.min(), stretch.max()
    return peaks


def _between(levels: Levels, from_ms: float, to_ms: float) -> Levels:
    return levels[max(0, int(from_ms) // BLOCK_MS) : max(0, -(-int(to_ms) // BLOCK_MS))]
