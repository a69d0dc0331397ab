"""How far a figure of a few runs may be trusted: intervals for proportions and for quantiles.

Law: arithmetic on counts and numbers; it knows no scenario. Every interval is two-sided, at 95 %, and for independent
trials: so a survey counts each scenario once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.95
_Z = 1.959963984540054  # the normal distribution's 97.5 % point


@dataclass(frozen=True, slots=True)
class Proportion:
    """hits of trials, with Wilson's score interval (Wilson 1927).

    Brown, Cai & DasGupta, "Interval Estimation for a Binomial Proportion" (2001), recommend it for few trials: it
    never leaves [0, 1], and is of some width at 0 and at 1 too. No trials: anything is possible.
    """

    hits: int
    trials: int

    @property
    def share(self) -> float | None:
        return self.hits / self.trials if self.trials else None

    @property
    def interval(self) -> tuple[float, float]:
        if not self.trials:
            return 0.0, 1.0
        n, p, zz = self.trials, self.hits / self.trials, _Z * _Z
        middle = (p + zz / (2 * n)) / (1 + zz / n)
        half = _Z / (1 + zz / n) * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
        lo = 0.0 if self.hits == 0 else max(0.0, middle - half)
        hi = 1.0 if self.hits == n else min(1.0, middle + half)
        return lo, hi

    def apart(self, other: Proportion) -> bool:
        """Whether the two intervals have nothing in common, which chance alone makes rare."""
        (lo, hi), (other_lo, other_hi) = self.interval, other.interval
        return bool(self.trials and other.trials) and (hi < other_lo or other_hi < lo)


@dataclass(frozen=True, slots=True)
class Quantile:
    """value: the quantile as measured.  lo, hi: order statistics that enclose the true one at 95 %; None where the
    sample is too small for one on that side (for the 95th percentile from above: fewer than 72)."""

    value: float
    lo: float | None
    hi: float | None


def quantile(values: Sequence[float], share: float) -> Quantile:
    """The smallest value that `share` of them do not exceed, and its distribution-free interval: the ranks r < s with
    P(B < r) <= 2.5 % and P(B >= s) <= 2.5 %, B binomial (David & Nagaraja, "Order Statistics", 2003, 7.1).

    Raises ValueError for no values, or a share that is not between 0 and 1.
    """
    if not values or not 0.0 < share < 1.0:
        raise ValueError(f"quantile: found {len(values)} values and share {share:g}, expected some, and 0 < share < 1")
    ordered = sorted(values)
    n, tail = len(ordered), (1.0 - LEVEL) / 2.0
    below = 0.0  # P(B < rank)
    lower = upper = 0
    for rank in range(1, n + 1):
        below += _binomial(n, rank - 1, share)
        if below <= tail:
            lower = rank
        if not upper and below >= 1.0 - tail:
            upper = rank
    return Quantile(
        ordered[max(0, math.ceil(share * n - 1e-9) - 1)],
        ordered[lower - 1] if lower else None,
        ordered[upper - 1] if upper else None,
    )


def _binomial(n: int, k: int, p: float) -> float:
    log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
    return math.exp(log)
