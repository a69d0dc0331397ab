"""What became of the sound, for the journal: the card as it was really opened, lost sound, and how late its thread was.

Law: bookkeeping under times that it is given (seconds, monotonic); it reads no clock, and notes at most one line a
second. Lateness is how much longer than 10 ms it was from one block to the next: what a busy machine, a slow card or
another thread took from the audio thread. A card that loses nothing and is late by less than its buffer is in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge_agent.timeline import Timeline

BLOCK_S = 0.01
TELL_LOSS_S = 1.0
TELL_LATENESS_S = 600.0
BIN_MS = 0.5
BINS = 200  # up to 100 ms: later than any buffer is loss, and told as such


class Lateness:
    """A histogram of lateness. worst_ms: since the last `clear`."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._counts = [0] * BINS
        self._blocks = 0
        self.worst_ms = 0.0

    def add(self, late_ms: float) -> None:
        """late_ms: of one block; what is below 0 came early, out of the card's buffer."""
        late_ms = max(late_ms, 0.0)
        self._counts[min(int(late_ms / BIN_MS), BINS - 1)] += 1
        self._blocks += 1
        self.worst_ms = max(self.worst_ms, late_ms)

    def quantile(self, share: float) -> float:
        """Upper edge of the bin in which `share` of the blocks is reached, ms; never above the worst. 0 of nothing."""
        reached = 0
        for bin_, count in enumerate(self._counts):
            reached += count
            if count and reached >= share * self._blocks:
                return min((bin_ + 1) * BIN_MS, self.worst_ms)
        return 0.0

    def figures(self) -> dict[str, float]:
        return {
            "median_ms": round(self.quantile(0.5), 1),
            "p99_ms": round(self.quantile(0.99), 1),
            "worst_ms": round(self.worst_ms, 1),
            "blocks": self._blocks,
        }


class SoundWatch:
    """One `block` after each exchange, on the audio thread.

    lost: asked for pairs that hearing was too late for, counted since the start. status: told in a line whether there
    is sound, when that changes.
    """

    def __init__(
        self,
        timeline: Timeline,
        lost: Callable[[], int] = lambda: 0,
        status: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.lateness = Lateness()  # since it was last told
        self._recent = Lateness()  # since the last loss was told
        self._timeline = timeline
        self._lost = lost
        self._status = status
        self._sounds = False  # as `status` was told
        self._last_s: float | None = None
        self._told_loss_s = 0.0
        self._told_lateness_s: float | None = None
        self._told = self._counts = (0, 0, 0)

    def opened(self, obtained: Mapping[str, Any]) -> None:
        """A card is open; obtained: what it gave."""
        self._tell_rest()
        self._timeline.note("card_open", **obtained)
        self._told = self._counts = (0, 0, self._lost())
        self._last_s = None

    def gone(self, reason: str) -> None:
        self._tell_rest()
        self._timeline.note("card_gone", reason=reason)
        self._sounds = False
        self._status(f"without sound: {reason}")

    def block(self, now_s: float, overflows: int, underruns: int, drift_ppm: float) -> None:
        """A block came at `now_s`. overflows, underruns: the card's counts since it was opened."""
        if self._last_s is not None:
            late_ms = (now_s - self._last_s - BLOCK_S) * 1000
            self.lateness.add(late_ms)
            self._recent.add(late_ms)
        self._last_s = now_s
        if not self._sounds:
            self._sounds = True
            self._status("sound flows")
        counts = self._counts = (overflows, underruns, self._lost())
        if counts != self._told and now_s - self._told_loss_s >= TELL_LOSS_S:
            self._told_loss_s = now_s
            self._tell_loss(counts)
        if self._told_lateness_s is None:
            self._told_lateness_s = now_s
        elif now_s - self._told_lateness_s >= TELL_LATENESS_S:
            self._told_lateness_s = now_s
            self.tell_lateness(drift_ppm)

    def tell_lateness(self, drift_ppm: float) -> None:
        """How the audio thread did since this was last told."""
        self._tell_rest()
        if not self.lateness.figures()["blocks"]:
            return
        self._timeline.note("audio_thread", **self.lateness.figures(), drift_ppm=round(drift_ppm, 1))
        self.lateness.clear()

    def _tell_rest(self) -> None:
        """What was lost in the last second, before something else is told."""
        if self._counts != self._told:
            self._tell_loss(self._counts)

    def _tell_loss(self, counts: tuple[int, int, int]) -> None:
        lost, gaps, unheard = (new - old for new, old in zip(counts, self._told, strict=True))
        self._timeline.note(
            "sound_gap", lost_ms=lost * 10, gaps=gaps, unheard_ms=unheard * 10, **self._recent.figures()
        )
        self._recent.clear()
        self._told = counts
