"""The sentence of a grammar that is nearest to one that is none.

Law: words in, words out; no language. The distance counts words that were added, left out or replaced (Levenshtein's,
on words), against all the sentences of the graph at once: Dijkstra's search from its beginning. A short word counts
half, and one that is spelt nearly alike counts less than another one.
"""

from __future__ import annotations

import functools
import heapq
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import count

from edge_agent.local.speech.word_graph import State, WordGraph

SHORT = 3  # letters: articles and the like
ALIKE = 0.6  # share of letters, below which two words have nothing to do with each other
LONGEST_WORDS = 20  # of a sentence that is compared: a speech is near to nothing
MOST_STEPS = 4_000  # of the search, about 20 ms on a desktop core


_Step = tuple[float, int, State, tuple[str, ...], bool]  # price, place in the words, state, said, a long word is kept


@dataclass(frozen=True, slots=True)
class Near:
    """share: of the sentence, in its words, that would have to be changed; 0 is the sentence itself."""

    sentence: str
    share: float


def nearest(sentence: str, graph: WordGraph, within: float) -> Near | None:
    """The nearest sentence of the graph, if no more than `within` of it has to be changed and a long word is kept."""
    words = sentence.split()
    whole = sum(map(_weight, words))
    if not 0 < len(words) <= LONGEST_WORDS:
        return None
    waiting: list[tuple[float, int, int, State, tuple[str, ...], bool]] = [(0.0, 0, 0, graph.start, (), False)]
    seen: set[tuple[int, State, bool]] = set()
    number = count(1)  # of two at one distance the one that was found first comes first
    for _ in range(MOST_STEPS):
        if not waiting:
            return None
        cost, _, place, state, said, kept = heapq.heappop(waiting)
        if (place, state, kept) in seen:
            continue
        seen.add((place, state, kept))
        if place == len(words) and kept and graph.is_end(state):
            return Near(" ".join(said), cost / whole)
        steps: list[_Step] = []
        if place < len(words):
            steps.append((_weight(words[place]), place + 1, state, said, kept))
        for arc in graph.arcs(state):
            if arc.is_extra:
                continue
            then = (*said, arc.said)
            steps.append((_weight(arc.said), place, arc.end, then, kept))
            if place < len(words):
                price, same = _replacing(words[place], arc.said)
                steps.append((price, place + 1, arc.end, then, kept or (same and len(arc.said) > SHORT)))
        for price, then_place, end, then_said, then_kept in steps:
            if cost + price <= within * whole:
                heapq.heappush(waiting, (cost + price, next(number), then_place, end, then_said, then_kept))
    return None


def _weight(word: str) -> float:
    return 0.5 if len(word) <= SHORT else 1.0


@functools.lru_cache(maxsize=10_000)
def _replacing(one: str, other: str) -> tuple[float, bool]:
    """What it costs, and whether it is the same word, more or less."""
    if one == other:
        return 0.0, True
    alike = SequenceMatcher(None, one, other, autojunk=False).ratio()
    heavier = max(_weight(one), _weight(other))
    return ((1 - alike) * heavier, True) if alike >= ALIKE else (1.5 * heavier, False)
