"""PyAudio's stream on a card of the kernel's: who waits, and what is noticed when the card goes.

The card's file is a pipe here: a kernel object that can be readable, silent, or torn down. Real cards that are pulled
out were tried in a guest machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_agent.audio import card_stream
from edge_agent.audio.card_stream import GONE, TIMED_OUT, CardStream


@dataclass
class Stream:
    """PyAudio's: what it has, and what was asked of it."""

    available: list[int]
    calls: list[tuple[str, int]] = field(default_factory=list)

    def get_read_available(self) -> int:
        return self.available.pop(0) if len(self.available) > 1 else self.available[0]

    get_write_available = get_read_available

    def read(self, frames: int, exception_on_overflow: bool = True) -> bytes:
        self.calls.append(("read", frames))
        return bytes(2 * frames)

    def write(self, data: bytes, frames: int, exception_on_underflow: bool = False) -> None:
        self.calls.append(("write", frames))

    def start_stream(self) -> None:
        self.calls.append(("start", 0))


@dataclass
class Pipe:
    reading: int
    writing: int

    def tear_down(self) -> None:
        """The reader's file is told of an error (POLLHUP)."""
        os.close(self.writing)
        self.writing = -1


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    found = Pipe(*os.pipe())
    yield found
    for file in (found.reading, found.writing):
        if file >= 0:
            os.close(file)


class TestWaiting:
    def test_is_over_at_once_where_there_is_enough(self, pipe: Pipe) -> None:
        stream = Stream([480])
        assert len(CardStream(stream, pipe.reading).read(480)) == 960
        assert stream.calls == [("read", 480)]

    def test_goes_on_until_there_is_enough(self, pipe: Pipe) -> None:
        os.write(pipe.writing, b"x")
        stream = Stream([0, 100, 100, 300, 480])
        CardStream(stream, pipe.reading).read(480)
        assert stream.available == [480]
        assert stream.calls == [("read", 480)]

    def test_has_an_end(self, pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
        assert 500 <= card_stream.NO_SOUND_MS <= 2000
        monkeypatch.setattr(card_stream, "NO_SOUND_MS", 10)
        stream = Stream([0])
        with pytest.raises(OSError, match="no sound") as caught:
            CardStream(stream, pipe.reading).read(480)
        assert caught.value.args[0] == TIMED_OUT
        assert stream.calls == []

    def test_leaves_every_other_verb_to_the_stream(self, pipe: Pipe) -> None:
        stream = Stream([0])
        CardStream(stream, pipe.reading).start_stream()
        assert stream.calls == [("start", 0)]


class TestAnErrorOfTheCards:
    @pytest.mark.parametrize("verb", ["read", "write"])
    def test_is_the_end_where_the_card_is_gone(self, pipe: Pipe, verb: str) -> None:
        """A pipe does not answer a sound card's questions either."""
        pipe.tear_down()
        stream = Stream([0])
        card = CardStream(stream, pipe.reading)
        with pytest.raises(OSError, match="disconnected") as caught:
            card.read(480) if verb == "read" else card.write(bytes(960), 480)
        assert caught.value.args[0] == GONE
        assert stream.calls == []

    def test_is_lost_sound_where_the_card_still_answers(self, pipe: Pipe) -> None:
        """PortAudio knows what to say of that."""
        pipe.tear_down()
        stream = Stream([0])
        CardStream(stream, pipe.reading, answers=lambda file: True).read(480)
        assert stream.calls == [("read", 480)]


class TestWritingNothing:
    def test_notices_a_card_that_is_gone(self, pipe: Pipe) -> None:
        with pytest.raises(OSError, match="disconnected"):
            CardStream(Stream([2880]), pipe.reading).write(b"", 0)

    def test_does_nothing_to_one_that_is_there(self, pipe: Pipe) -> None:
        stream = Stream([0])
        CardStream(stream, pipe.reading, answers=lambda file: True).write(b"", 0)
        assert stream.calls == [("write", 0)]


class TestLettingGo:
    def test_closes_the_file_that_portaudio_left_open(self, pipe: Pipe) -> None:
        left = os.dup(pipe.reading)
        CardStream(Stream([0]), left).let_go()
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(left)

    def test_knows_the_file_of_a_card_that_is_gone(self, tmp_path: Path) -> None:
        path = tmp_path / "pcmC0D0p"
        path.touch()
        left = os.open(path, os.O_RDONLY)
        card = CardStream(Stream([0]), left)
        path.unlink()
        card.let_go()
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(left)

    def test_touches_nothing_that_has_taken_its_number(self, pipe: Pipe) -> None:
        number = os.dup(pipe.reading)
        card = CardStream(Stream([0]), number)
        os.close(number)
        other = os.open(os.devnull, os.O_RDONLY)
        assert other == number
        card.let_go()
        os.fstat(other)
        os.close(other)
