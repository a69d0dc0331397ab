"""A language pack: that it is whole, and that what it says is understood again."""

from __future__ import annotations

import itertools
import re
import string
from dataclasses import fields
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pytest

from edge_agent.config import System, declared
from edge_agent.local.assistant.assistant import OF_THE_CONVERSATION, SKILL_OF
from edge_agent.local.assistant.language import LANGUAGES, WAKE_RESIDUE, Language, Texts, key_phrase, language
from edge_agent.local.assistant.skills.due import due, seconds_of
from edge_agent.local.assistant.skills.spoken import duration
from edge_agent.local.assistant.understanding import understanding
from edge_agent.local.speech.recogniser_pocketsphinx import PocketSphinx
from tests.local.conversation import NOW, sentences

PACKS = [pytest.param(language(name), id=name) for name in LANGUAGES]
HOW_MANY = {
    **dict.fromkeys(("greeting", "did_you_mean", "first_question", "last_question", "volume_is", "volume_set"), 1),
    **dict.fromkeys(("timer_set", "alarm_set", "alarm_set_daily", "timer_left", "alarm_at", "many_set", "warm"), 1),
    **dict.fromkeys(("uptime", "time_is", "today", "tomorrow", "result"), 1),
    **dict.fromkeys(("timer_set_for", "timer_left_for", "today_is", "on_day", "both"), 2),
}


def texts_of(pack: Language) -> dict[str, tuple[str, ...]]:
    found = {field.name: getattr(pack.TEXTS, field.name) for field in fields(Texts)}
    return {name: text if isinstance(text, tuple) else (text,) for name, text in found.items()}


def placeholders(text: str) -> int:
    return sum(name is not None for _, name, _, _ in string.Formatter().parse(text))


class TestTheLanguages:
    def test_are_found_by_name(self) -> None:
        assert [language(name).NAME for name in LANGUAGES] == list(LANGUAGES)

    def test_are_those_of_the_configuration(self) -> None:
        (choices,) = (f.metadata["choices"] for section, f in declared() if (section, f.name) == ("system", "language"))
        assert choices == LANGUAGES
        assert System().language in LANGUAGES

    def test_nobody_knows_are_told_with_those_there_are(self) -> None:
        with pytest.raises(ValueError, match="language: found 'xx', expected en, de"):
            language("xx")


