"""Silero's speech detector, loaded when it is first needed: most clients detect the turns themselves."""

from __future__ import annotations

from edge_agent.audio.format import Samples
from edge_agent.hearing.vad import SpeechDetector


class LazyDetector:
    """A `SpeechDetector`."""

    def __init__(self) -> None:
        self._detector: SpeechDetector | None = None

    def hear(self, block: Samples) -> float:
        """Raises ModelError: the model cannot be loaded."""
        if self._detector is None:
            from edge_agent.hearing.vad_silero import SileroVad

            self._detector = SileroVad()
        return self._detector.hear(block)

    def reset(self) -> None:
        if self._detector is not None:
            self._detector.reset()

    def refresh(self) -> None:
        if self._detector is not None:
            self._detector.refresh()
