"""English: how times, dates and numbers are said, and what people say."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime

import pytest

from edge_agent.local.assistant import language_en as english
from edge_agent.local.assistant.grammar import Meaning


class TestTheTime:
    @pytest.mark.parametrize(
        ("clock", "said"),
        [
            ("00:00", "midnight"),
            ("00:05", "twelve oh five at night"),
            ("01:00", "one o'clock in the morning"),
            ("09:09", "nine oh nine in the morning"),
            ("11:59", "eleven fifty nine in the morning"),
            ("12:00", "noon"),
            ("12:01", "twelve oh one in the afternoon"),
            ("13:10", "one ten in the afternoon"),
            ("17:30", "five thirty in the afternoon"),
            ("18:00", "six o'clock in the evening"),
            ("20:40", "eight forty in the evening"),
            ("23:19", "eleven nineteen at night"),
        ],
    )
    def test_is_said_on_the_twelve_hour_clock(self, clock: str, said: str) -> None:
        assert english.clock(datetime.fromisoformat(f"2026-03-01T{clock}:59")) == said


class TestTheDay:
    @pytest.mark.parametrize(
        ("day", "said"),
        [
            ("2026-11-01", "Sunday, November 1st"),
            ("2026-11-02", "Monday, November 2nd"),
            ("2026-11-03", "Tuesday, November 3rd"),
            ("2026-06-11", "Thursday, June 11th"),
            ("2026-06-12", "Friday, June 12th"),
            ("2026-06-13", "Saturday, June 13th"),
            ("2027-01-21", "Thursday, January 21st"),
            ("2027-01-22", "Friday, January 22nd"),
            ("2027-01-23", "Saturday, January 23rd"),
            ("2028-02-29", "Tuesday, February 29th"),
            ("2026-12-31", "Thursday, December 31st"),
        ],
    )
    def test_has_its_weekday_and_ordinal(self, day: str, said: str) -> None:
        assert english.day(datetime.fromisoformat(day)) == said

    def test_agrees_with_the_calendar_all_year(self) -> None:
        for ordinal in range(Date(2026, 1, 1).toordinal(), Date(2027, 1, 1).toordinal()):
            day = datetime.fromordinal(ordinal)
            assert english.day(day).startswith(f"{day:%A}, {day:%B} {day.day}")


class TestANumber:
    def test_reads_naturally(self) -> None:
        assert [english.number(value) for value in (0, 13, 20, 42, 99, 100)] == [
            *("zero", "thirteen", "twenty", "forty two", "ninety nine", "one hundred")
        ]

    def test_has_its_unit_in_the_right_number(self) -> None:
        assert [english.count(value, english.UNITS[2]) for value in (0, 1, 2, 250)] == [
            *("zero minutes", "one minute", "two minutes", "250 minutes")
        ]


class TestTheGrammar:
    @pytest.mark.parametrize("words", sorted(english.PERCENT))
    def test_knows_every_percentage(self, words: str) -> None:
        for sentence in (f"set the volume to {words} percent", f"turn the volume to {words}", f"volume {words}"):
            assert english.GRAMMAR.parse(sentence) == Meaning("volume_set", {"percent": words})

    @pytest.mark.parametrize(
        ("sentence", "intent"),
        [
            ("What's the time now?", "time"),
            ("can you tell me the time", "time"),
            ("Which day is it?", "date"),
            ("what is today's date", "date"),
            ("Set a timer for five minutes", "timer_set"),
            ("set a five minute timer", "timer_set"),
            ("remind me in half an hour", "timer_set"),
            ("wake me at a quarter to seven in the morning", "wake"),
            ("how long is left", "timers_left"),
            ("what timers are running", "timers_list"),
            ("cancel the timer", "timer_cancel"),
            ("stop the alarm", "alarm_cancel"),
            ("Turn it up", "volume_up"),
            ("make it quieter", "volume_down"),
            ("how loud are you", "volume_get"),
            ("are you online", "status_network"),
            ("how warm are you", "status_warm"),
            ("how long have you been running", "status_uptime"),
            ("is the network there", "status_network"),
            ("Hey Jarvis, tell me another joke.", "joke"),
            ("read me a story", "story"),
            ("what was my last question", "last_question"),
            ("thanks a lot", "thanks"),
            ("be quiet", "dismissal"),
        ],
    )
    def test_takes_sentences_for_what_they_mean(self, sentence: str, intent: str) -> None:
        found = english.GRAMMAR.parse(sentence)
        assert found is not None
        assert found.intent == intent
