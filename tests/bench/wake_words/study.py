"""All that was measured, ready to be counted: the phrases said, the hours heard, and the curves that follow.

Law: it holds and groups, it prints nothing and runs no network but the speech detector's on the few moments that are
asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from tests.bench.wake_words import false_wakes, recall
from tests.bench.wake_words.decision import Policy
from tests.bench.wake_words.false_wakes import Heard
from tests.bench.wake_words.phrase import Kind
from tests.bench.wake_words.recall import Said
from tests.bench.wake_words.scores import ends_at
from tests.bench.wake_words.second_stage import BEFORE_S, Kept, SecondStage
from tests.bench.wake_words.tradeoff import PATIENCES, Point, points

_T = TypeVar("_T")

_ASKED_AT_MOST = 150  # decisions that the second stage is asked about, evenly drawn: it takes 30 ms each
_SECOND_STAGE_THRESHOLD = 0.3  # low, so that there are enough false wakes to speak of


@dataclass
class Study:
    """shipped: each word's policy, in the order of the scores' columns.  missing: what could not be had, and why."""

    shipped: dict[str, Policy]
    said: list[Said]
    heard: list[Heard]
    cache: Path
    missing: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        return list(self.shipped)

    @cached_property
    def curves(self) -> dict[str, dict[int, list[Point]]]:
        """By word and patience, on the engine's grid."""
        return {
            word: {
                patience: points(word, number, self.said, self.heard, patience, also=[policy.threshold])
                for patience in PATIENCES
            }
            for number, (word, policy) in enumerate(self.shipped.items())
        }

    def grid(self, word: str, name: str) -> list[Point]:
        """The curve with a second grid, patience 1, on the part of the corpus that has it."""
        return points(word, self.words.index(word), self.said, self.heard, 1, name, [self.shipped[word].threshold])

    def of(self, word: str, *kinds: Kind, in_a_room: bool = False) -> list[Said]:
        """What these kinds of voice said. in_a_room: the recordings that brought their own room, and only they."""
        phrases = ((one, one.presentation.phrase) for one in self.said)
        return [one for one, p in phrases if p.word == word and p.kind in kinds and p.is_in_a_room is in_a_room]

    def headline(self, word: str, *kinds: Kind) -> list[Said]:
        """What they said at three metres and 20 dB."""
        return [one for one in self.of(word, *kinds) if one.presentation.is_headline]

    def delays_ms(self, found: Iterable[Said], policy: Policy) -> list[float]:
        delays = (one.decided_ms(policy) for one in found)
        return [delay for delay in delays if delay is not None]

    def false_wakes(self, word: str, policy: Policy, heard: Sequence[Heard] | None = None) -> list[false_wakes.Event]:
        whose = self.heard if heard is None else heard
        return false_wakes.events(whose, self.words.index(word), policy, lambda one: one.scores)

    def second_stage(self, word: str) -> tuple[Kept, Kept]:
        """(false wakes, phrases in the headline's places) that the second stage lets through."""
        policy, stage = Policy(_SECOND_STAGE_THRESHOLD), SecondStage()
        wakes = _some(self.false_wakes(word, policy))
        decided = [(one, policy.wakes(one.scores)) for one in self.headline(word, Kind.PERSON, Kind.NEURAL)]
        return (
            stage.of(false_wakes.sound_before(event, self.cache, BEFORE_S) for event in wakes),
            stage.of(_until(one, frames[0]) for one, frames in _some([pair for pair in decided if pair[1]])),
        )


def grouped(found: Iterable[Said], name: Callable[[Said], str]) -> dict[str, list[Said]]:
    groups: dict[str, list[Said]] = {}
    for one in found:
        groups.setdefault(name(one), []).append(one)
    return groups


def heard_by(groups: dict[str, list[Said]], policy: Policy) -> dict[str, tuple[int, int]]:
    """(heard, of), the worst first."""
    counted = {name: recall.heard(found, policy) for name, found in groups.items()}
    return dict(sorted(counted.items(), key=lambda item: (item[1][0] / item[1][1], item[0])))


def _some(found: Sequence[_T]) -> list[_T]:
    return [found[n] for n in np.linspace(0, len(found) - 1, min(len(found), _ASKED_AT_MOST)).astype(int)]


def _until(one: Said, frame: int) -> Samples:
    end = ends_at(frame)
    return one.presentation.sound()[max(0, end - round(BEFORE_S * HEARING_RATE)) : end]
