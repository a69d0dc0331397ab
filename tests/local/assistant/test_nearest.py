"""The nearest sentence of a grammar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.local.assistant.nearest import LONGEST_WORDS, Near, nearest
from edge_agent.local.speech.word_graph import WordGraph

GRAPH = WordGraph(
    ["turn (up | down) the volume", "tell me a joke", "set a timer for <n> minutes", "stop"],
    {"n": ("five", "twenty", "twenty five")},
    {},
    before=("hey lamp",),
)

WORDS = ("turn", "up", "the", "volume", "tell", "me", "joke", "set", "a", "timer", "x")


def near(sentence: str, within: float = 0.3) -> Near | None:
    return nearest(sentence, GRAPH, within)


class TestASentenceOfTheGrammar:
    @pytest.mark.parametrize("sentence", ["turn up the volume", "set a timer for twenty five minutes", "stop"])
    def test_is_nearest_to_itself(self, sentence: str) -> None:
        assert near(sentence) == Near(sentence, 0.0)


class TestANearMiss:
    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("turn up volume", "turn up the volume"),
            ("turn up the the volume", "turn up the volume"),
            ("please tell me a joke", "tell me a joke"),
            ("tell me a jok", "tell me a joke"),
            ("turn down the volumes", "turn down the volume"),
            ("set a timer for twenty five minuets", "set a timer for twenty five minutes"),
            ("set timer for five minutes", "set a timer for five minutes"),
        ],
    )
    def test_is_known_by_its_words(self, said: str, meant: str) -> None:
        found = near(said)
        assert found is not None
        assert found.sentence == meant
        assert 0 < found.share <= 0.3

    def test_never_gets_a_wake_phrase(self) -> None:
        found = near("lamp tell me a joke")
        assert found is None or found.sentence == "tell me a joke"


class TestSomethingElse:
    @pytest.mark.parametrize(
        "said", ["", "order a pizza", "turn the lamp", "me a", "the a", "tell my brother to come here", "top"]
    )
    def test_is_near_to_nothing(self, said: str) -> None:
        assert near(said, 0.26) is None

    def test_is_near_to_nothing_without_a_long_word_in_common(self) -> None:
        assert nearest("me a", WordGraph(["me a b"], {}, {}), 5.0) is None

    def test_a_speech_is_not_even_compared(self) -> None:
        assert near("tell me a joke " * (LONGEST_WORDS // 4 + 1), 5.0) is None

    @given(
        st.lists(
            st.sampled_from(sorted(["turn", "up", "the", "volume", "tell", "me", "joke", "set", "a", "timer", "x"])),
            max_size=25,
        )
    )
    def test_whatever_it_is_what_is_found_is_of_the_grammar_and_near(self, words: list[str]) -> None:
        found = near(" ".join(words))
        if found is not None:
            assert near(found.sentence) == Near(found.sentence, 0.0)
            assert found.share <= 0.3
