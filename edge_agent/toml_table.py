"""One table of a TOML file being read: values are taken out of it by key, and what is wrong is collected, never raised.

Law: pure; it knows types and ranges, no key's name, and judges single values: what they mean together is for whoever
takes them. Every complaint is a line `FILE: KEY: found VALUE, expected WHAT`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

REQUIRED: Any = object()  # as a default: the key must be there; None stands for it where it is not
ANYTHING = re.compile(r".*", re.DOTALL)


class TomlTable:
    """content: what the file has under `name`.  problems: the list that complaints are added to."""

    def __init__(self, file: Path, name: str, content: Any, problems: list[str]) -> None:
        self._file, self._name, self._problems = file, name, problems
        self._left: dict[str, Any] = {}
        self._known: list[str] = []
        if isinstance(content, dict):
            self._left = dict(content)
        else:
            problems.append(f"{file}: {name}: found {shown(content)}, expected a table")
        self.given: frozenset[str] = frozenset(self._left)

    def wrong(self, key: str, found: str, expected: str) -> None:
        self._problems.append(f"{self._file}: {self._under(key)}: found {found}, expected {expected}")

    def _under(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def take(self, key: str, default: Any, expected: str, fits: Callable[[Any], bool]) -> Any:
        """The value of `key` if it `fits`; else the default, and a complaint unless the key is absent and optional."""
        self._known.append(key)
        instead = None if default is REQUIRED else default
        if key not in self._left:
            if default is REQUIRED:
                self.wrong(key, "nothing", expected)
            return instead
        value = self._left.pop(key)
        if fits(value):
            return value
        self.wrong(key, shown(value), expected)
        return instead

    def text(self, key: str, default: Any = "", expected: str = "text", pattern: re.Pattern[str] = ANYTHING) -> Any:
        return self.take(key, default, expected, lambda v: isinstance(v, str) and pattern.fullmatch(v) is not None)

    def texts(self, key: str, pattern: re.Pattern[str] = ANYTHING, what: str = "texts") -> tuple[str, ...]:
        """A list of texts. what: they are, in the plural."""

        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(v, str) and pattern.fullmatch(v) for v in value)

        return tuple(self.take(key, (), f"a list of {what}", fits))

    def flag(self, key: str, default: Any) -> bool:
        return bool(self.take(key, default, "true or false", lambda v: isinstance(v, bool)))

    def integer(self, key: str, default: Any, lo: int, hi: int, form: str = "d") -> int:
        """form: of the limits in a complaint; `#04x` for an address. What is required and wrong is `lo`."""
        expected = f"a whole number from {lo:{form}} to {hi:{form}}"
        value = self.take(key, default, expected, lambda v: type(v) is int and lo <= v <= hi)
        return lo if value is None else int(value)

    def choice(self, key: str, default: Any, choices: tuple[str, ...]) -> Any:
        return self.take(key, default, "one of " + ", ".join(choices), lambda v: isinstance(v, str) and v in choices)

    def inner(self, key: str) -> Any:
        """The table below `key`, of this class; None where there is none."""
        content = self.take(key, None, "a table", lambda v: isinstance(v, dict))
        return None if content is None else type(self)(self._file, self._under(key), content, self._problems)

    def arrays(self, key: str) -> list[Any]:
        """An array of tables, `[[key]]`, of this class; complaints count them from 1."""
        content = self.take(key, [], f"an array of tables, [[{key}]]", lambda v: isinstance(v, list))
        names = (f"{self._under(key)}[{number}]" for number in range(1, len(content) + 1))
        return [type(self)(self._file, name, item, self._problems) for name, item in zip(names, content, strict=True)]

    def has(self, key: str) -> bool:
        return key in self._left

    def rest(self) -> dict[str, Any]:
        """All that is left, for a table whose keys are names of the user's world."""
        left, self._left = self._left, {}
        return left

    def finish(self) -> None:
        """What was not taken means nothing here."""
        for key, value in self._left.items():
            self.wrong(key, shown(value), "one of " + ", ".join(sorted(self._known)))


def shown(value: Any) -> str:
    """As TOML would write it, as far as a line may go."""
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else repr(value)
