"""The grammar: one way of writing sentences, read by the recogniser and by the brain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.local.assistant.grammar import Grammar, Meaning

LIGHTS = Grammar(
    {
        "light": ("(turn | switch) the light <state>", "light <state> [please]"),
        "dim": ("dim [the light] [to <level>]",),
        "who": ("what's your name",),
    },
    {"state": ("on", "off"), "level": ("five", "twenty", "twenty five")},
    before=("hey lamp", "lamp"),
    after=("please",),
)


class TestAPattern:
    @pytest.mark.parametrize("sentence", ["turn the light on", "switch the light off", "light on"])
    def test_offers_alternatives(self, sentence: str) -> None:
        assert LIGHTS.parse(sentence) == Meaning("light", {"state": sentence.split()[-1]})

    @pytest.mark.parametrize("sentence", ["dim", "dim the light"])
    def test_has_parts_that_may_be_missing_and_an_empty_slot_is_not_named(self, sentence: str) -> None:
        assert LIGHTS.parse(sentence) == Meaning("dim", {})

    def test_finds_the_longer_of_two_slot_phrases(self) -> None:
        assert LIGHTS.parse("dim to twenty five") == Meaning("dim", {"level": "twenty five"})

    @pytest.mark.parametrize(
        "sentence", ["", "turn the light", "turn the light on off", "light", "the light on", "dimmer"]
    )
    def test_must_cover_the_whole_sentence(self, sentence: str) -> None:
        assert LIGHTS.parse(sentence) is None

    def test_takes_its_words_literally(self) -> None:
        assert Grammar({"x": ("a.b",)}, {}).parse("axb") is None


class TestASentence:
    @pytest.mark.parametrize("sentence", ["Light ON!", "  light,   on. ", "¿Light on?"])
    def test_may_be_written_as_people_and_services_write(self, sentence: str) -> None:
        assert LIGHTS.parse(sentence) == Meaning("light", {"state": "on"})

    def test_may_have_a_typographers_apostrophe(self) -> None:
        assert LIGHTS.parse("What’s your name?") == Meaning("who")

    @pytest.mark.parametrize("sentence", ["hey lamp light on", "lamp light on please", "Lamp, lamp: light on, please!"])
    def test_may_be_surrounded_by_what_does_not_count(self, sentence: str) -> None:
        assert LIGHTS.parse(sentence) == Meaning("light", {"state": "on"})

    def test_is_bare_without_its_surroundings_and_punctuation(self) -> None:
        assert LIGHTS.bare("Hey lamp, Light on, please.") == "light on"

    def test_that_is_only_the_wake_phrase_is_nothing(self) -> None:
        assert LIGHTS.bare("Hey lamp!") == ""

    def test_keeps_a_word_that_only_begins_like_the_wake_phrase(self) -> None:
        assert LIGHTS.bare("lampshade off") == "lampshade off"

    @given(st.text())
    def test_never_stops_the_parser_and_bare_twice_is_bare(self, sentence: str) -> None:
        LIGHTS.parse(sentence)
        assert LIGHTS.bare(LIGHTS.bare(sentence)) == LIGHTS.bare(sentence)


class TestAWrongPattern:
    @pytest.mark.parametrize("pattern", ["turn (on", "turn on]", "[turn"])
    def test_with_unbalanced_brackets_is_named(self, pattern: str) -> None:
        with pytest.raises(ValueError, match=r"light: found pattern .* balanced brackets"):
            Grammar({"light": (pattern,)}, {})

    def test_with_an_unknown_slot_is_named(self) -> None:
        with pytest.raises(ValueError, match=r"light: found <colour>, expected one of \['state'\]"):
            Grammar({"light": ("light <colour>",)}, {"state": ("on",)})


class TestTheRecogniser:
    def test_is_given_every_word_and_no_sign(self) -> None:
        words = "turn switch the light dim to what's your name on off five twenty hey lamp please"
        assert " ".join(sorted(LIGHTS.words())) == " ".join(sorted(words.split()))

    def test_is_given_the_same_sentences_as_jsgf(self) -> None:
        assert LIGHTS.jsgf("sentence").splitlines() == [
            "#JSGF V1.0;",
            "grammar sentence;",
            "<state> = on | off;",
            "<level> = five | twenty [five];",
            "<light_> = (turn | switch) the light <state> | light <state> [please];",
            "<dim_> = dim [the light] [to <level>];",
            "<who_> = what's your name;",
            "public <sentence> = [hey lamp | lamp] (<light_> | <dim_> | <who_>) [please];",
        ]

    @pytest.mark.parametrize(
        ("phrases", "rule"),
        [
            (("one", "twenty", "twenty one", "thirty", "thirty one"), "one | (twenty | thirty) [one]"),
            (("in the morning", "in the evening"), "in (the (evening | morning))"),
            (("half an hour", "half a minute", "half"), "half [a (minute) | an (hour)]"),
        ],
    )
    def test_is_given_what_phrases_share_only_once(self, phrases: tuple[str, ...], rule: str) -> None:
        assert f"<s> = {rule};" in Grammar({"x": ("say <s>",)}, {"s": phrases}).jsgf("g")

    def test_is_given_no_surroundings_where_there_are_none(self) -> None:
        assert Grammar({"x": ("yes",)}, {}).jsgf("s").splitlines()[-1] == "public <s> = (<x_>);"
