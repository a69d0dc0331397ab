"""Numbers for everything that has an id in a session: counted, so that two equal runs are equal to the byte."""

from __future__ import annotations

from collections import Counter


class Ids:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._claimed: set[str] = set()

    def claim(self, identifier: str) -> None:
        """A client's own id, never to be given out: it may bring those that an earlier session of ours gave it."""
        self._claimed.add(identifier)

    def next(self, kind: str) -> str:
        """The next of this kind: item_0001, item_0002 ..."""
        while True:
            self._counts[kind] += 1
            identifier = f"{kind}_{self._counts[kind]:04d}"
            if identifier not in self._claimed:
                return identifier
