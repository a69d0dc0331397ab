"""From verdicts to figures: shares with their limits, waits, and who fares worst.

Law: arithmetic only. Turns of one talker are alike, so limits come from drawing talkers, not turns (a cluster
bootstrap, 95 %): with few talkers they are wide, as they should be. Waits are those of turns that were not cut off.
Shares in per cent, times in milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.bench.endpoints.trial import Verdict

RESAMPLED = 2000
REPLY_MS = 800  # from the end of the sentence to the first sound of a reply, with a provider in the cloud
LIMIT = 3.0  # % of sentences cut off, up to which a local end of turn is the default (issue 3)


@dataclass(frozen=True, slots=True)
class Share:
    """low, high: the 95 % limits."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.value:.1f} % ({self.low:.1f}-{self.high:.1f})"


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one endpointer on some turns. answered: cut off, and not heard to go on before a reply would begin to sound.
    never: turns that were never found to be over.  worst: the talker cut off most, and their share."""

    turns: int
    cut: Share
    cut_a_pause: Share
    cut_elsewhere: Share
    answered: Share
    wait_ms: float
    wait_p95_ms: float
    never: int
    worst: tuple[str, float]


def summary(verdicts: Sequence[Verdict]) -> Summary:
    who = [verdict.turn.talker.name for verdict in verdicts]
    cut = [verdict.is_cut for verdict in verdicts]
    reached = [(verdict.turn.talker.name, lost) for verdict in verdicts for _, lost in verdict.pauses]
    elsewhere = [verdict.is_cut and not any(lost for _, lost in verdict.pauses) for verdict in verdicts]
    waits = [verdict.wait_ms for verdict in verdicts if verdict.wait_ms is not None and not verdict.is_cut]
    return Summary(
        turns=len(verdicts),
        cut=share(who, cut),
        cut_a_pause=share([name for name, _ in reached], [lost for _, lost in reached]),
        cut_elsewhere=share(who, elsewhere),
        answered=share(who, [is_answered(verdict) for verdict in verdicts]),
        wait_ms=float(np.median(waits)) if waits else float("nan"),
        wait_p95_ms=float(np.percentile(waits, 95)) if waits else float("nan"),
        never=sum(verdict.decided_ms is None for verdict in verdicts),
        worst=worst(who, cut),
    )


def is_answered(verdict: Verdict) -> bool:
    """The reply to half a sentence is heard: nobody noticed in time that the person went on."""
    resumed = verdict.resumed_ms()
    return verdict.is_cut and (resumed is None or resumed > REPLY_MS)


def share(who: Sequence[str], hit: Sequence[bool]) -> Share:
    """How many were hit, with limits over talkers."""
    if not hit:
        return Share(0.0, 0.0, 0.0, 0)
    names = sorted(set(who))
    hits = np.array([sum(h for n, h in zip(who, hit, strict=True) if n == name) for name in names], float)
    counts = np.array([sum(n == name for n in who) for name in names], float)
    drawn = np.random.default_rng(0).integers(0, len(names), (RESAMPLED, len(names)))
    shares = 100.0 * hits[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(shares, [2.5, 97.5])
    return Share(100.0 * float(hits.sum() / counts.sum()), float(low), float(high), len(hit))


def by_talker(who: Sequence[str], hit: Sequence[bool]) -> dict[str, tuple[float, int]]:
    """Each talker's share, and of how many."""
    counted: dict[str, list[bool]] = {}
    for name, one in zip(who, hit, strict=True):
        counted.setdefault(name, []).append(one)
    return {name: (100.0 * sum(ones) / len(ones), len(ones)) for name, ones in counted.items()}


def worst(who: Sequence[str], hit: Sequence[bool]) -> tuple[str, float]:
    shares = by_talker(who, hit)
    if not shares:
        return "", 0.0
    name = max(shares, key=lambda one: shares[one][0])
    return name, shares[name][0]
