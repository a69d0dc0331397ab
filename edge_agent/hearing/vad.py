"""Speech detection's boundary. Engine: `vad_silero.py`."""

from __future__ import annotations

from typing import Protocol

from edge_agent.audio.format import Samples


class SpeechDetector(Protocol):
    """Probability that a person is speaking, refreshed every 32 ms."""

    def hear(self, block: Samples) -> float:
        """block: (160,) at 16 kHz, the suppressed tap. Returns the latest probability in [0, 1]."""
        ...

    def reset(self) -> None:
        """Forget the past: the next block starts a new recording."""

    def refresh(self) -> None:
        """Forget what was heard, and go on in the same recording, on the same windows."""
        ...
