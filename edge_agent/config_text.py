"""Settings as text: TOML and JSON for `config show`, the table of the README, the quotes in an error.

Law: pure functions to strings. What is printed as TOML is itself a valid file; nothing that looks like a key to a
service is ever printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import Field
from typing import Any, get_type_hints

from edge_agent.config import Loaded, Settings, declared

QUOTED = 60  # characters of a wrong value that an error quotes; a whole paragraph would hide the sentence

_SECRET_VALUE = re.compile(r"\b(?:sk|ek|pk)[-_][A-Za-z0-9_-]{6,}|(?i:bearer)\s+[A-Za-z0-9._~+/=-]{16,}")
_URL_USER = re.compile(r"(?<=://)[^/@\s]+@")
_URL_QUERY = re.compile(r"([?&][^=&#\s]*(?:key|token|secret|password|sig)[^=&#\s]*=)[^&#\s]+", re.IGNORECASE)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def show(loaded: Loaded, *, effective: bool = False, origin: bool = False, as_json: bool = False) -> str:
    """The configuration as TOML that is itself a valid file, each key under what it means; or as JSON.

    effective: every key, defaults too; else only what the files set. origin: where each value comes from.
    A secret inside an address is masked.
    """
    chosen: dict[str, dict[str, Field[Any]]] = {}
    for section, f in declared():
        if effective or loaded.origins.get(f"{section}.{f.name}", "default") != "default":
            chosen.setdefault(section, {})[f.name] = f
    if as_json:
        return _show_json(loaded, chosen, origin)
    lines: list[str] = []
    for section, keys in chosen.items():
        lines += ["", f"[{section}]"]
        for name, f in keys.items():
            lines.append(f"# {f.metadata['doc']}")
            if origin:
                lines.append(f"# from {_origin(loaded, section, name)}")
            lines.append(f"{name} = {toml_value(_shown(loaded, section, name))}")
    return "\n".join(lines[1:]) + "\n" if lines else "# every key has its default; --effective shows them\n"


def _show_json(loaded: Loaded, chosen: Mapping[str, Mapping[str, Field[Any]]], origin: bool) -> str:
    story: dict[str, Any] = {"settings": {s: {k: _shown(loaded, s, k) for k in keys} for s, keys in chosen.items()}}
    if origin:
        story["origins"] = {f"{s}.{k}": _origin(loaded, s, k) for s, keys in chosen.items() for k in keys}
    return json.dumps(story, ensure_ascii=False, indent=2) + "\n"


def _origin(loaded: Loaded, section: str, name: str) -> str:
    """The file that set the key last; for a table, whose entries come from several, each file that gave one."""
    key, value = f"{section}.{name}", getattr(getattr(loaded.settings, section), name)
    names = [f"{key}.{entry(k)}" for k in value] if isinstance(value, Mapping) else []
    found = dict.fromkeys(loaded.origins[n] for n in names if n in loaded.origins)
    return ", ".join(found) or loaded.origins.get(key, "default")


def _shown(loaded: Loaded, section: str, name: str) -> Any:
    value = getattr(getattr(loaded.settings, section), name)
    return masked(value) if isinstance(value, str) else value


def toml_value(value: Any) -> str:
    """One value in TOML, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but TOML also forbids a bare DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, Mapping):
        pairs = (f"{_toml_key(k)} = {toml_value(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    return str(value)  # integers, floats with their point, dates


def _toml_key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else toml_value(name)


def entry(name: str) -> str:
    """How an error names one entry of a table, behind the table's key: `alexa`, `"/path/own.onnx"`."""
    return _toml_key(masked(name))


def reference() -> str:
    """Every key as a markdown table: section, key, default, what is allowed, what it means."""
    rows = ["| section | key | default | allowed | meaning |", "|---|---|---|---|---|"]
    defaults = Settings()
    for section, f in declared():
        part = getattr(defaults, section)
        words = allowed(get_type_hints(type(part))[f.name], f.metadata)
        cells = (f"`{section}`", f"`{f.name}`", f"`{toml_value(getattr(part, f.name))}`", words, f.metadata["doc"])
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def allowed(wanted: Any, facts: Mapping[str, Any]) -> str:
    """What a key may hold, in words: `a whole number from 20 to 500`."""
    if facts["choices"]:
        return "one of " + ", ".join(facts["choices"])
    if facts["websocket"]:
        return "an address that begins with ws:// or wss:// and names a host, or nothing"
    if facts["card"]:
        return "a card's id (never its number), ID,DEVICE or pcm:NAME, or nothing"
    names = {bool: "true or false", int: "a whole number", float: "a number", str: 'text in "quotes"'}
    names[dict[str, float]] = "a table of numbers"
    words = names.get(wanted, 'a list of texts, as ["one", "two"]')
    if facts["lo"] is not None:
        words += f" from {facts['lo']:g} to {facts['hi']:g}"
    if facts["none"] is not None:
        words += f", or {facts['none']:g}"
    if facts["multiple"]:
        words += f", a multiple of {facts['multiple']}"
    return words + (", as {one = 0.6}" if wanted == dict[str, float] else "")


def quoted(value: Any) -> str:
    """A value as TOML would write it, masked and on one line."""
    try:
        text = masked(value if isinstance(value, str) else toml_value(value))
    except (ValueError, RecursionError):  # 0xfff... of thousands of digits, a table of thousands of levels
        return "a value beyond all measure"
    if isinstance(value, str):
        text = toml_value(text)
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


def masked(text: str) -> str:
    """The text without what is shaped like a service's key, and without the password or token of an address."""
    text = _SECRET_VALUE.sub("(not shown)", text)
    return _URL_QUERY.sub(r"\1(not-shown)", _URL_USER.sub("(not-shown)@", text))
