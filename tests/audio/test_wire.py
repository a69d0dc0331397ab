"""The wire formats: PCM16, G.711, base64, and the streams to and from 24 and 8 kHz."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.audio.format import Samples
from edge_agent.audio.wire import (
    FORMATS,
    PCM16_24K,
    PCMA_8K,
    PCMU_8K,
    DownlinkDecoder,
    UplinkEncoder,
    WireFormat,
    base64_from_bytes,
    bytes_from_base64,
    pcm16,
    samples_from_pcm16,
)

G711 = [PCMU_8K, PCMA_8K]


def tone(hz: float, rate: int, seconds: float, level: float = 0.5) -> Samples:
    return (level * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


class TestPcm16:
    @given(st.binary(max_size=400).filter(lambda data: len(data) % 2 == 0))
    def test_comes_back_bit_by_bit(self, data: bytes) -> None:
        assert pcm16(samples_from_pcm16(data)) == data

    def test_is_little_endian_and_full_scale_is_one(self) -> None:
        assert samples_from_pcm16(b"\x00\x80\x00\x40").tolist() == [-1.0, 0.5]

    def test_clips_what_is_too_loud(self) -> None:
        assert pcm16(np.array([2.0, -2.0], np.float32)) == b"\xff\x7f\x00\x80"

    def test_refuses_half_a_sample(self) -> None:
        with pytest.raises(ValueError, match="pairs"):
            samples_from_pcm16(b"\x00")


class TestG711:
    def test_mu_law_has_the_values_of_the_recommendation(self) -> None:
        assert PCMU_8K.decode(bytes([0x00, 0x80, 0xFF, 0x7F])) * 32768 == pytest.approx([-32124, 32124, 0, 0])
        assert PCMU_8K.encode(np.zeros(1, np.float32)) == b"\xff"

    def test_a_law_has_the_values_of_the_recommendation(self) -> None:
        assert PCMA_8K.decode(bytes([0xD5, 0x55, 0xAA, 0x2A])) * 32768 == pytest.approx([8, -8, 32256, -32256])

    @pytest.mark.parametrize("fmt", G711)
    def test_every_code_comes_back(self, fmt: WireFormat) -> None:
        levels = fmt.decode(bytes(range(256)))
        assert np.array_equal(fmt.decode(fmt.encode(levels)), levels)

    @pytest.mark.parametrize("fmt", G711)
    def test_error_is_within_half_a_step_at_every_level(self, fmt: WireFormat) -> None:
        values = np.arange(-32000, 32000).astype(np.float32) / np.float32(32768)
        error = np.abs(fmt.decode(fmt.encode(values)) - values) * 32768
        assert (error <= np.maximum(9, (np.abs(values) * 32768 + 132) / 32 + 1)).all()

    @pytest.mark.parametrize(("fmt", "name"), [(PCMU_8K, "ulaw2lin"), (PCMA_8K, "alaw2lin")])
    def test_agrees_with_the_standard_librarys_decoder(self, fmt: WireFormat, name: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            audioop = pytest.importorskip("audioop", reason="gone from Python 3.13")
        codes = bytes(range(256))
        assert pcm16(fmt.decode(codes)) == getattr(audioop, name)(codes, 2)


class TestTheFormats:
    def test_have_the_names_of_the_wire(self) -> None:
        assert {name: fmt.rate for name, fmt in FORMATS.items()} == {
            "audio/pcm": 24_000,
            "audio/pcmu": 8_000,
            "audio/pcma": 8_000,
        }

    def test_tell_their_bytes_per_millisecond(self) -> None:
        assert (PCM16_24K.bytes_per_ms, PCMU_8K.bytes_per_ms, PCMA_8K.bytes_per_ms) == (48, 8, 8)


class TestBase64:
    @given(st.binary(max_size=200))
    def test_comes_back(self, data: bytes) -> None:
        assert bytes_from_base64(base64_from_bytes(data)) == data

    @pytest.mark.parametrize("text", ["not base64!", "abc", "ÄÖ=="])
    def test_refuses_anything_else(self, text: str) -> None:
        with pytest.raises(ValueError):  # noqa: PT011  the standard library's own words
            bytes_from_base64(text)


class TestTheUplink:
    @pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
    def test_sends_whole_slices_and_the_rest_at_the_end(self, fmt: WireFormat) -> None:
        encoder = UplinkEncoder(fmt, slice_ms=20)
        speech = tone(440, 16_000, 0.05)
        slices = [piece for block in speech.reshape(5, 160) for piece in encoder.feed(block)]
        assert [len(piece) for piece in slices] == [20 * fmt.bytes_per_ms] * 2
        rest = encoder.flush()
        total = sum(map(len, slices + rest)) / fmt.bytes_per_ms
        assert 50 <= total <= 54  # the filter's own tail included

    @pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
    def test_carries_the_sound(self, fmt: WireFormat) -> None:
        encoder = UplinkEncoder(fmt)
        speech = tone(440, 16_000, 0.3)
        data = b"".join(piece for block in speech.reshape(-1, 160) for piece in encoder.feed(block))
        heard = fmt.decode(data + b"".join(encoder.flush()))
        assert np.abs(heard[400:-400]).max() == pytest.approx(0.5, rel=0.03)
        spectrum = np.abs(np.fft.rfft(heard))
        assert np.argmax(spectrum) * fmt.rate / len(heard) == pytest.approx(440, abs=5)

    def test_starts_the_next_turn_without_the_last_one(self) -> None:
        encoder, fresh = UplinkEncoder(PCM16_24K), UplinkEncoder(PCM16_24K)
        encoder.feed(np.ones(160, np.float32))
        encoder.flush()
        block = tone(300, 16_000, 0.02).reshape(2, 160)
        assert [encoder.feed(each) for each in block] == [fresh.feed(each) for each in block]

    def test_has_nothing_to_say_after_nothing(self) -> None:
        assert UplinkEncoder(PCM16_24K).flush() == []

    def test_refuses_a_slice_without_length(self) -> None:
        with pytest.raises(ValueError, match="1 ms"):
            UplinkEncoder(PCM16_24K, slice_ms=0)


class TestTheDownlink:
    @settings(deadline=None)
    @given(st.lists(st.integers(0, 400), min_size=1, max_size=20))
    def test_puts_pcm_cut_anywhere_together_again(self, cuts: list[int]) -> None:
        data = bytes(index * 7 % 256 for index in range(sum(cuts)))
        decoder = DownlinkDecoder(PCM16_24K)
        out, at = [], 0
        for cut in cuts:
            out.append(decoder.feed(data[at : at + cut]))
            at += cut
        whole = len(data) // 2 * 2
        assert np.array_equal(np.concatenate(out), samples_from_pcm16(data[:whole]))

    @pytest.mark.parametrize("fmt", G711)
    def test_brings_g711_to_24_khz_whatever_the_cuts(self, fmt: WireFormat) -> None:
        data = fmt.encode(tone(440, 8_000, 0.5))
        one, many = DownlinkDecoder(fmt), DownlinkDecoder(fmt)
        whole = np.concatenate((one.feed(data), one.flush()))
        parts = np.concatenate([many.feed(data[at : at + 77]) for at in range(0, len(data), 77)] + [many.flush()])
        assert np.array_equal(whole, parts)
        assert len(whole) == pytest.approx(0.5 * 24_000 + 4 * 24, abs=1)
        assert np.argmax(np.abs(np.fft.rfft(whole))) * 24_000 / len(whole) == pytest.approx(440, abs=5)

    def test_forgets_half_a_sample_on_reset(self) -> None:
        decoder = DownlinkDecoder(PCM16_24K)
        assert not len(decoder.feed(b"\x01"))
        decoder.reset()
        assert decoder.feed(b"\x00\x40").tolist() == [0.5]

    def test_has_nothing_left_of_pcm_at_its_end(self) -> None:
        decoder = DownlinkDecoder(PCM16_24K)
        decoder.feed(b"\x00\x40\x00")
        assert not len(decoder.flush())
