"""The laws by which a value may be drawn, each able to say in words what it does.

Law: mathematics of single values; what they mean is `distribution.py`'s. The same generator gives the same values,
rounded, so that a file holds them exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

Value = float | str
_DIGITS = 3  # significant: more would pretend


class Chance(Protocol):
    @property
    def words(self) -> str: ...

    def draw(self, random: np.random.Generator) -> Value: ...


@dataclass(frozen=True, slots=True)
class Uniform:
    lo: float
    hi: float

    @property
    def words(self) -> str:
        return f"any from {self.lo:g} to {self.hi:g}"

    def draw(self, random: np.random.Generator) -> Value:
        return _rounded(float(random.uniform(self.lo, self.hi)))


@dataclass(frozen=True, slots=True)
class LogUniform:
    """Uniform in its logarithm: half of it lies below the geometric mean. lo > 0."""

    lo: float
    hi: float

    @property
    def words(self) -> str:
        return f"from {self.lo:g} to {self.hi:g}, each doubling as likely as any other"

    def draw(self, random: np.random.Generator) -> Value:
        return _rounded(math.exp(float(random.uniform(math.log(self.lo), math.log(self.hi)))))


@dataclass(frozen=True, slots=True)
class Normal:
    """Drawn again until it lies within lo and hi."""

    mean: float
    spread: float
    lo: float
    hi: float

    @property
    def words(self) -> str:
        return f"normal, {self.mean:g} ± {self.spread:g}, within {self.lo:g} and {self.hi:g}"

    def draw(self, random: np.random.Generator) -> Value:
        return _rounded(_within(self.mean, self.spread, self.lo, self.hi, random))


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Its logarithm is normal: two thirds lie within median / spread and median * spread. Drawn again as Normal is."""

    median: float
    spread: float
    lo: float
    hi: float

    @property
    def words(self) -> str:
        return f"log-normal, {self.median:g} times or divided by {self.spread:g}, within {self.lo:g} and {self.hi:g}"

    def draw(self, random: np.random.Generator) -> Value:
        ends = math.log(self.lo), math.log(self.hi)
        return _rounded(math.exp(_within(math.log(self.median), math.log(self.spread), *ends, random)))


@dataclass(frozen=True, slots=True)
class Choice:
    """weights: of any sum."""

    weights: Mapping[Value, float]

    @property
    def words(self) -> str:
        total = sum(self.weights.values())
        return ", ".join(f"{_named(value)} {100 * weight / total:.3g} %" for value, weight in self.weights.items())

    def draw(self, random: np.random.Generator) -> Value:
        return self._at(float(random.uniform(0.0, sum(self.weights.values()))))

    def _at(self, mark: float) -> Value:
        for value, weight in self.weights.items():
            mark -= weight
            if mark < 0.0:
                return value
        return value


def _within(mean: float, spread: float, lo: float, hi: float, random: np.random.Generator) -> float:
    while True:
        value = float(random.normal(mean, spread))
        if lo <= value <= hi:
            return value


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _named(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"
