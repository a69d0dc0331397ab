"""Words as a speech network counts them: pieces with numbers, and the way from text to pieces and back.

Law: no network and no sound. The vocabulary is SentencePiece's byte-pair encoding with U+2581 for a space, in the
order of its merges: of two pieces that could be made, the one with the smaller number was learnt first and is made
first (Sennrich et al. 2016, "Neural machine translation of rare words with subword units").
The file is one record a piece, its length before it: one byte below 128, or two (first - 128 + 128 * second).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

SPACE = "\u2581"
BEGIN, END = 1, 2  # <s> and </s>
_LEARNT = 259  # behind them come the 256 bytes, for what has no piece of its own; text is never spelt with those


class Pieces:
    """Raises ValueError: the data end in the middle of a piece."""

    def __init__(self, data: bytes) -> None:
        self._pieces = list(_records(data))
        self._number: dict[str, int] = {}
        for number, piece in enumerate(self._pieces[_LEARNT:], _LEARNT):
            self._number[piece.decode(errors="replace")] = number

    def __len__(self) -> int:
        return len(self._pieces)

    def numbers(self, text: str) -> list[int]:
        """A leading space counts. Raises KeyError: a character that has no piece."""
        parts = list(text.replace(" ", SPACE))
        while len(parts) > 1:
            pairs = [self._number.get(one + other, len(self)) for one, other in pairwise(parts)]
            first = min(pairs)
            if first == len(self):
                break
            place = pairs.index(first)
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
        return [self._number[part] for part in parts]

    def text(self, numbers: Sequence[int]) -> str:
        """What they spell; <s>, </s> and the like are nothing."""
        spelt = b"".join(self._pieces[number] for number in numbers if number > END)
        return spelt.decode(errors="replace").replace(SPACE, " ").strip()


def _records(data: bytes) -> list[bytes]:
    records, place = [], 0
    while place < len(data):
        size = data[place]
        place += 1
        if size >= 128 and place < len(data):
            size = size - 128 + 128 * data[place]
            place += 1
        if place + size > len(data):
            raise ValueError(f"found {len(data)} bytes, expected {place + size}: a piece is cut off")
        records.append(data[place : place + size])
        place += size
    return records
