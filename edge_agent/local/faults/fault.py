"""What can go wrong between a device and its provider: one vocabulary for the command line, scenario files and tests.

Law: words and their reading; nothing happens here (`faulty_line.py` does it). No socket, clock or thread. Seconds are
`_s`, milliseconds `_ms`. On the command line a fault is `KIND[,KEY=VALUE]...`; in a file it is a table with `kind` and
the same keys; `fault_kinds.py` has the list of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_agent.local.faults.fault_kinds import FOREVER, KINDS, Kind, Value

LONGEST_S = 3600.0
MOST = 1000
WAYS = ("down", "up", "both")

Wrong = tuple[str, str, str]


class FaultError(ValueError):
    """All that is wrong with a fault, a line each: `KEY: found VALUE, expected WHAT`; wrong: these three, of each."""

    def __init__(self, wrong: list[Wrong]) -> None:
        super().__init__("\n".join(f"{key}: found {found}, expected {expected}" for key, found, expected in wrong))
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Fault:
    """kind: of KINDS.  at_s: so long after a connection opened.  after: a type of event; it strikes when one has
    crossed, either way, and `delay_s` have gone by.  Neither: at once.  count: what the kind counts; 0: without end.
    only: the type of message it concerns.  way: down is from the server.
    """

    kind: str = "drop"
    value: Value = None
    for_s: float = 3.0
    at_s: float | None = None
    after: str | None = None
    delay_s: float = 0.0
    jitter_ms: float = 0.0
    count: int = 1
    only: str = ""
    way: str = "down"

    @property
    def at_upgrade(self) -> bool:
        return KINDS[self.kind].upgrade

    def noted(self) -> dict[str, Any]:
        """For the timeline; what lasts for ever has no length, as JSON has no word for it."""
        told = {"kind": self.kind, "for_s": None if self.for_s == FOREVER else self.for_s, "value": self.value}
        return told if self.after is None else {**told, "after": self.after}

    def spec(self) -> str:
        """As it stands on a command line."""
        usual = fault_of({"kind": self.kind, **({} if self.value is None else {"value": self.value})})
        told = []
        for key in ("value", *_NUMBERS, "count", "after", "only", "way"):
            mine = getattr(self, key)
            if mine is not None and (mine != getattr(usual, key) or (key == "value" and mine != "")):
                told.append(f",{key}={mine:g}" if isinstance(mine, float) else f",{key}={mine}")
        return self.kind + "".join(told)


_NUMBERS: dict[str, tuple[float, float]] = {
    "for_s": (0.0, LONGEST_S),
    "at_s": (0.0, LONGEST_S),
    "delay_s": (0.0, LONGEST_S),
    "jitter_ms": (0.0, 60_000.0),
}
_WHEN = ("at_s", "after", "delay_s")
_AT_ONCE = ("drop", "error", "expire")  # may be told `for_s` too, for nothing: the first scenario files told it always


def parsed(spec: str) -> Fault:
    """A fault of the command line. Raises FaultError, with all that is wrong."""
    kind, *rest = (part.strip() for part in spec.split(","))
    table: dict[str, Any] = {"kind": kind}
    wrong: list[Wrong] = []
    for part in rest:
        key, equals, text = (piece.strip() for piece in part.partition("="))
        if not equals:
            wrong.append((kind, f'"{part}"', "KEY=VALUE"))
        elif key in table:
            wrong.append((key, "it twice", "it once"))
        else:
            table[key] = _scalar(text)
    return fault_of(table, wrong)


def _scalar(text: str) -> Any:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def fault_of(table: Mapping[str, Any], wrong: Iterable[Wrong] = ()) -> Fault:
    """A fault of a table. wrong: what was found wrong already. Raises FaultError, with all that is wrong."""
    reading = _Reading(table, list(wrong))
    fault = reading.fault()
    if reading.wrong:
        raise FaultError(reading.wrong)
    return fault


@dataclass
class _Reading:
    table: Mapping[str, Any]
    wrong: list[Wrong]

    def fault(self) -> Fault:
        name = self.table.get("kind", "drop")
        if not isinstance(name, str) or name not in KINDS:
            self._wrong("kind", name, "one of " + ", ".join(KINDS))
            return Fault()
        kind = KINDS[name]
        when = () if kind.upgrade else _WHEN
        takes = ("kind", *(("value",) if kind.value else ()), *kind.keys, "count", *when)
        for key in self.table:
            if key not in takes and not (key == "for_s" and name in _AT_ONCE):
                self._wrong(key, self.table[key], f"a key of {name}: " + ", ".join(takes[1:]))
        if "at_s" in self.table and "after" in self.table:
            self.wrong.append(("at_s", "both at_s and after", "one of them"))
        if "delay_s" in self.table and "after" not in self.table:
            self.wrong.append(("delay_s", "no `after`", "a delay only behind an event"))
        return Fault(
            kind=name,
            value=self._value(kind),
            for_s=self._number("for_s", kind.for_s),
            at_s=self._number("at_s", None),
            after=self._word("after", None, "a type of event"),
            delay_s=self._number("delay_s", 0.0),
            jitter_ms=self._number("jitter_ms", 0.0),
            count=self._count(kind),
            only=self._word("only", "", "a type of event"),
            way=self._word("way", "down", "one of " + ", ".join(WAYS), WAYS),
        )

    def _value(self, kind: Kind) -> Value:
        if not kind.value:
            return None
        value = self.table.get("value", kind.instead)
        if kind.number is not None:
            lo, hi = kind.number
            if not _is_number(value) or not lo <= value <= hi or any(int(value) in gap for gap in kind.gaps):
                self._wrong("value", value, f"{kind.value}, a number from {lo:g} to {hi:g}")
                return None
            return float(value)
        if kind.among:
            if value not in kind.among or isinstance(value, bool):
                self._wrong("value", value, f"{kind.value}, one of " + ", ".join(map(str, kind.among)))
                return None
            return float(value)
        expected = "one of " + ", ".join(kind.words) if kind.words else kind.value
        word: Value = self._word("value", kind.instead, expected, kind.words, needed=kind.instead is None)
        return word

    def _number(self, key: str, instead: Any) -> Any:
        value = self.table.get(key, instead)
        if value is instead:
            return value
        lo, hi = _NUMBERS[key]
        forever = key == "for_s" and value == FOREVER
        if not _is_number(value) or not (lo <= value <= hi or forever):
            self._wrong(key, value, f"a number from {lo:g} to {hi:g}" + (", or inf" if key == "for_s" else ""))
            return instead
        return float(value)

    def _count(self, kind: Kind) -> int:
        value = self.table.get("count", kind.count)
        least, told = (0, "0 (without end)") if kind.endless else (1, "1")
        if type(value) is not int or not least <= value <= MOST:
            self._wrong("count", value, f"a whole number from {told} to {MOST}")
            return kind.count
        return value

    def _word(self, key: str, instead: Any, expected: str, words: tuple[str, ...] = (), *, needed: bool = False) -> Any:
        value = self.table.get(key, instead)
        if value is instead and not needed:
            return value
        if not isinstance(value, str) or not value or (words and value not in words):
            self._wrong(key, value, expected)
            return instead
        return value

    def _wrong(self, key: str, found: Any, expected: str) -> None:
        self.wrong.append((key, _show(found), expected))


def _show(value: Any) -> str:
    if value is None:
        return "nothing"
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else f"{value}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)
