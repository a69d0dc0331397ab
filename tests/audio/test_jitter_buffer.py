"""The jitter buffer: prebuffer, underruns, order."""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import Samples
from edge_agent.audio.jitter_buffer import LONGEST_PREBUFFER_MS, JitterBuffer, Slice

MS = 24


def take(buffer: JitterBuffer, count: int) -> tuple[list[Slice], Samples]:
    out = np.zeros(count, np.float32)
    return buffer.take(out), out


def ramp(start: int, count: int) -> Samples:
    return np.arange(start, start + count, dtype=np.float32)


class TestThePrebuffer:
    def test_holds_back_until_enough_has_arrived(self) -> None:
        buffer = JitterBuffer(prebuffer_ms=60)
        buffer.push("a", ramp(1, 60 * MS - 1))
        assert take(buffer, 240)[0] == []
        buffer.push("a", ramp(60 * MS, 1))
        assert take(buffer, 240)[0] == [Slice("a", 240)]

    def test_is_not_waited_for_once_finished(self) -> None:
        buffer = JitterBuffer(prebuffer_ms=60)
        buffer.push("a", ramp(1, 100))
        buffer.finish()
        assert take(buffer, 240)[0] == [Slice("a", 100)]
        assert buffer.exhausted

    def test_is_waited_for_again_after_a_gap_and_longer(self) -> None:
        buffer = JitterBuffer(prebuffer_ms=20)
        buffer.push("a", ramp(1, 480))
        take(buffer, 500)
        buffer.push("a", ramp(1, 480))
        assert take(buffer, 240)[0] == []
        buffer.push("a", ramp(1, 480))
        assert take(buffer, 240)[0] == [Slice("a", 240)]

    def test_never_grows_beyond_what_would_be_heard_as_an_end(self) -> None:
        buffer = JitterBuffer(prebuffer_ms=60)
        for _ in range(10):
            buffer.push("a", ramp(1, LONGEST_PREBUFFER_MS * MS))
            assert take(buffer, 240)[0]
            take(buffer, LONGEST_PREBUFFER_MS * MS)


class TestOrder:
    def test_is_first_in_first_out_across_chunks_and_items(self) -> None:
        buffer = JitterBuffer(prebuffer_ms=0)
        buffer.push("a", ramp(1, 100))
        buffer.push("a", ramp(101, 50))
        buffer.push("b", ramp(151, 200))
        first, one = take(buffer, 240)
        second, two = take(buffer, 240)
        assert first == [Slice("a", 100), Slice("a", 50), Slice("b", 90)]
        assert second == [Slice("b", 110)]
        assert np.array_equal(np.concatenate((one, two[:110])), ramp(1, 350))
        assert not two[110:].any()

    def test_says_what_was_received_by_item(self) -> None:
        buffer = JitterBuffer()
        buffer.push("b", ramp(0, 5))
        buffer.push("a", ramp(0, 7))
        buffer.push("b", ramp(0, 1))
        assert list(buffer.received.items()) == [("b", 6), ("a", 7)]
        assert len(buffer) == 13

    def test_ignores_what_comes_after_the_end_and_what_is_empty(self) -> None:
        buffer = JitterBuffer()
        buffer.push("a", ramp(0, 0))
        buffer.finish()
        buffer.push("a", ramp(0, 5))
        assert buffer.received == {}
        assert buffer.exhausted

    def test_takes_minutes_of_sound(self) -> None:
        buffer = JitterBuffer()
        for _ in range(600):
            buffer.push("a", np.zeros(24_000, np.float32))
        assert len(buffer) == 600 * 24_000


class TestUnderruns:
    def test_count_a_gap_once(self) -> None:
        buffer = JitterBuffer(prebuffer_ms=0)
        buffer.push("a", ramp(0, 10))
        for _ in range(5):
            take(buffer, 240)
        buffer.push("a", ramp(0, 10))
        assert buffer.underruns == 1

    def test_do_not_count_waiting_for_the_first_sample_nor_the_end(self) -> None:
        buffer = JitterBuffer(prebuffer_ms=0)
        take(buffer, 240)
        buffer.push("a", ramp(0, 10))
        take(buffer, 240)
        buffer.finish()
        take(buffer, 240)
        assert buffer.underruns == 0
