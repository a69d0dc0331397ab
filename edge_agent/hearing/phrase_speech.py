"""Was anything said? The second stage of a wake word: music and machines hit upon a score, but they are not speech.

Law: probabilities and levels in, yes or no out. It doubts only what it can judge: the detector does not hear as softly
as the wake networks do, and where it would be deaf to a voice, its silence proves nothing.

Measured before the detector heard a person 12 dB louder (`speech_watch`), which only makes it say more: on recorded and
synthetic phrases that woke the networks, through simulated rooms of rt60 0.3 to 0.6 s at 1 and 3 m: of 196 at -26 dBFS,
3 to 20 dB over pink noise, each left the detector at 0.2 or above for 350 ms or more; of 77 at -55 dBFS, for 60 ms or
more; at -70 dBFS a third left nothing. Under music and noise whose score rose it did not pass 0.22 then.
"""

from __future__ import annotations

from collections import deque

from edge_agent.audio.format import BLOCK_MS
from edge_agent.hearing.speech_run import WONDERING

_PHRASE_BLOCKS = 150  # 1.5 s: a slow wake phrase, the engine's own delay, and the detector's lag
_SPOKEN_MS = 60  # two windows of the detector
_TOO_SOFT_DBFS = -52.0  # the loudest block: with softer voices the detector is at a loss


class PhraseSpeech:
    """Keeps the last 1.5 s; one `observe` a block, then `was_spoken` where a wake word ended."""

    def __init__(self) -> None:
        self._speech: deque[bool] = deque(maxlen=_PHRASE_BLOCKS)
        self._levels: deque[float] = deque(maxlen=_PHRASE_BLOCKS)

    def reset(self) -> None:
        self._speech.clear()
        self._levels.clear()

    def observe(self, probability: float, dbfs: float) -> None:
        """probability: of speech.  dbfs: the block's level."""
        self._speech.append(probability >= WONDERING)
        self._levels.append(dbfs)

    @property
    def was_spoken(self) -> bool:
        return sum(self._speech) * BLOCK_MS >= _SPOKEN_MS or max(self._levels, default=0.0) < _TOO_SOFT_DBFS
