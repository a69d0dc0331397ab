"""Timers, alarms and the time of day, as the model may ask for them.

Law: words in, JSON out. Whatever is set is told back with the moment it is due, in local time, for the model to say it
right; what went wrong is an object with `error`, as of every tool.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from edge_agent.session.tools import Tool
from edge_agent.timers.clockwork import Clockwork
from edge_agent.timers.entry import Entry, TimerError

LONGEST_TIMER_S = 86_400

_LABEL = {"type": "string", "description": "what it is for, in a word or two: eggs"}
_SECONDS = {"type": "integer", "description": "from now on", "minimum": 1, "maximum": LONGEST_TIMER_S}
_WHICH = {"type": "string", "description": 'the id, the label, "timers", "alarms" or "all"'}


def timer_tools(clockwork: Clockwork) -> list[Tool]:
    def set_timer(seconds: float, label: str = "") -> str:
        return _told(clockwork, lambda: clockwork.set_timer(round(seconds), label))

    def set_alarm(time: str, date: str = "", repeat: str = "once", label: str = "") -> str:
        return _told(clockwork, lambda: clockwork.set_alarm(time, day=date, daily=repeat == "daily", label=label))

    def list_timers() -> str:
        return json.dumps({"now": _moment(clockwork.here()), "timers": _list(clockwork)}, ensure_ascii=False)

    def cancel_timer(which: str) -> str:
        try:
            cancelled = clockwork.cancel(which)
        except TimerError as error:
            return json.dumps({"error": str(error)})
        names = [entry.label or entry.id for entry in cancelled]
        return json.dumps({"cancelled": names, "left": len(clockwork.entries())}, ensure_ascii=False)

    def get_time() -> str:
        here = clockwork.here()
        return json.dumps({"time": f"{here:%H:%M}", "date": f"{here:%Y-%m-%d}", "weekday": _WEEKDAYS[here.weekday()]})

    alarm = {
        "time": {"type": "string", "description": "HH:MM, 24 hours, local time"},
        "date": {"type": "string", "description": "YYYY-MM-DD; without it the next time it is so late"},
        "repeat": {"type": "string", "enum": ["once", "daily"]},
        "label": _LABEL,
    }
    return [
        Tool(
            "set_timer",
            "Start a timer on this device. It rings by itself when it has run down.",
            _schema({"seconds": _SECONDS, "label": _LABEL}, "seconds"),
            set_timer,
            "change",
        ),
        Tool("set_alarm", "Set an alarm on this device.", _schema(alarm, "time"), set_alarm, "change"),
        Tool("list_timers", "The timers and alarms that are set, and when they are due.", _schema({}), list_timers),
        Tool(
            "cancel_timer", "Cancel a timer or an alarm.", _schema({"which": _WHICH}, "which"), cancel_timer, "change"
        ),
        Tool("get_time", "The local time and date.", _schema({}), get_time),
    ]


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")  # not the locale's


def _schema(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _told(clockwork: Clockwork, set_it: Callable[[], Entry]) -> str:
    try:
        entry = set_it()
    except TimerError as error:
        return json.dumps({"error": str(error)})
    return json.dumps(_entry(clockwork, entry), ensure_ascii=False)


def _list(clockwork: Clockwork) -> list[dict[str, Any]]:
    return [_entry(clockwork, entry) for entry in clockwork.entries()]


def _entry(clockwork: Clockwork, entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"id": entry.id, "due": _moment(clockwork.local(entry.due))}
    if clockwork.rings(entry):
        told["state"] = "ringing"
    else:
        told["in_s"] = max(0, round((clockwork.local(entry.due) - clockwork.here()).total_seconds()))
    if entry.label:
        told["label"] = entry.label
    if entry.daily:
        told["repeat"] = "daily"
    return told


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}"
