"""Intervals of a few trials, against tables and against their own promise."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.sim.confidence import Proportion, Rate, quantile


class TestAProportion:
    @pytest.mark.parametrize(
        ("hits", "trials", "lo", "hi"),
        [  # Wilson (1927), as computed by statsmodels' proportion_confint(method="wilson")
            (0, 10, 0.0, 0.2775),
            (5, 10, 0.2366, 0.7634),
            (10, 10, 0.7225, 1.0),
            (27, 30, 0.7438, 0.9654),
        ],
    )
    def test_has_wilsons_interval(self, hits: int, trials: int, lo: float, hi: float) -> None:
        assert Proportion(hits, trials).interval == pytest.approx((lo, hi), abs=1e-4)

    def test_of_no_trials_may_be_anything(self) -> None:
        assert Proportion(0, 0).interval == (0.0, 1.0)
        assert Proportion(0, 0).share is None

    def test_encloses_the_truth_about_as_often_as_it_says(self) -> None:
        hits = np.random.default_rng(1).binomial(40, 0.8, 2000)
        enclosed = [lo <= 0.8 <= hi for lo, hi in (Proportion(int(k), 40).interval for k in hits)]
        assert 0.93 <= np.mean(enclosed) <= 0.98

    def test_is_apart_from_another_only_without_overlap(self) -> None:
        assert Proportion(0, 30).apart(Proportion(30, 30))
        assert not Proportion(14, 30).apart(Proportion(16, 30))
        assert not Proportion(0, 0).apart(Proportion(30, 30))


class TestAQuantile:
    def test_is_a_value_of_the_sample(self) -> None:
        assert quantile([5, 1, 4, 2, 3], 0.5).value == 3
        assert quantile(range(1, 101), 0.95).value == 95

    def test_of_too_few_is_open_on_the_side_that_cannot_be_told(self) -> None:
        assert quantile(range(5), 0.5) == quantile([4, 3, 2, 1, 0], 0.5)
        assert (quantile(range(5), 0.5).lo, quantile(range(5), 0.5).hi) == (None, None)
        assert (quantile(range(71), 0.95).hi, quantile(range(72), 0.95).hi) == (None, 71)

    def test_has_the_order_statistics_of_the_binomial(self) -> None:
        found = quantile(range(1, 101), 0.5)  # the table's ranks for n = 100: 40 and 61
        assert (found.lo, found.hi) == (40, 61)

    @pytest.mark.parametrize("share", [0.5, 0.95])
    def test_encloses_the_truth_at_least_as_often_as_it_says(self, share: float) -> None:
        random = np.random.default_rng(2)
        found = [quantile(random.random(100).tolist(), share) for _ in range(1000)]
        assert np.mean([(q.lo or 0.0) <= share <= (q.hi or 1.0) for q in found]) >= 0.94

    @pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.0)])
    def test_of_nothing_or_beyond_the_ends_is_refused(self, values: list[float], share: float) -> None:
        with pytest.raises(ValueError, match="expected some"):
            quantile(values, share)


class TestARate:
    @pytest.mark.parametrize(
        ("count", "lo", "hi"),
        [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (100, 81.3640, 121.6268)],  # Garwood (1936)
    )
    def test_has_the_exact_interval_of_a_poisson_count(self, count: int, lo: float, hi: float) -> None:
        assert Rate(count, 1.0).interval == pytest.approx((lo, hi), abs=1e-3)

    def test_is_narrower_with_more_hours(self) -> None:
        assert Rate(0, 10.0).interval == pytest.approx((0.0, 0.36889), abs=1e-4)
        assert Rate(5, 10.0).per_hour == 0.5

    def test_of_no_hours_may_be_anything(self) -> None:
        assert Rate(0, 0.0).per_hour is None
        assert Rate(0, 0.0).interval == (0.0, float("inf"))
