"""The built-in ears: what every recogniser is, and what all of them do to a recording first.

Law: no engine here, each has a file of its own (`recogniser_pocketsphinx.py`, `recogniser_moonshine.py`); which one is
taken is decided in `engines.py`. Samples are float32 in [-1, 1] at RECOGNISER_RATE; levels are linear RMS.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

RECOGNISER_RATE = 16_000  # Hz: what all the acoustic models were trained on
SHORTEST_S = 0.2  # no sentence is shorter
LONGEST_S = 15.0  # none is longer, not even one to be repeated; what comes later would only cost time
END_S = 0.6  # kept of the silence behind the sentence
QUIETEST_DBFS = -75.0  # of the speech: below lies nothing but a converter's own noise
_FRAME = RECOGNISER_RATE // 50  # 20 ms: the grid on which speech is told from pauses
_CLICK_FRAMES = 5  # the loudest 0.1 s may be a knock
_ACTIVE_BELOW_LOUDEST_DB = 25.0  # a frame this far below the loudest is a pause


class Recogniser(Protocol):
    """A pair of ears. An answer never depends on what was heard before."""

    def recognise(self, samples: npt.NDArray[np.float32]) -> str:
        """samples: (n,) at RECOGNISER_RATE. Returns lower-case words without punctuation: a sentence of the grammar,
        or the key phrase and what follows it, or, where the engine takes dictation, whatever else was said. "" is:
        nothing that can be understood.
        """
        ...


def sentence(samples: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], float]:
    """The part that is worth listening to, and the level of its speech. Empty: too short or too quiet."""
    level = speech_level(samples)
    if len(samples) < SHORTEST_S * RECOGNISER_RATE or level < 10 ** (QUIETEST_DBFS / 20):
        return samples[:0], 0.0
    return _without_long_end(samples[: round(LONGEST_S * RECOGNISER_RATE)], level), level


def speech_level(samples: npt.NDArray[np.float32]) -> float:
    """RMS of the active parts, a short knock left out; 0 for silence or for less than a knock."""
    count = len(samples) // _FRAME
    if count <= _CLICK_FRAMES:
        return 0.0
    power = np.sort(np.square(samples[: count * _FRAME].reshape(count, _FRAME)).mean(axis=1))[:-_CLICK_FRAMES]
    active = power[power >= power[-1] * 10 ** (-_ACTIVE_BELOW_LOUDEST_DB / 10)]
    return float(np.sqrt(active.mean()))


def _without_long_end(samples: npt.NDArray[np.float32], level: float) -> npt.NDArray[np.float32]:
    """What follows the sentence, cut to END_S: how long a person was waited for must not change what was heard."""
    count = len(samples) // _FRAME
    power = np.square(samples[: count * _FRAME].reshape(count, _FRAME)).mean(axis=1)
    active = np.flatnonzero(power >= level**2 * 10 ** (-_ACTIVE_BELOW_LOUDEST_DB / 10))
    return samples[: (int(active[-1]) + 1) * _FRAME + round(END_S * RECOGNISER_RATE)] if len(active) else samples
