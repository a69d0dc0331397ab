"""The boundary to the sound card: three verbs.

Law: a device exchanges 10 ms at its own rate and blocks until it has; it resamples nothing, mixes nothing, knows no
turn. The card is the clock of the whole daemon. Adapters: `portaudio.py` (the real one) and `sim/device.py` (its
twin).
"""

from __future__ import annotations

from typing import Protocol

from edge_agent.audio.format import Samples


class DeviceError(Exception):
    """The card cannot be opened or used; the text names the card, what was asked and what to do."""


class AudioDevice(Protocol):
    """One duplex sound device.

    rate: Hz, of both directions.  channels: of the microphone side.
    latency_ms: from `exchange` taking a sample to the air, buffers included; known after `open`.
    overflows, underruns: counted since `open`; an overflow has lost a pair, an underrun has played a gap.
    """

    rate: int
    channels: int
    latency_ms: float
    overflows: int
    underruns: int

    def open(self) -> None:
        """Claim the card. Raises DeviceError."""

    def exchange(self, speaker: Samples) -> Samples:
        """Give 10 ms to the loudspeaker, shape (rate/100,); get 10 ms from the microphones, shape (channels, rate/100).

        Blocks until the card has both. Raises DeviceError when the card is gone.
        """
        ...

    def close(self) -> None:
        """Let the card go. Never raises; may be called twice."""
