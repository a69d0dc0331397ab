"""Log lines: with fields in the journal, readable on a terminal, masked in both, and never the end of the daemon."""

from __future__ import annotations

import io
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from edge_agent.system.journal import JournalHandler, Log, fields, message_id, set_up

KEY = "sk-proj-0123456789abcdef"


class Kept:
    """A journal that keeps what it is sent, or refuses."""

    def __init__(self, error: Exception | None = None) -> None:
        self.lines: list[Mapping[str, str]] = []
        self.error = error

    def __call__(self, line: Mapping[str, str]) -> None:
        if self.error:
            raise self.error
        self.lines.append(line)


@pytest.fixture
def journald() -> Kept:
    return Kept()


@pytest.fixture
def log(journald: Kept) -> Iterator[logging.Logger]:
    """A logger of ours whose lines go to `journald`."""
    log = logging.getLogger("edge_agent.test_journal")
    handler = JournalHandler(journald)
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield log
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def opened(terminal: io.StringIO) -> Iterator[Log]:
    opened = set_up("info", env={}, stream=terminal)
    yield opened
    opened.close()


class TestALineInTheJournal:
    def test_says_who_and_what_and_where(self, log: logging.Logger, journald: Kept) -> None:
        log.info("wake word %s", "alexa")
        (line,) = journald.lines
        assert line["MESSAGE"] == "wake word alexa"
        assert line["SYSLOG_IDENTIFIER"] == "edge-agent"
        assert line["LOGGER"] == "edge_agent.test_journal"
        assert line["CODE_FILE"] == __file__
        assert line["CODE_FUNC"] == "test_says_who_and_what_and_where"
        assert line["CODE_LINE"].isdecimal()

    @pytest.mark.parametrize(
        ("level", "priority"),
        [
            (logging.DEBUG, "7"),
            (logging.INFO, "6"),
            (logging.WARNING, "4"),
            (logging.ERROR, "3"),
            (logging.CRITICAL, "2"),
        ],
    )
    def test_has_the_journals_priority(self, log: logging.Logger, journald: Kept, level: int, priority: str) -> None:
        log.log(level, "x")
        assert journald.lines[0]["PRIORITY"] == priority

    def test_carries_its_fields_in_upper_case(self, log: logging.Logger, journald: Kept) -> None:
        log.info("x", extra=fields(turn=3, wake_to_byte_ms=120, score=0.97312, on=True, session=None))
        line = journald.lines[0]
        edge = {name: value for name, value in line.items() if name.startswith("EDGE_")}
        assert edge == {"EDGE_TURN": "3", "EDGE_WAKE_TO_BYTE_MS": "120", "EDGE_SCORE": "0.973", "EDGE_ON": "1"}

    def test_names_no_field_that_journald_would_refuse(self, log: logging.Logger, journald: Kept) -> None:
        log.info("x", extra=fields(**{"wéird-name." + "x" * 80: 1}))
        (name,) = (name for name in journald.lines[0] if name.startswith("EDGE_"))
        assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", name)

    def test_with_a_code_has_the_message_id_of_that_code(self, log: logging.Logger, journald: Kept) -> None:
        log.error("no card", extra=fields(code="EA-101"))
        assert journald.lines[0]["EDGE_CODE"] == "EA-101"
        assert journald.lines[0]["MESSAGE_ID"] == message_id("EA-101")

    def test_with_an_exception_tells_the_whole_of_it(self, log: logging.Logger, journald: Kept) -> None:
        try:
            raise RuntimeError("boom")
        except RuntimeError:
            log.exception("a bug")
        assert "Traceback" in journald.lines[0]["MESSAGE"]
        assert "RuntimeError: boom" in journald.lines[0]["MESSAGE"]


class TestAMessageId:
    def test_is_the_same_on_every_device(self) -> None:
        assert message_id("EA-101") == "7046f356097f5b08aafe5e299047b4c7"  # the catalog on devices in the field has it

    def test_differs_between_codes(self) -> None:
        assert message_id("EA-101") != message_id("EA-102")


class TestASecret:
    def test_is_masked_in_message_fields_and_traceback(self, log: logging.Logger, journald: Kept) -> None:
        try:
            raise RuntimeError(f"refused: {KEY}")
        except RuntimeError:
            log.exception("header was Bearer %s", KEY, extra=fields(reason=f"key {KEY} is revoked"))
        assert KEY not in str(journald.lines)
        assert journald.lines[0]["EDGE_REASON"] == "key (not shown) is revoked"

    def test_is_masked_on_the_terminal(self, opened: Log, terminal: io.StringIO) -> None:
        logging.getLogger("websockets").warning("> Authorization: Bearer %s", KEY)
        assert "Authorization" in terminal.getvalue()
        assert KEY not in terminal.getvalue()


class TestALogThatFails:
    def test_never_disturbs_who_logs(self) -> None:
        handler = JournalHandler(Kept(OSError("journald is gone")))
        handler.handle(logging.makeLogRecord({"msg": "x"}))
        assert handler.dropped == 1

    def test_counts_a_line_that_cannot_be_put_together(self, journald: Kept) -> None:
        handler = JournalHandler(journald)
        handler.handle(logging.makeLogRecord({"msg": "%d", "args": ("three",)}))
        assert (handler.dropped, journald.lines) == (1, [])

    def test_survives_a_terminal_that_was_closed(self, opened: Log, terminal: io.StringIO) -> None:
        terminal.close()
        logging.getLogger("edge_agent.test").warning("anyone?")


