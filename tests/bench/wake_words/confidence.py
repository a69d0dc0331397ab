"""How far a share or a rate may be from the truth, having counted so few.

Law: arithmetic only. Limits are two-sided at 95 %, and hold for independent trials: presentations of one voice in
several rooms are not quite that, so the limits given are rather too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_Z = 1.959964  # of the normal distribution, two-sided 95 %
_TAIL = 0.025


def share(hits: int, trials: int) -> tuple[float, float]:
    """Wilson's limits (1927) of a share."""
    if trials < 1 or not 0 <= hits <= trials:
        raise ValueError(f"found {hits} hits of {trials} trials, expected at least one trial, and no more hits")
    found = hits / trials
    spread = _Z * math.sqrt(found * (1.0 - found) / trials + (_Z / (2.0 * trials)) ** 2)
    middle, scale = found + _Z * _Z / (2.0 * trials), 1.0 + _Z * _Z / trials
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def rate(events: int, hours: float) -> tuple[float, float]:
    """Garwood's exact limits (1936) of the rate of a Poisson process, events an hour."""
    if events < 0 or hours <= 0.0:
        raise ValueError(f"found {events} events in {hours} h, expected none or more in some time")
    low = _root(lambda mean: 1.0 - _at_most(events - 1, mean) - _TAIL, events) if events else 0.0
    return low / hours, _root(lambda mean: _TAIL - _at_most(events, mean), events) / hours


def _at_most(events: int, mean: float) -> float:
    """The probability of so many events or fewer."""
    logs = (k * math.log(mean) - math.lgamma(k + 1) - mean for k in range(events + 1))
    return math.fsum(math.exp(log) for log in logs)


def _root(rising: Callable[[float], float], events: int) -> float:
    low, high = 1e-9, 2.0 * events + 20.0
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if rising(middle) < 0.0 else (low, middle)
    return high
