"""For when: a duration or a time of day, from the words in a sentence.

Law: arithmetic on a pack's tables; local time. An hour up to twelve may be either half of the day: a part of the day
settles it; without one, who is woken is woken in the morning, and everything else is the next time the clock shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.local.assistant.language import Day, Language, Part

EARLIEST, LATEST = 4, 11  # o'clock: when one is woken, if nothing else is said
HALF_DAY = 12 * 60  # minutes


@dataclass(frozen=True, slots=True)
class Due:
    """minute: of the day.  day: "today" is also the next time it is so late."""

    minute: int
    day: Day

    @property
    def clock(self) -> str:
        return f"{self.minute // 60:02}:{self.minute % 60:02}"


def seconds_of(slots: Mapping[str, str], language: Language) -> int:
    """Of a timer."""
    if "span" in slots:
        return language.SPANS[slots["span"]]
    hours, minutes, seconds = (language.COUNTS.get(slots.get(name, ""), 0) for name in ("hours", "minutes", "seconds"))
    return 3600 * hours + 60 * minutes + seconds


def due(slots: Mapping[str, str], language: Language, now: datetime, *, wakes: bool) -> Due:
    """Of an alarm. wakes: somebody who sleeps."""
    day, part_of_day = language.DAYS[slots["day"]] if "day" in slots else ("today", None)
    part = language.PARTS[slots["part"]] if "part" in slots else part_of_day
    if "moment" in slots:
        return Due(language.MOMENTS[slots["moment"]], day)
    hour = language.HOURS[slots["hour"]]
    after = language.OFFSETS[slots["offset"]] if "offset" in slots else language.MINUTES.get(slots.get("minute", ""), 0)
    if hour > 12 or hour == 0 or (language.FULL_DAY_CLOCK and part is None and "minute" in slots):
        return Due((60 * hour + after) % (2 * HALF_DAY), day)
    first = (60 * hour + after) % HALF_DAY
    if part is None and (wakes or day != "today"):
        part = "morning" if EARLIEST <= first // 60 <= LATEST else "afternoon"
    return Due(_half(first, part, now), day)


def _half(first: int, part: Part | None, now: datetime) -> int:
    """first: minutes since midnight or since noon. Which of the two it is; without a part of the day the next."""
    match part:
        case "morning":
            return first
        case "afternoon" | "evening":
            return first + HALF_DAY
        case "night":
            return first + HALF_DAY if first >= HALF_DAY // 2 else first
    return min((first, first + HALF_DAY), key=lambda minute: _minutes_to(minute, now))


def _minutes_to(minute: int, now: datetime) -> int:
    return (minute - (60 * now.hour + now.minute) - 1) % (2 * HALF_DAY)


def tomorrow(now: datetime) -> str:
    """YYYY-MM-DD."""
    return f"{now + timedelta(days=1):%Y-%m-%d}" if now.year < 9999 else f"{now:%Y-%m-%d}"
