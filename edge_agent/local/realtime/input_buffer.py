"""The input audio buffer: what was appended since the last commit, and where it stands in the session's sound.

Law: bytes and their count; milliseconds count what was appended since the session began. PCM 16 bit at `rate`.
"""

from __future__ import annotations

from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.wire_audio import milliseconds

SHORTEST_MS = 100
LONGEST_MS = 10 * 60 * 1000  # nobody speaks for longer, and a small machine must keep it all


class InputBuffer:
    """rate: Hz, of everything in it."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._pcm = bytearray()
        self._ends_ms = 0.0

    @property
    def ends_ms(self) -> int:
        """All that was ever appended."""
        return int(self._ends_ms)

    @property
    def ms(self) -> int:
        """What is in it now."""
        return milliseconds(self._pcm, self.rate)

    @property
    def pcm(self) -> bytes:
        """What is in it now."""
        return bytes(self._pcm)

    def change_rate(self, rate: int) -> None:
        """Another format begins: what waits in the old one is gone."""
        if rate != self.rate:
            self._pcm.clear()
            self.rate = rate

    def append(self, pcm: bytes) -> None:
        if self.ms + milliseconds(pcm, self.rate) > LONGEST_MS:
            raise Refused(
                f"The input audio buffer is full: it holds {self.ms} ms and takes {LONGEST_MS}. Commit or clear it.",
                code="input_audio_buffer_full",
                param="audio",
            )
        self._pcm += pcm
        self._ends_ms += len(pcm) * 500 / self.rate

    def drop_before(self, ms: int) -> None:
        """Forget what lies before this millisecond of the session's sound."""
        surplus_ms = self.ms - max(0, self.ends_ms - ms)
        if surplus_ms > 0:
            del self._pcm[: 2 * (surplus_ms * self.rate // 1000)]

    def take(self, until_ms: int | None = None) -> bytes:
        """Everything up to this millisecond of the session's sound. Raises Refused for less than SHORTEST_MS."""
        later_ms = 0 if until_ms is None else max(0, self.ends_ms - until_ms)
        end = max(0, len(self._pcm) - 2 * (later_ms * self.rate // 1000))
        taken_ms = end * 500 / self.rate
        if taken_ms < SHORTEST_MS:
            raise Refused(
                f"Error committing input audio buffer: buffer too small. Expected at least {SHORTEST_MS}ms of audio, "
                f"but buffer only has {taken_ms:.2f}ms of audio.",
                code="input_audio_buffer_commit_empty",
            )
        taken = bytes(self._pcm[:end])
        del self._pcm[:end]
        return taken

    def clear(self) -> None:
        self._pcm.clear()
