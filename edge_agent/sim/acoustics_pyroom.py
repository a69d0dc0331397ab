"""Impulse responses by pyroomacoustics, an optional package: image sources to the end of the reverberation.

Law: a translation of places and units, nothing else; whoever asks for this engine gets it or an error that says what to
install, never another engine. Its image sources have no diffuse tail: late reverberation is that of bare, even walls.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from edge_agent.audio.format import HEARING_RATE
from edge_agent.sim.acoustics import SINC, SOUND_M_S, Vector, absorption_of, fractional

PACKAGE = "pyroomacoustics"
_MAX_ORDER = 60  # reflections; more is minutes of arithmetic for what nobody hears


class AcousticsError(Exception):
    """The engine that the scenario names cannot be had; the text says what to install."""


class PyRoom:
    """As `acoustics.Shoebox`, by another hand. Raises AcousticsError where the package is not installed."""

    def __init__(self, size_m: tuple[float, float, float], rt60_s: float) -> None:
        try:
            self._pra: Any = importlib.import_module(PACKAGE)
        except ImportError as error:
            raise AcousticsError(
                f'room.engine: found "{PACKAGE}", which is not installed ({error}); install the extra '
                f'edge-agent[rooms] or the PyPI package {PACKAGE}, or take engine = "builtin"'
            ) from error
        self._size_m, self._rt60_s = size_m, rt60_s
        self._pra.constants.set("c", SOUND_M_S)
        # Releases differ by 4 pi in what they call unity: the sound of a source at one metre in the open air tells.
        self._unity = float(abs(self._heard((8.0, 8.0, 8.0), 1.0, 0, (4.0, 4.0, 4.0), (5.0, 4.0, 4.0)).sum()))

    def response(self, source: Vector, mic: Vector, taps: int, random: np.random.Generator, *, facing: float) -> Vector:
        found = self._heard(self._size_m, self._absorption(), self._order(), source, mic) / self._unity
        ahead = self._pra.constants.get("frac_delay_length") // 2  # its filters begin that much before their sound
        response = np.zeros(taps + 2 * SINC)
        kept = found[ahead : ahead + taps]
        response[: len(kept)] = kept
        distance_m = float(np.linalg.norm(source - mic))
        arrival = distance_m * HEARING_RATE / SOUND_M_S
        whole = math.floor(arrival)
        first = max(0, whole + 1 - SINC)
        more = (facing - 1.0) / distance_m * fractional(arrival - whole)
        response[first : whole + 1 + SINC] += more[first - (whole + 1 - SINC) :]
        return response[:taps]

    def _heard(
        self, size_m: tuple[float, ...], absorption: float, order: int, source: Iterable[float], mic: Iterable[float]
    ) -> Vector:
        walls = self._pra.Material(absorption)
        room = self._pra.ShoeBox(list(size_m), fs=HEARING_RATE, materials=walls, max_order=order)
        room.add_source([float(item) for item in source])
        room.add_microphone([float(item) for item in mic])
        room.compute_rir()
        return np.asarray(room.rir[0][0], np.float64)

    def _absorption(self) -> float:
        return absorption_of(self._size_m, self._rt60_s) if self._rt60_s > 0.0 else 1.0

    def _order(self) -> int:
        """Enough reflections to fill the reverberation time along the shortest way between two walls."""
        if self._rt60_s <= 0.0:
            return 0
        return min(_MAX_ORDER, math.ceil(self._rt60_s * SOUND_M_S / min(self._size_m)))
