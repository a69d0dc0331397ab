"""The fractional delay: what comes out is what went in, so much later."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.hearing.echo.delay_line import LEAST, DelayLine

BLOCKS = 20


def tone(hz: float, late: float, samples: int) -> Samples:
    """`samples` of a tone of 0 dBFS, from `late` samples before its zero crossing."""
    return np.asarray(np.sin(2 * np.pi * hz / HEARING_RATE * (np.arange(samples) - late)), np.float32)


def fed(sound: Samples) -> DelayLine:
    line = DelayLine(BLOCKS)
    for start in range(0, len(sound), HEARING_BLOCK):
        line.hear(sound[start : start + HEARING_BLOCK])
    return line


class TestADelay:
    @pytest.mark.parametrize("delay", [0, 1, 160, 333])
    def test_of_whole_samples_copies_bit_for_bit(self, delay: int) -> None:
        sound = np.random.default_rng(1).standard_normal(BLOCKS * HEARING_BLOCK).astype(np.float32)
        end = len(sound) - delay
        assert np.array_equal(fed(sound).newest(delay, delay), sound[end - HEARING_BLOCK : end])
        assert np.array_equal(fed(sound).last(delay, 500), sound[end - 500 : end])

    @pytest.mark.parametrize("hz", [100, 1000, 4000, 6000])
    @pytest.mark.parametrize("delay", [LEAST, LEAST + 0.37, 160.9])
    def test_between_samples_delays_any_tone_to_half_a_hundredth(self, hz: float, delay: float) -> None:
        samples = BLOCKS * HEARING_BLOCK
        wanted = tone(hz, delay, samples)[-HEARING_BLOCK:]
        line = fed(tone(hz, 0, samples))
        assert np.abs(line.newest(delay, delay) - wanted).max() < 0.005
        assert np.abs(line.last(delay, HEARING_BLOCK) - wanted).max() < 0.005

    def test_that_grows_has_no_seam_between_blocks(self) -> None:
        line, step, delay = DelayLine(BLOCKS), 0.08, 20.0  # 500 ppm
        sound = tone(1000, 0, 100 * HEARING_BLOCK)
        out = []
        for start in range(0, len(sound), HEARING_BLOCK):
            line.hear(sound[start : start + HEARING_BLOCK])
            out.append(line.newest(delay, delay + step))
            delay += step
        late = 20 + step / HEARING_BLOCK * np.arange(1, len(sound) + 1)
        wanted = np.sin(2 * np.pi * 1000 / HEARING_RATE * (np.arange(len(sound)) - late))
        assert np.abs(np.concatenate(out) - wanted)[HEARING_BLOCK:].max() < 0.005

    def test_hears_silence_after_a_reset(self) -> None:
        line = fed(tone(1000, 0, BLOCKS * HEARING_BLOCK))
        line.reset()
        assert not line.newest(20.5, 20.5).any()
