"""The boundary to the sound card: three verbs.

Law: a device exchanges 10 ms at its own rate and blocks until it has; it mixes nothing, resamples only to join two
clocks, and knows no turn. The card is the clock of the whole daemon. Adapters: `portaudio.py` (the real one) and
`sim/device.py` (its twin).
"""

from __future__ import annotations

from typing import Any, Protocol

from edge_agent.audio.format import Samples


class DeviceError(Exception):
    """The card cannot be opened or used; the text names the card, what was asked and what to do."""


class DeviceDenied(DeviceError):
    """The card is there and this process may not open it: waiting does not help, being started anew may."""


class AudioDevice(Protocol):
    """One duplex sound device.

    rate: Hz, of the loudspeaker; mic_rate: of the microphones. Both may change with `open`.
    channels: microphones.  has_reference: the card records what it plays, as one row more.
    latency_ms: from `exchange` taking a sample to the air, buffers included; known after `open`.
    drift_ppm: how much faster the loudspeaker's clock is than the microphone's, as far as that is known.
    overflows, underruns: counted since `open`; an overflow has lost a pair, an underrun has played a gap.
    is_clocked: exchanges wait for real time; known after `open`. A file that plays a card does not.
    obtained: what the card really gave, for the log: plain values, units in the names.
    """

    rate: int
    mic_rate: int
    channels: int
    has_reference: bool
    is_clocked: bool
    latency_ms: float
    overflows: int
    underruns: int
    obtained: dict[str, Any]

    @property
    def drift_ppm(self) -> float: ...

    def open(self) -> None:
        """Claim the card. Raises DeviceError."""

    def exchange(self, speaker: Samples | None) -> Samples:
        """Give 10 ms to the loudspeaker, shape (rate/100,) or None for silence; get 10 ms of the microphones, shape
        (rows, mic_rate/100).

        The rows are the microphones, and the reference last where there is one. Blocks until the card has both. Raises
        DeviceError when the card is gone.
        """
        ...

    def close(self) -> None:
        """Let the card go. Never raises; may be called twice."""
