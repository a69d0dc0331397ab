"""Percent to loudness, without a step that can be heard."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.format import WIRE_BLOCK, Samples
from edge_agent.audio.volume import DUCK_RELEASE_BLOCKS, DUCKED, Ducking, Volume, gain_of


def block() -> Samples:
    return np.full(WIRE_BLOCK, 0.5, np.float32)


class TestAVolume:
    @pytest.mark.parametrize(("percent", "db"), [(100, 0.0), (70, -9.3), (50, -18.1), (10, -60.0)])
    def test_is_a_cubic_fader(self, percent: int, db: float) -> None:
        assert 20 * np.log10(gain_of(percent)) == pytest.approx(db, abs=0.05)

    def test_glides_where_it_is_heard_and_jumps_where_it_is_not(self) -> None:
        volume = Volume(100)
        volume.percent = 50
        heard = block()
        volume.apply(heard)
        assert np.abs(np.diff(heard)).max() < 0.5 / 200
        volume.percent = 100
        volume.rest()
        after = block()
        volume.apply(after)
        assert np.array_equal(after, block())

    @pytest.mark.parametrize("wrong", [-1, 101])
    def test_outside_0_to_100_is_refused_and_the_old_one_stays(self, wrong: int) -> None:
        volume = Volume(40)
        with pytest.raises(ValueError, match="0 to 100"):
            volume.percent = wrong
        assert volume.percent == 40


class TestDucking:
    def test_falls_within_a_block_and_rises_over_ten(self) -> None:
        ducking = Ducking()
        ducking.wanted = True
        down = block()
        ducking.apply(down)
        assert down[-1] == pytest.approx(0.5 * DUCKED)
        ducking.wanted = False
        ups = [block() for _ in range(DUCK_RELEASE_BLOCKS + 1)]
        for up in ups:
            ducking.apply(up)
        assert np.abs(np.diff(np.concatenate([down[-1:], *ups]))).max() < 0.5 / 200
        assert ups[-2][-1] == pytest.approx(0.5)
        assert np.array_equal(ups[-1], block())
