"""Numbers for everything that has an id in a session: counted, so that two equal runs are equal to the byte."""

from __future__ import annotations

from collections import Counter


class Ids:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def next(self, kind: str) -> str:
        """The next of this kind: item_0001, item_0002 ..."""
        self._counts[kind] += 1
        return f"{kind}_{self._counts[kind]:04d}"
