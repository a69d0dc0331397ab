"""Timers and alarms: set, told, cancelled, with the device's own tools.

Law: the device keeps them and rings; what it answered is what is told. Which one is to be cancelled is decided from
the device's list. `due` is local time, "YYYY-MM-DD HH:MM:SS".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from edge_agent.local.assistant.language import Texts
from edge_agent.local.assistant.skills.due import due, seconds_of, tomorrow
from edge_agent.local.assistant.skills.skill import Asked, call, number_in
from edge_agent.local.assistant.skills.spoken import duration, moment
from edge_agent.local.realtime.mind import Call, Say

_ALL = ("timers", "alarms")
MOST_TOLD = 3  # nobody remembers more of a list
_NEEDED = {
    **{"timer_set": "set_timer", "alarm_set": "set_alarm", "wake": "set_alarm"},
    **{"timers_left": "list_timers", "timers_list": "list_timers"},
    **{"timers_cancel": "cancel_timer", "alarms_cancel": "cancel_timer"},
    **{"timer_cancel": "list_timers", "alarm_cancel": "list_timers"},
}
# what the device's tools say in an error, in English, for a model
_ERRORS = (("already", "too_many"), ("is over", "is_over"), ("there is no", "no_such"))


class Timers:
    intents = frozenset(_NEEDED)
    tools = frozenset({"set_timer", "set_alarm", "list_timers", "cancel_timer"})

    def begin(self, asked: Asked) -> Say | Call:
        intent, language = asked.meaning.intent, asked.language
        if _NEEDED[intent] not in asked.tools:
            return Say(language.TEXTS.no_timers)
        label = language.LABELS.get(asked.slot("label"), "")
        named = {"label": label} if label else {}
        match intent:
            case "timer_set":
                return call("set_timer", seconds=seconds_of(asked.meaning.slots, language), **named)
            case "alarm_set" | "wake":
                when = due(asked.meaning.slots, language, asked.now, wakes=intent == "wake")
                days = {"tomorrow": {"date": tomorrow(asked.now)}, "daily": {"repeat": "daily"}}
                return call("set_alarm", time=when.clock, **days.get(when.day, {}))
            case "timers_cancel" | "alarms_cancel":
                return call("cancel_timer", which=intent.removesuffix("_cancel"))
        return call("list_timers")

    def go_on(self, asked: Asked, tool: str, result: Mapping[str, Any]) -> Say | Call:
        if "error" in result or "text" in result:
            return Say(_told(str(result.get("error", "")), asked.language.TEXTS))
        match tool:
            case "set_timer":
                return Say(_timer_is_set(asked, result))
            case "set_alarm":
                return Say(_alarm_is_set(asked, result))
            case "cancel_timer":
                texts = asked.language.TEXTS
                return Say(texts.all_cancelled if asked.meaning.intent.startswith(_ALL) else texts.cancelled)
        entries = _entries(result)
        if asked.meaning.intent in ("timer_cancel", "alarm_cancel"):
            return _cancelled(asked, entries)
        return Say(_list(asked, entries))


def _told(error: str, texts: Texts) -> str:
    """An error in a person's words."""
    name = next((name for sign, name in _ERRORS if sign in error), "failed")
    return str(getattr(texts, name))


def _timer_is_set(asked: Asked, entry: Mapping[str, Any]) -> str:
    texts = asked.language.TEXTS
    seconds = seconds_of(asked.meaning.slots, asked.language) or number_in(entry, "in_s") or 0
    length, label = duration(asked.language, seconds), _label(entry)
    return texts.timer_set_for.format(length, label) if label else texts.timer_set.format(length)


def _alarm_is_set(asked: Asked, entry: Mapping[str, Any]) -> str:
    texts, when = asked.language.TEXTS, _due(entry)
    if when is None:
        return texts.done
    if entry.get("repeat") == "daily":
        return texts.alarm_set_daily.format(asked.language.clock(when))
    return texts.alarm_set.format(moment(asked.language, when, asked.now))


def _cancelled(asked: Asked, entries: Sequence[Mapping[str, Any]]) -> Say | Call:
    """The one that was named; else the one that rings, or the only one of its kind: an alarm is no timer."""
    texts = asked.language.TEXTS
    label = asked.language.LABELS.get(asked.slot("label"), "").casefold()
    if label:
        entries = [entry for entry in entries if _label(entry).casefold() == label]
        if not entries:
            return Say(texts.no_such)
    if not entries:
        return Say(texts.none_set)
    kind = asked.meaning.intent.removesuffix("_cancel")
    ringing = [entry for entry in entries if entry.get("state") == "ringing"]
    of_kind = [entry for entry in entries if str(entry.get("id", "")).startswith(kind)]
    chosen = ringing or of_kind
    if not chosen:
        return Say(texts.no_such)
    if len(chosen) > 1:
        return Say(texts.which_one)
    if "cancel_timer" not in asked.tools:
        return Say(texts.no_timers)
    return call("cancel_timer", which=str(chosen[0].get("id", "")))


def _list(asked: Asked, entries: Sequence[Mapping[str, Any]]) -> str:
    texts = asked.language.TEXTS
    if asked.meaning.intent == "timers_left":
        entries = [entry for entry in entries if not _is_alarm(entry)] or entries
    if not entries:
        return texts.none_set
    told = [_one(asked, entry) for entry in entries[:MOST_TOLD]]
    many = [texts.many_set.format(asked.language.number(min(100, len(entries))))] if len(entries) > MOST_TOLD else []
    return " ".join([*many, *told])


def _one(asked: Asked, entry: Mapping[str, Any]) -> str:
    texts, when, left = asked.language.TEXTS, _due(entry), number_in(entry, "in_s")
    if entry.get("state") == "ringing":
        return texts.ringing
    if _is_alarm(entry) and when is not None:
        return texts.alarm_at.format(moment(asked.language, when, asked.now))
    if left is None:
        return texts.done
    length, label = duration(asked.language, left), _label(entry)
    return texts.timer_left_for.format(label, length) if label else texts.timer_left.format(length)


def _entries(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = result.get("timers")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _is_alarm(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("id", "")).startswith("alarm")


def _label(entry: Mapping[str, Any]) -> str:
    label = entry.get("label")
    return label if isinstance(label, str) else ""


def _due(entry: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(entry.get("due", ""))).replace(tzinfo=None)
    except ValueError:
        return None
