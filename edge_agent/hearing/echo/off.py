"""No echo suppression: headphones, a board whose codec cancels in hardware, or a bench.

Law: both taps are the microphone, and the reduction claimed is 0 dB, so that nobody trusts what nobody measured.
"""

from __future__ import annotations

from edge_agent.audio.format import Samples
from edge_agent.hearing.echo.engine import EchoTaps


class OffEcho:
    """An `EchoEngine` that removes nothing."""

    def __init__(self) -> None:
        self.reduction_db = 0.0
        self.delay_ms = 0.0

    def process(self, mic: Samples, ref: Samples) -> EchoTaps:
        """mic and ref: (160,) float32 at 16 kHz. Both taps are `mic` itself."""
        return EchoTaps(linear=mic, clean=mic)

    def reset(self) -> None:
        """Nothing is remembered, so there is nothing to forget."""
