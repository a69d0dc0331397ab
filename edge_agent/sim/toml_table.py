"""A table of a scenario's file: numbers, places in a room, recordings.

Law: as `edge_agent/toml_table.py`; what is absent is empty, and a text says something.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from edge_agent.toml_table import TomlTable, shown

_SOMETHING = re.compile(r".+", re.DOTALL)


class Table(TomlTable):
    """given: the keys that the file has. Recordings are looked for beside the file."""

    def text(self, key: str, default: Any = "", expected: str = "a text", pattern: re.Pattern[str] = _SOMETHING) -> Any:
        return super().text(key, default, expected, pattern)

    def number(self, key: str, default: Any, lo: float, hi: float) -> Any:
        value = self.take(key, default, f"a number from {lo:g} to {hi:g}", lambda v: _is_number(v) and lo <= v <= hi)
        return float(value) if _is_number(value) else value

    def numbers(self, key: str, default: tuple[float, ...], lo: float, hi: float, count: int) -> tuple[float, ...]:
        """An array of so many numbers."""

        def fits(value: Any) -> bool:
            fitting = isinstance(value, list) and len(value) == count
            return fitting and all(_is_number(item) and lo <= item <= hi for item in value)

        value = self.take(key, default, f"{count} numbers from {lo:g} to {hi:g}, in brackets", fits)
        return tuple(float(item) for item in value)

    def triple(self, key: str, default: tuple[float, float, float], lo: float, hi: float) -> tuple[float, float, float]:
        x, y, z = self.numbers(key, default, lo, hi, 3)
        return x, y, z

    def where(self, key: str, default: Any, lo: float, hi: float) -> Any:
        """A distance, or a place [x, y, z]."""

        def fits(value: Any) -> bool:
            if isinstance(value, list):
                return len(value) == 3 and all(_is_number(item) for item in value)
            return _is_number(value) and lo <= value <= hi

        value = self.take(key, default, f"a number from {lo:g} to {hi:g}, or a place [x, y, z]", fits)
        return tuple(map(float, value)) if isinstance(value, list) else float(value) if _is_number(value) else value

    def whole_numbers(self, key: str, default: tuple[int, ...], lo: int, hi: int) -> tuple[int, ...]:
        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(type(v) is int and lo <= v <= hi for v in value)

        return tuple(self.take(key, default, f"whole numbers from {lo} to {hi}, in brackets", fits))

    def wav(self, key: str) -> Path | None:
        """A file, relative to the scenario's folder."""
        value = self.text(key, None, "the path of a WAV file")
        if value is None:
            return None
        path = self._file.parent / str(value)
        if not path.is_file():
            self.wrong(key, shown(value), f"the path of an existing WAV file (looked for {path})")
        return path

    def subtable(self, key: str) -> Table:
        found: Table | None = self.inner(key)
        return found or Table(self._file, key, {}, self._problems)

    def subtables(self, key: str) -> list[Table]:
        return self.arrays(key)

    def peek(self, key: str) -> Any:
        """What stands there, still to be taken."""
        return self._left.get(key)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
