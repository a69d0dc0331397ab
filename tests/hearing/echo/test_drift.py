"""The clocks' difference, read off a response that slides: no sound is needed to say what must come out."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.hearing.echo.drift import PPM, ClockDrift
from edge_agent.hearing.echo.spectra import BINS, FRAME, Spectra

EVERY = 25  # blocks between two points
ALL = np.ones(BINS, np.float32)


def response(seed: int, late: float, wobble: float = 0.0, wobbling: int = 0) -> Spectra:
    """Three partitions of noise that fades, `late` samples late; a share of it is another at each time."""
    random = np.random.default_rng(seed)
    fading = 10 ** (-np.arange(FRAME // 2) / 40)
    kept = random.standard_normal((3, FRAME // 2)) * fading
    other = np.random.default_rng(1000 + wobbling).standard_normal(kept.shape) * fading
    turn = np.exp(-2j * np.pi * np.arange(BINS) / FRAME * late)
    return np.asarray(np.fft.rfft(kept + wobble * other, FRAME, axis=1) * turn, np.complex64)


def slid(ppm: float, points: int, drift: ClockDrift | None = None, wobble: float = 0.1, seed: int = 1) -> ClockDrift:
    """The estimate after that many points of a response that slides."""
    drift = drift or ClockDrift()
    for point in range(points):
        time = point * EVERY
        drift.observe(time, 0.0, response(seed, time * ppm * PPM, wobble, point), ALL)
    return drift


def ppm_of(drift: ClockDrift) -> float:
    return drift.per_block / PPM


class TestTheDrift:
    @pytest.mark.parametrize("ppm", [-300, -40, 20, 150, 300])
    def test_is_found_with_its_sign(self, ppm: float) -> None:
        assert ppm_of(slid(ppm, 20)) == pytest.approx(ppm, abs=3)

    def test_is_exactly_none_for_one_clock_and_a_response_that_wavers(self) -> None:
        assert slid(0, 40, wobble=0.3).per_block == 0.0

    def test_counts_what_the_reference_was_already_delayed_by(self) -> None:
        drift = ClockDrift()
        for point in range(20):
            drift.observe(point * EVERY, point * EVERY * 100 * PPM, response(1, 0.0), ALL)
        assert ppm_of(drift) == pytest.approx(100, abs=1)

    def test_is_none_that_no_crystals_have(self) -> None:
        assert slid(450, 20).per_block == 0.0

    def test_is_followed_when_it_changes(self) -> None:
        drift, late = ClockDrift(), 0.0
        for point in range(160):
            ppm = 60 + max(0, point - 40)
            late += EVERY * ppm * PPM
            drift.observe(point * EVERY, 0.0, response(1, late), ALL)
        assert ppm_of(drift) == pytest.approx(ppm, abs=25)


class TestAnEstimate:
    def test_hardly_moves_when_the_loudspeaker_is_moved_by_two_centimetres(self) -> None:
        drift = slid(100, 30)
        for point in range(30, 40):
            time = point * EVERY
            drift.observe(time, 0.0, response(1, time * 100 * PPM + 1.0), ALL)
        assert ppm_of(drift) == pytest.approx(100, abs=12)

    def test_stays_while_no_response_is_like_the_one_before(self) -> None:
        drift = slid(100, 30)
        known = drift.per_block
        for point in range(30, 60):
            drift.observe(point * EVERY, 0.0, response(point, 0.0), ALL)
        assert drift.per_block == known

    def test_stays_when_the_course_is_interrupted_and_goes_with_a_reset(self) -> None:
        drift = slid(100, 30)
        known = drift.per_block
        drift.interrupt()
        assert drift.per_block == known
        drift.reset()
        assert drift.per_block == 0.0

    def test_is_the_finer_for_a_silence_in_between(self) -> None:
        drift = slid(100, 12)
        for point in range(12, 24):
            time = point * EVERY + 2000
            drift.observe(time, time * 99 * PPM, response(1, time * PPM), ALL)
        assert ppm_of(drift) == pytest.approx(100, abs=1)
