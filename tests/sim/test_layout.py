"""Who sits where."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sim.layout import LayoutError, lay_out
from edge_agent.sim.scenario_room import RoomSettings


class TestADistance:
    @given(distance_m=st.floats(0.2, 4.0), seed=st.integers(0, 2**32 - 1))
    def test_becomes_a_place_so_far_away_inside_the_room(self, distance_m: float, seed: int) -> None:
        room = RoomSettings(talker_m=distance_m)
        place = lay_out(room, seed).sources[0]
        assert float(np.linalg.norm(place - np.array(room.mic_m))) == pytest.approx(distance_m)
        assert np.all(place > 0)
        assert np.all(place < np.array(room.size_m))

    @given(seed=st.integers(0, 1000))
    def test_stays_inside_a_small_room_whatever_the_seed(self, seed: int) -> None:
        room = RoomSettings(size_m=(2.0, 1.8, 2.4), mic_m=(0.2, 0.9, 0.8), talker_m=1.2)
        place = lay_out(room, seed, (0.8, 1.4)).sources[-1]
        assert np.all(place > 0)
        assert np.all(place < np.array(room.size_m))

    def test_that_leaves_the_room_in_every_direction_is_refused(self) -> None:
        with pytest.raises(LayoutError, match="talker_m: found 4, expected a distance that stays inside the room"):
            lay_out(RoomSettings(size_m=(2.0, 2.0, 2.4), mic_m=(1.0, 1.0, 0.9), talker_m=4.0), 1)

    def test_is_another_place_for_each_source(self) -> None:
        layout = lay_out(RoomSettings(), 1, (2.0, 2.0))
        assert not np.allclose(layout.sources[1], layout.sources[2])


class TestAPlace:
    def test_is_kept(self) -> None:
        layout = lay_out(RoomSettings(speaker_m=(1.1, 2.2, 0.7), talker_m=(3.0, 1.0, 1.5)), 1, ((2.0, 2.0, 1.0),))
        assert layout.speaker.tolist() == [1.1, 2.2, 0.7]
        assert [place.tolist() for place in layout.sources] == [[3.0, 1.0, 1.5], [2.0, 2.0, 1.0]]

    def test_outside_the_room_is_refused(self) -> None:
        with pytest.raises(LayoutError, match=r"speaker_m: found \[7, 2, 1\], expected a place inside the room of 6 x"):
            lay_out(RoomSettings(speaker_m=(7.0, 2.0, 1.0)), 1)


class TestMicrophones:
    def test_in_a_line_are_one_spacing_apart(self) -> None:
        mics = lay_out(RoomSettings(mics=4, spacing_m=0.04), 1).mics
        assert np.allclose(np.linalg.norm(np.diff(mics, axis=0), axis=1), 0.04)

    @pytest.mark.parametrize("count", [2, 4, 6])
    def test_in_a_circle_are_one_spacing_from_their_neighbours_around_its_middle(self, count: int) -> None:
        room = RoomSettings(mics=count, array="circle", spacing_m=0.05)
        mics = lay_out(room, 1).mics
        assert np.allclose(mics.mean(axis=0), room.mic_m)
        assert np.allclose(np.linalg.norm(mics - np.roll(mics, 1, axis=0), axis=1), 0.05)
        radius = 0.05 / (2 * math.sin(math.pi / count))
        assert np.allclose(np.linalg.norm(mics - np.array(room.mic_m), axis=1), radius)

    def test_may_not_stand_outside(self) -> None:
        with pytest.raises(LayoutError, match=r"mic_m: .*expected microphones inside the room"):
            lay_out(RoomSettings(mics=8, spacing_m=0.5), 1)
