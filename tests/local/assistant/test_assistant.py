"""The built-in assistant: from the conversation's items to an answer."""

from __future__ import annotations

import itertools
import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.local.assistant import language_en as english
from edge_agent.local.assistant.assistant import Brain
from edge_agent.local.assistant.language import LANGUAGES, language
from edge_agent.local.assistant.understanding import understanding
from edge_agent.local.realtime.mind import Call, Question, Say
from tests.local.conversation import (
    EVERYTHING,
    NOW,
    VOLUME,
    Item,
    Talk,
    called,
    replied,
    returned,
    sentences,
    spoken,
    written,
)

TEXTS = english.TEXTS
NONE: frozenset[str] = frozenset()
LOST = (*TEXTS.unheard, *TEXTS.not_understood)


def answer(*items: Item, instructions: str = "", tools: frozenset[str] = NONE, language: str = "en") -> Say | Call:
    (part,) = Brain(language=language).answer(Question(items, NOW, instructions, tools))
    return part


def said(*items: Item, instructions: str = "", tools: frozenset[str] = NONE) -> str:
    reply = answer(*items, instructions=instructions, tools=tools)
    assert isinstance(reply, Say), reply
    return reply.text


class TestEverySentence:
    @pytest.mark.parametrize("name", LANGUAGES)
    def test_of_the_grammar_is_understood_and_answered(self, name: str) -> None:
        pack = language(name)
        lost = (*pack.TEXTS.unheard, *pack.TEXTS.not_understood)
        for intent in pack.INTENTS:
            for sentence in sentences(pack, intent):
                reply = answer(spoken(sentence), tools=EVERYTHING, language=name)
                if isinstance(reply, Say):
                    assert reply.text
                    assert reply.text not in lost
                    assert "{" not in reply.text
                    assert reply.pcm == b""
                else:
                    assert reply.name in EVERYTHING
                    json.loads(reply.arguments)

    def test_is_answered_in_its_own_way(self) -> None:
        assert said(spoken("what time is it")) == "It is three oh five in the afternoon."
        assert said(spoken("what day is it today")) == "Today is Saturday, November 21st, 2026."
        assert said(spoken("tell me a story")) == english.STORY
        assert said(spoken("what can you do")) == english.ABILITIES

    def test_may_be_written_or_have_a_wake_word_in_front(self) -> None:
        assert said(written("Hey Jarvis, what time is it?")) == said(spoken("what time is it"))

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Set a timer for 5 minutes.", "set a timer for five minutes"),
            ("Wake me at 7:30 a.m. tomorrow!", "wake me at seven thirty in the morning tomorrow"),
            ("wake me at 7:00", "wake me at seven"),
            ("set an alarm for 9 pm", "set an alarm for nine in the evening"),
            ("Set the volume to 50%.", "set the volume to fifty percent"),
            ("what is 7 times 8?", "what is seven times eight"),
        ],
    )
    def test_may_be_written_with_digits(self, one: str, other: str) -> None:
        reply = answer(written(one), tools=EVERYTHING)
        assert reply == answer(spoken(other), tools=EVERYTHING)
        assert reply not in [Say(text) for text in LOST]


class TestWithNothingToAnswer:
    def test_it_greets_when_it_is_told_what_to_do(self) -> None:
        greeting = said(instructions="Greet the person.")
        assert "Say: hey jarvis," in greeting
        assert "offline" in greeting

    @pytest.mark.parametrize("name", LANGUAGES)
    def test_the_greeting_tells_how_to_call_it(self, name: str) -> None:
        (reply,) = Brain("alexa", name).answer(Question([], NOW, "Greet the person."))
        assert isinstance(reply, Say)
        assert ": alexa," in reply.text

    def test_it_listens_when_it_is_not_told_anything(self) -> None:
        assert said() == TEXTS.listening
        assert said(spoken("hello"), replied("Hello.")) == TEXTS.listening

    def test_a_system_message_is_no_question(self) -> None:
        system = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "what time is it"}]}
        assert said(system) == TEXTS.listening

    def test_but_a_question_left_unanswered_goes_before_a_greeting(self) -> None:
        assert said(spoken("what time is it"), instructions="Greet the person.").startswith("It is")


