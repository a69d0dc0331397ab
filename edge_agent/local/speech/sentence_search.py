"""Which words a listening network heard: freely, behind given words, or the likeliest sentence of a graph.

Law: arithmetic on log probabilities; no network of its own, no threshold. All three ask the same network, so what they
score can be compared: the sentence of the grammar less the free hypothesis is the log likelihood ratio of "this was
said" against "anything at all".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from edge_agent.local.speech.moonshine import Floats, Standing
from edge_agent.local.speech.pieces import END, Pieces
from edge_agent.local.speech.word_graph import State, WordGraph

BEAM = 8  # sentences looked at side by side
LONGEST_SENTENCE = 40  # pieces; the longest of a grammar has about 20
_STOPS = (".", "?", "!")  # behind a sentence; a comma may stand anywhere


class Hearing(Protocol):
    """A recording that can be asked (`moonshine.Listening`)."""

    def begin(self) -> Standing: ...
    def go_on(self, standing: Standing, parents: list[int], pieces: list[int]) -> Standing: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """score: of the whole, its end included; natural logarithm.  pieces: how many it took, its end included."""

    text: str
    score: float
    pieces: int


def freely(hearing: Hearing, pieces: Pieces, most: int, opening: str = "") -> Heard:
    """The likeliest next piece, again and again, up to `most`; behind `opening`, if there is one."""
    standing, score = hearing.begin(), 0.0
    taken: list[int] = []
    given = pieces.numbers(opening)
    while len(taken) < most:
        following = standing.following[0]
        piece = given[len(taken)] if len(taken) < len(given) else int(following.argmax())
        score += float(following[piece])
        taken.append(piece)
        if piece == END:
            break
        standing = hearing.go_on(standing, [0], [piece])
    return Heard(pieces.text(taken), score, len(taken))


@dataclass(frozen=True, slots=True)
class _Way:
    """Where in the graph one may be. waiting: pieces of the last word that are still to come.  is_extra: that word."""

    state: State
    said: str
    waiting: tuple[int, ...] = ()
    is_extra: bool = False


@dataclass(frozen=True, slots=True)
class _Path:
    """The pieces so far, taken once, and all the ways they may be meant: "2" begins 20 and 25.

    may_pause: with a comma: not in front, not twice.  is_over: behind a stop.
    """

    score: float
    ways: tuple[_Way, ...]
    row: int = 0
    piece: int = 0
    may_pause: bool = False
    is_over: bool = False


class SentenceSearch:
    """Beam search over the sentences of `graph`. dearest: the least log probability that a piece of what stands in
    front may count with: the rest of a wake phrase is often cut or mumbled, and the sentence behind it is what matters.
    Raises KeyError: a word that `pieces` cannot spell.
    """

    def __init__(self, graph: WordGraph, pieces: Pieces, dearest: float = -math.inf) -> None:
        self._graph, self._pieces, self._dearest = graph, pieces, dearest
        self._stops = [pieces.numbers(stop)[0] for stop in _STOPS]
        self._comma = pieces.numbers(",")[0]
        self._spelt: dict[tuple[str, bool], tuple[int, ...]] = {}

    def best(self, hearing: Hearing) -> Heard:
        """The likeliest sentence of the graph, however unlikely; "" and -inf if none could be followed to its end."""
        standing, paths = hearing.begin(), [_Path(0.0, (_Way(self._graph.start, ""),))]
        found = Heard("", -np.inf, 0)
        for count in range(LONGEST_SENTENCE):
            following = standing.following
            for row, path in enumerate(paths):
                score = path.score + float(following[row, END])
                if score > found.score and (ended := self._ended(path)):
                    found = Heard(ended[0].said.strip(), score, count + 1)
            new = [one for row, path in enumerate(paths) for one in self._next(path, row, following[row])]
            paths = sorted(new, key=lambda path: -path.score)[:BEAM]
            if not paths or paths[0].score <= found.score:
                break
            standing = hearing.go_on(standing, [path.row for path in paths], [path.piece for path in paths])
        return found

    def _ended(self, path: _Path) -> tuple[_Way, ...]:
        """The ways that are whole sentences."""
        return tuple(way for way in path.ways if not way.waiting and self._graph.is_end(way.state))

    def _next(self, path: _Path, row: int, following: Floats) -> Iterator[_Path]:
        if path.is_over:
            return
        groups: dict[tuple[int, bool], list[_Way]] = {}
        for way in path.ways:
            for piece, then in self._onward(way):
                groups.setdefault((piece, then.is_extra), []).append(then)
        for (piece, is_extra), ways in groups.items():
            price = max(float(following[piece]), self._dearest) if is_extra else float(following[piece])
            yield _Path(path.score + price, tuple(ways), row, piece, may_pause=True)
        between = tuple(way for way in path.ways if not way.waiting)
        if path.may_pause and between:
            yield _Path(path.score + float(following[self._comma]), between, row, self._comma)
        if path.may_pause and (ended := self._ended(path)):
            for stop in self._stops:
                yield _Path(path.score + float(following[stop]), ended, row, stop, is_over=True)

    def _onward(self, way: _Way) -> Iterator[tuple[int, _Way]]:
        """The next piece, and where it leads."""
        if way.waiting:
            yield way.waiting[0], replace(way, waiting=way.waiting[1:])
            return
        for arc in self._graph.arcs(way.state):
            piece, *rest = self._spelling(arc.written, is_first=not way.said)
            yield piece, _Way(arc.end, f"{way.said} {arc.said}", tuple(rest), arc.is_extra)

    def _spelling(self, written: str, *, is_first: bool) -> tuple[int, ...]:
        key = (written, is_first)
        if key not in self._spelt:
            self._spelt[key] = tuple(self._pieces.numbers(f" {written.strip().capitalize()}" if is_first else written))
        return self._spelt[key]
