"""The acoustics of a shoebox room: impulse responses from a place to a place.

Law: geometry and arithmetic in double precision; who sits where is `layout.py`'s, what is played is `room.py`'s. Gain
is 1 at one metre. Metres, seconds, samples at 16 kHz; places are (x, y, z) from the room's lower left corner.

Two engines behind one verb: `Shoebox`, built in (image sources for the first 50 ms, a diffuse tail behind), and
`acoustics_pyroom.PyRoom`, image sources to the end, by the optional package pyroomacoustics.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE

Vector = npt.NDArray[np.float64]

SOUND_M_S = 343.0
SINC = 8  # taps each side of a fractional delay
_EARLY_S = 0.05  # images up to here, a diffuse tail behind: the ear and the canceller tell no difference


class Acoustics(Protocol):
    def response(self, source: Vector, mic: Vector, taps: int, random: np.random.Generator, *, facing: float) -> Vector:
        """(taps,) from `source` to `mic`; `facing` times more on the direct way.  random: for what is not geometry."""
        ...


class Shoebox:
    """Image sources (Allen & Berkley 1979), then a diffuse tail at the level the images would have.

    The walls' absorption follows from RT60 by Eyring's formula; rt60_s 0 is the open air.
    """

    def __init__(self, size_m: tuple[float, float, float], rt60_s: float) -> None:
        self._size = np.array(size_m)
        self._rt60_s = rt60_s
        self._volume = float(np.prod(self._size))
        self._decay = 3.0 * math.log(10.0) / rt60_s if rt60_s > 0.0 else 0.0  # of the amplitude, per second
        mean_free_path = 4.0 * self._volume / surface_of(size_m)
        self._reflection = math.exp(-self._decay * mean_free_path / SOUND_M_S)

    def response(self, source: Vector, mic: Vector, taps: int, random: np.random.Generator, *, facing: float) -> Vector:
        reverberant = self._rt60_s > 0.0
        early = min(taps, int(_EARLY_S * HEARING_RATE)) if reverberant else taps
        order = math.ceil(_EARLY_S * SOUND_M_S / (2.0 * float(self._size.min()))) if reverberant else 0
        distances, bounces = self._images(source, mic, order)
        if not reverberant:
            distances, bounces = distances[bounces == 0], bounces[bounces == 0]
        response = np.zeros(taps + 2 * SINC)
        arrivals = distances * HEARING_RATE / SOUND_M_S
        gains = self._reflection**bounces / distances * np.where(bounces == 0, facing, 1.0)
        near = arrivals < early
        for arrival, gain in zip(arrivals[near], gains[near], strict=True):
            whole = math.floor(arrival)
            response[whole + 1 : whole + 1 + 2 * SINC] += gain * fractional(arrival - whole)
        response = response[SINC : SINC + taps]
        if reverberant:
            at_s = np.arange(early, taps) / HEARING_RATE
            density = 4.0 * math.pi * SOUND_M_S / (self._volume * HEARING_RATE)  # energy of a sample's images, undamped
            noise = random.standard_normal(taps - early)
            response[early:] += noise * math.sqrt(density) * np.exp(-self._decay * at_s)
        return response

    def _images(self, source: Vector, mic: Vector, order: int) -> tuple[Vector, npt.NDArray[np.int64]]:
        """Distances (n,) of the mirror images of the source, and over how many walls each came (n,)."""
        grid = np.arange(-order, order + 1)
        offsets, walls = [], []
        for axis in range(3):
            straight = 2.0 * grid * self._size[axis] + source[axis] - mic[axis]
            mirrored = 2.0 * grid * self._size[axis] - source[axis] - mic[axis]
            offsets.append(np.concatenate([straight, mirrored]))
            walls.append(np.concatenate([2 * np.abs(grid), np.abs(2 * grid - 1)]))
        x, y, z = np.meshgrid(*offsets, indexing="ij")
        over_x, over_y, over_z = np.meshgrid(*walls, indexing="ij")
        return np.sqrt(x * x + y * y + z * z).ravel(), (over_x + over_y + over_z).ravel()


def surface_of(size_m: tuple[float, float, float]) -> float:
    """Of all six walls, square metres."""
    x, y, z = size_m
    return 2.0 * (x * y + y * z + x * z)


def rt60_of(size_m: tuple[float, float, float], absorption: float) -> float:
    """Eyring's reverberation time, s, of walls that all swallow this share of the energy (0 to 1, exclusive)."""
    volume = math.prod(size_m)
    return 24.0 * math.log(10.0) * volume / (-SOUND_M_S * surface_of(size_m) * math.log(1.0 - absorption))


def absorption_of(size_m: tuple[float, float, float], rt60_s: float) -> float:
    """The inverse of `rt60_of`, for rt60_s > 0."""
    volume = math.prod(size_m)
    return 1.0 - math.exp(-24.0 * math.log(10.0) * volume / (SOUND_M_S * surface_of(size_m) * rt60_s))


def critical_distance_m(size_m: tuple[float, float, float], rt60_s: float) -> float:
    """Where the direct sound of a source that sends alike in all directions equals the diffuse field: sqrt(A/16 pi).

    A is the absorption area that goes with the built-in tail, whose energy is that of all images: by Eyring's exponent.
    """
    area = -surface_of(size_m) * math.log(1.0 - absorption_of(size_m, rt60_s))
    return math.sqrt(area / (16.0 * math.pi))


def fractional(fraction: float) -> npt.NDArray[np.float32]:
    """Sixteen taps that delay by SINC - 1 + fraction samples; windowed sinc (Laakso et al. 1996)."""
    at = np.arange(2 * SINC) - (SINC - 1) - fraction
    taps = np.sinc(at) * np.cos(np.pi * at / (2 * SINC + 1)) ** 2
    normalised: npt.NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return normalised


def high_passed(responses: Vector, hz: float) -> Vector:
    """A small loudspeaker's low end: a second-order Butterworth high-pass, along the last axis."""
    taps = responses.shape[-1]
    size = 2 * taps
    omega = math.tan(math.pi * hz / HEARING_RATE)
    z = np.exp(2j * np.pi * np.arange(size // 2 + 1) / size)
    s = (z - 1.0) / (z + 1.0 + 1e-12) / omega
    gain = s * s / (s * s + math.sqrt(2.0) * s + 1.0)
    filtered: Vector = np.fft.irfft(np.fft.rfft(responses, size, axis=-1) * gain, size, axis=-1)
    return filtered[..., :taps]


def speech_gain(response: Vector) -> float:
    """By how much this path changes the level of speech: its power gain under the long-term spectrum of speech.

    The spectrum, after Byrne et al. 1994: flat from 100 to 500 Hz, 9 dB an octave down above, nothing below.
    """
    power = np.abs(np.fft.rfft(response)) ** 2
    hz = np.linspace(0.0, HEARING_RATE / 2.0, len(power))
    weight = np.where(hz < 100.0, 0.0, np.minimum(1.0, (np.maximum(hz, 1.0) / 500.0) ** -3.0))
    return math.sqrt(float(np.sum(weight * power) / np.sum(weight)))
