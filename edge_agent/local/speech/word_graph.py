"""A grammar's sentences as a graph of words, for a recogniser that asks what may come next.

Law: patterns in, a graph out; no sound, no recogniser, no language. A state is a set of places in the patterns where
one may stand; an arc is one word, or a phrase that is written otherwise than it is said ("thirty five" as "35").
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.local.assistant.grammar import TOKEN

State = frozenset[int]


@dataclass(frozen=True, slots=True)
class Arc:
    """said: as the grammar has it.  written: as a dictation might have it, its space in front included.
    is_extra: of a phrase in front that changes nothing."""

    said: str
    written: str
    is_extra: bool
    end: State


class WordGraph:
    """patterns: those of `grammar.py`.  before: what may stand in front of each.  spellings: a word or a slot's
    phrase -> other ways to write it; one that begins with a sign ("%") follows without a space.

    Raises ValueError: unbalanced brackets or an unknown slot.
    """

    def __init__(
        self,
        patterns: Iterable[str],
        slots: Mapping[str, Sequence[str]],
        spellings: Mapping[str, Sequence[str]],
        before: Sequence[str] = (),
    ) -> None:
        self._slots, self._spellings = slots, spellings
        self._empty: list[list[int]] = []  # of each node: where one also stands
        self._words: list[list[tuple[str, str, bool, int]]] = []  # of each node: the parts of its arcs
        self._first, self._last, front = self._node(), self._node(), self._node()
        self._empty[front].append(self._first)
        for phrase in before:
            self._phrase(phrase, front, self._first, is_extra=True)
        for pattern in patterns:
            tokens = TOKEN.findall(pattern)
            end, rest = self._alternatives(tokens, self._first)
            if rest:
                raise ValueError(f"grammar: found pattern {pattern!r}, expected balanced brackets")
            self._empty[end].append(self._last)
        self.start = self._closed([front])
        self.arcs = functools.cache(self._arcs)

    def is_end(self, state: State) -> bool:
        """A sentence may be over here."""
        return self._last in state

    def _arcs(self, state: State) -> tuple[Arc, ...]:
        ends: dict[tuple[str, str, bool], set[int]] = {}
        for node in state:
            for said, written, is_extra, end in self._words[node]:
                ends.setdefault((said, written, is_extra), set()).add(end)
        return tuple(Arc(*arc, self._closed(nodes)) for arc, nodes in ends.items())

    def _closed(self, nodes: Iterable[int]) -> State:
        found, waiting = set[int](), list(nodes)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += self._empty[node]
        return State(found)

    # --- building ---------------------------------------------------------------------------------------------------

    def _node(self) -> int:
        self._empty.append([])
        self._words.append([])
        return len(self._empty) - 1

    def _alternatives(self, tokens: list[str], start: int) -> tuple[int, list[str]]:
        """What stands up to a closing bracket or the end. Returns the node behind it and the tokens left over."""
        end, here = self._node(), start
        while tokens and tokens[0] not in (")", "]"):
            token, tokens = tokens[0], tokens[1:]
            if token == "|":
                self._empty[here].append(end)
                here = start
            elif token in ("(", "["):
                inner = self._node()
                self._empty[here].append(inner)
                behind, tokens = self._alternatives(tokens, inner)
                if not tokens or (token + tokens[0]) not in ("()", "[]"):
                    raise ValueError(f"grammar: found {token!r} without its end, expected balanced brackets")
                if token == "[":
                    self._empty[inner].append(behind)
                here, tokens = behind, tokens[1:]
            else:
                here = self._word_or_slot(token, here)
        self._empty[here].append(end)
        return end, tokens

    def _word_or_slot(self, token: str, here: int) -> int:
        end = self._node()
        if not token.startswith("<"):
            self._phrase(token, here, end)
            return end
        if token[1:-1] not in self._slots:
            raise ValueError(f"grammar: found {token}, expected one of {sorted(self._slots)}")
        for phrase in self._slots[token[1:-1]]:
            self._phrase(phrase, here, end)
        return end

    def _phrase(self, phrase: str, here: int, end: int, *, is_extra: bool = False) -> None:
        for spelling in self._spellings.get(phrase, ()):
            space = " " if spelling[0].isalnum() else ""
            self._words[here].append((phrase, space + spelling, is_extra, end))
        *words, last = phrase.split()
        for word in words:
            then = self._node()
            self._words[here].append((word, f" {word}", is_extra, then))
            here = then
        self._words[here].append((last, f" {last}", is_extra, end))
