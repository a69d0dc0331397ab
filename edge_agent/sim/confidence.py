"""How far a figure of a few runs may be trusted: intervals for proportions, for quantiles and for rates.

Law: arithmetic on counts and numbers; it knows no scenario. Every interval is two-sided, at 95 %, and for independent
trials: so a survey counts each scenario once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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


@dataclass(frozen=True, slots=True)
class Rate:
    """count of events in so many hours, with the exact interval of a Poisson process (Garwood 1936). Events that follow
    from each other make it too narrow. No hours: any rate is possible."""

    count: int
    hours: float

    @property
    def per_hour(self) -> float | None:
        return self.count / self.hours if self.hours > 0.0 else None

    @property
    def interval(self) -> tuple[float, float]:
        if self.hours <= 0.0:
            return 0.0, math.inf
        tail = (1.0 - LEVEL) / 2.0
        lo = _mean_where(lambda mean: 1.0 - _at_most(self.count - 1, mean) >= tail) if self.count else 0.0
        hi = _mean_where(lambda mean: _at_most(self.count, mean) <= tail)
        return lo / self.hours, hi / self.hours


def _at_most(count: int, mean: float) -> float:
    """P(N <= count), N Poisson."""
    return sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))


def _mean_where(is_enough: Callable[[float], bool]) -> float:
    """The least mean that is enough, by bisection."""
    lo, hi = 1e-9, 1.0
    while not is_enough(hi):
        lo, hi = hi, 2.0 * hi
    for _ in range(60):
        middle = 0.5 * (lo + hi)
        lo, hi = (lo, middle) if is_enough(middle) else (middle, hi)
    return hi