class TestWhatItDidNotUnderstand:
    @pytest.mark.parametrize("item", [spoken("purple monkey dishwasher"), written("blah, blah!")])
    def test_are_words_it_does_not_know(self, item: Item) -> None:
        assert said(item) == TEXTS.not_understood[0]

    @pytest.mark.parametrize("item", [spoken(""), written("?!"), spoken("hey jarvis"), {"role": "user", "content": []}])
    def test_or_no_words_at_all(self, item: Item) -> None:
        assert said(item) == TEXTS.unheard[0]

    def test_is_told_in_other_words_each_time_and_then_how_to_get_help_and_to_stop(self) -> None:
        talk = Talk()
        heard = [talk.say("mumble") for _ in range(6)]
        assert heard[:3] == list(TEXTS.not_understood)
        assert "what can you do" in heard[2]
        assert "stop" in heard[2]
        assert all(one != other for one, other in itertools.pairwise(heard))

    def test_goes_on_where_it_was_when_next_nothing_is_heard(self) -> None:
        talk = Talk()
        assert [talk.say("mumble"), talk.say(""), talk.say("mumble")] == [
            *(TEXTS.not_understood[0], TEXTS.unheard[1], TEXTS.not_understood[2])
        ]

    def test_begins_again_after_something_was_understood(self) -> None:
        talk = Talk()
        talk.say("mumble")
        talk.say("thank you")
        assert talk.say("mumble") == TEXTS.not_understood[0]

    @given(st.lists(st.sampled_from(["", "blah", "order a pizza", "tell me the joke", "why", "yes", "no"]), max_size=8))
    def test_is_never_told_in_the_same_words_twice_running(self, said: list[str]) -> None:
        talk = Talk()
        told = [talk.say(sentence) for sentence in said]
        assert not any(one == other and one in (*LOST, *TEXTS.beyond) for one, other in itertools.pairwise(told))


class TestANearMiss:
    def test_is_asked_back_and_a_yes_does_it(self) -> None:
        talk = Talk(tools=VOLUME, run=lambda name, arguments: json.dumps({"percent": arguments.get("percent", 40)}))
        assert talk.say("turn up volume") == "Did you mean: turn up the volume?"
        assert talk.say("yes please") == "The volume is now at fifty five percent."
        assert talk.calls == [("get_volume", {}), ("set_volume", {"percent": 55})]

    def test_keeps_its_numbers(self) -> None:
        talk = Talk(tools=EVERYTHING)
        talk.say("set a timer twenty five minutes")
        talk.say("yes")
        assert talk.calls[0] == ("set_timer", {"seconds": 1500})

    def test_after_a_no_may_be_said_otherwise(self) -> None:
        talk = Talk()
        talk.say("turn up volume")
        assert talk.say("no") == TEXTS.say_it_again

    def test_is_not_asked_twice_running(self) -> None:
        talk = Talk()
        assert talk.say("turn up volume").startswith("Did you mean")
        assert talk.say("turn up volume") in TEXTS.not_understood

    @pytest.mark.parametrize("heard", ["Did you mean: turn up the vol", "Did you mean:", "Did you mean: turn up"])
    def test_is_known_even_if_the_question_was_talked_over(self, heard: str) -> None:
        assert answer(spoken("turn up volume"), replied(heard), spoken("yes"), tools=VOLUME) == Call("get_volume", "{}")

    def test_is_forgotten_when_something_else_was_said(self) -> None:
        talk = Talk(tools=VOLUME)
        for sentence in ("turn up volume", "thank you"):
            talk.say(sentence)
        assert talk.say("yes") == TEXTS.no_question
        assert talk.say("no") == TEXTS.no_question


class TestAQuestionForTheWorld:
    @pytest.mark.parametrize(
        "sentence",
        [
            *(
                "what's the weather like tomorrow",
                "tell me the news",
                "who is the president of France?",
                "play some jazz",
            ),
            *("how far is it to the moon", "why is the sky blue", "order a pizza", "turn on the light"),
        ],
    )
    def test_is_never_answered_as_if_it_knew(self, sentence: str) -> None:
        assert said(written(sentence), tools=EVERYTHING) == TEXTS.beyond[0]

    def test_says_why_not_and_what_it_can_do_instead(self) -> None:
        assert "without the internet" in TEXTS.beyond[0]
        assert "set a timer" in TEXTS.beyond[0]


class TestMemory:
    ASKED = (spoken("Hey Jarvis, what time is it?"), replied("x"), spoken("tell me a joke"), replied("y"))

    def test_has_the_first_and_the_last_question(self) -> None:
        assert "what time is it" in said(*self.ASKED, spoken("what was my first question"))
        assert "tell me a joke" in said(*self.ASKED, spoken("what did i ask you last"))

    def test_is_the_same_after_a_resume(self) -> None:
        replayed = (written("what time is it"), replied("x", "output_text"), written("tell me a joke"))
        assert "what time is it" in said(*replayed, spoken("what was my first question"))
        assert "tell me a joke" in said(*replayed, written("what was my last question"))

    def test_is_empty_at_first(self) -> None:
        assert said(spoken("what was my first question")) == TEXTS.nothing_asked
        assert said(spoken("say that again")) == TEXTS.nothing_said

    def test_leaves_out_what_was_not_heard_and_a_wake_word_alone(self) -> None:
        assert said(spoken(""), spoken("hey jarvis"), spoken("what was my first question")) == TEXTS.nothing_asked

    def test_does_not_take_the_assistants_words_for_a_question(self) -> None:
        assert said(replied("what time is it"), spoken("what was my first question")) == TEXTS.nothing_asked

    def test_has_the_last_answer_too(self) -> None:
        assert said(*self.ASKED, spoken("say that again")) == "y"


