"""Is somebody there beside our own voice, and is it speech that is heard of them? One block's signs.

Law: levels and probabilities in, one `Sign` a block out; what signs add up to is `barge_in.py`'s.

Two questions, and no witness answers both in time:
- *Is it us?* The engine's own judgement says so with the block. Without one, a level far above what our echo leaves
  says it, as fast; it is no sign while something that is no speech makes the same noise.
- *Is it speech?* The speech detector says so, over a reply 100 to 300 ms late, and then often only half believes it; it
  is heard where the level allows for a person at all. The engine's judgement says so too.

Units: levels in dBFS of a block's mean square, -120 for silence.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_agent.hearing.leftover import Leftover
from edge_agent.hearing.speech_run import LIKELY, SpeechRun

_PERSON = 0.5  # the engine's judgement, from which on somebody is there
_DOUBT = 0.1  # a probability that is none: claps, dishes, doors, a vacuum cleaner and music stay below it

TRUSTED_DB = 12.0  # echo reduction from which on the leftover hardly ever reads as speech
_UNTRUSTED_MARGIN_DB = 6.0  # over the leftover, at no trust at all; none at full trust
# Speech over our own is speech through a filter: the detector halves its certainty. Where the level alone proves that
# somebody is there, half is enough.
_FAR_DB = 15.0  # over the leftover: whatever this is, it is not our echo


class Sign(NamedTuple):
    """present: somebody is there.  spoken: how much of the block was speech of theirs, in [0, 1].  dbfs: its level."""

    present: bool
    spoken: float
    dbfs: float


class Presence:
    """threshold: speech probability of certainty."""

    def __init__(self, *, threshold: float = 0.5) -> None:
        self._sure = SpeechRun(threshold)
        self._likely = SpeechRun(min(threshold, LIKELY))
        self._leftover = Leftover()

    def reset(self) -> None:
        """A reply begins or has ended: no run of speech is carried over; what was learned of our echo is."""
        self._sure.reset()
        self._likely.reset()

    def observe(self, clean_dbfs: float, reference_dbfs: float) -> None:
        """Every block, reply or not: the levels of the clean tap and of what the loudspeaker was given."""
        self._leftover.observe(clean_dbfs, reference_dbfs)

    def sense(
        self, index: int, probability: float, near_end: float | None, trust: float, *, silent: bool, noisy: bool
    ) -> Sign:
        """Every block of a reply, after `observe`. probability: of speech on the clean tap.  near_end: the engine's
        judgement.  trust: in [0, 1], of how well our echo is cancelled.  silent: nothing of our echo is left.
        noisy: what is loud there lately was no speech."""
        sure, likely = self._sure.hear(index, probability), self._likely.hear(index, probability)
        margin_db = _UNTRUSTED_MARGIN_DB * (1.0 - trust)
        stands_out = self._leftover.is_sound and (silent or self._leftover.is_passed_by(margin_db))
        far = self._leftover.is_known and self._leftover.is_passed_by(_FAR_DB + margin_db)
        speech = (sure and stands_out) or (likely and far)
        believed = probability if speech else 0.0
        if near_end is not None:
            present = near_end >= _PERSON and self._leftover.is_sound
            believed = max(believed, near_end) if present else 0.0
        else:
            present = speech or (far and not noisy)
        return Sign(present, max(believed - _DOUBT, 0.0) / (1.0 - _DOUBT), self._leftover.level_dbfs)
