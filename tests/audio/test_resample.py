"""The block resampler: always 10 ms, a known delay, nothing audible lost or added."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.audio.format import Samples
from edge_agent.audio.resample import BlockResampler

PAIRS = [(48_000, 16_000), (24_000, 48_000), (24_000, 16_000), (16_000, 24_000), (44_100, 16_000), (24_000, 44_100)]
PAIRS += [(16_000, 8_000), (8_000, 24_000), (32_000, 16_000)]


def tone(hz: float, rate: int, seconds: float = 0.5) -> Samples:
    return np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate).astype(np.float32)


def convert(samples: Samples, in_rate: int, out_rate: int) -> Samples:
    resampler = BlockResampler(in_rate, out_rate)
    return np.concatenate([resampler.process(block) for block in samples.reshape(-1, in_rate // 100)])


@pytest.mark.parametrize(("in_rate", "out_rate"), PAIRS)
class TestEveryPairOfRates:
    def test_gives_exactly_ten_milliseconds(self, in_rate: int, out_rate: int) -> None:
        resampler = BlockResampler(in_rate, out_rate)
        for _ in range(50):
            assert resampler.process(np.zeros(in_rate // 100, np.float32)).shape == (out_rate // 100,)

    @pytest.mark.parametrize("share", [0.02, 0.2, 0.42])
    def test_keeps_a_tone_delayed_by_the_latency_it_tells(self, in_rate: int, out_rate: int, share: float) -> None:
        hz = share * min(in_rate, out_rate)
        delay_s = BlockResampler(in_rate, out_rate).latency_ms / 1000
        out = convert(tone(hz, in_rate), in_rate, out_rate)
        expected = np.sin(2 * np.pi * hz * (np.arange(len(out)) / out_rate - delay_s))
        settled = slice(int(0.02 * out_rate), None)
        assert np.abs(out - expected)[settled].max() < 0.003

    def test_delays_by_no_more_than_four_milliseconds(self, in_rate: int, out_rate: int) -> None:
        assert 0 < BlockResampler(in_rate, out_rate).latency_ms <= 4


class TestAliases:
    @pytest.mark.parametrize("hz", [8_200, 9_000, 15_000, 23_000])
    def test_of_what_16_khz_cannot_hold_are_gone(self, hz: int) -> None:
        out = convert(tone(hz, 48_000), 48_000, 16_000)
        assert 20 * np.log10(np.abs(out[400:]).max()) < -70

    def test_above_the_old_band_are_gone_on_the_way_up(self) -> None:
        out = convert(tone(9_000, 24_000), 24_000, 48_000)
        spectrum = np.abs(np.fft.rfft(out[2400:21600] * np.hanning(19200)))
        hz = np.fft.rfftfreq(19200, 1 / 48_000)
        assert 20 * np.log10(spectrum[hz > 12_500].max() / spectrum.max()) < -70


class TestEqualRates:
    def test_change_nothing_and_cost_no_time(self) -> None:
        resampler = BlockResampler(16_000, 16_000)
        block = tone(440, 16_000, 0.01)
        assert np.array_equal(resampler.process(block), block)
        assert resampler.latency_ms == 0


class TestRows:
    def test_are_filtered_alike_and_stay_aligned(self) -> None:
        rows = np.random.default_rng(1).standard_normal((3, 48_000)).astype(np.float32)
        together = BlockResampler(48_000, 16_000, channels=3)
        out = np.concatenate([together.process(rows[:, at : at + 480]) for at in range(0, 48_000, 480)], axis=1)
        for row in range(3):
            assert np.allclose(out[row], convert(rows[row], 48_000, 16_000), atol=1e-6)

    def test_keep_their_shape(self) -> None:
        assert BlockResampler(48_000, 16_000).process(np.zeros((1, 480), np.float32)).shape == (1, 160)


class TestBadInput:
    @pytest.mark.parametrize("size", [0, 479, 481])
    def test_of_another_length_is_refused(self, size: int) -> None:
        with pytest.raises(ValueError, match="480"):
            BlockResampler(48_000, 16_000).process(np.zeros(size, np.float32))

    @pytest.mark.parametrize("rate", [0, -16_000, 22_050 + 1, 11_025])
    def test_rates_without_whole_blocks_are_refused(self, rate: int) -> None:
        with pytest.raises(ValueError, match="whole number"):
            BlockResampler(rate, 16_000)


class TestThePast:
    def test_is_forgotten_on_reset(self) -> None:
        resampler = BlockResampler(48_000, 16_000)
        block = tone(1000, 48_000, 0.01)
        first = resampler.process(block)
        resampler.process(block)
        resampler.reset()
        assert np.array_equal(resampler.process(block), first)

    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 2**31))
    def test_is_all_that_matters(self, seed: int) -> None:
        """Causal: what comes later changes nothing of what was given out."""
        rng = np.random.default_rng(seed)
        one, other = BlockResampler(48_000, 16_000), BlockResampler(48_000, 16_000)
        shared = rng.standard_normal((4, 480)).astype(np.float32)
        outs = [(one.process(block), other.process(block)) for block in shared]
        one.process(rng.standard_normal(480).astype(np.float32))
        assert all(np.array_equal(a, b) for a, b in outs)
