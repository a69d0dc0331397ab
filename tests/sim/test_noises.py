"""Sounds that people make and that are no speech."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.noises import NOISES, noise_of


def centre_hz(sound: Samples) -> float:
    """Half of the energy lies below."""
    energy = np.cumsum(np.abs(np.fft.rfft(sound)) ** 2)
    return float(np.searchsorted(energy, energy[-1] / 2)) * HEARING_RATE / len(sound)


class TestANoise:
    @pytest.mark.parametrize("name", NOISES)
    def test_is_a_short_sound_at_full_scale(self, name: str) -> None:
        for seed in range(8):
            sound = noise_of(name, seed)
            assert sound.dtype == np.float32
            assert np.abs(sound).max() == pytest.approx(1.0)
            assert 0.1 < len(sound) / HEARING_RATE < 7.0

    @pytest.mark.parametrize("name", NOISES)
    def test_is_the_same_for_its_seed_and_another_for_another(self, name: str) -> None:
        assert np.array_equal(noise_of(name, 3), noise_of(name, 3))
        assert not np.array_equal(noise_of(name, 3)[:400], noise_of(name, 4)[:400])

    def test_lies_where_the_thing_sounds(self) -> None:
        middle = {name: float(np.median([centre_hz(noise_of(name, seed)) for seed in range(9)])) for name in NOISES}
        assert middle["door"] < 300 < middle["cough"] < 2500
        assert 600 < middle["clap"] < 3500
        assert middle["dishes"] > 1000
