"""Who is connected, and how long nobody has been."""

from __future__ import annotations

import logging

import pytest

from edge_agent.local.consumption import Consumption, consumption
from edge_agent.local.guests import Guests


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def guests(clock: Clock) -> Guests:
    return Guests(lambda: Consumption(123.4, 5.67), clock)


class TestAnEmptyHouse:
    def test_is_idle_from_the_start(self) -> None:
        clock = Clock()
        house = guests(clock)
        clock.now += 7
        assert house.idle_s() == 7

    def test_is_idle_from_the_last_one_that_went(self) -> None:
        clock = Clock()
        house = guests(clock)
        for _ in range(2):
            house.came()
        clock.now += 50
        house.went(100.0)
        clock.now += 50
        assert house.idle_s() == 0  # one is still there
        house.went(100.0)
        clock.now += 3
        assert house.idle_s() == 3


class TestOneThatGoes:
    def test_is_told_with_what_it_cost(self, caplog: pytest.LogCaptureFixture) -> None:
        clock = Clock()
        house = guests(clock)
        house.came()
        clock.now += 12
        with caplog.at_level(logging.INFO, "edge_agent"):
            house.went(100.0)
        assert caplog.messages == ["session over after 12 s, 0 left; the server has used 123 MB, 5.7 s CPU"]


class TestWhatAProcessCosts:
    def test_is_what_the_kernel_says(self) -> None:
        import os

        cost = consumption([os.getpid()])
        assert 10 < cost.memory_mb < 4_000
        assert 0 < cost.cpu_s <= sum(os.times()[:2]) + 0.1

    def test_of_one_that_is_gone_is_nothing(self) -> None:
        assert consumption([2**22 + 1]) == Consumption(0.0, 0.0)
