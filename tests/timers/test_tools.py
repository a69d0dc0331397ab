"""Timers as the model asks for them, and what it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge_agent.session.tools import LIMIT_BYTES, Toolbox
from edge_agent.timers.clockwork import MOST
from edge_agent.timers.tools import timer_tools
from tests.timers.clocks import Clocks


class Desk:
    def __init__(self, local: str = "2026-11-21 12:30:00") -> None:
        self.clocks = Clocks(local)
        self.box = Toolbox(timer_tools(self.clocks.clockwork))

    def call(self, name: str, **arguments: Any) -> Any:
        return json.loads(self.box.call(name, arguments))


class TestSetting:
    def test_a_timer_tells_when_it_is_due(self) -> None:
        assert Desk().call("set_timer", seconds=180, label="eggs") == {
            "id": "timer-1",
            "due": "2026-11-21 12:33:00",
            "in_s": 180,
            "label": "eggs",
        }

    def test_an_alarm_tells_its_day(self) -> None:
        assert Desk().call("set_alarm", time="7:00", repeat="daily") == {
            "id": "alarm-1",
            "due": "2026-11-22 07:00:00",
            "in_s": 66_600,
            "repeat": "daily",
        }

    @pytest.mark.parametrize(
        ("name", "arguments", "why"),
        [
            ("set_timer", {}, "seconds is missing"),
            ("set_timer", {"seconds": 0}, "at least 1"),
            ("set_timer", {"seconds": 86_401}, "at most 86400"),
            ("set_timer", {"seconds": 2.5}, "type integer"),
            ("set_alarm", {"time": "24:00"}, "expected HH:MM"),
            ("set_alarm", {"time": "07:00", "repeat": "weekly"}, "one of once, daily"),
            ("set_alarm", {"time": "07:00", "date": "2020-01-01"}, "is over"),
            ("cancel_timer", {"which": "tea"}, "there is no 'tea'; there are: none"),
        ],
    )
    def test_what_cannot_be_is_an_error(self, name: str, arguments: dict[str, Any], why: str) -> None:
        desk = Desk()
        told = desk.call(name, **arguments)
        assert list(told) == ["error"]
        assert why in told["error"]
        assert desk.clocks.clockwork.entries() == []


class TestListing:
    def test_tells_what_is_due_first_first_and_what_rings(self) -> None:
        desk = Desk()
        desk.call("set_alarm", time="12:31", label="tea")
        desk.call("set_timer", seconds=10)
        desk.clocks.wait(10)
        assert desk.call("list_timers") == {
            "now": "2026-11-21 12:30:10",
            "timers": [
                {"id": "timer-1", "due": "2026-11-21 12:30:10", "state": "ringing"},
                {"id": "alarm-1", "due": "2026-11-21 12:31:00", "in_s": 50, "label": "tea"},
            ],
        }

    @pytest.mark.parametrize("label", ["x", "ü", "\U0001f95a", '"', "\x00", "\\", "\ud800"])
    def test_of_all_there_may_be_fits_into_an_answer(self, label: str) -> None:
        desk = Desk()
        for _ in range(MOST):
            assert "error" not in desk.call("set_alarm", time="07:00", repeat="daily", label=label * 500)
        assert len(desk.box.call("list_timers", {}).encode()) <= LIMIT_BYTES
        assert len(desk.call("list_timers")["timers"]) == MOST


class TestCancelling:
    def test_tells_what_and_how_many_are_left(self) -> None:
        desk = Desk()
        desk.call("set_timer", seconds=10, label="Tee für Oma")
        desk.call("set_timer", seconds=10)
        assert desk.call("cancel_timer", which="tee für oma") == {"cancelled": ["Tee für Oma"], "left": 1}
        assert desk.call("cancel_timer", which="all") == {"cancelled": ["timer-2"], "left": 0}


class TestTheTime:
    def test_is_local(self) -> None:
        assert Desk().call("get_time") == {"time": "12:30", "date": "2026-11-21", "weekday": "Saturday"}
