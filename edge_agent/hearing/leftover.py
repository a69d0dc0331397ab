"""What our own echo leaves on the clean tap, by level: learned while we play, so that a person can stand out from it.

Law: levels in, comparisons out; it knows no speech and no suspicion. The leftover is that of the playback before, the
last half second excluded: it may be the very speech being judged.

Units: dBFS of a block's mean square; the leftover in dB relative to the loudspeaker's loudest recent block, so that it
holds at any volume.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from edge_agent.hearing.echo.engine import REFERENCE_SILENT_DBFS

_NEAR_SILENCE_DBFS = -55.0  # a talker 3 m from a quiet microphone is above -50; speech models fire on less than that
_ECHO_BLOCKS = (
    60  # 600 ms: the longest bulk delay and the room's tail: so long after the loudspeaker its echo may still arrive
)
_PEAK_BLOCKS = 10  # 100 ms: levels are compared from syllable to syllable, not in the gaps between glottal pulses
_LEARN_EVERY = 10  # blocks
_LEARNED = 100  # 10 s of playback
_UNJUDGED = 5  # 0.5 s
_LEARNED_AT_LEAST = 5  # less than 0.5 s is no measurement: the first second of playback ever takes a loud person
_KNOWN = 10  # 1 s of playback beside the unjudged, before which it is not known well enough to prove anything by it
_QUANTILE = 0.75
_WORST_DB = 0.0  # to the reference's peak: a loudspeaker beside the microphone, nothing cancelled


class Leftover:
    """db: of the last 10 s of playback, in dB over the reference's peak."""

    def __init__(self) -> None:
        self.db = _WORST_DB
        self._reference: deque[float] = deque(maxlen=_ECHO_BLOCKS)
        self._clean: deque[float] = deque(maxlen=_PEAK_BLOCKS)
        self._learned: deque[float] = deque(maxlen=_LEARNED + _UNJUDGED)
        self._countdown = _LEARN_EVERY
        self._stands_out_db: float | None = None

    def observe(self, clean_dbfs: float, reference_dbfs: float) -> None:
        """Every block: the levels of the clean tap and of what the loudspeaker was given."""
        self._clean.append(clean_dbfs)
        self._reference.append(reference_dbfs)
        reference = max(self._reference)
        if reference < REFERENCE_SILENT_DBFS:
            self._stands_out_db = None
            return
        self._stands_out_db = max(self._clean) - reference
        self._countdown -= 1
        if self._countdown == 0:
            self._countdown = _LEARN_EVERY
            self._learn(self._stands_out_db)

    @property
    def level_dbfs(self) -> float:
        """Of the last block of the clean tap."""
        return self._clean[-1] if self._clean else _NEAR_SILENCE_DBFS

    @property
    def is_sound(self) -> bool:
        """Whether the last 100 ms were anything but near silence."""
        return max(self._clean, default=_NEAR_SILENCE_DBFS) > _NEAR_SILENCE_DBFS

    @property
    def is_known(self) -> bool:
        """Enough was heard of it, and it may be sounding: whatever is far above it is not ours."""
        return self._stands_out_db is not None and len(self._learned) >= _KNOWN + _UNJUDGED

    def is_passed_by(self, margin_db: float) -> bool:
        """Whether the last 100 ms were louder than what our echo leaves; never in near silence, always in a pause."""
        if not self.is_sound:
            return False
        return self._stands_out_db is None or self._stands_out_db > self.db + margin_db

    def _learn(self, stands_out_db: float) -> None:
        self._learned.append(stands_out_db)
        judged = list(self._learned)[:-_UNJUDGED]
        if len(judged) >= _LEARNED_AT_LEAST:
            self.db = float(np.quantile(judged, _QUANTILE))
