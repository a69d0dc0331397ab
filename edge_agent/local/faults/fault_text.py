"""The vocabulary of faults, told: for `--help`, and as a table for the documents.

Law: words made of `fault_kinds.KINDS`, nothing else.
"""

from __future__ import annotations

from edge_agent.local.faults.fault_kinds import FOREVER, KINDS, Kind

SYNTAX = (
    "KIND[,KEY=VALUE]...: at_s (seconds after a connection opened) or after (a type of event that crossed, with "
    "delay_s behind it), for_s, value, jitter_ms, count (0: without end), only (a type of message), way (down, up or "
    "both)"
)


def help_text() -> str:
    """Every kind with its meaning, a line each."""
    width = max(map(len, KINDS))
    return "faults:\n" + "\n".join(f"  {name:<{width}}  {_told(kind)}" for name, kind in KINDS.items())


def markdown() -> str:
    rows = ["| kind | what happens | `value` | `count` counts | also takes |", "|---|---|---|---|---|"]
    for name, kind in KINDS.items():
        takes = ", ".join(f"`{key}` ({_usual(kind)})" if key == "for_s" else f"`{key}`" for key in kind.keys)
        rows.append(f"| `{name}` | {kind.meaning} | {_value(kind)} | {kind.counts}, {kind.count} | {takes} |")
    return "\n".join(rows)


def _told(kind: Kind) -> str:
    value = _value(kind)
    return kind.meaning.replace("`", "'") + (f"; value: {value}" if value else "")


def _value(kind: Kind) -> str:
    choices = kind.words or tuple(map(str, kind.among))
    told = f"{kind.value}: {', '.join(choices)}" if choices else kind.value
    if not kind.instead:
        return told
    return f"{told} ({kind.instead:g})" if isinstance(kind.instead, float) else f"{told} ({kind.instead})"


def _usual(kind: Kind) -> str:
    return "forever" if kind.for_s == FOREVER else f"{kind.for_s:g}"
