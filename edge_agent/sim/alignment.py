"""Where in one recording a piece of another lies: normalised cross-correlation.

Law: arithmetic on recorded arrays, 16 kHz. A correlation is in [-1, 1]: 1 is the same wave at any level, 0 is chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.loudness import samples_at


@dataclass(frozen=True, slots=True)
class Alignment:
    """start_ms: where the piece's first sample lies in the recording.  correlation: how sure that is."""

    start_ms: float
    correlation: float


def align(piece: Samples, recording: Samples, from_ms: float, to_ms: float) -> Alignment:
    """The best place of `piece` among those that begin between two moments of `recording`; silence fits nowhere."""
    first = max(0, samples_at(from_ms))
    region = recording[first : max(first, samples_at(to_ms)) + len(piece)].astype(np.float64)
    places = len(region) - len(piece) + 1
    piece_energy = float(np.dot(piece, piece))
    if places < 1 or piece_energy < 1e-12:
        return Alignment(from_ms, 0.0)
    size = 1 << (len(region) + len(piece)).bit_length()
    spectrum = np.fft.rfft(region, size) * np.conj(np.fft.rfft(piece, size))
    products = np.fft.irfft(spectrum, size)[:places]
    sums = np.concatenate([[0.0], np.cumsum(region**2)])
    energies = sums[len(piece) :] - sums[:places]
    correlations = np.where(energies > 1e-9, products / np.sqrt(np.maximum(energies, 1e-9) * piece_energy), 0.0)
    best = int(np.argmax(correlations))
    return Alignment((first + best) * 1000 / HEARING_RATE, float(correlations[best]))
