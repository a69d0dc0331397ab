"""Recall against false wakes, threshold by threshold, and what should be shipped.

Law: counting over scores that are there already. Recall is that at three metres and 20 dB; the goal is the issue's:
95 % of the phrases, half a false wake an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.wake_words import confidence, false_wakes, recall
from tests.bench.wake_words.decision import Policy, Scores, average, greater
from tests.bench.wake_words.phrase import Kind
from tests.bench.wake_words.scores import FRAME_S

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
PATIENCES = (1, 2, 3)
RECALL_GOAL, FALSE_GOAL_H = 0.95, 0.5

Grid = Callable[[Scores, Scores], Scores]
GRIDS: dict[str, Grid] = {
    "one grid": lambda one, other: one[: len(other)],
    "greater of two": greater,
    "average of two": average,
}


@dataclass(frozen=True, slots=True)
class Point:
    """One policy. people, neural, robots: (heard, of).  native: of people and neural voices.  wakes: in `hours`."""

    policy: Policy
    people: tuple[int, int]
    neural: tuple[int, int]
    robots: tuple[int, int]
    native: tuple[int, int]
    wakes: int
    hours: float

    @property
    def natural(self) -> tuple[int, int]:
        return self.people[0] + self.neural[0], self.people[1] + self.neural[1]

    @property
    def recall(self) -> float:
        """Of the people and neural voices together; 0 where there are none."""
        return share(self.natural)

    @property
    def false_h(self) -> float:
        return self.wakes / self.hours if self.hours else 0.0

    @property
    def false_limits_h(self) -> tuple[float, float]:
        return confidence.rate(self.wakes, self.hours)

    @property
    def reaches_the_goal(self) -> bool:
        return self.recall >= RECALL_GOAL and self.false_h <= FALSE_GOAL_H

    @property
    def reaches_it_for_natives(self) -> bool:
        return share(self.native) >= RECALL_GOAL and self.false_h <= FALSE_GOAL_H


def share(counted: tuple[int, int]) -> float:
    return counted[0] / counted[1] if counted[1] else 0.0


def points(
    word: str,
    number: int,
    said: Sequence[recall.Said],
    heard: Sequence[false_wakes.Heard],
    patience: int,
    grid: str | None = None,
    also: Sequence[float] = (),
) -> list[Point]:
    """One word's curve. grid: of `GRIDS`, on the part of the corpus that has both; None for the engine's, on all.

    also: thresholds beside `THRESHOLDS`.
    """
    headline = [one for one in said if one.presentation.phrase.word == word and one.presentation.is_headline]
    kinds = {kind: [one for one in headline if one.presentation.phrase.kind is kind] for kind in Kind}
    natives = [
        one for one in headline if one.presentation.phrase.is_native and one.presentation.phrase.kind is not Kind.ROBOT
    ]
    of_said = None if grid is None else (lambda one: GRIDS[grid](one.scores, one.shifted))
    of_heard = (lambda one: one.scores) if grid is None else (lambda one: GRIDS[grid](one.scores, one.shifted))
    hours = sum(len(of_heard(one)) for one in heard) * FRAME_S / 3600.0
    result = []
    for threshold in sorted({*THRESHOLDS, *also}):
        policy = Policy(threshold, patience)
        people, neural, robots, native = (
            recall.heard(group, policy, of_said)
            for group in (kinds[Kind.PERSON], kinds[Kind.NEURAL], kinds[Kind.ROBOT], natives)
        )
        wakes = len(false_wakes.events(heard, number, policy, of_heard))
        result.append(Point(policy, people, neural, robots, native, wakes, hours))
    return result


def at(curve: Sequence[Point], threshold: float) -> Point:
    """Raises StopIteration where the curve has no such threshold."""
    return next(point for point in curve if point.policy.threshold == threshold)


def recommended(curve: Sequence[Point]) -> Point:
    """The threshold to ship, chosen on voices that no person's recording is among.

    Of those with no more false wakes than the goal allows: the one that hears most of the neural voices; of equals, the
    one with the fewest false wakes; of those still equal, the highest, for the corpus holds hours and a home years.
    """
    quiet = [point for point in curve if point.wakes <= FALSE_GOAL_H * point.hours]
    if not quiet:
        return min(curve, key=lambda point: (point.wakes, point.policy.threshold))
    return max(quiet, key=lambda point: (point.neural[0], -point.wakes, point.policy.threshold))
