"""A run of speech: from the first block the detector is sure of to the last it is not sure against.

Law: the one place where a probability becomes yes or no; how long a run must be is its users' business.
Units: `first` and `last` are block numbers (10 ms); probabilities in [0, 1].
"""

from __future__ import annotations

from edge_agent.audio.format import BLOCK_MS

# To stay in speech less is asked than to enter it: the probability dips inside words. 0.15 is Silero's own hysteresis
# (`get_speech_timestamps`, neg_threshold).
_HYSTERESIS = 0.15
_LEAST = 0.01  # at a very low threshold, silence must still be able to end a run
LIKELY = 0.3  # enough where it is known already that a person speaks: only when they stop is open
WONDERING = 0.15  # below it is silence: quiet rooms stay under 0.05, the end of our own echo under 0.1
SHORTEST_SPEECH_MS = 150  # what opens a turn and what ends one: less is a cough, a short "yes" is 300


class SpeechRun:
    """speaking: whether a run goes on.  first, last: blocks of the present run, or of the one before."""

    def __init__(self, threshold: float, hysteresis: float = _HYSTERESIS) -> None:
        if not 0.0 < threshold < 1.0:
            raise ValueError(f"found speech threshold {threshold}, expected a probability between 0 and 1")
        self._enter = threshold
        self._stay = max(threshold - hysteresis, _LEAST)
        self.reset()

    def reset(self) -> None:
        self.speaking = False
        self.first = 0
        self.last = -1

    def hear(self, index: int, probability: float) -> bool:
        """One block; blocks may be missing, their time counts."""
        if self.speaking:
            self.speaking = probability >= self._stay
        elif probability >= self._enter:
            self.speaking = True
            self.first = index
        if self.speaking:
            self.last = index
        return self.speaking

    @property
    def length_ms(self) -> int:
        return (self.last - self.first + 1) * BLOCK_MS
