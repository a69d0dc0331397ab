"""What a language pack offers, and where to find it by its name.

Law: types and names; no words of any language but the names of the wake words. A pack is one file, `language_XX.py`:
mypy checks that it has everything, `tests/local/assistant/test_language.py` that it is whole. To add one: the
file, its name in LANGUAGES, and its lines in `language`.
Numbers and times are tables from the words to the value, and functions for the way back: what is said is understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from edge_agent.local.assistant.grammar import Grammar

LANGUAGES: Final = ("en", "de")
ENGLISH: Final = LANGUAGES[0]

Part = Literal["night", "morning", "afternoon", "evening"]
Day = Literal["today", "tomorrow", "daily"]
Operator = Literal["+", "-", "*", "/"]

# The uplink starts a little before the end of the wake word: its last syllables may stand in front of the sentence.
WAKE_SOUNDS: Final[Mapping[str, str]] = {
    **{"jarvis": "JH AA R V AH S", "vis": "V AH S", "mycroft": "M AY K R AO F T", "croft": "K R AO F T"},
    **{"alexa": "AH L EH K S AH", "lexa": "L EH K S AH", "rhasspy": "R AE S P IY", "spee": "S P IY"},
}
WAKE_RESIDUE: Final = (*(f"hey {name}" for name in ("jarvis", "mycroft", "rhasspy")), *WAKE_SOUNDS)


@dataclass(frozen=True, slots=True)
class Texts:
    """Everything that is said but the plain answers; `{}` stand for what is filled in, in that order.

    unheard, not_understood, beyond: said the first time, the second, and from then on in turn.
    """

    greeting: str  # {} how to call it
    listening: str
    unheard: tuple[str, str, str]  # nothing at all was understood
    not_understood: tuple[str, str, str]  # words, but no sentence it knows
    beyond: tuple[str, str, str]  # a question for knowledge
    emergency: str  # somebody may be in danger: where help is, for this device cannot call it
    did_you_mean: str  # {} a sentence of the grammar
    say_it_again: str  # it was not that sentence
    no_question: str  # a yes or a no to nothing
    first_question: str  # {} a sentence
    last_question: str  # {}
    nothing_asked: str
    nothing_said: str
    nothing_to_repeat: str
    no_volume: str
    volume_unknown: str
    volume_is: str  # {} a number
    volume_set: str  # {} a number
    done: str
    failed: str
    no_timers: str  # the device has none
    timer_set: str  # {} a duration
    timer_set_for: str  # {} a duration, {} a label
    alarm_set: str  # {} a moment
    alarm_set_daily: str  # {} a time
    timer_left: str  # {} a duration
    timer_left_for: str  # {} a label, {} a duration
    alarm_at: str  # {} a moment
    ringing: str
    none_set: str
    many_set: str  # {} a number
    which_one: str
    cancelled: str
    all_cancelled: str
    too_many: str
    is_over: str
    no_such: str
    no_status: str
    connected: str
    not_connected: str
    warm: str  # {} degrees
    uptime: str  # {} a duration
    time_is: str  # {} a time
    today_is: str  # {} a day, {} a year
    today: str  # {} a time
    tomorrow: str  # {} a time
    on_day: str  # {} a time, {} a day
    both: str  # {} and {}
    decimal_sign: str
    result: str  # {} a number
    by_zero: str


class Language(Protocol):
    """The names in a pack's file.

    NAME: as in LANGUAGES.  VOICE: espeak-ng's.  TAKES_DICTATION: there is a recogniser for any words of it.
    DOUBT: log odds that a sentence must have in the small ears: the more sentences there are, and the less their
    sounds are English ones, the more is taken for one in vain.
    FULL_DAY_CLOCK: an hour with its minutes is one of 24 ("sieben Uhr": in the morning).
    PRONUNCIATIONS: in ARPAbet, of words that the English dictionary of the small ears has not.  SPELLINGS: how a
    dictation may write what the grammar says.  REPEAT_AFTER_ME: what follows it is to be said again.
    KNOWLEDGE: how questions begin that only knowledge of the world answers.  EMERGENCY: words of somebody in danger.
    ANSWERS: intent -> what is said, several in turn; the other intents are those of the skills (`skills/`).
    WEEKDAYS: from Monday on.  UNITS: day, hour, minute, second, each of one and of many.
    The others are tables from the words in the grammar's slots to what they mean. NUMBERS, PERCENT, COUNTS (of a
    timer's units), HOURS, MINUTES (behind the hour), OFFSETS (minutes before or after the hour: "half past"), MOMENTS
    (minutes of the day: "noon"), SPANS (seconds: "half an hour").
    """

    @property
    def NAME(self) -> str: ...
    @property
    def VOICE(self) -> str: ...
    @property
    def TAKES_DICTATION(self) -> bool: ...
    @property
    def WEEKDAYS(self) -> Sequence[str]: ...
    @property
    def DOUBT(self) -> float: ...
    @property
    def FULL_DAY_CLOCK(self) -> bool: ...
    @property
    def INTENTS(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def GRAMMAR(self) -> Grammar: ...
    @property
    def PRONUNCIATIONS(self) -> Mapping[str, str]: ...
    @property
    def SPELLINGS(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def REPEAT_AFTER_ME(self) -> str: ...
    @property
    def KNOWLEDGE(self) -> Sequence[str]: ...
    @property
    def EMERGENCY(self) -> Sequence[str]: ...
    @property
    def ANSWERS(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def TEXTS(self) -> Texts: ...
    @property
    def UNITS(self) -> Sequence[tuple[str, str]]: ...
    @property
    def NUMBERS(self) -> Mapping[str, int]: ...
    @property
    def PERCENT(self) -> Mapping[str, int]: ...
    @property
    def COUNTS(self) -> Mapping[str, int]: ...
    @property
    def SPANS(self) -> Mapping[str, int]: ...
    @property
    def HOURS(self) -> Mapping[str, int]: ...
    @property
    def MINUTES(self) -> Mapping[str, int]: ...
    @property
    def OFFSETS(self) -> Mapping[str, int]: ...
    @property
    def MOMENTS(self) -> Mapping[str, int]: ...
    @property
    def PARTS(self) -> Mapping[str, Part]: ...
    @property
    def DAYS(self) -> Mapping[str, tuple[Day, Part | None]]: ...
    @property
    def OPERATORS(self) -> Mapping[str, Operator]: ...
    @property
    def LABELS(self) -> Mapping[str, str]: ...

    def number(self, value: int) -> str:
        """0 to 100 in words."""
        ...

    def count(self, value: int, unit: tuple[str, str]) -> str:
        """So many of a unit."""
        ...

    def clock(self, now: datetime) -> str:
        """The time of day, in words that the grammar understands."""
        ...

    def day(self, when: datetime) -> str:
        """Weekday, day and month."""
        ...


def slots(
    percent: Iterable[str],
    hours: Iterable[str],
    counts: Iterable[str],
    spans: Iterable[str],
    labels: Iterable[str],
    *further: Iterable[str],
) -> dict[str, tuple[str, ...]]:
    """The slots that the skills know, from a pack's tables; further: those of a time of day, and of a sum."""
    hour, minute, moment, offset, part, day, numbers, operators = further
    tables = {"percent": percent, "hours": hours, "minutes": counts, "seconds": counts, "span": spans, "label": labels}
    tables |= {"hour": hour, "minute": minute, "moment": moment, "offset": offset, "part": part, "day": day}
    tables |= {"first": numbers, "second": numbers, "operator": operators}
    return {name: tuple(words) for name, words in tables.items()}


def language(name: str) -> Language:
    """The pack, loaded when it is first asked for. Raises ValueError for a name that is not in LANGUAGES."""
    match name:
        case "en":
            from edge_agent.local.assistant import language_en

            return language_en
        case "de":
            from edge_agent.local.assistant import language_de

            return language_de
    raise ValueError(f"language: found {name!r}, expected {', '.join(LANGUAGES)}")


def key_phrase(pack: Language) -> str:
    """Behind it a recogniser listens for any words; "" where none can."""
    return pack.REPEAT_AFTER_ME if pack.TAKES_DICTATION else ""
