"""Is a person talking over the reply, or do we hear ourselves?

Law: levels and probabilities in, suspicion, confirmation or dismissal out; ducking is the listener's act, stopping the
dialogue's. **Barge-in is earned**: how much speech it takes, and how far it must stand out from our own leftover echo,
falls with the echo reduction measured; but it is always possible, so the first reply after boot can be interrupted too.

Three guards against our own voice, none of which a person defeats by talking: sustained evidence (gaps take it away
again), the level of what our echo left on the clean tap in the playback before (learned over 10 s, the last half second
excluded), and trust, which is the echo engine's slow median. Without a reference in the air none but the first applies.

Units: levels in dBFS of a block's mean square, -120 for silence; evidence in ms of speech.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from edge_agent.audio.format import BLOCK_MS
from edge_agent.hearing.echo.engine import REFERENCE_SILENT_DBFS
from edge_agent.hearing.facts import NearEndConfirmed, NearEndDismissed, NearEndSuspected
from edge_agent.hearing.speech_run import LIKELY, SpeechRun

_SUSPECT_MS = 60  # two windows of the detector: a single one is a click
_LEAK = 0.5  # ms of evidence lost a ms without speech: double talk has gaps, our echo's bursts have longer ones
_DISMISS_MS = 300  # silence after which a suspicion is dropped: a shorter one would let the level flutter
_MARGIN_MS = 500  # before the first evidence: over our own voice the detector takes up to 0.4 s to begin to be sure

_TRUSTED_DB = 12.0  # echo reduction from which on the leftover hardly ever reads as speech
_UNTRUSTED_FACTOR = 1.6  # times the speech asked for, at no trust at all
_UNTRUSTED_MARGIN_DB = 6.0  # over the leftover, at no trust at all; none at full trust

_NEAR_SILENCE_DBFS = -55.0  # a talker 3 m from a quiet microphone is above -50; speech models fire on less than that
_ECHO_BLOCKS = (
    60  # 600 ms: the longest bulk delay and the room's tail: so long after the loudspeaker its echo may still arrive
)
_PEAK_BLOCKS = 10  # 100 ms: levels are compared from syllable to syllable, not in the gaps between glottal pulses

_LEARN_EVERY = 10  # blocks
_LEARNED = 100  # 10 s of playback
_UNJUDGED = 5  # the last 0.5 s is not in the leftover: it may be the very speech being judged
_LEARNED_AT_LEAST = 5  # less than 0.5 s is no measurement: the first second of playback ever takes a loud person
_LEFTOVER_QUANTILE = 0.75
_WORST_LEFTOVER_DB = 0.0  # to the reference's peak: a loudspeaker beside the microphone, nothing cancelled

# Speech over our own is speech through a filter: the detector halves its certainty. Where the level alone proves that
# somebody is there, half is enough; claps, dishes, doors, a vacuum cleaner and music stay below a tenth.
_NEAR_MARGIN_DB = 15.0  # over the leftover
_KNOWN = 20  # 2 s of playback, before which the leftover is not known well enough for that

BargeInFact = NearEndSuspected | NearEndConfirmed | NearEndDismissed


class BargeIn:
    """interruption_ms: speech that it takes with a trusted canceller.  threshold: speech probability.

    enabled: False for a device that finishes what it says: nothing is suspected, nothing ducked.
    """

    def __init__(self, *, interruption_ms: int, threshold: float = 0.5, enabled: bool = True) -> None:
        if interruption_ms <= 0:
            raise ValueError(f"found interruption_ms {interruption_ms}, expected more than 0")
        self._interruption_ms = interruption_ms
        self._enabled = enabled
        self._run = SpeechRun(threshold)
        self._near_run = SpeechRun(min(threshold, LIKELY))
        self._reference: deque[float] = deque(maxlen=_ECHO_BLOCKS)
        self._clean: deque[float] = deque(maxlen=_PEAK_BLOCKS)
        self._leftovers: deque[float] = deque(maxlen=_LEARNED + _UNJUDGED)
        self._leftover_db = _WORST_LEFTOVER_DB
        self._countdown = _LEARN_EVERY
        self._stand_out_db: float | None = None
        self.reset()

    def reset(self) -> None:
        """A reply begins or has ended: no suspicion is carried over; what was learned of our echo is."""
        self._run.reset()
        self._near_run.reset()
        self._evidence_ms = 0.0
        self._first: int | None = None
        self._last = 0
        self._suspected = False
        self._confirmed = False

    def observe(self, clean_dbfs: float, reference_dbfs: float) -> None:
        """Every block, reply or not: the levels of the clean tap and of what the loudspeaker was given."""
        self._clean.append(clean_dbfs)
        self._reference.append(reference_dbfs)
        reference = max(self._reference)
        if reference < REFERENCE_SILENT_DBFS:
            self._stand_out_db = None
            return
        self._stand_out_db = max(self._clean) - reference
        self._countdown -= 1
        if self._countdown == 0:
            self._countdown = _LEARN_EVERY
            self._learn(self._stand_out_db)

    def judge(self, index: int, probability: float, reduction_db: float) -> BargeInFact | None:
        """Every block of a reply, after `observe`. probability: of speech on the clean tap.

        reduction_db: the echo engine's slow median.
        """
        if not self._enabled:
            return None
        trust = min(max(reduction_db / _TRUSTED_DB, 0.0), 1.0)
        sure, likely = self._run.hear(index, probability), self._near_run.hear(index, probability)
        if (sure and self._stands_out(trust)) or (likely and self._is_near(trust)):
            self._last = index
            self._first = index if self._first is None else self._first
            self._evidence_ms += BLOCK_MS
            return self._weigh(index, self._interruption_ms * (1.0 + (_UNTRUSTED_FACTOR - 1.0) * (1.0 - trust)))
        return self._doubt(index)

    def _stands_out(self, trust: float) -> bool:
        if max(self._clean, default=_NEAR_SILENCE_DBFS) <= _NEAR_SILENCE_DBFS:
            return False
        if self._stand_out_db is None:
            return True
        return self._stand_out_db > self._leftover_db + _UNTRUSTED_MARGIN_DB * (1.0 - trust)

    def _is_near(self, trust: float) -> bool:
        """Whatever this sound is, it is far too loud for what our echo leaves: only whether it is speech is open."""
        return (
            trust == 1.0
            and len(self._leftovers) >= _KNOWN
            and self._stand_out_db is not None
            and max(self._clean) > _NEAR_SILENCE_DBFS
            and self._stand_out_db > self._leftover_db + _NEAR_MARGIN_DB
        )

    def _weigh(self, index: int, needed_ms: float) -> BargeInFact | None:
        if self._confirmed:
            return None
        if self._evidence_ms >= needed_ms and self._first is not None:
            self._suspected, self._confirmed = False, True
            return NearEndConfirmed(max(self._first - _MARGIN_MS // BLOCK_MS, 0), index)
        if self._evidence_ms >= _SUSPECT_MS and not self._suspected:
            self._suspected = True
            return NearEndSuspected(index)
        return None

    def _doubt(self, index: int) -> BargeInFact | None:
        """A block without evidence takes some away; after a silence, the suspicion too."""
        self._evidence_ms = max(self._evidence_ms - _LEAK * BLOCK_MS, 0.0)
        silent = (index - self._last) * BLOCK_MS >= _DISMISS_MS
        if silent:
            self._evidence_ms = 0.0
            self._confirmed = False  # nobody acted on it; whoever speaks next is judged anew
        if self._evidence_ms == 0.0 and not self._suspected:
            self._first = None
        if not (silent and self._suspected):
            return None
        self._suspected = False
        self._first = None
        return NearEndDismissed(index)

    def _learn(self, stand_out_db: float) -> None:
        self._leftovers.append(stand_out_db)
        judged = list(self._leftovers)[:-_UNJUDGED]
        if len(judged) >= _LEARNED_AT_LEAST:
            self._leftover_db = float(np.quantile(judged, _LEFTOVER_QUANTILE))
