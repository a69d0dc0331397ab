"""journald's native protocol, spoken to a real datagram socket."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from edge_agent.system.journald import LONGEST, Journald, answers, datagram


def bound(path: Path) -> socket.socket:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind(str(path))
    end.settimeout(5)
    return end


class TestADatagram:
    def test_has_a_line_for_each_field(self) -> None:
        assert datagram({"MESSAGE": "wake word", "PRIORITY": "6"}) == b"MESSAGE=wake word\nPRIORITY=6\n"

    def test_gives_the_length_of_a_value_of_several_lines(self) -> None:
        assert datagram({"MESSAGE": "a\nb"}) == b"MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\n"

    def test_is_utf_8(self) -> None:
        assert datagram({"MESSAGE": "größer"}) == "MESSAGE=größer\n".encode()

    def test_survives_what_is_not_text(self) -> None:
        assert datagram({"MESSAGE": "\udcff"}) == b"MESSAGE=?\n"

    def test_is_never_too_long_to_be_sent(self, tmp_path: Path) -> None:
        with bound(tmp_path / "socket") as end:
            journald = Journald(tmp_path / "socket")
            journald.send({"MESSAGE": "x" * 10_000_000})
            assert len(end.recv(1_000_000)) == len(b"MESSAGE=\n") + LONGEST
            journald.close()


class TestJournald:
    def test_may_be_restarted(self, tmp_path: Path) -> None:
        journald = Journald(tmp_path / "socket")
        with bound(tmp_path / "socket") as end:
            journald.send({"MESSAGE": "one"})
            assert end.recv(100) == b"MESSAGE=one\n"
        with pytest.raises(OSError, match="refused"):
            journald.send({"MESSAGE": "nobody reads"})
        (tmp_path / "socket").unlink()
        with bound(tmp_path / "socket") as end:
            journald.send({"MESSAGE": "two"})
            assert end.recv(100) == b"MESSAGE=two\n"
        journald.close()

    def test_that_hangs_stops_no_other_thread(self, tmp_path: Path) -> None:
        """The reason for this module: while `send` waits, Python's lock is free."""
        with bound(tmp_path / "socket") as end:
            journald = Journald(tmp_path / "socket")
            sent: list[int] = []
            lines = 2000

            def write() -> None:
                for number in range(lines):
                    journald.send({"MESSAGE": str(number)})
                    sent.append(number)

            writer = threading.Thread(target=write, daemon=True)
            writer.start()
            stuck = -1
            while len(sent) != stuck:  # until the kernel's queue is full
                stuck = len(sent)
                time.sleep(0.05)
            assert stuck < lines
            for _ in range(lines):  # this thread runs, so it can set the writer free
                end.recv(100)
            writer.join()
            journald.close()


class TestWhetherJournaldAnswers:
    def test_a_socket_that_is_read_answers(self, tmp_path: Path) -> None:
        with bound(tmp_path / "socket"):
            assert answers(tmp_path / "socket")
        assert not answers(tmp_path / "socket")

    def test_nothing_does_not(self, tmp_path: Path) -> None:
        assert not answers(tmp_path / "socket")
