"""When does someone begin to speak?

Law: probabilities in, one `SpeechBegan` for each beginning out; no samples, no clock: time is the block's number. What
was already sounding when we began to listen is the end of something else (our own reply's last echo, the wake phrase)
until it has lasted longer than such an end does.
"""

from __future__ import annotations

from edge_agent.audio.format import BLOCK_MS
from edge_agent.hearing.facts import SpeechBegan
from edge_agent.hearing.speech_run import SHORTEST_SPEECH_MS, WONDERING, SpeechRun

_CARRIED_WITHIN_MS = 80  # a run that begins this soon was there before: the detector lags 32-64 ms
_CARRIED_SUSTAINED_MS = 400  # reverberation, a wake phrase's tail and the detector's hold are over by then
_MARGIN_MS = 300  # before the first block: the detector's lag, and consonants it is not sure of
_REARM_MS = 300  # silence after which speech is a new beginning
# Being sure takes the detector up to half a second with some voices; where it began to wonder, they began to speak.
_WONDER_GAP_MS = 150  # a consonant
_LONGEST_WONDER_MS = 1000


class SpeechOnset:
    """threshold: speech probability."""

    def __init__(self, *, threshold: float) -> None:
        self._run = SpeechRun(threshold)
        self._wondered_first = 0
        self._wondered_last = -_WONDER_GAP_MS
        self.reset()

    def reset(self) -> None:
        """Listening begins now. What was overheard just before is remembered: a person may have begun already."""
        self._run.reset()
        self._began_at: int | None = None
        self._reported = False

    def hear(self, index: int, probability: float) -> SpeechBegan | None:
        """One block's number and probability; missing numbers are time that passed."""
        if self._began_at is None:
            self._began_at = index
        self.overhear(index, probability)
        if not self._run.hear(index, probability):
            if (index - self._run.last) * BLOCK_MS >= _REARM_MS:
                self._reported = False
            return None
        carried = (self._run.first - self._began_at) * BLOCK_MS < _CARRIED_WITHIN_MS
        if self._reported or self._run.length_ms < (_CARRIED_SUSTAINED_MS if carried else SHORTEST_SPEECH_MS):
            return None
        self._reported = True
        first = max(min(self._wondered_first, self._run.first), self._run.first - _LONGEST_WONDER_MS // BLOCK_MS)
        return SpeechBegan(max(first - _MARGIN_MS // BLOCK_MS, 0), index)

    def overhear(self, index: int, probability: float) -> None:
        """A block while nobody asks for beginnings: somebody may begin before they are listened to."""
        if probability < WONDERING:
            return
        if (index - self._wondered_last) * BLOCK_MS > _WONDER_GAP_MS:
            self._wondered_first = index
        self._wondered_last = index
