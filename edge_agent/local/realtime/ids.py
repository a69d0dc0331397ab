"""Numbers for everything that has an id in a session: counted, so that two equal runs are equal to the byte."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the counting had come."""

    counts: dict[str, int]
    claimed: int


class Ids:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._claimed: dict[str, None] = {}  # in the order in which they came

    def claim(self, identifier: str) -> None:
        """A client's own id, never to be given out: it may bring those that an earlier session of ours gave it."""
        self._claimed[identifier] = None

    def next(self, kind: str) -> str:
        """The next of this kind: item_0001, item_0002 ..."""
        while True:
            self._counts[kind] += 1
            identifier = f"{kind}_{self._counts[kind]:04d}"
            if identifier not in self._claimed:
                return identifier

    def mark(self) -> Mark:
        return Mark(dict(self._counts), len(self._claimed))

    def back_to(self, mark: Mark) -> None:
        """As if nothing had been counted since: for what was given to nobody."""
        self._counts = Counter(mark.counts)
        while len(self._claimed) > mark.claimed:
            self._claimed.popitem()