class TestJokesAndStories:
    @pytest.mark.parametrize("what", ["joke", "story"])
    def test_come_in_turn_and_begin_again(self, what: str) -> None:
        talk, there_are = Talk(), english.ANSWERS[what]
        told = [talk.say(f"tell me a {what}") for _ in range(len(there_are) + 1)]
        assert sorted(told[:-1]) == sorted(there_are)
        assert told[-1] == told[0]

    def test_that_was_interrupted_late_is_not_told_again(self) -> None:
        assert said(spoken("tell me a story"), replied(english.STORY[:60]), spoken("tell me a story")) != english.STORY

    def test_that_was_interrupted_at_once_is(self) -> None:
        assert said(spoken("tell me a story"), replied(english.STORY[:9]), spoken("tell me a story")) == english.STORY


class TestRepeatAfterMe:
    @pytest.mark.parametrize(
        "item", [spoken("repeat after me good cheese"), written("Jarvis: Repeat after me, good cheese!")]
    )
    def test_says_the_rest(self, item: Item) -> None:
        assert said(item) == "Good cheese."

    def test_asks_for_words_where_there_are_none(self) -> None:
        assert said(spoken("repeat after me")) == TEXTS.nothing_to_repeat

    def test_needs_the_whole_phrase(self) -> None:
        assert said(written("repeat after meals")) != "Als."


class TestAFunctionOfSomebodyElse:
    def test_is_only_confirmed(self) -> None:
        assert said(spoken("x"), called("open_door"), returned("12")) == TEXTS.done
        assert said(spoken("x"), returned("12", "call_unknown")) == TEXTS.done

    def test_that_failed_is_admitted(self) -> None:
        assert said(spoken("x"), called("open_door"), returned('{"error": "stuck"}')) == TEXTS.failed


EVERY = [sentence for intent in english.INTENTS for sentence in sentences(english, intent, walks=2)]
PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["input_text", "input_audio", "output_text", "output_audio"])},
    optional={
        "text": st.one_of(st.text(max_size=40), st.sampled_from(EVERY)),
        "transcript": st.one_of(
            st.none(),
            st.text(max_size=40),
            st.sampled_from(["repeat after me", "louder", "yes", "Did you mean: stop?"]),
        ),
    },
)
IDS = st.sampled_from(["a", "b"])
NAMES = st.sampled_from([*sorted(EVERYTHING), "other"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("2026-11-21 15:10:00"),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["percent", "timers", "id", "due", "in_s", "label", "state", "network", "error"]), inner
        )
    ),
    max_leaves=8,
)
OUTPUTS = st.one_of(st.text(max_size=40), JSON.map(json.dumps), st.just('{"percent": 50}'))
ITEMS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "type": st.just("message"),
                "role": st.sampled_from(["user", "assistant", "system"]),
                "content": st.lists(PARTS, max_size=3),
            }
        ),
        st.builds(called, NAMES, IDS, st.text(max_size=20)),
        st.builds(returned, OUTPUTS, IDS),
    ),
    max_size=8,
)


class TestWhateverTheConversation:
    @given(ITEMS, st.datetimes(), st.text(max_size=10), st.frozensets(NAMES), st.sampled_from(LANGUAGES))
    def test_there_is_an_answer_and_it_calls_only_what_it_may(
        self, items: list[Item], now: datetime, instructions: str, tools: frozenset[str], name: str
    ) -> None:
        (reply,) = Brain(language=name).answer(Question(items, now, instructions, tools))
        if isinstance(reply, Call):
            assert reply.name in tools
            assert 0 <= json.loads(reply.arguments).get("percent", 0) <= 100
        else:
            assert reply.text

    @given(ITEMS)
    def test_the_same_conversation_has_the_same_answer(self, items: list[Item]) -> None:
        assert answer(*items, tools=VOLUME) == answer(*items, tools=VOLUME)


class TestAnotherNumber:
    @pytest.mark.parametrize(
        "said", ["set a timer for 100 minutes", "wake me up at seven on monday", "turn the volume to 150"]
    )
    def test_is_another_wish_and_not_guessed_at(self, said: str) -> None:
        assert understanding("en").near(said) == ""

    def test_written_another_way_is_the_same(self) -> None:
        assert understanding("de").near("stell einen timer auf 1 stunde und 30 minuten")


class TestSomebodyInDanger:
    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("en", "Call an ambulance!"),
            ("en", "help me, I have fallen"),
            ("en", "I want to kill myself"),
            ("de", "Ruf einen Krankenwagen!"),
            ("de", "Hilfe, ich bin gestürzt."),
        ],
    )
    def test_is_told_where_help_is_and_that_none_is_called(self, name: str, sentence: str) -> None:
        (part,) = Brain(language=name).answer(Question([spoken(sentence)], NOW))
        assert part == Say(language(name).TEXTS.emergency)

    def test_is_nobody_who_sets_an_alarm(self) -> None:
        (part,) = Brain().answer(Question([spoken("wake me at seven")], NOW, "", frozenset({"set_alarm"})))
        assert isinstance(part, Call)
