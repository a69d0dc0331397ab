"""What a JSON value must look like, written as nested checks; what is wrong is said in the protocol's own words.

Law: pure; a check takes a value and the dotted name of its field, returns the value (never the client's own object
where it is a container), and raises Refused. No field's name lives here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from edge_agent.local.realtime.refusal import Refused

Check = Callable[[Any, str], Any]

_SHOWN = 80  # characters of a wrong value that an error repeats
_SHOWN_BITS = 256  # of an integer: a longer one is told by its size, for Python refuses to print very long ones
_DEEPEST = 32  # levels of an object that is not ours: it is copied and shown, which must not exhaust the stack


def shown(value: Any) -> str:
    """A value as an error message may repeat it."""
    if isinstance(value, dict | list):
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"an integer of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def wrong_type(name: str, value: Any, expected: str) -> Refused:
    return Refused(
        f"Invalid type for '{name}': expected {expected}, but got {shown(value)}.", code="invalid_type", param=name
    )


def wrong_value(name: str, value: Any, expected: str) -> Refused:
    return Refused(
        f"Invalid value for '{name}': {shown(value)}. Expected {expected}.", code="invalid_value", param=name
    )


def unsupported(name: str, why: str) -> Refused:
    return Refused(f"'{name}': {why}", code="unsupported_parameter", param=name)


def _writable(value: str, name: str) -> str:
    """JSON can escape half a surrogate pair, which no UTF-8 can carry back."""
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise wrong_value(name, value, "text without unpaired surrogates")
    return value


def text(longest: int | None = None) -> Check:
    """A string; longest: in characters."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, str):
            raise wrong_type(name, value, "a string")
        if longest is not None and len(value) > longest:
            raise wrong_value(name, value, f"at most {longest} characters, found {len(value)}")
        return _writable(value, name)

    return check


def matching(pattern: str, expected: str) -> Check:
    """A string that is this regular expression from end to end."""
    whole = re.compile(pattern, re.ASCII)

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, str):
            raise wrong_type(name, value, "a string")
        if whole.fullmatch(value) is None:
            raise wrong_value(name, value, expected)
        return value

    return check


def boolean(value: Any, name: str) -> Any:
    if not isinstance(value, bool):
        raise wrong_type(name, value, "a boolean")
    return value


def number(lowest: float, highest: float, *, whole: bool = False) -> Check:
    def check(value: Any, name: str) -> Any:
        expected = f"{'an integer' if whole else 'a number'} from {lowest:g} to {highest:g}"
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise wrong_type(name, value, expected)
        if not lowest <= value <= highest or (whole and value != int(value)):
            raise wrong_value(name, value, expected)
        return int(value) if whole else value

    return check


def one_of(*allowed: str) -> Check:
    def check(value: Any, name: str) -> Any:
        if not isinstance(value, str) or value not in allowed:
            raise wrong_value(name, value, f"one of {', '.join(map(repr, allowed))}")
        return value

    return check


def either(*checks: Check) -> Check:
    """The first that fits; the last one's complaint if none does."""

    def check(value: Any, name: str) -> Any:
        for one in checks[:-1]:
            try:
                return one(value, name)
            except Refused:
                continue
        return checks[-1](value, name)

    return check


def or_null(inner: Check) -> Check:
    return lambda value, name: None if value is None else inner(value, name)


def list_of(inner: Check, longest: int = 1024) -> Check:
    def check(value: Any, name: str) -> Any:
        if not isinstance(value, list):
            raise wrong_type(name, value, "an array")
        if len(value) > longest:
            raise wrong_value(name, value, f"at most {longest} elements")
        return [inner(element, f"{name}[{place}]") for place, element in enumerate(value)]

    return check


def record(
    fields: Mapping[str, Check], required: tuple[str, ...] = (), *, gone: Mapping[str, str] | None = None
) -> Check:
    """An object with these fields and no others. gone: what is to be done about fields that there once were."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, dict):
            raise wrong_type(name, value, "an object")
        for key in required:
            if key not in value:
                raise missing(_within(name, key))
        checked = {}
        for key, inner in value.items():
            if key not in fields:
                raise _unknown(_within(name, str(key)[:_SHOWN]), (gone or {}).get(key), fields)
            checked[key] = fields[key](inner, _within(name, key))
        return checked

    return check


def _within(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _unknown(name: str, advice: str | None, fields: Mapping[str, Check]) -> Refused:
    more = f"Known are: {', '.join(fields)}." if advice is None else f"It is gone since the beta protocol: {advice}."
    return Refused(f"Unknown parameter: '{name}'. {more}", code="unknown_parameter", param=name)


def missing(name: str) -> Refused:
    return Refused(f"Missing required parameter: '{name}'.", code="missing_required_parameter", param=name)


def tagged(variants: Mapping[str, Check], tag: str = "type") -> Check:
    """An object whose `tag` says which of the variants it is."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, dict):
            raise wrong_type(name, value, "an object")
        if tag not in value:
            raise missing(f"{name}.{tag}")
        return variants[one_of(*variants)(value[tag], f"{name}.{tag}")](value, name)

    return check


def mapping(value: Any, name: str) -> Any:
    """Any object: its inside is not ours, but it must be possible to repeat it."""
    if not isinstance(value, dict):
        raise wrong_type(name, value, "an object")
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _inside(one, name)]
        if not level:
            return dict(value)
    raise wrong_value(name, value, f"at most {_DEEPEST} levels")


def _inside(value: Any, name: str) -> list[Any]:
    if isinstance(value, dict):
        for key in value:
            _writable(key, name)
        return list(value.values())
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        _writable(value, name)
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong_value(name, value, "finite numbers")
    return []


def metadata(value: Any, name: str) -> Any:
    """Up to 16 pairs of strings, 64 and 512 characters long."""
    pairs = mapping(value, name)
    if len(pairs) > 16:
        raise wrong_value(name, value, "at most 16 pairs")
    for key, inner in pairs.items():
        text(64)(key, name)
        text(512)(inner, f"{name}.{key}")
    return pairs
