"""Rooms: impulse responses of one place with a device, a talker and something that plays elsewhere in it.

Law: geometry and decay, drawn from the generator handed in; nothing is played here. Early images and the level of the
tail are the simulation's (`edge_agent/sim/acoustics.py`); the tail's colour is made here: air and curtains swallow the
high end first, and a device's own housing rings.

Units: metres, seconds, samples at 16 kHz; responses float32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.acoustics import SINC, SOUND_M_S, Shoebox, Vector, fractional
from tests.training.device import Random, colour, filtered

_WALL_M = 0.3  # nobody sits nearer to a wall
_EARLY_S = 0.05  # images up to here, a diffuse tail behind, as in the simulation
_EARLY = int(_EARLY_S * HEARING_RATE)
_PHASES = 64  # of an image's arrival between two samples
_ARRIVALS = np.stack([fractional(phase / _PHASES) for phase in range(_PHASES + 1)])


@dataclass(frozen=True, slots=True)
class RoomSound:
    """One room and where things are in it. `moved` is the speaker's path after something in the room has moved."""

    rt60_s: float
    speaker: Samples
    moved: Samples
    talker: Samples
    other: Samples


def room_sound(random: Random) -> RoomSound:
    size = random.uniform([2.5, 2.5, 2.3], [7.0, 6.0, 3.2])
    rt60_s = float(random.uniform(0.15, 0.7))
    room = _QuickShoebox((float(size[0]), float(size[1]), float(size[2])), rt60_s)
    mic = random.uniform([0.6, 0.6, 0.6], size - [0.6, 0.6, 0.8])
    near_m = float(random.uniform(0.1, 0.4))
    speaker = _around(random, mic, near_m, size)
    moved_to = _around(random, mic, near_m * float(random.uniform(0.8, 1.25)), size)
    talker = _around(random, mic, float(np.exp(random.uniform(np.log(0.5), np.log(4.0)))), size)
    other = _around(random, mic, float(random.uniform(1.5, 4.0)), size)
    taps = int((rt60_s + 0.05) * HEARING_RATE)
    falls = float(random.uniform(0.0, 1.0))
    house = colour(random, 4.0, 50.0)

    def heard(place: Vector, facing: float) -> Samples:
        return _darkened(room.response(place, mic, taps, random, facing=facing), rt60_s, falls)

    first, then = filtered(heard(speaker, 1.0), house), filtered(heard(moved_to, 1.0), house)
    return RoomSound(rt60_s, first, then, heard(talker, 1.4), heard(other, 1.0))


class _QuickShoebox(Shoebox):
    """The simulation's room, all images at once and each at the nearest of 64 places between two samples."""

    def response(self, source: Vector, mic: Vector, taps: int, random: Random, *, facing: float) -> Vector:
        order = math.ceil(_EARLY_S * SOUND_M_S / (2.0 * float(self._size.min())))
        distances, bounces = self._images(source, mic, order)
        early = distances * HEARING_RATE / SOUND_M_S < _EARLY
        distances, bounces = distances[early], bounces[early]
        arrivals = distances * HEARING_RATE / SOUND_M_S
        whole = np.floor(arrivals).astype(np.int64)
        gains = self._reflection**bounces / distances * np.where(bounces == 0, facing, 1.0)
        shapes = gains[:, None] * _ARRIVALS[np.round((arrivals - whole) * _PHASES).astype(np.int64)]
        places = whole[:, None] + 1 + np.arange(2 * SINC)
        response: Vector = np.bincount(places.ravel(), shapes.ravel(), taps + 2 * SINC).astype(np.float64)
        response = response[SINC : SINC + taps]
        at_s = np.arange(_EARLY, taps) / HEARING_RATE
        density = 4.0 * math.pi * SOUND_M_S / (self._volume * HEARING_RATE)  # energy of a sample's images, undamped
        response[_EARLY:] += random.standard_normal(taps - _EARLY) * math.sqrt(density) * np.exp(-self._decay * at_s)
        return response


def _around(random: Random, mic: Vector, distance_m: float, size: Vector) -> Vector:
    """A place so far from `mic`, or a little less where a wall is in the way."""
    direction = random.normal(0, 1, 3) * [1, 1, 0.3]
    direction /= np.linalg.norm(direction) + 1e-9
    for shorter in (1.0, 0.8, 0.6, 0.4, 0.2):
        for sign in (1, -1):
            place: Vector = mic + sign * shorter * distance_m * direction
            if np.all(place > min(_WALL_M, 0.2)) and np.all(place < size - 0.2):
                return place
    nearest: Vector = mic + 0.1 * direction
    return nearest


def _darkened(response: Vector, rt60_s: float, falls: float) -> Samples:
    """The tail's high end dies `1 + falls` times as fast as its low end."""
    smooth = np.hanning(19)[1:-1]
    low = np.convolve(response, smooth / smooth.sum(), "same")  # below about 1.5 kHz
    extra = np.exp(-falls * 3 * np.log(10) / rt60_s * np.maximum(np.arange(len(response)) - _EARLY, 0) / HEARING_RATE)
    darker: Samples = (low + (response - low) * extra).astype(np.float32)
    return darker
