"""One table of a TOML file being read: values are taken out of it by key, and what is wrong is collected.

Law: pure; it knows types and ranges, no key's name. Every complaint is a line `FILE: KEY: found VALUE, expected WHAT`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

REQUIRED: Any = object()  # as a default: the key must be there


class Table:
    """content: what TOML has under `name`.  errors: the list that complaints are added to."""

    def __init__(self, file: Path, name: str, content: Any, errors: list[str]) -> None:
        self._file, self._name, self._errors = file, name, errors
        self._left: dict[str, Any] = {}
        self._known: list[str] = []
        self.given: frozenset[str] = frozenset(content) if isinstance(content, dict) else frozenset()
        if isinstance(content, dict):
            self._left = dict(content)
        else:
            self._errors.append(f"{file}: {name}: found {_show(content)}, expected a table")

    def wrong(self, key: str, found: str, expected: str) -> None:
        where = f"{self._name}.{key}" if self._name else key
        self._errors.append(f"{self._file}: {where}: found {found}, expected {expected}")

    def take(self, key: str, default: Any, expected: str, fits: Callable[[Any], bool]) -> Any:
        """The value of `key` if it `fits`; else the default, and an error unless the key is absent and optional."""
        self._known.append(key)
        instead = None if default is REQUIRED else default
        if key not in self._left:
            if default is REQUIRED:
                self.wrong(key, "nothing", expected)
            return instead
        value = self._left.pop(key)
        if fits(value):
            return value
        self.wrong(key, _show(value), expected)
        return instead

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

    def integer(self, key: str, default: int, lo: int, hi: int) -> int:
        expected = f"a whole number from {lo} to {hi}"
        value: int = self.take(key, default, expected, lambda v: type(v) is int and lo <= v <= hi)
        return value

    def text(self, key: str, default: Any, expected: str = "a text", pattern: re.Pattern[str] | None = None) -> Any:
        def fits(value: Any) -> bool:
            return isinstance(value, str) and value != "" and (pattern is None or pattern.fullmatch(value) is not None)

        return self.take(key, default, expected, fits)

    def choice(self, key: str, default: Any, choices: tuple[str, ...]) -> Any:
        return self.take(key, default, "one of " + ", ".join(choices), lambda v: isinstance(v, str) and v in choices)

    def flag(self, key: str, default: bool) -> bool:
        value: bool = self.take(key, default, "true or false", lambda v: isinstance(v, bool))
        return value

    def wav(self, key: str) -> Path | None:
        """A file, relative to the scenario's folder."""
        value = self.text(key, None, "the path of a WAV file")
        if value is None:
            return None
        path = self._file.parent / str(value)
        if not path.is_file():
            self.wrong(key, _show(value), f"the path of an existing WAV file (looked for {path})")
        return path

    def subtable(self, key: str) -> Table:
        self._known.append(key)
        return Table(self._file, key, self._left.pop(key, {}), self._errors)

    def subtables(self, key: str) -> list[Table]:
        self._known.append(key)
        content = self._left.pop(key, [])
        if not isinstance(content, list):
            self.wrong(key, _show(content), f"an array of tables, [[{key}]]")
            return []
        return [Table(self._file, f"{key}[{index}]", item, self._errors) for index, item in enumerate(content, 1)]

    def has(self, key: str) -> bool:
        return key in self._left

    def peek(self, key: str) -> Any:
        """What stands there, still to be taken."""
        return self._left.get(key)

    def rest(self) -> dict[str, Any]:
        left, self._left = self._left, {}
        return left

    def finish(self) -> None:
        for key, value in self._left.items():
            self.wrong(key, _show(value), "one of " + ", ".join(sorted(self._known)))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _show(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else repr(value)
