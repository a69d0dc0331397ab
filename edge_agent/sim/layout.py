"""Who sits where in the room: microphones, loudspeaker, people and what else makes a sound.

Law: places only, metres, (x, y, z) from the room's lower left corner; no sound. The same seed gives the same places. A
distance becomes a place: the loudspeaker's beside the microphones, people's and other sources' in a direction that the
seed draws, or in the next one that stays inside the room.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Place = tuple[float, float, float]
Where = float | Place  # a distance from the first microphone (a circle's middle), or a place

_WALL_M = 0.05  # nothing stands nearer to a wall
_MOUTH_M = 0.5  # a mouth is at most so much higher than a sideboard
_DIRECTIONS = 72


class Furniture(Protocol):
    """What the layout needs of `scenario_room.RoomSettings`."""

    @property
    def size_m(self) -> Place: ...
    @property
    def mic_m(self) -> Place: ...
    @property
    def mics(self) -> int: ...
    @property
    def array(self) -> str: ...
    @property
    def spacing_m(self) -> float: ...
    @property
    def speaker_m(self) -> Where: ...
    @property
    def talker_m(self) -> Where: ...


class LayoutError(ValueError):
    """A place that is not in the room: which key, what was found, what would do."""

    def __init__(self, key: str, found: str, expected: str) -> None:
        super().__init__(f"{key}: found {found}, expected {expected}")
        self.key, self.found, self.expected = key, found, expected


@dataclass(frozen=True)
class Layout:
    """mics: (mics, 3).  speaker: (3,).  sources: the place of the talkers, then of each further source."""

    size_m: Place
    mics: Vector
    speaker: Vector
    sources: tuple[Vector, ...]

    def distance_m(self, source: int) -> float:
        """From a source to the first microphone."""
        return float(np.linalg.norm(self.sources[source] - self.mics[0]))


def lay_out(room: Furniture, seed: int, further: Sequence[Where] = ()) -> Layout:
    """further: sources beside the talkers' place. Raises LayoutError."""
    middle = np.array(room.mic_m)
    mics = middle + _array(room.mics, room.array, room.spacing_m)
    for mic in mics:
        if not _inside(mic, room.size_m):
            raise LayoutError("mic_m", _shown(mic), _expected(room.size_m, "microphones"))
    speaker = _placed("speaker_m", room.speaker_m, -math.pi / 2, room, rises=False)
    side = float(_source_random(seed, 0).uniform(-0.35, 0.35))
    sources = [_placed("talker_m", room.talker_m, side, room)]
    for number, where in enumerate(further, 1):
        angle = float(_source_random(seed, number).uniform(-math.pi, math.pi))
        sources.append(_placed("m", where, angle, room))
    return Layout(room.size_m, mics, speaker, tuple(sources))


def source_seed(seed: int, number: int) -> list[int]:
    """Of whatever is drawn for one source: 0 is the talkers' place and the loudspeaker."""
    return [seed, 0x700] if number == 0 else [seed, 0x701, number]


def _source_random(seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng(source_seed(seed, number))


def _array(mics: int, shape: str, spacing_m: float) -> Vector:
    """Offsets (mics, 3) from the array's place; neighbours are spacing_m apart."""
    if shape == "circle" and mics > 1:
        radius = spacing_m / (2.0 * math.sin(math.pi / mics))
        angles = 2.0 * np.pi * np.arange(mics) / mics
        return np.stack([radius * np.cos(angles), radius * np.sin(angles), np.zeros(mics)], axis=1)
    return np.asarray(np.arange(mics)[:, None] * np.array([0.0, spacing_m, 0.0]))


def _placed(key: str, where: Where, angle: float, room: Furniture, *, rises: bool = True) -> Vector:
    if isinstance(where, tuple):
        place = np.array(where)
        if not _inside(place, room.size_m):
            raise LayoutError(key, _shown(place), _expected(room.size_m, "a place"))
        return place
    rise = min(_MOUTH_M, where / 3.0) if rises else 0.0
    along = math.sqrt(where**2 - rise**2)
    for turn in range(_DIRECTIONS):
        towards = angle + turn * 2.0 * math.pi / _DIRECTIONS
        offset = np.array([along * math.cos(towards), along * math.sin(towards), rise])
        offset[np.abs(offset) < 1e-12] = 0.0
        if _inside(np.array(room.mic_m) + offset, room.size_m):
            return np.asarray(np.array(room.mic_m) + offset)
    raise LayoutError(key, f"{where:g}", "a distance that stays inside the room in some direction")


def _inside(place: Vector, size_m: Place) -> bool:
    return bool(np.all(place >= _WALL_M) and np.all(place <= np.array(size_m) - _WALL_M))


def _expected(size_m: Place, what: str) -> str:
    return f"{what} inside the room of {' x '.join(f'{side:g}' for side in size_m)} m, {_WALL_M:g} m from its walls"


def _shown(place: Vector) -> str:
    return "[" + ", ".join(f"{item:.4g}" for item in place) + "]"
