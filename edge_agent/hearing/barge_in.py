"""Does a person want to interrupt the reply, or do we hear ourselves, a cough, an "uh-huh"?

Law: signs of presence in; suspicion, decision, confirmation or dismissal out. Ducking and pausing are the listener's
acts, stopping is the dialogue's. What a block says is `presence.py`'s; here is only what blocks add up to:

1. *Suspected* with the first sign, three blocks long: the reply is ducked. A clap costs a moment of softness.
2. *Decided*: somebody has been there for `interruption_ms`, and enough of it was speech. The two may come at different
   times: a speech detector that is late costs nothing but what it is late beyond that. The reply pauses.
3. *Confirmed*: the pause is its own proof. What is speech still when our echo has gone is a person, and one who speaks
   for longer than `backchannel_ms`, or again soon after, wants the floor. The reply is over.
4. *Dismissed*: silence came first. It was our echo, or one who only agreed. The reply goes on where it was.

**Barge-in is earned**: how long somebody must be there, and how far they must stand out from our own leftover echo,
falls with the echo reduction measured; but it is always possible, so the first reply after boot can be interrupted too.

Units: levels in dBFS of a block's mean square, -120 for silence; times in ms, counted in blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.audio.format import BLOCK_MS
from edge_agent.hearing.facts import NearEndConfirmed, NearEndDismissed, NearEndSpeaks, NearEndSuspected
from edge_agent.hearing.presence import TRUSTED_DB, Presence

_SUSPECT_MS = 30  # three blocks: less is a click
_LEAK = 0.5  # ms of presence lost a ms without a sign: double talk has gaps, our echo's bursts have longer ones
_DISMISS_MS = 300  # silence after which a suspicion is dropped: a shorter one would let the level flutter
_MARGIN_MS = 500  # before the first sign: over our own voice the detector takes up to 0.4 s to begin to be sure
_SPOKEN_MS = 40.0  # of certain speech, or more of less certain: more than a window of the detector
_UNTRUSTED_FACTOR = 1.6  # times the time asked for, at no trust at all

_ECHO_GONE_MS = 250  # after the pause: what card and room still held of the reply has been heard
_SPEAKING_DB = 15.9  # below their loudest, a person is not speaking, their room is (ITU-T P.56's margin)
_UNPROVED_MS = 700  # somebody there for so long without speech is no person
_NOISE_MS = 5000  # after that the level is no sign; in so long the leftover has learned of the noise
_AGAIN_MS = 4000  # who speaks up again so soon after an "uh-huh" that was let pass was not just agreeing
_LONG_AGO = -(1 << 40)  # a block

BargeInFact = NearEndSuspected | NearEndSpeaks | NearEndConfirmed | NearEndDismissed


@dataclass
class _Case:
    """What one suspicion has come to. first, paused_at: blocks.  peak_dbfs: of their loudest block."""

    stage: type[BargeInFact] | None = None
    present_ms: float = 0.0
    spoken_ms: float = 0.0
    first: int | None = None
    paused_at: int = _LONG_AGO
    peak_dbfs: float = float("-inf")


class BargeIn:
    """interruption_ms: for how long somebody must speak until the reply is silent, with a trusted canceller.
    backchannel_ms: speech that is over within so long lets the reply go on.  threshold: speech probability.
    """

    def __init__(self, *, interruption_ms: int, backchannel_ms: int = 500, threshold: float = 0.5) -> None:
        if interruption_ms <= 0:
            raise ValueError(f"found interruption_ms {interruption_ms}, expected more than 0")
        if backchannel_ms < 0:
            raise ValueError(f"found backchannel_ms {backchannel_ms}, expected 0 or more")
        self._interruption_ms = interruption_ms
        self._backchannel_ms = backchannel_ms
        self._presence = Presence(threshold=threshold)
        self._agreed_at = self._noise_at = _LONG_AGO
        self.reset()

    def reset(self) -> None:
        """A reply begins or has ended: no suspicion is carried over; what was learned of our echo is."""
        self._presence.reset()
        self._last = 0
        self._case = _Case()

    def observe(self, clean_dbfs: float, reference_dbfs: float) -> None:
        """Every block, reply or not: the levels of the clean tap and of what the loudspeaker was given."""
        self._presence.observe(clean_dbfs, reference_dbfs)

    def judge(
        self, index: int, probability: float, reduction_db: float, near_end: float | None = None
    ) -> BargeInFact | None:
        """Every block of a reply, after `observe`. probability: of speech on the clean tap.

        reduction_db: the echo engine's slow median.  near_end: its judgement of the block, if it has one.
        """
        trust = min(max(reduction_db / TRUSTED_DB, 0.0), 1.0)
        silent = self._case.stage is NearEndSpeaks and self._since(self._case.paused_at, index) > _ECHO_GONE_MS
        noisy = self._since(self._noise_at, index) <= _NOISE_MS
        sign = self._presence.sense(index, probability, near_end, trust, silent=silent, noisy=noisy)
        speaking = not silent or sign.dbfs >= self._case.peak_dbfs - _SPEAKING_DB
        self._case.spoken_ms += sign.spoken * BLOCK_MS if speaking else 0.0
        if not (sign.present and speaking):
            return self._doubt(index)
        self._last = index
        self._case.first = index if self._case.first is None else self._case.first
        self._case.present_ms += BLOCK_MS
        self._case.peak_dbfs = max(self._case.peak_dbfs, sign.dbfs)
        if self._case.stage is NearEndSpeaks:
            return self._prove(index, silent=silent)
        if self._case.stage is NearEndConfirmed:
            return None
        return self._weigh(index, self._interruption_ms * (1.0 + (_UNTRUSTED_FACTOR - 1.0) * (1.0 - trust)))

    def _weigh(self, index: int, needed_ms: float) -> BargeInFact | None:
        if self._case.present_ms >= needed_ms and self._case.spoken_ms >= _SPOKEN_MS:
            self._case.stage, self._case.paused_at, self._case.spoken_ms = NearEndSpeaks, index, 0.0
            return NearEndSpeaks(index)
        if self._case.stage is None and self._case.present_ms >= _SUSPECT_MS:
            self._case.stage = NearEndSuspected
            return NearEndSuspected(index)
        if self._case.stage is NearEndSuspected and self._case.spoken_ms < _SPOKEN_MS:
            return self._give_up_on_noise(index, self._case.first)
        return None

    def _prove(self, index: int, *, silent: bool) -> BargeInFact | None:
        first = index if self._case.first is None else self._case.first
        if not silent:
            self._case.spoken_ms = 0.0
            return None
        if self._case.spoken_ms < _SPOKEN_MS:
            return self._give_up_on_noise(index, self._case.paused_at)
        insists = self._since(self._agreed_at, index) <= _AGAIN_MS
        if not insists and self._since(first, index) <= self._backchannel_ms:
            return None
        self._case.stage, self._agreed_at = NearEndConfirmed, _LONG_AGO
        return NearEndConfirmed(max(first - _MARGIN_MS // BLOCK_MS, 0), index)

    def _give_up_on_noise(self, index: int, since: int | None) -> BargeInFact | None:
        if since is None or self._since(since, index) <= _UNPROVED_MS:
            return None
        self._noise_at = index
        return self._dismiss(index)

    def _doubt(self, index: int) -> BargeInFact | None:
        """A block without a sign takes presence away; after a silence, the suspicion too."""
        self._case.present_ms = max(self._case.present_ms - _LEAK * BLOCK_MS, 0.0)
        if self._since(self._last, index) < _DISMISS_MS:
            if self._case.present_ms == 0.0 and self._case.stage is None:
                self._case = _Case()
            return None
        if self._case.stage is NearEndSpeaks:
            self._agreed_at = index
        return self._dismiss(index)

    def _dismiss(self, index: int) -> BargeInFact | None:
        told = self._case.stage in (NearEndSuspected, NearEndSpeaks)  # once confirmed, nobody acted on it
        self._case = _Case()
        return NearEndDismissed(index) if told else None

    @staticmethod
    def _since(block: int, index: int) -> int:
        return (index - block) * BLOCK_MS
