"""The room while something in it changes, sounds beside the people, or is lost by the card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE
from edge_agent.sim.acoustics import SOUND_M_S
from edge_agent.sim.room import Room
from edge_agent.sim.scenario_room import Change, RoomSettings
from tests.sim.test_room import SILENT, blocks, click, db, noise, played, speech_like


class TestAChange:
    def test_of_the_loudspeakers_place_changes_the_echo_and_leaves_no_click(self) -> None:
        before = RoomSettings(rt60_s=0.2, noise_dbfs=-180.0)
        after = replace(before, speaker_m=0.5)
        change = Change(1.0, 0.5, after)
        tone = (0.2 * np.sin(2 * np.pi * 500 * np.arange(3 * HEARING_RATE) / HEARING_RATE)).astype(np.float32)
        rooms = Room(before, 1, (), (change,)), Room(before, 1), Room(after, 1)
        changing, old, new = (played(room, tone)[0] for room in rooms)
        assert np.array_equal(changing[: HEARING_RATE - 160], old[: HEARING_RATE - 160])
        settled = slice(int(1.6 * HEARING_RATE), None)
        assert np.allclose(changing[settled], new[settled], atol=1e-5)
        steepest = np.abs(np.diff(changing)).max()
        assert steepest < 1.3 * max(np.abs(np.diff(old)).max(), np.abs(np.diff(new)).max())

    def test_of_the_volume_is_as_large_as_set(self) -> None:
        before = RoomSettings(noise_dbfs=-180.0)
        change = Change(0.5, 0.1, replace(before, speaker_gain_db=-12.0))
        heard = played(Room(before, 1, (), (change,)), noise(3.0))[0]
        assert db(heard[-HEARING_RATE:]) - db(heard[2000:7000]) == pytest.approx(-12.0, abs=0.7)

    def test_follows_the_one_before(self) -> None:
        before = RoomSettings(noise_dbfs=-180.0)
        quieter, deader = replace(before, speaker_gain_db=-6.0), replace(before, rt60_s=0.1)
        changes = [Change(0.5, 0.1, quieter), Change(1.0, 0.1, deader)]
        heard = played(Room(before, 1, (), changes), noise(2.0))[0]
        assert np.allclose(heard[-1600:], played(Room(changes[1].room, 1), noise(2.0))[0][-1600:], atol=1e-4)


class TestFurtherSources:
    def test_are_at_their_level_wherever_they_are(self) -> None:
        room = Room(RoomSettings(noise_dbfs=-180.0), 1, (3.0, (5.0, 4.0, 1.0)))
        for source in (1, 2):
            rows = np.zeros((300, 3, HEARING_BLOCK), np.float32)
            rows[:, source] = blocks(speech_like(3.0, -30.0))
            heard = np.concatenate([room.step(SILENT, row) for row in rows], axis=1)[0]
            assert db(heard) == pytest.approx(-30.0, abs=1.5)

    def test_change_nothing_for_the_others(self) -> None:
        source = noise(1.0)
        alone = played(Room(RoomSettings(), 5), source)
        assert np.allclose(played(Room(RoomSettings(), 5, (2.0, 3.5)), source), alone, atol=1e-6)

    def test_are_heard_from_where_they_are(self) -> None:
        room = Room(RoomSettings(rt60_s=0.0, noise_dbfs=-180.0), 1, ((4.0, 2.1, 0.9),))
        click_there = np.zeros((2, HEARING_BLOCK), np.float32)
        click_there[1, 0] = 0.5
        silence = np.zeros_like(click_there)
        heard = np.concatenate([room.step(SILENT, click_there if n == 0 else silence)[0] for n in range(10)])
        assert int(np.argmax(np.abs(heard))) == pytest.approx(3.0 / SOUND_M_S * HEARING_RATE, abs=1)


class TestASlip:
    @pytest.mark.parametrize("samples", [37, -37])
    def test_moves_the_echo_by_as_much_as_was_lost(self, samples: int) -> None:
        room = Room(RoomSettings(noise_dbfs=-180.0), 1)
        room.slip(samples)
        peak = int(np.argmax(np.abs(played(room, click(0.3))[0])))
        unmoved = int(np.argmax(np.abs(played(Room(RoomSettings(noise_dbfs=-180.0), 1), click(0.3))[0])))
        assert peak == unmoved - samples
        assert room.lag == 640 - samples

    def test_beyond_the_cards_buffer_starts_again_in_the_middle(self) -> None:
        room = Room(RoomSettings(delay_ms=5.0), 1)
        room.slip(200)
        assert room.lag == 80
