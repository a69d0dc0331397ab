"""Was that us? A wake word in our own reply must not wake us: "say hey jarvis" is said by greetings and by the news.

Law: levels and probabilities in, yes or no out. The wake engine hears the linear tap, where a person is whole and our
echo is still audible; the suppressed tap is where only a person is left. While the loudspeaker plays, a wake word that
left nobody's speech on the suppressed tap was our own. Whether anybody's is there the echo engine knows best, if it has
an opinion: in the first second of the first reply the speech detector hears our own leavings as speech.

Measured in the simulated room (rt60 0.35 s, loudspeaker at 0.25 m, a person at 1.5 m): our own "hey jarvis" leaves 0 ms
of speech there, a person's over the same reply 500 to 720 ms.
"""

from __future__ import annotations

from collections import deque

from edge_agent.audio.format import BLOCK_MS
from edge_agent.hearing.echo.engine import REFERENCE_SILENT_DBFS

_PHRASE_BLOCKS = 120  # 1.2 s: a slow wake phrase, the engine's own 80 ms grid, and the detector's lag
_PERSON_MS = 100  # of speech on the suppressed tap: a fifth of what the hardest case measured leaves
_SPEECH = 0.5
_NEAR_END = 0.3  # the engine's judgement: lower than where it ducks, for a person who calls must get through


class OwnVoice:
    """Keeps the last 1.2 s; one `observe` a block, then `said_it` where a wake word ended."""

    def __init__(self) -> None:
        self._person: deque[bool] = deque(maxlen=_PHRASE_BLOCKS)
        self._playing: deque[bool] = deque(maxlen=_PHRASE_BLOCKS)

    def reset(self) -> None:
        self._person.clear()
        self._playing.clear()

    def observe(self, probability: float, reference_dbfs: float, near_end: float | None = None) -> None:
        """probability: of speech on the suppressed tap.  reference_dbfs: what the loudspeaker was given.
        near_end: the engine's judgement of the block, if it has one."""
        self._person.append(probability >= _SPEECH if near_end is None else near_end >= _NEAR_END)
        self._playing.append(reference_dbfs > REFERENCE_SILENT_DBFS)

    @property
    def said_it(self) -> bool:
        return any(self._playing) and sum(self._person) * BLOCK_MS < _PERSON_MS
