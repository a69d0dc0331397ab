"""One direction of a card: what is recorded, as the rows of samples that were asked for.

Law: bytes from PyAudio's stream to samples; errors are PyAudio's own (OSError) and are `portaudio`'s to judge.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from edge_agent.audio.card_stream import TIMED_OUT
from edge_agent.audio.format import BLOCK_MS, BLOCKS_PER_S, Samples

MOST_BACKLOG = 1000  # blocks: nothing keeps 10 s for us


class Microphone:
    """stream: PyAudio's, stopped.  rows: of its `width` channels, those that are handed out, in this order.  wide: 32
    bits a sample instead of 16.  gain_db: added; what then leaves [-1, 1] is clipped.
    """

    def __init__(self, stream: Any, *, rate: int, rows: list[int], width: int, wide: bool, gain_db: float) -> None:
        self._stream = stream
        self._frames = rate // BLOCKS_PER_S
        self._rows, self._width = rows, width
        self._type = "<i4" if wide else "<i2"
        self._scale = np.float32(10 ** (gain_db / 20) / (2**31 if wide else 2**15))
        self._clips = gain_db > 0

    @property
    def buffer_ms(self) -> float:
        """As PortAudio tells it."""
        return 1000 * float(self._stream.get_input_latency()) + BLOCK_MS

    def start(self) -> None:
        self._stream.start_stream()

    def record(self) -> Samples:
        """10 ms, shape (rows, rate/100). Blocks until they are there. Raises OSError."""
        heard = self._stream.read(self._frames, exception_on_overflow=True)
        table = np.frombuffer(heard, self._type).reshape(self._frames, self._width).T
        samples = (table if len(self._rows) == self._width else table[self._rows]).astype(np.float32, order="C")
        samples *= self._scale
        return np.clip(samples, -1.0, 1.0, out=samples) if self._clips else samples

    def throw_away(self, blocks: int) -> None:
        for _ in range(blocks):
            self._stream.read(self._frames, exception_on_overflow=False)

    @property
    def backlog(self) -> int:
        """Whole blocks that wait to be read."""
        return int(self._stream.get_read_available()) // self._frames

    def throw_backlog_away(self) -> bool:
        """What has piled up beyond a block. Whether anything had. Raises OSError for a card that never ends."""
        for thrown in range(MOST_BACKLOG):
            if self.backlog < 2:
                return thrown > 0
            self.throw_away(1)
        raise OSError(TIMED_OUT, "the microphone gives sound without end: no card with a clock does")

    def close(self) -> None:
        with suppress(OSError):
            self._stream.close()
