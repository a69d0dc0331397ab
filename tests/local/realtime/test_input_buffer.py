"""The input buffer: what it holds, and where that stands in the session's sound."""

from __future__ import annotations

import pytest

from edge_agent.local.realtime.input_buffer import LONGEST_MS, InputBuffer
from edge_agent.local.realtime.refusal import Refused
from tests.local.wire_client import noise, quiet

RATE = 8_000


def buffer_with(*pieces: bytes) -> InputBuffer:
    buffer = InputBuffer(RATE)
    for pcm in pieces:
        buffer.append(pcm)
    return buffer


class TestABuffer:
    def test_gives_back_what_was_appended_once(self) -> None:
        buffer = buffer_with(noise(100, RATE), noise(50, RATE))
        assert buffer.take() == noise(100, RATE) + noise(50, RATE)
        assert buffer.ms == 0
        assert buffer.ends_ms == 150

    def test_gives_up_to_a_moment_and_keeps_the_rest(self) -> None:
        buffer = buffer_with(noise(300, RATE))
        assert buffer.take(until_ms=200) == noise(300, RATE)[: 16 * 200]
        assert buffer.take() == noise(300, RATE)[16 * 200 :]

    def test_counts_on_through_clears_and_takes(self) -> None:
        buffer = buffer_with(noise(200, RATE))
        buffer.take()
        buffer.append(noise(200, RATE))
        buffer.clear()
        buffer.append(noise(300, RATE))
        assert (buffer.ms, buffer.ends_ms) == (300, 700)
        assert buffer.take(until_ms=600) == noise(300, RATE)[: 16 * 200]

    @pytest.mark.parametrize(("ms", "left"), [(0, 300), (100, 200), (300, 0), (900, 0)])
    def test_drops_what_lies_before(self, ms: int, left: int) -> None:
        buffer = buffer_with(noise(300, RATE))
        buffer.drop_before(ms)
        assert buffer.ms == left
        assert buffer.ends_ms == 300

    def test_gives_nothing_shorter_than_a_tenth_of_a_second(self) -> None:
        buffer = buffer_with(quiet(99, RATE))
        with pytest.raises(Refused, match=r"only has 99\.00ms"):
            buffer.take()
        buffer.append(quiet(1, RATE))
        assert len(buffer.take()) == 16 * 100

    def test_of_a_moment_long_past_gives_nothing_and_loses_nothing(self) -> None:
        buffer = buffer_with(quiet(300, RATE))
        with pytest.raises(Refused):
            buffer.take(until_ms=0)
        assert buffer.ms == 300

    def test_does_not_lose_the_fractions_of_a_millisecond(self) -> None:
        buffer = buffer_with(*[b"\0\0"] * RATE)  # one sample each
        assert buffer.ends_ms == pytest.approx(1_000, abs=1)

    def test_takes_no_more_than_it_can_hold(self) -> None:
        buffer = buffer_with(bytes(16 * LONGEST_MS))
        with pytest.raises(Refused, match="full") as refused:
            buffer.append(quiet(1, RATE))
        assert refused.value.code == "input_audio_buffer_full"
        assert (buffer.ms, buffer.ends_ms) == (LONGEST_MS, LONGEST_MS)

    def test_forgets_the_sound_of_another_rate(self) -> None:
        buffer = buffer_with(quiet(300, RATE))
        buffer.change_rate(RATE)
        assert buffer.ms == 300
        buffer.change_rate(24_000)
        assert (buffer.ms, buffer.ends_ms) == (0, 300)
        buffer.append(quiet(200))
        assert (buffer.ms, buffer.ends_ms) == (200, 500)
