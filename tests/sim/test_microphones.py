"""What the microphones add and leave out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.sim.microphones import Microphones
from edge_agent.sim.scenario_room import RoomSettings

QUIET = -120.0


def heard(settings: RoomSettings, level: float, blocks: int = 200, seed: int = 1) -> Samples:
    mics = Microphones(settings, np.random.default_rng(3), seed)
    arriving = np.full((settings.mics, HEARING_BLOCK), level, np.float32)
    return np.concatenate([mics.hear(arriving.copy()) for _ in range(blocks)], axis=1)


def dbfs(samples: Samples) -> float:
    return 10 * math.log10(float(np.mean(np.square(samples, dtype=np.float64))) + 1e-20)


class TestAMicrophone:
    def test_is_true_as_it_comes(self) -> None:
        assert np.allclose(heard(RoomSettings(mics=2, noise_dbfs=QUIET), 0.1), 0.1, atol=1e-5)

    def test_has_the_gain_that_is_set(self) -> None:
        rows = heard(RoomSettings(mics=3, noise_dbfs=QUIET, mic_gain_db=(0.0, -6.0, 3.0)), 0.1)
        assert [dbfs(row) for row in rows] == pytest.approx([-20.0, -26.0, -17.0], abs=0.05)

    def test_has_an_error_of_its_own_that_the_seed_draws(self) -> None:
        settings = RoomSettings(mics=8, noise_dbfs=QUIET, mic_gain_error_db=2.0)
        errors = np.array([dbfs(row) + 20.0 for row in heard(settings, 0.1)])
        assert 0.8 < float(np.std(errors)) < 4.0
        assert np.array_equal(heard(settings, 0.1), heard(settings, 0.1))
        assert not np.array_equal(heard(settings, 0.1), heard(settings, 0.1, seed=2))

    def test_has_noise_of_its_own_which_no_other_has(self) -> None:
        rows = heard(RoomSettings(mics=2, noise_dbfs=QUIET, mic_noise_dbfs=-50.0), 0.0)
        assert [dbfs(row) for row in rows] == pytest.approx([-50.0, -50.0], abs=0.3)
        assert abs(float(np.mean(rows[0] * rows[1]))) < 0.05 * float(np.mean(rows[0] ** 2))

    def test_that_is_dead_gives_nothing(self) -> None:
        rows = heard(RoomSettings(mics=3, noise_dbfs=-50.0, dead_mics=(2,)), 0.1)
        assert not rows[1].any()
        assert rows[0].any()
        assert rows[2].any()

    def test_clips_at_full_scale(self) -> None:
        assert np.max(np.abs(heard(RoomSettings(mic_gain_db=(20.0,)), 0.9))) == 1.0
