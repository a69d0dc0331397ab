"""WebRTC's AEC3, by the wheel pywebrtc-audio: for comparison, and for those who want it.

Law: the wheel is optional and loaded here alone, when an engine is made. It has one output, echo and residue suppressed
together, so both taps are that output: there is no linear tap for the wake word, which is what this engine loses most.
Both taps are 8 ms (128 samples) late, high-passed (AEC3 does so itself), and never bit for bit the microphone.
It searches its own delays and has its own tail: neither is set here, neither is told.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.hearing.echo.engine import REFERENCE_SILENT_DBFS, EchoTaps, EngineError
from edge_agent.hearing.echo.reduction_meter import ReductionMeter
from edge_agent.hearing.echo.sane import sane

PACKAGE, RELEASE = "pywebrtc-audio", "0.2.0"
LATE = 128  # samples from the microphone to its image in the output
_PLAYING = 10 ** (REFERENCE_SILENT_DBFS / 10) * HEARING_BLOCK  # energy of a reference block
_RINGING = 50  # blocks after the last playing one in which its echo may still arrive


def wheel() -> Any:
    """The wheel's own canceller at its defaults: `process(mic, ref)` of a block, and `reset()`.

    Raises EngineError where it is not installed.
    """
    try:
        from pywebrtc_audio import EchoCanceller
    except ImportError as error:
        raise EngineError(
            f'echo.engine: found "webrtc", which needs {PACKAGE}, which is not installed ({error}); install the '
            f'PyPI package {PACKAGE}=={RELEASE} (the extra edge-agent[webrtc]), or take engine = "classical"'
        ) from error
    return EchoCanceller(sample_rate=HEARING_RATE)


class WebRtcEcho:
    """An `EchoEngine`. delay_ms stays 0: the wheel does not tell what it found.

    reduction_db: median over the last 3 s of playback of the microphone's power over the output's. The echo's own power
    is not known, so every block of playback counts: those of room noise alone lower it, and those of a person whom
    AEC3 takes away together with the echo do not.
    Not safe for two threads; the same input gives the same bits.
    """

    def __init__(self) -> None:
        """Raises EngineError where the wheel is not installed."""
        self._aec = wheel()
        self._meter = ReductionMeter()
        self._mic = np.zeros(LATE + HEARING_BLOCK, np.float32)
        self.delay_ms = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next block is the first."""
        self._aec.reset()
        self._meter.reset()
        self._mic[:] = 0
        self._silent_blocks = _RINGING + 1
        self.reduction_db = 0.0

    def process(self, mic: Samples, ref: Samples) -> EchoTaps:
        """mic and ref: (160,) float32 at 16 kHz, the same 10 ms. Both taps are the same 10 ms, 8 ms late.

        NaN is taken as 0, and what is beyond 4 as 4.
        """
        mic, ref = sane(mic), sane(ref)
        clean: Samples = self._aec.process(mic, ref)
        self._mic[:LATE] = self._mic[HEARING_BLOCK:]
        self._mic[LATE:] = mic
        self._silent_blocks = 0 if float(ref @ ref) > _PLAYING else self._silent_blocks + 1
        if self._silent_blocks <= _RINGING:
            heard = self._mic[:HEARING_BLOCK]
            self._meter.count(float(heard @ heard), float(clean @ clean))
            self.reduction_db = self._meter.db
        return EchoTaps(linear=clean, clean=clean)
