"""What a second opinion would change: was there speech in the 1.2 s before the decision, as Silero hears it?

Law: sound up to a decision in, yes or no out, and the shares of it; who decided is no business of this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.hearing.vad_silero import SileroVad

LOOKED_AT_S = 1.2
BEFORE_S = 4.0  # of sound that the detector is given, for it carries a state
_SPEECH = 0.5


@dataclass(frozen=True, slots=True)
class Kept:
    """How many decisions it lets through, of how many."""

    kept: int
    of: int


class SecondStage:
    """One detector, started anew for each question."""

    def __init__(self) -> None:
        self._detector = SileroVad()

    def keeps(self, sound: Samples) -> bool:
        """sound: what was heard up to the decision, `BEFORE_S` of it or less."""
        self._detector.reset()
        looked_at = len(sound) - round(LOOKED_AT_S * HEARING_RATE)
        for start in range(0, len(sound) - HEARING_BLOCK + 1, HEARING_BLOCK):
            probability = self._detector.hear(sound[start : start + HEARING_BLOCK])
            if start >= looked_at and probability >= _SPEECH:
                return True
        return False

    def of(self, sounds: Iterable[Samples]) -> Kept:
        answers = [self.keeps(sound) for sound in sounds]
        return Kept(sum(answers), len(answers))
