"""Profiles, told: a table for people (`board list`), the same for hardware/README.md, or JSON.

Law: words only, made from the profiles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from edge_agent.board.facts import LedFacts, Profile

HEADS = ("profile", "board", "button", "light", "echo tier", "cards", "run on the metal")


def table(profiles: Sequence[Profile]) -> str:
    rows = [HEADS, *map(_row, profiles)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def markdown(profiles: Iterable[Profile]) -> str:
    """The table of hardware/README.md; a profile's name links to its wiring page."""
    lines = [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|"]
    for profile in profiles:
        name, *rest = _row(profile)
        lines.append(f"| {' | '.join([f'[`{name}`](wiring/{name}.md)', *rest])} |")
    return "\n".join(lines)


def as_json(profiles: Iterable[Profile]) -> str:
    return json.dumps([dict(zip(HEADS, _row(profile), strict=True)) for profile in profiles], indent=1)


def _row(profile: Profile) -> tuple[str, ...]:
    button, audio = profile.button, profile.audio
    cards = dict.fromkeys((audio.input_card or "any USB microphone", audio.output_card or "any"))
    return (
        profile.id,
        profile.name,
        f"GPIO{button.pin}" if button else "none",
        _light(profile.led),
        str(profile.echo_tier),
        ", ".join(cards),
        "yes" if profile.tested else "no",
    )


def _light(led: LedFacts) -> str:
    pins = ", ".join(f"GPIO{pin}" for pin in led.pins)
    match led.kind:
        case "none":
            return "none"
        case "apa102":
            return f"{led.pixels} APA102 on SPI {led.spi[0]}.{led.spi[1]}"
        case "rgb":
            return f"three colours on {pins}"
        case "pwm":
            return f"lamp on {pins}, dimmed"
        case _:
            return f"lamp on {pins}"