class TestTheTerminal:
    def test_gets_lines_a_person_can_read(self, opened: Log, terminal: io.StringIO) -> None:
        logging.getLogger("edge_agent.test").info("wake word hey_jarvis (0.97)", extra=fields(turn=3, score=0.97))
        assert re.fullmatch(r"\d\d:\d\d:\d\d INFO  wake word hey_jarvis \(0\.97\) · turn 3\n", terminal.getvalue())

    def test_gets_levels_of_the_same_width(self, opened: Log, terminal: io.StringIO) -> None:
        log = logging.getLogger("edge_agent.test")
        log.warning("a")
        log.error("b")
        assert [line[9:] for line in terminal.getvalue().splitlines()] == ["WARN  a", "ERROR b"]

    def test_gets_no_more_than_was_asked_for(self, opened: Log, terminal: io.StringIO) -> None:
        logging.getLogger("edge_agent.test").debug("too much")
        assert terminal.getvalue() == ""

    def test_gets_nothing_of_a_librarys_chatter(self, terminal: io.StringIO) -> None:
        opened = set_up("debug", env={}, stream=terminal)
        logging.getLogger("websockets").debug("< TEXT what the person said")
        logging.getLogger("edge_agent.test").debug("ours")
        opened.close()
        assert "person" not in terminal.getvalue()
        assert "ours" in terminal.getvalue()

    def test_is_left_as_it_was(self, terminal: io.StringIO) -> None:
        root = logging.getLogger()
        before = (root.level, logging.getLogger("edge_agent").level, list(root.handlers))
        opened = set_up("debug", env={}, stream=terminal)
        opened.close()
        opened.close()
        assert (root.level, logging.getLogger("edge_agent").level, list(root.handlers)) == before


def connected() -> dict[str, str]:
    """The environment of a process whose stderr systemd connected to the journal."""
    status = os.fstat(2)
    return {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    """journald's end of the socket at tmp_path/socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "socket"))
        end.settimeout(5)
        yield end


class TestWhereTheLinesGo:
    def test_to_journald_when_systemd_connected_us(self, listening: socket.socket, tmp_path: Path) -> None:
        opened = set_up("info", env=connected(), path=tmp_path / "socket")
        logging.getLogger("edge_agent.test").info("two\nlines", extra=fields(turn=3, code="EA-101"))
        opened.close()
        assert opened.journal
        line = listening.recv(65536)
        assert b"MESSAGE\n\x09\0\0\0\0\0\0\0two\nlines\n" in line
        assert b"EDGE_TURN=3\n" in line
        assert b"PRIORITY=6\n" in line
        assert b"SYSLOG_IDENTIFIER=edge-agent\n" in line
        assert f"MESSAGE_ID={message_id('EA-101')}\n".encode() in line

    @pytest.mark.parametrize("env", [{}, {"JOURNAL_STREAM": "1:2"}, {"JOURNAL_STREAM": "nonsense"}])
    def test_to_the_terminal_when_it_did_not(
        self, listening: socket.socket, tmp_path: Path, terminal: io.StringIO, env: dict[str, str]
    ) -> None:
        opened = set_up("info", env=env, stream=terminal, path=tmp_path / "socket")
        logging.getLogger("edge_agent.test").info("hello")
        opened.close()
        assert not opened.journal
        assert "hello" in terminal.getvalue()

    def test_to_the_terminal_when_journald_is_dead(self, tmp_path: Path, terminal: io.StringIO) -> None:
        opened = set_up("info", env=connected(), stream=terminal, path=tmp_path / "gone")
        opened.close()
        assert not opened.journal


class TestAJournaldThatHangs:
    def test_holds_up_neither_the_daemon_nor_its_end(self, listening: socket.socket, tmp_path: Path) -> None:
        """Nobody reads: the kernel's queue is full after a few lines, and the writing thread waits."""
        opened = set_up("info", env=connected(), path=tmp_path / "socket")
        log = logging.getLogger("edge_agent.test")
        for number in range(1000):
            log.info("line %d", number)
        opened.close()
        assert b"line 0\n" in listening.recv(65536)
        while b"line 999\n" not in listening.recv(65536):
            pass


PROGRAM = """
import logging, os, sys
from pathlib import Path
from edge_agent.system.journal import set_up
status = os.fstat(2)
set_up("info", env={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}, path=Path(sys.argv[1]))
for number in range(5):
    logging.getLogger("edge_agent.test").error("line %d of a crash", number)
raise SystemExit(70)
"""


class TestTheEndOfAProcess:
    def test_loses_no_line(self, listening: socket.socket, tmp_path: Path) -> None:
        """Without a word to the log: the last lines before an end are the ones that explain it."""
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "socket")], capture_output=True, timeout=30
        )
        assert done.returncode == 70, done.stderr.decode()
        told = b"".join(listening.recv(65536) for _ in range(5))
        assert b"line 4 of a crash" in told
