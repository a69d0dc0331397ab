"""Where log lines go: to the journal with fields under systemd, else to stderr as lines a person can read.

Law: transport and form; what is worth saying is decided where it happens and in `journal_timeline.py`. No log line may
stop the daemon: what cannot be written is counted and dropped, and the journal is written by a thread of its own,
because journald may sync its file for seconds while a write to its socket waits. Every line passes the same mask, so
that a key in a traceback or in a library's message is never stored.

A line's fields travel as `log.info("...", extra=fields(turn=3, wake_to_byte_ms=120))` and arrive as EDGE_TURN=3 and
EDGE_WAKE_TO_BYTE_MS=120: the name's suffix is the unit.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import logging.handlers
import os
import queue
import re
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from edge_agent.system.journald import SOCKET, Journald, answers

IDENTIFIER = "edge-agent"
PENDING = 10_000  # records kept while journald is busy: minutes at our rate, about 10 MB at the very worst
FLUSH_S = 2.0  # at the end, for the last lines; systemd gives the whole shutdown ten
_MESSAGE_IDS = uuid.UUID("6a0f2f52-5d0b-4cf8-9d6c-3d6c2f0a7e11")  # names our codes; changing it orphans the catalog
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_SECRET = re.compile(r"\b(?:sk|ek)-[A-Za-z0-9_-]{6,}|(?i:bearer)\s+[A-Za-z0-9._~+/=-]{16,}")
_NOT_IN_A_NAME = re.compile(r"[^A-Z0-9_]")


def fields(**values: Any) -> dict[str, Any]:
    """The `extra` of a log call: each value becomes the journal field EDGE_<NAME>; None is left out."""
    return {"edge": values}


def message_id(code: str) -> str:
    """The MESSAGE_ID of a code (`EA-101`): 32 hex digits, the same on every device, for the journal's catalog."""
    return uuid.uuid5(_MESSAGE_IDS, code).hex


def masked(text: str) -> str:
    """The text without what is shaped like a service's key."""
    return _SECRET.sub("(not shown)", text)


class _Masked(logging.Formatter):
    """Message and traceback, masked."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class _Readable(_Masked):
    """`12:03:04 INFO  wake word hey_jarvis (0.97) · turn 3`"""

    def formatMessage(self, record: logging.LogRecord) -> str:
        level = "WARN" if record.levelno == logging.WARNING else record.levelname
        turn = getattr(record, "edge", {}).get("turn")
        behind = f" · turn {turn}" if turn else ""
        return f"{self.formatTime(record, '%H:%M:%S')} {level:<5} {record.message}{behind}"


class _Lines(logging.StreamHandler[TextIO]):
    """Lines on a stream; one that was closed (a terminal that is gone) is no reason to fail or to complain."""

    def handleError(self, record: logging.LogRecord) -> None:
        return


class JournalHandler(logging.Handler):
    """Gives records to `send` as journal fields; `dropped` counts what could not be sent."""

    def __init__(self, send: Callable[[Mapping[str, str]], None]) -> None:
        super().__init__()
        self._send = send
        self.dropped = 0
        self.setFormatter(_Masked())

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._send({"MESSAGE": self.format(record), **_journal_fields(record)})
        except Exception:  # whatever a log line does wrong, the daemon goes on without it
            self.dropped += 1


def _journal_fields(record: logging.LogRecord) -> dict[str, str]:
    values: Mapping[str, Any] = getattr(record, "edge", {})
    found = {
        "PRIORITY": str(next((number for level, number in _PRIORITIES if record.levelno >= level), 7)),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "LOGGER": record.name,
        "THREAD_NAME": str(record.threadName),
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": str(record.funcName),
    }
    for name, value in values.items():
        if value is not None:
            found["EDGE_" + _NOT_IN_A_NAME.sub("_", name.upper())[:59]] = masked(_text(value))
    if "code" in values:
        found["MESSAGE_ID"] = message_id(str(values["code"]))
    return found


def _text(value: Any) -> str:
    """A number as a person would note it down: no more than three decimals, no exponent."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)


class _Pending(logging.handlers.QueueHandler):
    """Hands records to the writing thread; when the queue is full the newest is dropped and counted."""

    dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        # now: what the arguments name may change before it is written
        record.msg, record.args = record.getMessage(), None
        return record

    def handleError(self, record: logging.LogRecord) -> None:
        self.dropped += 1


class _Writer(threading.Thread):
    """Writes what is pending to journald, in order, until it is told to end."""

    def __init__(self, pending: queue.Queue[logging.LogRecord | None], path: Path) -> None:
        super().__init__(name="journal", daemon=True)
        self._pending = pending
        self._journald = Journald(path)
        self._handler = JournalHandler(self._journald.send)

    def run(self) -> None:
        while (record := self._pending.get()) is not None:
            self._handler.handle(record)
        self._journald.close()

    def end(self) -> None:
        """Write the rest, but do not wait for a journald that hangs: it would hold up the shutdown."""
        with contextlib.suppress(queue.Full):
            self._pending.put_nowait(None)
            self.join(FLUSH_S)


class Log:
    """The logging of this process while it is open. journal: whether it goes to journald."""

    def __init__(self, handler: logging.Handler, writer: _Writer | None, level: int) -> None:
        self.journal = writer is not None
        self._handler = handler
        self._writer = writer
        self._root, self._ours = logging.getLogger(), logging.getLogger("edge_agent")
        self._before = (self._root.level, self._ours.level)
        self._root.addHandler(handler)
        # a library's chatter stays out: at debug, websockets prints whole messages, and with them what was said
        self._root.setLevel(logging.WARNING)
        self._ours.setLevel(level)
        if writer:
            writer.start()
            atexit.register(self.close)  # the last lines before an end are the ones that explain it

    def close(self) -> None:
        """Write what is pending and let the logging be as it was before. May be called twice."""
        self._root.removeHandler(self._handler)
        self._root.setLevel(self._before[0])
        self._ours.setLevel(self._before[1])
        if self._writer:
            atexit.unregister(self.close)
            self._writer.end()
            self._writer = None


def set_up(level: str, *, env: Mapping[str, str], stream: TextIO | None = None, path: Path = SOCKET) -> Log:
    """Start logging. level: debug, info, warning or error. stream: instead of stderr. path: journald's socket.

    The journal is used where systemd connected our stdout or stderr to it ($JOURNAL_STREAM says so) and journald
    answers (it may be dead or absent). In a technician's terminal the lines go there.
    """
    stream = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    if _is_journals(env.get("JOURNAL_STREAM", "")) and answers(path):
        pending: queue.Queue[logging.LogRecord | None] = queue.Queue(PENDING)
        return Log(_Pending(pending), _Writer(pending, path), number)
    lines = _Lines(stream)
    lines.setFormatter(_Readable())
    return Log(lines, None, number)


def _is_journals(stream: str) -> bool:
    """Whether $JOURNAL_STREAM (`device:inode`) is what our stdout or stderr is connected to."""
    for number in (1, 2):
        try:
            status = os.fstat(number)
        except OSError:
            continue
        if stream == f"{status.st_dev}:{status.st_ino}":
            return True
    return False
