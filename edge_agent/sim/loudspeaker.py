"""The loudspeaker's own sound: what an amplifier that clips and a cone that moves too far make of it.

Law: blocks of 10 ms in, blocks out, linear where nothing is set; it knows no room.

The model, in two steps. The amplifier is memoryless: y = tanh(c x) / c for `clipping` c. The cone: its excursion e is
the signal below the resonance (a second-order low-pass at 180 Hz, Q 0.7, 1 for a full-scale sine in its pass band);
the force on it weakens as it leaves the gap, and less on one side: y = u - k (0.25 e + 0.6 e^2) u for `excursion` k.
That is the leading part of Bl(x) in Klippel, "Loudspeaker Nonlinearities" (2006): it adds harmonics to bass, and bass
modulates all that sounds with it. `thd_percent` tells what a sine comes out as.
"""

from __future__ import annotations

import math

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.sim.convolver import StreamingConvolver

_RESONANCE_HZ = 180.0
_Q = 0.7
_TAPS = 320  # 20 ms: the low-pass has rung out to -60 dB
_ODD, _EVEN = 0.6, 0.25
THD_HZ = 200.0  # where a small loudspeaker's is told


class Loudspeaker:
    """clipping: 0 is none.  excursion: from 0, none, to 1, a cone that hits its end."""

    def __init__(self, clipping: float, excursion: float) -> None:
        self._clipping = np.float32(clipping)
        self._excursion = np.float32(excursion)
        self._cone = StreamingConvolver(_low_pass()[None, None, :]) if excursion > 0.0 else None

    def step(self, block: Samples) -> Samples:
        """block: (160,); it is changed in place, and returned."""
        if self._clipping > 0.0:
            np.tanh(self._clipping * block, out=block)
            block /= self._clipping
        if self._cone is not None:
            out = self._cone.step(block[None, :])[0]
            block *= 1.0 - self._excursion * (np.float32(_EVEN) * out + np.float32(_ODD) * out * out)
        return block


def thd_percent(clipping: float, excursion: float, level_dbfs: float = -6.0, hz: float = THD_HZ) -> float:
    """Total harmonic distortion of a sine of this peak level: all harmonics' RMS over the fundamental's, percent."""
    count = HEARING_RATE  # one second: every harmonic of a whole frequency falls on a bin
    time = np.arange(count + HEARING_RATE // 4) / HEARING_RATE
    tone = (10.0 ** (level_dbfs / 20.0) * np.sin(2.0 * np.pi * hz * time)).astype(np.float32)
    speaker = Loudspeaker(clipping, excursion)
    played = np.concatenate([speaker.step(block.copy()) for block in tone.reshape(-1, HEARING_BLOCK)])
    spectrum = np.abs(np.fft.rfft(played[-count:].astype(np.float64)))
    fundamental = round(hz)
    harmonics = spectrum[2 * fundamental :: fundamental]
    return 100.0 * math.sqrt(float(np.sum(harmonics**2))) / float(spectrum[fundamental])


def _low_pass() -> Samples:
    """Impulse response of the second-order low-pass, by the bilinear transform (Bristow-Johnson's cookbook)."""
    omega = 2.0 * math.pi * _RESONANCE_HZ / HEARING_RATE
    alpha, cosine = math.sin(omega) / (2.0 * _Q), math.cos(omega)
    b = np.array([(1 - cosine) / 2, 1 - cosine, (1 - cosine) / 2]) / (1 + alpha)
    a1, a2 = -2.0 * cosine / (1 + alpha), (1 - alpha) / (1 + alpha)
    taps = np.zeros(_TAPS)
    for n in range(_TAPS):
        taps[n] = (b[n] if n < 3 else 0.0) - a1 * taps[n - 1] * (n > 0) - a2 * taps[n - 2] * (n > 1)
    return taps.astype(np.float32)