@pytest.mark.parametrize("pack", PACKS)
class TestAPack:
    def test_has_an_answer_to_every_intent(self, pack: Language) -> None:
        assert set(pack.INTENTS) == set(SKILL_OF) | OF_THE_CONVERSATION | set(pack.ANSWERS)
        assert not set(pack.ANSWERS) & (set(SKILL_OF) | OF_THE_CONVERSATION)
        assert all(variants and all(variants) for variants in pack.ANSWERS.values())

    def test_has_patterns_for_every_intent_and_each_is_taken_for_its_own(self, pack: Language) -> None:
        for intent in pack.INTENTS:
            for sentence in sentences(pack, intent):
                found = pack.GRAMMAR.parse(sentence)
                assert found is not None, sentence
                assert found.intent == intent, sentence

    def test_has_all_texts_with_the_places_that_are_filled_in(self, pack: Language) -> None:
        for name, variants in texts_of(pack).items():
            for text in variants:
                assert text.strip(), name
                assert placeholders(text) == HOW_MANY.get(name, 0), name

    def test_says_the_same_thing_in_as_many_ways_as_it_promises(self, pack: Language) -> None:
        for ladder in (pack.TEXTS.unheard, pack.TEXTS.not_understood, pack.TEXTS.beyond):
            assert len(set(ladder)) == 3

    def test_tells_several_stories_and_jokes(self, pack: Language) -> None:
        assert len(set(pack.ANSWERS["joke"])) >= 4
        assert len(set(pack.ANSWERS["story"])) >= 2

    def test_asks_nothing_back_that_would_keep_a_conversation_going(self, pack: Language) -> None:
        for intent, variants in pack.ANSWERS.items():
            assert not any(text.endswith("?") for text in variants), intent
        assert [name for name, texts in texts_of(pack).items() if any(t.endswith("?") for t in texts)] == [
            "did_you_mean"
        ]

    def test_can_be_told_by_its_own_advice(self, pack: Language) -> None:
        """What it says one may say is understood."""
        advice = [text for variants in pack.ANSWERS.values() for text in variants]
        advice += [text for variants in texts_of(pack).values() for text in variants if placeholders(text) == 0]
        examples = [
            example
            for text in advice
            for example in re.findall(r"[Ss]a[yg]: ([^.;]*?)(?:, or:|, to|, and|, dann|[.;]|$)", text)
        ]
        assert len(examples) > 5
        for example in examples:
            mind = understanding(pack.NAME)
            assert mind.meaning(example) or mind.repeated(example) is not None, example

    def test_has_only_words_that_its_recogniser_can_pronounce(self, pack: Language) -> None:
        ears = PocketSphinx(pack.GRAMMAR, pack.PRONUNCIATIONS, key_phrase(pack))
        assert ears.recognise(noise()) == ""
        words = {word.partition("(")[0] for word in pack.PRONUNCIATIONS}
        assert words <= pack.GRAMMAR.words() | set(pack.REPEAT_AFTER_ME.split()), "a word nobody can say"

    def test_is_written_in_small_letters_and_every_spelling_is_of_something(self, pack: Language) -> None:
        assert all(word == word.lower() for word in pack.GRAMMAR.words())
        phrases = pack.GRAMMAR.words() | {phrase for slot in pack.GRAMMAR.slots.values() for phrase in slot}
        assert set(pack.SPELLINGS) <= phrases | set(pack.NUMBERS)

    @pytest.mark.parametrize("residue", WAKE_RESIDUE)
    def test_does_not_mind_what_is_left_of_a_wake_phrase(self, pack: Language, residue: str) -> None:
        (sentence, *_) = sentences(pack, "time")
        assert pack.GRAMMAR.parse(f"{residue} {sentence}") == pack.GRAMMAR.parse(sentence)


def noise() -> npt.NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal(16_000).astype(np.float32) * np.float32(0.03)


@pytest.mark.parametrize("pack", PACKS)
class TestWhatItSaysIsUnderstood:
    def test_every_number(self, pack: Language) -> None:
        assert [pack.NUMBERS[pack.number(value)] for value in range(101)] == list(range(101))
        assert len({pack.number(value) for value in range(101)}) == 101

    def test_every_time_of_day(self, pack: Language) -> None:
        """Said as the clock says it, an alarm is set for just then."""
        frame = next(s for s in sentences(pack, "wake", walks=1)).split()
        opening = " ".join(itertools.takewhile(lambda w: w not in pack.HOURS and w not in pack.MOMENTS, frame))
        for minutes in range(24 * 60):
            when = datetime(2026, 3, 1) + timedelta(minutes=minutes)
            said = pack.clock(when).lower()
            found = pack.GRAMMAR.parse(f"{opening} {said}")
            assert found is not None, said
            for now in (NOW, datetime(2026, 3, 1, 6)):
                assert due(found.slots, pack, now, wakes=True).minute == minutes, said

    def test_every_duration_of_a_timer(self, pack: Language) -> None:
        for seconds in (1, 2, 30, 59, 60, 61, 90, 120, 150, 3000, 3600, 3660, 7200, 5400):
            sentence = next(s for s in sentences(pack, "timer_set") if " " in s)
            opening = " ".join(
                itertools.takewhile(lambda w: w not in pack.COUNTS and w not in pack.HOURS, sentence.split())
            )
            found = pack.GRAMMAR.parse(f"{opening} {duration(pack, seconds).lower()}")
            assert found is not None, duration(pack, seconds)
            assert seconds_of(found.slots, pack) == seconds
