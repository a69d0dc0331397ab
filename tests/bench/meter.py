"""How a cost is measured: CPU time of this process, ours and the baseline in turns.

Law: no stage is known here. A cost is CPU time (user and system, of all threads of the process, so that a library's
pool cannot hide), in microseconds a call. What runs in some blocks only (wake networks in 2 of 16, the speech network
in 5) is counted in whole cycles of 16 blocks; the median of the cycles is told, so that a neighbour on the machine, or
a collection of garbage, costs one cycle and not the figure. Ours and the baseline take turns cycle by cycle: a machine
whose speed drifts slows both.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

CYCLE = 16  # blocks after which wake and speech networks fall on the same blocks again
ROUNDS = 60
WARM = 3  # cycles that are not counted: caches, allocators, lazy imports
REAL_TIME_US = 10_000.0  # a block
REAL_TIME = "real time (a 10 ms block)"
YARDSTICK = "numpy rfft + irfft of 320 samples"

Work = Callable[[], object]
_T = TypeVar("_T")


def typical_us(*works: Work, rounds: int = ROUNDS, calls: int = CYCLE) -> list[float]:
    """The cost of a call of each, in their order: median over `rounds` of the mean of `calls`, taken in turns."""
    samples: list[list[float]] = [[] for _ in works]
    for turn in range(WARM + rounds):
        for work, kept in zip(works, samples, strict=True):
            cost = _cost_us(work, calls)
            if turn >= WARM:
                kept.append(cost)
    return [float(np.median(kept)) for kept in samples]


def p99_us(work: Work, calls: int = 1600) -> float:
    """The cost that one call in a hundred exceeds. The clock's own cost (about 1 us) is in it."""
    return spread_us(work, calls)[1]


def spread_us(work: Work, calls: int = 1600) -> tuple[float, float]:
    """Median and p99 of single calls, the clock's own cost in both."""
    costs = [_cost_us(work, 1) for _ in range(WARM * CYCLE + calls)]
    median, p99 = np.percentile(costs[WARM * CYCLE :], (50, 99))
    return float(median), float(p99)


def fed(verb: Callable[[_T], object], inputs: Iterable[_T]) -> Work:
    """`verb` on the next of the inputs, round and round."""
    turns = itertools.cycle(inputs)
    return lambda: verb(next(turns))


def yardstick() -> Work:
    """A unit of work that every machine can do and that scales with it as ours does: one block's Fourier transform."""
    samples = np.random.default_rng(1).standard_normal(320).astype(np.float32)
    return lambda: np.fft.irfft(np.fft.rfft(samples))


def _cost_us(work: Work, calls: int) -> float:
    began = time.process_time_ns()
    for _ in range(calls):
        work()
    return (time.process_time_ns() - began) / calls / 1000
