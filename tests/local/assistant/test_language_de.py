"""German: how times, dates and numbers are said, and what people say."""

from __future__ import annotations

from datetime import datetime

import pytest

from edge_agent.local.assistant import language_de as german


class TestTheTime:
    @pytest.mark.parametrize(
        ("clock", "said"),
        [
            ("00:00", "null Uhr"),
            ("00:05", "null Uhr fünf"),
            ("01:01", "ein Uhr eins"),
            ("07:30", "sieben Uhr dreißig"),
            ("21:21", "einundzwanzig Uhr einundzwanzig"),
        ],
    )
    def test_is_said_on_the_clock_of_twenty_four_hours(self, clock: str, said: str) -> None:
        assert german.clock(datetime.fromisoformat(f"2026-03-01T{clock}:59")) == said


class TestTheDay:
    def test_has_its_weekday(self) -> None:
        assert german.day(datetime(2026, 11, 21)) == "Samstag, der 21. November"
        assert german.day(datetime(2026, 3, 1)) == "Sonntag, der 1. März"


class TestANumber:
    def test_reads_naturally(self) -> None:
        assert [german.number(value) for value in (0, 1, 16, 17, 21, 30, 99, 100)] == [
            *("null", "eins", "sechzehn", "siebzehn", "einundzwanzig", "dreißig", "neunundneunzig", "hundert")
        ]

    def test_has_its_unit_in_the_right_gender_and_number(self) -> None:
        days, minutes = german.UNITS[0], german.UNITS[2]
        assert [german.count(1, days), german.count(1, minutes), german.count(2, days), german.count(21, minutes)] == [
            *("ein Tag", "eine Minute", "zwei Tage", "einundzwanzig Minuten")
        ]


class TestTheGrammar:
    @pytest.mark.parametrize(
        ("sentence", "intent"),
        [
            ("Wie spät ist es?", "time"),
            ("Welcher Tag ist heute?", "date"),
            ("Stell einen Timer auf fünf Minuten, bitte.", "timer_set"),
            ("stelle einen timer auf zehn minuten und dreißig sekunden für die eier", "timer_set"),
            ("weck mich morgen um halb acht", "wake"),
            ("stell einen wecker auf sieben uhr dreißig", "alarm_set"),
            ("wie lange noch", "timers_left"),
            ("lösche den timer", "timer_cancel"),
            ("mach den wecker aus", "alarm_cancel"),
            ("Alexa, lauter!", "volume_up"),
            ("bist du online", "status_network"),
            ("was ist sieben mal acht", "sum"),
            ("Tschüss", "goodbye"),
        ],
    )
    def test_takes_sentences_for_what_they_mean(self, sentence: str, intent: str) -> None:
        found = german.GRAMMAR.parse(sentence)
        assert found is not None
        assert found.intent == intent
