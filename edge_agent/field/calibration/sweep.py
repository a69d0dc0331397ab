"""The sweep: a sine that rises exponentially, and what is read out of its recording.

Law: arithmetic on samples; nothing is played or judged here. Farina, "Simultaneous measurement of impulse response and
distortion with a swept-sine technique" (108th AES Convention, 2000): divided by its own spectrum, a recorded sweep
becomes the path's impulse response, and the harmonics that a loudspeaker adds become responses of their own, each
*earlier* than the true one by a time that its order alone decides.

Units: Hz, seconds; levels in dB, 0 for a full-scale peak. A response is (n,) float64 at 16 kHz, lag 0 at index 0;
negative lags, which hold the harmonics, lie at its end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE, Samples

Vector = npt.NDArray[np.float64]

LOW_HZ = 100.0  # below, loudspeakers of 4 cm give nothing but excursion
HIGH_HZ = 7000.0  # above, the filters that lead to 16 kHz close
FADE_IN_S, FADE_OUT_S = 0.05, 0.01  # no click; at the low end a fade of less than some periods is one
HARMONICS = (2, 3, 4, 5)
_EDGES_HZ = (110.0, 160.0, 6300.0, 6800.0)  # where the division fades in and out: outside of it is only noise
_FLOOR = 1e-4  # of the strongest bin's power: what the sweep did not play cannot be divided by


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep. seconds: its length.  peak_db: its peak, before the volume."""

    seconds: float
    peak_db: float

    def samples(self, rate: int) -> Samples:
        """Shape (seconds * rate,), faded in and out."""
        time = np.arange(round(self.seconds * rate)) / rate
        growth = math.log(HIGH_HZ / LOW_HZ) / self.seconds
        tone = np.sin(2.0 * np.pi * LOW_HZ / growth * np.expm1(time * growth)) * 10.0 ** (self.peak_db / 20.0)
        rise, fall = round(FADE_IN_S * rate), round(FADE_OUT_S * rate)
        tone[:rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)
        tone[-fall:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, fall + 1) / fall)
        return np.asarray(tone, np.float32)

    def lead_s(self, order: int) -> float:
        """By how much the response of a harmonic is earlier than the path's own."""
        return self.seconds * math.log(order) / math.log(HIGH_HZ / LOW_HZ)

    def hz_at(self, at_s: float) -> float:
        """What it plays so long after its beginning."""
        return LOW_HZ * math.exp(at_s / self.seconds * math.log(HIGH_HZ / LOW_HZ))


def deconvolved(heard: Samples, given: Samples) -> Vector:
    """The path's response between two recordings of one length, (n,), in the sweep's band.

    given: must be silent where no sweep was.
    """
    size = 1 << (2 * len(given) - 1).bit_length()
    source = np.fft.rfft(np.asarray(given, np.float64), size)
    power = np.abs(source) ** 2
    hz = bins_hz(size, HEARING_RATE)
    division = np.conj(source) / (power + _FLOOR * power.max() + 1e-30) * _band(hz)
    response: Vector = np.fft.irfft(np.fft.rfft(np.asarray(heard, np.float64), size) * division, size)
    return response


def lagged(response: Vector, from_s: float, to_s: float) -> Vector:
    """The part of a response between two lags, s, negative ones too."""
    lags = np.arange(round(from_s * HEARING_RATE), round(to_s * HEARING_RATE))
    return response[lags % len(response)]


def speech_power(part: Vector) -> float:
    """What the power of speech is multiplied with on a path with this response.

    The weight of a frequency, after Byrne et al. (1994): flat up to 500 Hz, above 9 dB an octave down.
    """
    power = np.abs(np.fft.rfft(part)) ** 2
    weight = speech_weight(bins_hz(len(part), HEARING_RATE))
    return float(np.sum(weight * power) / np.sum(weight))


def speech_weight(hz: Vector) -> Vector:
    """Power of speech by frequency, where the sweep's band is whole."""
    inside = (hz >= _EDGES_HZ[1]) & (hz <= _EDGES_HZ[2])
    return np.asarray(inside * np.minimum(1.0, (np.maximum(hz, 1.0) / 500.0) ** -3.0))


def bins_hz(size: int, rate: int) -> Vector:
    """Frequencies of a real transform of this size."""
    return np.asarray(np.fft.rfftfreq(size, 1.0 / rate), np.float64)


def _band(hz: Vector) -> Vector:
    """1 in the sweep's band, 0 outside of it, raised cosines between."""
    low, rises, falls, high = _EDGES_HZ
    inside = np.clip((hz - low) / (rises - low), 0.0, 1.0) * np.clip((high - hz) / (high - falls), 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * inside))
