"""The suppressor of the residue, given a filter's forecast made by hand; and the meter of the whole stage."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.echo.classical import ClassicalSuppressor
from edge_agent.hearing.echo.reduction_meter import ReductionMeter
from edge_agent.hearing.echo.suppressor import EchoForecast
from tests.hearing.echo.echoes import babble, hiss, less_by_db

BINS = HEARING_BLOCK + 1


def suppressed(
    linear: Samples, estimate: Samples | None = None, doubt: float = 0.0, stage: ClassicalSuppressor | None = None
) -> Samples:
    """The clean tap, moved back by its 10 ms. doubt: its power, as a share of the estimate's."""
    stage = stage or ClassicalSuppressor()
    done = []
    last = np.zeros(HEARING_BLOCK, np.float32)
    for start in range(0, len(linear) - HEARING_BLOCK + 1, HEARING_BLOCK):
        block = slice(start, start + HEARING_BLOCK)
        forecast = None
        if estimate is not None:
            frame = np.concatenate([last, estimate[block]])
            last = estimate[block]
            power = np.square(np.abs(np.fft.rfft(frame))).astype(np.float32)
            forecast = EchoForecast(estimate[block], power, power * np.float32(doubt), power)
        done.append(stage.process(linear[block], forecast))
    done.append(stage.process(np.zeros(HEARING_BLOCK, np.float32), None))
    return np.concatenate(done)[HEARING_BLOCK:]


def residue(seconds: float, db: float = -20, seed: int = 1) -> tuple[Samples, Samples]:
    """(linear tap, echo estimate): the estimate's own colour and syllables, other phases, `db` under it; and a hiss."""
    estimate = babble(seconds, seed)
    path = np.random.default_rng(2).standard_normal(400) * np.exp(-np.arange(400) / 80)
    left = np.convolve(np.tanh(20 * estimate), path)[: len(estimate)]
    left *= 10 ** (db / 20) * np.sqrt(np.mean(estimate**2) / np.mean(left**2))
    return (left + hiss(len(left))).astype(np.float32), estimate


class TestWithoutAnEcho:
    def test_nothing_is_changed(self) -> None:
        near = babble(1, 1)
        assert np.abs(suppressed(near) - near).max() < 1e-6

    def test_hardly_anything_is_changed_where_the_echo_is_far_under_the_rooms_noise(self) -> None:
        stage = ClassicalSuppressor()
        suppressed(hiss(5 * 16_000, dbfs=-40), stage=stage)  # the room is heard first
        near = babble(1, 1, -20) + hiss(16_000, dbfs=-40)
        assert less_by_db(near, suppressed(near, hiss(16_000, seed=8, dbfs=-75), stage=stage) - near) > 15

    def test_nothing_is_changed_again_after_one(self) -> None:
        stage = ClassicalSuppressor()
        suppressed(*residue(1), stage=stage)
        near = babble(1, 3)
        assert np.abs(suppressed(near, stage=stage) - near)[HEARING_BLOCK:].max() < 1e-6


class TestAResidue:
    def test_is_pushed_down_after_half_a_second_of_playback(self) -> None:
        linear, estimate = residue(4)
        assert less_by_db(linear, suppressed(linear, estimate), 0.5) > 12

    def test_is_pushed_down_at_once_while_nothing_is_known_of_it(self) -> None:
        linear, estimate = residue(1)
        assert less_by_db(linear, suppressed(linear, estimate, doubt=1.0)) > 12

    def test_in_step_with_the_estimate_is_pushed_down_however_loud(self) -> None:
        estimate = babble(3, 1)
        linear = np.float32(2.0) * estimate + hiss(len(estimate))
        assert less_by_db(linear, suppressed(linear, estimate)) > 20

    def test_is_not_pushed_under_the_noise_of_the_room(self) -> None:
        stage = ClassicalSuppressor()
        suppressed(hiss(4 * 16_000, dbfs=-50), stage=stage)
        linear, estimate = residue(3)
        noise = hiss(len(linear), seed=6, dbfs=-50)
        assert less_by_db(noise, suppressed(linear + noise, estimate, stage=stage), 0.5) < 8


class TestATalker:
    def test_comes_through_over_the_residue(self) -> None:
        linear, estimate = residue(5)
        near = babble(5, 9, -26)
        near[: 2 * 16_000] = 0
        clean = suppressed(linear + near, estimate)
        assert less_by_db(near, clean, 2) == pytest.approx(0, abs=3)
        assert less_by_db(near, clean - near, 2) > 5

    def test_does_not_talk_the_leak_up(self) -> None:
        linear, estimate = residue(8)
        near = babble(8, 9, -20)
        near[: 2 * 16_000] = near[6 * 16_000 :] = 0
        clean = suppressed(linear + near, estimate)
        alone = suppressed(linear, estimate)
        assert less_by_db(linear, clean, 6.2) == pytest.approx(less_by_db(linear, alone, 6.2), abs=4)


class TestTheSuppressor:
    def test_starts_again_after_a_reset(self) -> None:
        linear, estimate = residue(1)
        stage = ClassicalSuppressor()
        first = suppressed(linear, estimate, stage=stage)
        stage.reset()
        assert np.array_equal(suppressed(linear, estimate, stage=stage), first)

    def test_leaves_what_it_is_given_alone(self) -> None:
        linear, estimate = residue(0.5)
        given = linear.copy(), estimate.copy()
        suppressed(linear, estimate)
        assert np.array_equal(linear, given[0])
        assert np.array_equal(estimate, given[1])


class TestTheMeter:
    def hear(self, meter: ReductionMeter, reduction_db: float, blocks: int, echo_share: float = 1.0) -> None:
        mic = hiss(HEARING_BLOCK, dbfs=-20)
        frame_power = np.full(BINS, echo_share * float(mic @ mic) * 2 * HEARING_BLOCK / BINS, np.float32)
        for _ in range(blocks):
            meter.expect(mic, frame_power)
            meter.pair(mic * np.float32(10 ** (-reduction_db / 20)))

    def test_claims_nothing_before_playback(self) -> None:
        assert ReductionMeter().db == 0

    def test_tells_the_reduction(self) -> None:
        meter = ReductionMeter()
        self.hear(meter, 30, 50)
        assert meter.db == pytest.approx(30, abs=0.1)

    def test_is_a_median_that_a_minority_of_blocks_does_not_move(self) -> None:
        meter = ReductionMeter()
        self.hear(meter, 30, 200)
        self.hear(meter, 0, 140)
        assert meter.db == pytest.approx(30, abs=0.1)

    def test_follows_within_three_seconds_of_playback(self) -> None:
        meter = ReductionMeter()
        self.hear(meter, 30, 1000)
        self.hear(meter, 12, 300)
        assert meter.db == pytest.approx(12, abs=0.1)

    def test_does_not_count_blocks_that_are_mostly_somebody_else(self) -> None:
        meter = ReductionMeter()
        self.hear(meter, 30, 100)
        self.hear(meter, 0, 1000, echo_share=0.3)
        assert meter.db == pytest.approx(30, abs=0.1)

    def test_never_claims_less_than_nothing(self) -> None:
        meter = ReductionMeter()
        self.hear(meter, -6, 100)
        assert meter.db == 0

    def test_forgets_at_a_reset(self) -> None:
        meter = ReductionMeter()
        self.hear(meter, 30, 100)
        meter.reset()
        assert meter.db == 0
