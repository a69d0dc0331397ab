"""The acoustics of a shoebox: against theory, and against pyroomacoustics where that is installed."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.audio.format import HEARING_RATE
from edge_agent.sim.acoustics import (
    SOUND_M_S,
    Acoustics,
    Shoebox,
    Vector,
    absorption_of,
    critical_distance_m,
    rt60_of,
    surface_of,
)
from edge_agent.sim.acoustics_pyroom import AcousticsError, PyRoom

Size = tuple[float, float, float]
LIVING, OFFICE, HALL = (6.0, 4.5, 2.7), (3.2, 2.6, 2.5), (12.0, 9.0, 4.0)
needs_pyroomacoustics = pytest.mark.skipif(
    importlib.util.find_spec("pyroomacoustics") is None,
    reason="pyroomacoustics is not installed (the extra edge-agent[rooms])",
)


def response(
    engine: Callable[[Size, float], Acoustics], size_m: Size, rt60_s: float, distance_m: float, seed: int = 1
) -> Vector:
    """Somewhere in the middle, where theory's diffuse field is: a wall that is near adds to it."""
    mic = 0.41 * np.array(size_m)
    source = mic + distance_m * np.array([0.8, 0.6, 0.0])
    taps = int((rt60_s * 1.5 + 0.1) * HEARING_RATE)
    return engine(size_m, rt60_s).response(source, mic, taps, np.random.default_rng(seed), facing=1.0)


def reverberation_s(impulse: Vector) -> float:
    """T30 of what comes behind the direct sound, by Schroeder's backward integration."""
    behind = impulse[int(np.argmax(np.abs(impulse))) + 40 :]
    energy = np.cumsum(np.square(behind[::-1]))[::-1]
    decay = 10 * np.log10(energy / energy[0] + 1e-15)
    return 2 * (int(np.argmax(decay < -35)) - int(np.argmax(decay < -5))) / HEARING_RATE


def direct_to_reverberant_db(impulse: Vector) -> float:
    arrival = int(np.argmax(np.abs(impulse)))
    direct = float(np.sum(impulse[max(0, arrival - 8) : arrival + 9] ** 2))
    return 10 * math.log10(direct / (float(np.sum(impulse**2)) - direct))


class TestTheBuiltIn:
    @pytest.mark.parametrize("size_m", [LIVING, OFFICE, HALL])
    @pytest.mark.parametrize("rt60_s", [0.25, 0.5, 1.0])
    def test_decays_as_set_in_any_room(self, size_m: Size, rt60_s: float) -> None:
        found = reverberation_s(response(Shoebox, size_m, rt60_s, 0.6))
        assert found == pytest.approx(rt60_s, rel=0.15)

    @pytest.mark.parametrize("size_m", [LIVING, HALL])
    @pytest.mark.parametrize("rt60_s", [0.3, 0.6])
    @pytest.mark.parametrize("distance_m", [0.5, 1.0, 2.0])
    def test_is_as_reverberant_as_the_diffuse_field_says(self, size_m: Size, rt60_s: float, distance_m: float) -> None:
        """Direct to reverberant: 20 log (critical distance / distance), on the mean of some tails."""
        found = [direct_to_reverberant_db(response(Shoebox, size_m, rt60_s, distance_m, seed)) for seed in range(4)]
        expected = 20 * math.log10(critical_distance_m(size_m, rt60_s) / distance_m)
        assert float(np.mean(found)) == pytest.approx(expected, abs=2.0)

    def test_has_gain_one_at_one_metre(self) -> None:
        impulse = response(Shoebox, LIVING, 0.0, 1.0)
        assert float(np.sqrt(np.sum(impulse**2))) == pytest.approx(1.0, abs=0.05)
        assert int(np.argmax(np.abs(impulse))) == pytest.approx(HEARING_RATE / SOUND_M_S, abs=1)


class TestAbsorption:
    @given(absorption=st.floats(0.02, 0.98))
    def test_and_reverberation_are_each_others_inverse(self, absorption: float) -> None:
        assert absorption_of(LIVING, rt60_of(LIVING, absorption)) == pytest.approx(absorption, rel=1e-9)

    def test_of_little_is_sabines(self) -> None:
        sabine = 0.161 * math.prod(HALL) / (surface_of(HALL) * 0.02)
        assert rt60_of(HALL, 0.02) == pytest.approx(sabine, rel=0.02)


class TestPyroomacoustics:
    @needs_pyroomacoustics
    def test_hears_the_direct_sound_when_and_as_loud_as_the_built_in(self) -> None:
        ours, theirs = (response(engine, LIVING, 0.4, 1.0) for engine in (Shoebox, PyRoom))
        assert int(np.argmax(np.abs(theirs))) == pytest.approx(int(np.argmax(np.abs(ours))), abs=1)
        assert float(np.abs(theirs).max()) == pytest.approx(float(np.abs(ours).max()), rel=0.15)

    @needs_pyroomacoustics
    @pytest.mark.parametrize("rt60_s", [0.3, 0.6])
    def test_reverberates_like_the_built_in(self, rt60_s: float) -> None:
        """Image sources in a bare shoebox have no diffuse tail: its time is longer, its level the same."""
        ours, theirs = (response(engine, LIVING, rt60_s, 1.5) for engine in (Shoebox, PyRoom))
        assert reverberation_s(theirs) == pytest.approx(reverberation_s(ours), rel=0.45)
        assert direct_to_reverberant_db(theirs) == pytest.approx(direct_to_reverberant_db(ours), abs=3.0)

    @needs_pyroomacoustics
    def test_knows_the_open_air(self) -> None:
        impulse = response(PyRoom, LIVING, 0.0, 1.0)
        assert direct_to_reverberant_db(impulse) > 20

    @pytest.mark.skipif(
        importlib.util.find_spec("pyroomacoustics") is not None, reason="pyroomacoustics is installed here"
    )
    def test_is_named_where_it_is_not_installed(self) -> None:
        with pytest.raises(AcousticsError, match=r'room\.engine: .*not installed.*edge-agent\[rooms\].*"builtin"'):
            PyRoom(LIVING, 0.4)
