"""A TOML table being taken apart: every wrong, missing or unknown key becomes a problem, none an exception.

Law: it judges single values; what they mean together is for whoever takes them. A problem is one line,
`SOURCE: TABLE.KEY: found WHAT, expected WHAT`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any


class TomlTable:
    """name: how errors name the table, with a dot behind it, or empty.  problems: where they are put."""

    def __init__(self, data: Mapping[str, Any], name: str, problems: list[str], source: str) -> None:
        self._left = dict(data)
        self._known: list[str] = []
        self._name = name
        self._problems = problems
        self._source = source

    def take(self, key: str, default: Any, fits: Callable[[Any], bool], what: str, *, needed: bool = False) -> Any:
        """The value of `key` if it `fits`, else the default and a problem; `what` is what was expected."""
        self._known.append(key)
        if key not in self._left:
            if needed:
                self.complain(key, "nothing", what)
            return default
        found = self._left.pop(key)
        if fits(found):
            return found
        self.complain(key, repr(found), what)
        return default

    def text(self, key: str, default: str = "", *, needed: bool = False) -> str:
        return str(self.take(key, default, lambda v: isinstance(v, str), "text", needed=needed))

    def flag(self, key: str, default: bool, *, needed: bool = False) -> bool:
        return bool(self.take(key, default, lambda v: isinstance(v, bool), "true or false", needed=needed))

    def number(self, key: str, default: int, lo: int, hi: int, *, needed: bool = False, shown: str = "d") -> int:
        """shown: the format of the limits in an error; `#04x` for an address."""
        what = f"a whole number from {lo:{shown}} to {hi:{shown}}"
        return int(self.take(key, default, lambda v: type(v) is int and lo <= v <= hi, what, needed=needed))

    def choice(self, key: str, default: str, allowed: tuple[str, ...], *, needed: bool = False) -> str:
        what = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        return str(self.take(key, default, lambda v: v in allowed, what, needed=needed))

    def texts(self, key: str, fits: Callable[[str], bool] = lambda v: True, what: str = "texts") -> tuple[str, ...]:
        """A list of texts, each of which `fits`; `what` they are, in the plural."""
        return tuple(
            self.take(
                key,
                [],
                lambda v: isinstance(v, list) and all(isinstance(i, str) and fits(i) for i in v),
                f"a list of {what}",
            )
        )

    def inner(self, key: str) -> TomlTable | None:
        table = self.take(key, None, lambda v: isinstance(v, dict), "a table")
        return None if table is None else TomlTable(table, f"{self._name}{key}.", self._problems, self._source)

    def tables(self, key: str) -> list[TomlTable]:
        """An array of tables, `[[key]]`; errors count them from 1."""
        found = self.take(
            key, [], lambda v: isinstance(v, list) and all(isinstance(i, dict) for i in v), f"tables, [[{key}]]"
        )
        return [
            TomlTable(table, f"{self._name}{key}.{number}.", self._problems, self._source)
            for number, table in enumerate(found, 1)
        ]

    def rest(self) -> dict[str, Any]:
        """All that is left, for a table whose keys are names of the user's world."""
        left, self._left = self._left, {}
        return left

    def complain(self, key: str, found: str, what: str) -> None:
        self._problems.append(f"{self._source}: {self._name}{key}: found {found}, expected {what}")

    def finish(self) -> None:
        """What was not taken means nothing here."""
        for key in self._left:
            near = difflib.get_close_matches(key, self._known, n=1, cutoff=0.7)
            hint = f"; the nearest is {near[0]}" if near else ""
            self.complain(key, "a key that means nothing here", f"it left out{hint}")
