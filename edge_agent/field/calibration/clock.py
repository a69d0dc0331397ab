"""Two clocks, or one that loses samples: what the arrivals of the same sweep, time after time, tell.

Law: responses in, figures out. A response that comes later and later by the same amount each time is a clock that
differs; one that jumps has lost samples, or got some twice. Arrivals are compared by the phase of their cross-spectrum,
to a hundredth of a sample; seconds, samples at 16 kHz.

Sign: as `AudioDevice.drift_ppm`: above 0 the loudspeaker's clock is the faster one, and the delay shrinks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.audio.format import HEARING_RATE
from edge_agent.field.calibration.sweep import Vector

_SURE_SAMPLES = 0.02  # of an arrival, one sigma at best: the clocks' own tremble
_PHASE_HZ = (300.0, 5000.0)  # where loudspeakers are loud
SLIP_SAMPLES = 0.5  # on one clock nothing else moves an arrival so far from the line
STEERED_SLIP_SAMPLES = 8.0  # a clock that is made to follow is pulled by up to 60 ppm: 3 samples from sweep to sweep


@dataclass(frozen=True, slots=True)
class Clock:
    """drift_ppm, and its 95 % bound.  slips: samples lost (positive) or doubled, in silence, by the sweep before them.
    spread_ms: between the earliest arrival and the latest, the drift taken off, slips left in."""

    drift_ppm: float
    error_ppm: float
    slips: tuple[int, ...]
    spread_ms: float


def later_by(response: Vector, first: Vector) -> float:
    """By how many samples one response is later than another of the same path."""
    size = 2 * len(first)
    cross = np.fft.rfft(response, size) * np.conj(np.fft.rfft(first, size))
    whole = int(np.argmax(np.fft.irfft(cross, size)))
    whole -= size if whole > size // 2 else 0
    hz = np.fft.rfftfreq(size, 1.0 / HEARING_RATE)
    inside = (hz > _PHASE_HZ[0]) & (hz < _PHASE_HZ[1])
    omega = 2.0 * np.pi * hz[inside] / HEARING_RATE
    rest = cross[inside] * np.exp(1j * omega * whole)
    weight = np.abs(rest)
    return whole - float(np.sum(weight * omega * np.angle(rest)) / (np.sum(weight * omega**2) + 1e-30))


def clock(at_s: Sequence[float], arrivals: Sequence[float], *, slip_samples: float) -> Clock:
    """at_s: when each sweep began.  arrivals: by how many samples each came later than the first. At least two."""
    times, late = np.asarray(at_s), np.asarray(arrivals)
    steps, gaps = np.diff(late), np.diff(times)
    slopes = steps / gaps
    usual = float(sorted(slopes, key=abs)[(len(slopes) - 1) // 2])  # a median that one slip in two does not move
    jumps = steps - usual * gaps
    limit = max(slip_samples, 6.0 * float(np.sort(np.abs(jumps))[(len(jumps) - 1) // 2]))
    jumps[np.abs(jumps) < limit] = 0.0
    smooth = late - np.concatenate([[0.0], np.cumsum(jumps)])
    centred = times - times.mean()
    spread2 = float(np.sum(centred**2))
    slope = float(np.sum(centred * smooth)) / spread2
    residual = smooth - smooth.mean() - slope * centred
    sigma = max(_SURE_SAMPLES, math.sqrt(float(np.sum(residual**2)) / max(1, len(late) - 2)))
    per_ppm = HEARING_RATE * 1e-6
    away = late - late[0] - slope * (times - times[0])
    return Clock(
        -slope / per_ppm,
        2.0 * sigma / math.sqrt(spread2) / per_ppm,
        tuple(-round(float(jump)) for jump in jumps if jump),
        1000.0 * float(np.ptp(away)) / HEARING_RATE,
    )
