"""The echo stage's boundary: two taps of one path.

Law: causal; the first n samples out depend on the first n samples in only. No gain changes on the linear tap.
Engines: by name in `engines.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edge_agent.audio.format import Samples


@dataclass(frozen=True, slots=True)
class EchoTaps:
    """One block after the echo stage, each (160,) at 16 kHz.

    linear: echo estimate subtracted, nothing else; the wake word listens here.
    clean: residual echo suppressed too, up to one block (10 ms) later than linear; speech detection, interruption and
        the uplink listen here.
    near_end: probability in [0, 1] that a person is talking in `clean`, by the engine's own judgement; None where the
        engine has none.
    """

    linear: Samples
    clean: Samples
    near_end: float | None = None


REFERENCE_SILENT_DBFS = -60.0  # mean square of a reference block, below which the loudspeaker is silent


class EngineError(Exception):
    """The engine that the configuration names cannot be had; the text names the key and what to install."""


class EchoEngine(Protocol):
    """Removes from the microphone what the loudspeaker was given.

    reduction_db: slow median of the echo reduction measured on our own playback (0 until something was played): how
    far this engine may be trusted to keep the device from interrupting itself. The median, because the speech being
    judged must not talk the judge down.
    delay_ms: the bulk delay found, or 0.
    """

    reduction_db: float
    delay_ms: float

    def process(self, mic: Samples, ref: Samples) -> EchoTaps:
        """mic and ref: (160,) float32 at 16 kHz, the same 10 ms."""
        ...
