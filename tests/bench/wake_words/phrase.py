"""One wake word as one voice says it, dry, and where it ends.

Law: form only; `voices.py` makes them. Samples are float32 mono at 16 kHz, without silence at the edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples

_BLOCK = HEARING_RATE // 100
_EDGE_DB = -30.0  # below the loudest 10 ms: there a phrase has not begun, or is over


class Kind(StrEnum):
    """Whose voice it is: what counts for people is told apart from what merely speaks."""

    PERSON = "person"
    NEURAL = "neural"
    ROBOT = "robot"


@dataclass(frozen=True, slots=True)
class Phrase:
    """voice: who says it, "engine:name".  take: which of several times, "" for the only one.

    is_in_a_room: the recording is that of a distant microphone already.  is_native: the speaker's language is English,
    or nothing else is known.
    """

    voice: str
    kind: Kind
    accent: str
    word: str
    samples: Samples
    take: str = ""
    is_in_a_room: bool = False
    is_native: bool = True

    @property
    def name(self) -> str:
        return f"{self.voice} {self.take}".strip()


def trimmed(samples: Samples) -> Samples:
    """Without what lies before the first and behind the last 10 ms that is at most 30 dB below the loudest."""
    blocks = len(samples) // _BLOCK
    powers = np.square(samples[: blocks * _BLOCK].astype(np.float64)).reshape(blocks, _BLOCK).mean(axis=1)
    loud = np.flatnonzero(powers > powers.max(initial=0.0) * 10.0 ** (_EDGE_DB / 10.0))
    if not loud.size:
        raise ValueError("found silence, expected a phrase")
    return samples[loud[0] * _BLOCK : (loud[-1] + 1) * _BLOCK].copy()
