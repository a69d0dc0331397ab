"""The frames in which the echo stage thinks: 320 samples at 16 kHz, hop 160, 161 bins of 50 Hz."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_BLOCK

Powers = npt.NDArray[np.float32]
Spectra = npt.NDArray[np.complex64]

FRAME = 2 * HEARING_BLOCK
BINS = HEARING_BLOCK + 1


def power_of(spectrum: Spectra) -> Powers:
    """Squared magnitude of each bin, float32."""
    power = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    return power
