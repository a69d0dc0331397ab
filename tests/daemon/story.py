"""What a running daemon tells in its log, line by line, while it runs."""

from __future__ import annotations

import re
import threading
import time
from subprocess import Popen


class Story:
    """lines: so far."""

    def __init__(self, daemon: Popen[str]) -> None:
        self.lines: list[str] = []
        self._daemon = daemon
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str, seconds: float, *, after: int = 0) -> int:
        """The number of the line behind the first that matches, from line `after` on. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        with self._told:
            while True:
                for number, line in enumerate(self.lines[after:], start=after):
                    if re.search(pattern, line):
                        return number + 1
                if not self._told.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() > deadline:
                    raise TimeoutError(f"{pattern!r} is not in:\n{self}")

    def end(self) -> None:
        """Stop the daemon and read the rest."""
        self._daemon.terminate()
        try:
            self._daemon.wait(15)
        finally:
            self._daemon.kill()
            self._reader.join(5)
            for stream in (self._daemon.stdout, self._daemon.stderr):
                if stream is not None:
                    stream.close()

    def __str__(self) -> str:
        return "".join(self.lines)

    def _read(self) -> None:
        assert self._daemon.stderr is not None
        for line in self._daemon.stderr:
            with self._told:
                self.lines.append(line)
                self._told.notify_all()
