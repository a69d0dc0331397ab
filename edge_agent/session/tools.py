"""What the model may do on this device: named functions with a schema, and a box that calls them.

Law: a call comes from a language model and is not trusted: it is checked against the schema, it cannot raise, and what
it returns is data for the model, a text of bounded size. A tool says how far it reaches (`level`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

LIMIT_BYTES = 4_096  # of a result: it is billed as input with every reply that follows

Level = Literal["read", "change", "danger"]


@dataclass(frozen=True, slots=True)
class Tool:
    """parameters: a JSON schema of type object (properties with type, enum, minimum, maximum; required).
    run: called with the arguments by keyword; returns the text for the model.
    level: read (looks), change (can be undone by asking again), danger (cannot).
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    run: Callable[..., str]
    level: Level = "read"


class Toolbox:
    """allow: the levels that are offered at all. Danger has to be asked for by whoever builds the box."""

    def __init__(self, tools: Iterable[Tool], allow: Iterable[Level] = ("read", "change")) -> None:
        """Raises ValueError if two tools have one name."""
        levels = frozenset(allow)
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            if tool.name in self._tools:
                raise ValueError(f"tool {tool.name}: there are two of that name")
            if tool.level in levels:
                self._tools[tool.name] = tool

    def schemas(self) -> list[dict[str, Any]]:
        """As a provider takes them."""
        return [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
            }
            for tool in self._tools.values()
        ]

    def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Run it. Never raises: what went wrong is a JSON object with `error`, so that the model can say so."""
        try:
            return self._called(name, arguments)
        except (Exception, SystemExit) as error:  # who waits for the answer would wait for ever
            return _error(f"{name[:60]} failed: {type(error).__name__}{_words(error)}")

    def _called(self, name: str, arguments: Mapping[str, Any]) -> str:
        tool = self._tools.get(name)
        if tool is None:
            return _error(f"there is no tool {name[:60]!r}; there are: {', '.join(self._tools) or 'none'}")
        wrong = _wrong(tool.parameters, arguments)
        if wrong:
            return _error(f"{name}: {wrong}")
        result: object = tool.run(**arguments)
        if not isinstance(result, str):
            return _error(f"{name} returned {type(result).__name__}, not text")
        return _bounded(result)


def device_tools(
    volume_get: Callable[[], int], volume_set: Callable[[int], None], status: Callable[[], Mapping[str, Any]]
) -> list[Tool]:
    """What every device can do. volume: percent, 0 to 100. status: plain facts, JSON types only."""

    def get_volume() -> str:
        return json.dumps({"percent": volume_get()})

    def set_volume(percent: float) -> str:
        volume_set(round(percent))
        return json.dumps({"percent": volume_get()})

    def device_status() -> str:
        return json.dumps(dict(status()))

    nothing = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    percent = {"type": "integer", "description": "0 is silent, 100 is loudest", "minimum": 0, "maximum": 100}
    volume = {
        "type": "object",
        "properties": {"percent": percent},
        "required": ["percent"],
        "additionalProperties": False,
    }
    return [
        Tool("get_volume", "How loud this device speaks, in percent.", nothing, get_volume),
        Tool("set_volume", "Set how loud this device speaks, in percent.", volume, set_volume, "change"),
        Tool("device_status", "How this device is doing: network, sound, temperature.", nothing, device_status),
        Tool(
            "not_for_me",
            "Call this, and say nothing, when what you heard was plainly not said to you: a television, people talking "
            "to each other. The device goes back to waiting, in silence.",
            nothing,
            lambda: "{}",
        ),
    ]


# --- checking -------------------------------------------------------------------------------------------------------


def _wrong(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """What is wrong with the arguments, or empty. An argument that the schema does not name is wrong."""
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in arguments:
            return f"{name} is missing"
    for name, value in arguments.items():
        if name not in properties:
            return f"there is no argument {str(name)[:60]!r}; there are: {', '.join(properties) or 'none'}"
        wrong = _wrong_value(properties[name], value)
        if wrong:
            return f"{name}: found {_shown(value)}, expected {wrong}"
    return ""


def _wrong_value(schema: Mapping[str, Any], value: Any) -> str:
    kind = schema.get("type")
    fits = _TYPES.get(kind) if isinstance(kind, str) else None
    if fits is not None and not fits(value):
        return f"type {kind}"
    if "enum" in schema and value not in schema["enum"]:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, int | float):
        if value < schema.get("minimum", -math.inf):
            return f"at least {schema['minimum']}"
        if value > schema.get("maximum", math.inf):
            return f"at most {schema['maximum']}"
    return ""


def _is_number(value: Any) -> bool:
    """An integer may have hundreds of digits, more than any float."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )


_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value == int(value),  # JSON knows no integers: 50.0 is one
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:60] + "..."


def _words(error: BaseException) -> str:
    try:
        return f": {error}"
    except Exception:  # an exception that cannot even be put into words
        return ""


def _error(what: str) -> str:
    return _bounded(json.dumps({"error": what[:1000]}))


def _bounded(text: str) -> str:
    raw = text.encode("utf-8", errors="replace")
    if len(raw) <= LIMIT_BYTES:
        return raw.decode("utf-8")
    note = f" [cut: the result has {len(raw)} bytes]"
    return raw[: LIMIT_BYTES - len(note)].decode("utf-8", errors="ignore") + note
