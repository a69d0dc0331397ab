"""The wake word's boundary. Engine: `wake_openwakeword.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edge_agent.audio.format import Samples


class ModelError(Exception):
    """A wake or speech model is missing or broken; the text names the file, what was found and what to do (exit 5)."""


@dataclass(frozen=True, slots=True)
class Wake:
    """word: the model's name.  score: the peak, in [0, 1].  ended_ms_ago: from the end of the phrase to this block.

    stops: it is a stop word, which only ever ends what is going on.
    """

    word: str
    score: float
    ended_ms_ago: int
    stops: bool = False


class WakeEngine(Protocol):
    """Listens for several words at once, one 10 ms block a call; threshold, patience and refractory time are inside.

    scores: the latest score of each word, for the bench and the lab; refreshed every 80 ms, 0 where silence is not
        worth a score.
    """

    scores: dict[str, float]

    @property
    def due_in(self) -> int:
        """Blocks until it has something to say again, the last of them included; at least 1."""
        ...

    def hear(self, block: Samples) -> Wake | None:
        """block: (160,) at 16 kHz, the linear tap."""
        ...

    def forgive(self) -> None:
        """The last wake was not believed: the word may come again at once."""

    def reset(self) -> None:
        """Forget the past (the microphone was muted): the next block starts a new recording."""
