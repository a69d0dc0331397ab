"""A minute's allowance: taken, held back, filled again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.local.realtime.limits import Limits, RateLimits


def remaining(rates: RateLimits, now: float) -> tuple[int, int]:
    requests, tokens = (limit["remaining"] for limit in rates.shown(now))
    return requests, tokens


class TestAnAllowance:
    def test_is_full_at_the_beginning_however_late_that_is(self) -> None:
        rates = RateLimits(Limits(10, 100))
        assert remaining(rates, 1e9) == (10, 100)
        assert [limit["reset_seconds"] for limit in rates.shown(1e9)] == [0.0, 0.0]

    def test_is_held_back_and_settled(self) -> None:
        rates = RateLimits(Limits(10, 100))
        rates.begin(5.0, 60)
        assert remaining(rates, 5.0) == (9, 40)
        rates.end(5.0, 60, 20)
        assert remaining(rates, 5.0) == (9, 80)

    def test_fills_evenly(self) -> None:
        rates = RateLimits(Limits(6, 60))
        for _ in range(6):
            rates.begin(0.0, 10)
            rates.end(0.0, 10, 10)
        assert remaining(rates, 0.0) == (0, 0)
        assert [limit["reset_seconds"] for limit in rates.shown(15.0)] == [45.0, 45.0]
        assert remaining(rates, 15.0) == (1, 15)
        assert remaining(rates, 600.0) == (6, 60)

    def test_may_be_overdrawn_and_has_to_recover(self) -> None:
        rates = RateLimits(Limits(10, 60))
        rates.begin(0.0, 60)
        rates.end(0.0, 60, 90)
        assert remaining(rates, 0.0)[1] == 0
        error = rates.exceeded(20.0, 5)
        assert error is not None
        assert (error["type"], error["code"]) == ("tokens", "rate_limit_exceeded")
        assert "Please try again in 16.000s" in error["message"]  # 10 below zero, 6 needed, one a second
        assert rates.exceeded(36.5, 5) is None

    @given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 50)), max_size=20))
    def test_stays_between_nothing_and_all(self, uses: list[tuple[float, int]]) -> None:
        rates, now = RateLimits(Limits(10, 100)), 0.0
        for pause, used in uses:
            now += pause
            rates.begin(now, 30)
            rates.end(now, 30, used)
            requests, tokens = remaining(rates, now)
            assert 0 <= requests <= 10
            assert 0 <= tokens <= 100
