"""Numbers, durations and moments as they are said, in any language.

Law: arithmetic; the words come from the pack.
"""

from __future__ import annotations

from datetime import datetime

from edge_agent.local.assistant.language import Language

_SIZES = (86_400, 3600, 60, 1)  # s, of the pack's UNITS


def whole(language: Language, value: float) -> str:
    """A rounded number, in words where it is short."""
    rounded = round(value)
    return language.number(rounded) if 0 <= rounded <= 100 else str(rounded)


def decimal(language: Language, value: float) -> str:
    """In words where it is a small whole number; else to two places."""
    if value == int(value):
        return whole(language, value)
    return f"{value:.2f}".rstrip("0").replace(".", language.TEXTS.decimal_sign)


def duration(language: Language, seconds: float) -> str:
    """The two largest units: nobody wants to hear the seconds of an hour."""
    left = max(0, round(seconds))
    first = next((at for at, size in enumerate(_SIZES) if left >= size), len(_SIZES) - 1)
    said: list[str] = []
    for size, unit in list(zip(_SIZES, language.UNITS, strict=True))[first : first + 2]:
        count, left = divmod(left, size)
        if count or not said:
            said.append(language.count(count, unit))
    return language.TEXTS.both.format(*said) if len(said) == 2 else said[0]


def moment(language: Language, when: datetime, now: datetime) -> str:
    """A time to come."""
    clock, texts = language.clock(when), language.TEXTS
    if when.date() == now.date():
        return texts.today.format(clock)
    if (when.date() - now.date()).days == 1:
        return texts.tomorrow.format(clock)
    return texts.on_day.format(clock, language.day(when))
