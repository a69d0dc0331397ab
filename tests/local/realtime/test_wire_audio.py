"""Sound between the wire's formats and PCM."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.audio.wire import FORMATS
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.wire_audio import LARGEST_APPEND, decoded, encoded, milliseconds, wire_format
from tests.local.wire_client import base64_of, noise, quiet

PCM, MU = FORMATS["audio/pcm"], FORMATS["audio/pcmu"]


def tone(ms: int, rate: int) -> bytes:
    seconds = np.arange(ms * rate // 1000) / rate
    return (12_000 * np.sin(2 * np.pi * 440 * seconds)).astype("<i2").tobytes()


class TestDecoding:
    def test_leaves_pcm_as_it_is(self) -> None:
        assert decoded(base64_of(noise(100)), PCM, "audio") == noise(100)

    @pytest.mark.parametrize("name", ["audio/pcmu", "audio/pcma"])
    def test_keeps_the_rate_of_telephone_sound(self, name: str) -> None:
        assert len(decoded(base64_of(bytes(800)), wire_format({"type": name}), "audio")) == 2 * 800

    @given(st.text(max_size=40))
    def test_takes_any_text_or_refuses_it(self, text: str) -> None:
        try:
            assert len(decoded(text, PCM, "audio")) % 2 == 0
        except Refused as refusal:
            assert refusal.param == "audio"  # noqa: PT017

    def test_refuses_half_a_sample(self) -> None:
        with pytest.raises(Refused, match="3 bytes are no whole number"):
            decoded(base64_of(b"abc"), PCM, "audio")

    @pytest.mark.parametrize("spelling", ["AA=", "AA\n==", "-_==", "AAA", "\N{FULLWIDTH LATIN CAPITAL LETTER A}"])
    def test_refuses_what_is_not_base64(self, spelling: str) -> None:
        with pytest.raises(Refused, match="base64"):
            decoded(spelling, MU, "audio")

    @pytest.mark.parametrize("value", [None, 1, b"AAAA", ["AAAA"]])
    def test_refuses_what_is_no_text(self, value: object) -> None:
        with pytest.raises(Refused) as refused:
            decoded(value, PCM, "audio")
        assert refused.value.code == "invalid_type"

    def test_takes_the_largest_append_and_no_more(self) -> None:
        assert len(decoded(base64_of(bytes(LARGEST_APPEND)), PCM, "audio")) == LARGEST_APPEND
        with pytest.raises(Refused, match="too large"):
            decoded("A" * (LARGEST_APPEND * 4 // 3 + 8), PCM, "audio")


class TestEncoding:
    def test_leaves_pcm_as_it_is(self) -> None:
        assert encoded(noise(100), PCM) == noise(100)

    @pytest.mark.parametrize("name", ["audio/pcmu", "audio/pcma"])
    def test_keeps_the_sound_and_its_length(self, name: str) -> None:
        fmt = FORMATS[name]
        wire = encoded(tone(500, 24_000), fmt)
        assert len(wire) == 8 * 500
        heard = fmt.decode(wire)[400:-400]
        said = np.frombuffer(tone(500, 8_000), "<i2")[400:-400] / 32768
        assert float(np.corrcoef(heard, said)[0, 1]) > 0.99

    @pytest.mark.parametrize(("rate", "name"), [(8_000, "audio/pcm"), (8_000, "audio/pcma"), (24_000, "audio/pcm")])
    def test_from_any_rate_keeps_the_length(self, rate: int, name: str) -> None:
        fmt = FORMATS[name]
        assert len(encoded(tone(300, rate), fmt, rate)) == 300 * fmt.bytes_per_ms

    @pytest.mark.parametrize("name", FORMATS)
    def test_of_nothing_is_nothing(self, name: str) -> None:
        assert encoded(b"", FORMATS[name]) == b""


class TestMilliseconds:
    @pytest.mark.parametrize("rate", [8_000, 24_000])
    def test_count_whole_ones(self, rate: int) -> None:
        assert milliseconds(quiet(250, rate), rate) == 250
        assert milliseconds(quiet(250, rate)[:-2], rate) == 249
