"""Duplex: both sides of a pair are the same 10 ms, at 16 kHz, and an overflow is a gap in the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge_agent.audio.duplex import Duplex
from edge_agent.audio.format import HEARING_RATE, WIRE_RATE, Samples
from edge_agent.audio.playback import SILENCE, Drained, Flushed, Heard, Playback, Started
from edge_agent.audio.resample import BlockResampler


class Wire:
    """A card whose microphones hear what the loudspeaker was given, in the same block, channel n at 1/n of it.

    reference: the card records what it plays, at 0.7 of it, as the last row.  mic_rate: Hz, if it is another.
    """

    drift_ppm = 0.0
    is_clocked = False

    def __init__(
        self,
        rate: int = 48_000,
        channels: int = 1,
        latency_ms: float = 0.0,
        *,
        mic_rate: int = 0,
        reference: bool = False,
    ) -> None:
        self.rate = rate
        self.mic_rate = mic_rate or rate
        self.channels = channels
        self.has_reference = reference
        self.latency_ms = latency_ms
        self.overflows = 0
        self.underruns = 0
        self.obtained: dict[str, Any] = {}
        self.played: list[Samples] = []

    def open(self) -> None:
        """Nothing to claim."""

    def exchange(self, speaker: Samples | None) -> Samples:
        speaker = np.zeros(self.rate // 100, np.float32) if speaker is None else speaker
        assert speaker.shape == (self.rate // 100,)
        self.played.append(speaker.copy())
        if self.mic_rate != self.rate:
            speaker = speaker[:: self.rate // self.mic_rate]
        rows = [speaker / (channel + 1) for channel in range(self.channels)]
        return np.stack([*rows, 0.7 * speaker] if self.has_reference else rows)

    def close(self) -> None:
        """Nothing to let go."""


def speaking(seconds: float = 1.0) -> Playback:
    playback = Playback(volume=100, prebuffer_ms=0)
    noise = np.random.default_rng(3).standard_normal(int(24_000 * seconds)).astype(np.float32) * 0.1
    playback.push(1, "a", noise)
    return playback


def low_tone() -> Playback:
    """A second of noise below 3 kHz, which every filter passes."""
    playback = Playback(volume=100, prebuffer_ms=0)
    noise = np.random.default_rng(3).standard_normal(24_000)
    smooth = np.convolve(noise, np.hanning(32) / 16, "same").astype(np.float32) * np.float32(0.1)
    playback.push(1, "a", smooth)
    return playback


class TestAPair:
    @pytest.mark.parametrize("rate", [16_000, 24_000, 44_100, 48_000])
    @pytest.mark.parametrize("channels", [1, 2, 4])
    def test_is_aligned_to_the_sample_at_every_rate(self, rate: int, channels: int) -> None:
        duplex = Duplex(Wire(rate, channels), speaking())
        for _ in range(30):
            pair = duplex.step()
            assert pair.mic.shape == (channels, 160)
            assert pair.ref.shape == (160,)
            assert pair.mic.dtype == pair.ref.dtype == np.float32
            for channel in range(channels):
                assert np.allclose(pair.mic[channel] * (channel + 1), pair.ref, atol=1e-6)
        assert pair.ref.any()

    def test_has_for_reference_what_the_device_was_given(self) -> None:
        device = Wire(16_000)
        duplex = Duplex(device, speaking())
        refs = np.concatenate([duplex.step().ref for _ in range(10)])
        assert np.array_equal(refs, np.concatenate(device.played))

    @pytest.mark.parametrize("rate", [16_000, 48_000])
    def test_belongs_to_its_receiver(self, rate: int) -> None:
        duplex = Duplex(Wire(rate), speaking())
        duplex.step()
        pair = duplex.step()
        kept = pair.ref.copy(), pair.mic.copy()
        duplex.step()
        assert np.array_equal(pair.ref, kept[0])
        assert np.array_equal(pair.mic, kept[1])


class TestACardThatRecordsWhatItPlays:
    @pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
    @pytest.mark.parametrize("channels", [1, 4])
    def test_gives_the_reference_and_not_one_microphone_more(self, rate: int, channels: int) -> None:
        duplex = Duplex(Wire(rate, channels, reference=True), speaking())
        for _ in range(30):
            pair = duplex.step()
            assert (pair.mic.shape, pair.ref.shape) == ((channels, 160), (160,))
            assert np.allclose(pair.mic[0] * 0.7, pair.ref, atol=1e-6)
        assert pair.ref.any()


class TestMicrophonesAtAnotherRate:
    """A microphone at 16 kHz beside a DAC at 48 kHz."""

    def test_give_pairs_of_the_same_length(self) -> None:
        duplex = Duplex(Wire(48_000, 2, mic_rate=16_000), speaking())
        pair = duplex.step()
        assert (pair.mic.shape, pair.ref.shape) == ((2, 160), (160,))

    @pytest.mark.parametrize(("rate", "mic_rate"), [(48_000, 16_000), (48_000, 24_000)])
    def test_are_ahead_of_the_reference_by_what_is_told_and_always_by_the_same(self, rate: int, mic_rate: int) -> None:
        """The reference went through a filter of 2 ms; microphones at 16 kHz go through none."""
        duplex = Duplex(Wire(rate, mic_rate=mic_rate), low_tone())
        pairs = [duplex.step() for _ in range(40)]
        mic, ref = (np.concatenate(side) for side in ([pair.mic[0] for pair in pairs], [pair.ref for pair in pairs]))
        filtered_ms = 2.0
        ahead = round((filtered_ms - duplex.pairing.resampling_ms) * 16)
        for at in range(1600, 4800, 800):
            lags = [float(np.dot(ref[at : at + 800], mic[at - lag : at + 800 - lag])) for lag in range(-50, 51)]
            assert int(np.argmax(lags)) - 50 == ahead


class TestADeviceThatIsAnotherAfterwards:
    def test_is_fitted_at_the_next_block(self) -> None:
        device = Wire(48_000)
        playback = speaking(3)
        duplex = Duplex(device, playback)
        for _ in range(5):
            duplex.step()
        device.rate, device.mic_rate = 44_100, 16_000
        device.exchange = lambda speaker: np.zeros((1, 160), np.float32)  # type: ignore[method-assign]
        assert duplex.step().mic.shape == (1, 160)
        assert duplex.pairing.resampling_ms == 0
        device.rate = device.mic_rate = 16_000
        pair = duplex.step()
        assert pair.ref.shape == (160,)
        assert playback.latency_ms == pytest.approx(2.0)

    def test_counts_on_and_loses_no_number(self) -> None:
        device = Wire(48_000)
        duplex = Duplex(device, Playback())
        device.overflows = 4
        assert duplex.step().index == 4
        device.rate = device.mic_rate = 16_000
        device.overflows = 0
        assert [duplex.step().index for _ in range(2)] == [5, 6]


class TestTheIndex:
    def test_counts_blocks_from_the_start(self) -> None:
        duplex = Duplex(Wire(), Playback())
        assert [duplex.step().index for _ in range(4)] == [0, 1, 2, 3]

    def test_skips_what_an_overflow_lost(self) -> None:
        device = Wire()
        duplex = Duplex(device, Playback())
        duplex.step()
        device.overflows += 6
        assert [duplex.step().index for _ in range(2)] == [7, 8]

    def test_does_not_go_back_when_the_device_was_opened_again(self) -> None:
        device = Wire()
        duplex = Duplex(device, Playback())
        device.overflows = 5
        assert duplex.step().index == 5
        device.overflows = 0
        assert duplex.step().index == 6


class TestTheLatency:
    def test_that_playback_counts_with_is_the_whole_way_to_the_air(self) -> None:
        playback = Playback(prebuffer_ms=0)
        duplex = Duplex(Wire(48_000, latency_ms=50), playback)
        duplex.step()
        assert playback.latency_ms == pytest.approx(50 + 32 / 24)

    def test_is_in_what_was_heard(self) -> None:
        playback = speaking()
        duplex = Duplex(Wire(24_000, latency_ms=50), playback)
        facts = []
        for _ in range(20):
            duplex.step()
            facts += playback.facts()
        playback.flush(1)
        duplex.step()
        facts += playback.facts()
        assert facts == [Started(1), Flushed(1, (Heard("a", 150, 1000),))]

    def test_holds_back_the_end_of_a_reply(self) -> None:
        playback = Playback(volume=100, prebuffer_ms=0)
        playback.push(1, "a", np.ones(240, np.float32))
        playback.finish(1)
        duplex = Duplex(Wire(24_000, latency_ms=50), playback)
        for block in range(7):
            duplex.step()
            assert (Drained(1) in playback.facts()) == (block == 6)


class TestSilence:
    def test_is_skipped_and_nothing_sounds_different(self) -> None:
        """A sound between two silences, through filters that sleep in silence and through such that never do."""
        playback, never = Playback(), BlockResampler(WIRE_RATE, 48_000)
        heard_of_it, reference = Playback(), BlockResampler(48_000, HEARING_RATE)
        device = Wire(48_000)
        duplex = Duplex(device, playback)
        for number in range(90):
            if number == 8:
                for one in (playback, heard_of_it):
                    one.cues.earcon("start")
            pair = duplex.step()
            speaker = never.process(np.array(heard_of_it.render()))
            np.testing.assert_array_equal(pair.ref, reference.process(speaker), err_msg=f"block {number}")
        assert playback.render() is SILENCE

    def test_of_the_playback_is_told_apart_by_the_threads(self) -> None:
        duplex = Duplex(Wire(48_000), Playback())
        first, second = duplex.exchange(), duplex.exchange()
        assert first.given is not None
        assert second.given is None
