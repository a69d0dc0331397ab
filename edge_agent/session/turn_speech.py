"""What the person said in one turn, as bytes, kept until a reply to it is heard: a connection may break in between.

Law: bytes in, the same bytes out; bounded. Nothing of it outlives its turn: what is cleared is gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

LIMIT_S = 60  # twice the longest sentence we wait for; 2.9 MB at 24 kHz
PIECE_MS = 1_000  # sent again in pieces of this length: 60 events instead of 3,000, each far from the 15 MiB limit


class TurnSpeech:
    """bytes_per_ms: of the format; pieces and the limit are counted in whole milliseconds, so samples stay whole."""

    def __init__(self, bytes_per_ms: int) -> None:
        self._bytes_per_ms = bytes_per_ms
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self._captured = 0

    @property
    def captured_ms(self) -> int:
        """All that was ever added since the last `clear`."""
        return self._captured // self._bytes_per_ms

    @property
    def kept_ms(self) -> int:
        return self._kept // self._bytes_per_ms

    def add(self, audio: bytes) -> None:
        """Keep it. Past the limit the oldest goes: the end of a sentence says more than its beginning."""
        self._chunks.append(audio)
        self._kept += len(audio)
        self._captured += len(audio)
        while self._kept > LIMIT_S * 1000 * self._bytes_per_ms and len(self._chunks) > 1:
            self._kept -= len(self._chunks.popleft())

    def pieces(self) -> Iterator[bytes]:
        """What is kept, in order, in pieces of PIECE_MS; the last one may be shorter."""
        whole = b"".join(self._chunks)
        size = PIECE_MS * self._bytes_per_ms
        for start in range(0, len(whole), size):
            yield whole[start : start + size]

    def clear(self) -> None:
        self._chunks.clear()
        self._kept = self._captured = 0
