"""English: how times, dates and numbers are said, and that the pack is whole."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime, timedelta

import pytest

from edge_agent.local import language_en as language
from edge_agent.local.grammar import Meaning


class TestTheTime:
    @pytest.mark.parametrize(
        ("clock", "said"),
        [
            ("00:00", "It is midnight."),
            ("00:05", "It is twelve oh five at night."),
            ("01:00", "It is one o'clock in the morning."),
            ("09:09", "It is nine oh nine in the morning."),
            ("11:59", "It is eleven fifty nine in the morning."),
            ("12:00", "It is noon."),
            ("12:01", "It is twelve oh one in the afternoon."),
            ("13:10", "It is one ten in the afternoon."),
            ("17:30", "It is five thirty in the afternoon."),
            ("18:00", "It is six o'clock in the evening."),
            ("20:40", "It is eight forty in the evening."),
            ("23:19", "It is eleven nineteen at night."),
        ],
    )
    def test_is_said_on_the_twelve_hour_clock(self, clock: str, said: str) -> None:
        assert language.time_of_day(datetime.fromisoformat(f"2026-03-01T{clock}:59")) == said

    def test_is_said_differently_every_minute_of_the_day(self) -> None:
        midnight = datetime(2026, 3, 1)
        said = {language.time_of_day(midnight + timedelta(minutes=minute)) for minute in range(24 * 60)}
        assert len(said) == 24 * 60


class TestTheDate:
    @pytest.mark.parametrize(
        ("day", "said"),
        [
            ("2026-11-01", "Sunday, November 1st, 2026"),
            ("2026-11-02", "Monday, November 2nd, 2026"),
            ("2026-11-03", "Tuesday, November 3rd, 2026"),
            ("2026-11-04", "Wednesday, November 4th, 2026"),
            ("2026-06-11", "Thursday, June 11th, 2026"),
            ("2026-06-12", "Friday, June 12th, 2026"),
            ("2026-06-13", "Saturday, June 13th, 2026"),
            ("2027-01-21", "Thursday, January 21st, 2027"),
            ("2027-01-22", "Friday, January 22nd, 2027"),
            ("2027-01-23", "Saturday, January 23rd, 2027"),
            ("2028-02-29", "Tuesday, February 29th, 2028"),
            ("2026-12-30", "Wednesday, December 30th, 2026"),
            ("2026-12-31", "Thursday, December 31st, 2026"),
        ],
    )
    def test_has_its_weekday_and_ordinal(self, day: str, said: str) -> None:
        assert language.date(datetime.fromisoformat(day)) == f"Today is {said}."

    def test_agrees_with_the_calendar_all_year(self) -> None:
        for ordinal in range(Date(2026, 1, 1).toordinal(), Date(2027, 1, 1).toordinal()):
            day = datetime.fromordinal(ordinal)
            said = language.date(day)
            assert said.startswith(f"Today is {day:%A}, {day:%B} {day.day}")


class TestANumber:
    def test_is_said_as_the_recogniser_hears_it(self) -> None:
        for words, percent in language.PERCENT.items():
            if words != "a hundred":
                assert language.number(percent) == words

    def test_has_a_name_of_its_own_each(self) -> None:
        assert len({language.number(value) for value in range(101)}) == 101

    def test_reads_naturally(self) -> None:
        assert [language.number(value) for value in (0, 13, 20, 42, 99, 100)] == [
            *("zero", "thirteen", "twenty", "forty two", "ninety nine", "one hundred")
        ]


class TestTheGrammar:
    @pytest.mark.parametrize("residue", language.WAKE_RESIDUE)
    def test_does_not_mind_what_is_left_of_a_wake_phrase(self, residue: str) -> None:
        assert language.GRAMMAR.parse(f"{residue} what time is it") == Meaning("time")

    @pytest.mark.parametrize("words", sorted(language.PERCENT))
    def test_knows_every_percentage(self, words: str) -> None:
        for sentence in (f"set the volume to {words} percent", f"turn the volume to {words}", f"volume {words}"):
            assert language.GRAMMAR.parse(sentence) == Meaning("volume_set", {"percent": words})

    @pytest.mark.parametrize(
        ("sentence", "intent"),
        [
            ("What's the time now?", "time"),
            ("can you tell me the time", "time"),
            ("Which day is it?", "date"),
            ("what is today's date", "date"),
            ("Turn it up", "volume_up"),
            ("make it quieter", "volume_down"),
            ("how loud are you", "volume_get"),
            ("Hey Jarvis, tell me another joke.", "joke"),
            ("read me a story", "story"),
            ("what was my last question", "last_question"),
            ("thanks a lot", "thanks"),
            ("be quiet", "dismissal"),
        ],
    )
    def test_takes_sentences_for_what_they_mean(self, sentence: str, intent: str) -> None:
        assert language.GRAMMAR.parse(sentence) == Meaning(intent)
