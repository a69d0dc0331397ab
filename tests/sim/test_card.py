"""What the sound card does, and when."""

from __future__ import annotations

import pytest

from edge_agent.sim.card import Card
from edge_agent.sim.scenario_card import CardTrouble
from edge_agent.sim.scenario_room import RoomSettings


class TestATrouble:
    def test_of_lost_samples_happens_once_in_its_block(self) -> None:
        card = Card((CardTrouble(0.05, "lost", samples=33), CardTrouble(0.08, "repeated", samples=7)))
        assert [card.slip(block) for block in range(12)] == [0, 0, 0, 0, 0, 33, 0, 0, -7, 0, 0, 0]
        assert card.slips == 2

    def test_of_an_overrun_tells_the_blocks(self) -> None:
        card = Card((CardTrouble(0.02, "overrun", blocks=4),))
        assert [card.overrun(block) for block in range(5)] == [0, 0, 4, 0, 0]
        assert card.lost_blocks == 4

    def test_keeps_a_card_away_for_its_time(self) -> None:
        card = Card((CardTrouble(0.02, "gone", for_s=0.05),))
        assert [card.is_gone(block) for block in range(10)] == [False] * 2 + [True] * 5 + [False] * 3

    def test_that_falls_into_another_happens_after_it(self) -> None:
        card = Card((CardTrouble(0.02, "gone", for_s=0.05), CardTrouble(0.04, "lost", samples=5)))
        slips = [0 if card.is_gone(block) else card.slip(block) for block in range(10)]
        assert slips == [0] * 7 + [5, 0, 0]


class TestSlipsAtRandom:
    def test_come_as_often_as_set_in_both_directions(self) -> None:
        card = Card(room=RoomSettings(slips_per_min=30.0, slip_samples=16), seed=3)
        slips = [card.slip(block) for block in range(60_000)]  # ten minutes
        assert len([slip for slip in slips if slip]) == pytest.approx(300, rel=0.2)
        assert set(slips) == {0, 16, -16}

    def test_are_the_same_for_the_same_seed_whatever_the_jitter(self) -> None:
        def slips(jitter_ms: float) -> list[int]:
            card = Card(room=RoomSettings(slips_per_min=30.0, jitter_ms=jitter_ms), seed=3)
            return [card.slip(block) + round(0 * card.late_s()) for block in range(5000)]

        assert slips(0.0) == slips(40.0)


class TestJitter:
    def test_is_within_its_bound(self) -> None:
        card = Card(room=RoomSettings(jitter_ms=20.0))
        late = [card.late_s() for _ in range(500)]
        assert min(late) >= 0.0
        assert 0.015 < max(late) <= 0.020
        assert Card().late_s() == 0.0
