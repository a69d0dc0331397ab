"""The frames in which the echo stage thinks: 320 samples at 16 kHz, hop 160, 161 bins of 50 Hz."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_BLOCK, Samples

Powers = npt.NDArray[np.float32]
Spectra = npt.NDArray[np.complex64]

FRAME = 2 * HEARING_BLOCK
BINS = HEARING_BLOCK + 1


def power_of(spectrum: Spectra) -> Powers:
    """Squared magnitude of each bin, float32."""
    power = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    return power


def spectra_of(frames: Samples) -> Spectra:
    """(..., 161) of (..., 320): the real transform of each frame."""
    return np.asarray(np.fft.rfft(frames, FRAME, axis=-1), np.complex64)


def frames_of(spectra: Spectra) -> Samples:
    """(..., 320) of (..., 161): the inverse of `spectra_of`."""
    return np.asarray(np.fft.irfft(spectra, FRAME, axis=-1), np.float32)
