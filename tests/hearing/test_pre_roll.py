"""The pre-roll: the last seconds by block number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.audio.format import Samples
from edge_agent.hearing.pre_roll import PreRoll


def block(value: float) -> Samples:
    return np.full(160, value, np.float32)


def filled(indices: range | list[int], seconds: float = 0.1) -> PreRoll:
    pre_roll = PreRoll(seconds)
    for index in indices:
        pre_roll.keep(index, block(index))
        pre_roll.judge(index, index / 1000)
    return pre_roll


class TestSince:
    def test_gives_every_block_from_that_number_on_with_its_probability(self) -> None:
        found = filled(range(20, 28)).since(25)
        assert [(kept.block, kept.samples[0], kept.probability) for kept in found] == [
            (25, 25.0, 0.025),
            (26, 26.0, 0.026),
            (27, 27.0, 0.027),
        ]

    def test_reaches_no_further_back_than_the_ring(self) -> None:
        assert [kept.block for kept in filled(range(35)).since(-5)] == list(range(25, 35))

    def test_of_a_block_to_come_is_empty(self) -> None:
        assert filled(range(5)).since(5) == []

    def test_of_nothing_is_empty(self) -> None:
        assert PreRoll().since(0) == []

    @given(st.sets(st.integers(0, 60), min_size=1), st.integers(-5, 65))
    def test_leaves_lost_pairs_out_and_invents_none(self, indices: set[int], first: int) -> None:
        found = filled(sorted(indices)).since(first)
        newest = max(indices)
        assert [kept.block for kept in found] == sorted(n for n in indices if n >= first and n > newest - 10)
        assert all(kept.samples[0] == kept.block for kept in found)

    def test_hands_out_samples_that_later_blocks_do_not_overwrite(self) -> None:
        pre_roll = filled(range(10))
        (kept,) = pre_roll.since(9)
        for index in range(10, 30):
            pre_roll.keep(index, block(index))
        assert kept.samples[0] == 9.0


class TestKeep:
    def test_copies_what_it_is_given(self) -> None:
        pre_roll, samples = PreRoll(0.1), block(1.0)
        pre_roll.keep(0, samples)
        samples.fill(2.0)
        assert pre_roll.since(0)[0].samples[0] == 1.0

    def test_of_a_lower_number_starts_afresh(self) -> None:
        pre_roll = filled(range(100, 105))
        pre_roll.keep(3, block(3.0))
        assert [kept.block for kept in pre_roll.since(0)] == [3]


class TestAProbability:
    def test_is_nought_until_somebody_asked_the_detector(self) -> None:
        pre_roll = PreRoll(0.1)
        pre_roll.keep(4, block(4.0))
        assert pre_roll.since(0)[0].probability == 0.0
        pre_roll.judge(4, 0.7)
        assert pre_roll.since(0)[0].probability == 0.7

    def test_does_not_stick_to_the_block_that_takes_its_place(self) -> None:
        pre_roll = filled(range(1000))
        pre_roll.keep(1000, block(1000.0))
        assert pre_roll.since(1000)[0].probability == 0.0

    def test_of_a_block_that_is_gone_is_nobodys(self) -> None:
        pre_roll = filled(range(1000))
        pre_roll.judge(3, 0.1234)
        assert 0.1234 not in [kept.probability for kept in pre_roll.for_catching_up()]


class TestCatchingUp:
    @pytest.mark.parametrize("seconds", [0.0, 0.1, 3.0])
    def test_reaches_two_seconds_back_however_little_may_leave_the_device(self, seconds: float) -> None:
        remembered = filled(range(1000), seconds).for_catching_up()
        assert [kept.block for kept in remembered] == list(range(800, 1000))

    def test_has_nothing_after_a_clear(self) -> None:
        pre_roll = filled(range(1000))
        pre_roll.clear()
        assert pre_roll.for_catching_up() == []


class TestClear:
    def test_leaves_nothing(self) -> None:
        pre_roll = filled(range(8))
        pre_roll.clear()
        assert pre_roll.since(0) == []


class TestALength:
    def test_of_nothing_keeps_the_block_being_heard(self) -> None:
        assert [kept.block for kept in filled(range(8), seconds=0.0).since(0)] == [7]

    def test_below_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"found a pre-roll of -1\.0 s"):
            PreRoll(-1.0)
