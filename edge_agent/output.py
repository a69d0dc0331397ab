"""The folder in which a run leaves its evidence.

Law: it makes, tries and writes; what is written is the caller's. A folder that cannot be used is told before the run,
not after it; nothing that lies in it is changed until there is something to write.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path


class OutputError(Exception):
    """The folder, or a file in it, cannot be written; the text names it and says why (exit 2)."""


class OutputFolder:
    """path: made if need be.  names: the files that will be written. Raises OutputError where that cannot be."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path) as probe:
                probe.write(b"edge-agent")
        except OSError as error:
            raise OutputError(f"{path}: {_why(error)}; --out takes a folder that can be written") from error
        for name in names:
            self._try(path / name)

    def file(self, name: str) -> Path:
        return self._path / name

    def write(self, name: str, text: str) -> None:
        """UTF-8, whatever the locale; what has no letter (a file's name may hold it) is ?. Raises OutputError."""
        path = self.file(name)
        try:
            path.write_text(text, encoding="utf-8", errors="replace")
        except OSError as error:
            raise OutputError(f"{path}: {_why(error)}") from error

    def _try(self, path: Path) -> None:
        """A file of an earlier run will be written over: find out whether it can be, without touching it."""
        try:
            with contextlib.suppress(FileNotFoundError):
                path.open("r+b").close()
        except OSError as error:
            raise OutputError(f"{path}: {_why(error)}; it is in the way of what the run writes") from error


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
