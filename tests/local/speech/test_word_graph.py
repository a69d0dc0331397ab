"""The grammar as a graph: every sentence of the patterns, and no other."""

from __future__ import annotations

import random

import pytest

from edge_agent.local.assistant import language_en as language
from edge_agent.local.speech.word_graph import State, WordGraph

SLOTS = {"level": ("five", "twenty", "twenty five")}
SPELLINGS = {"twenty five": ("25",), "five": ("5",), "percent": ("%",)}


def sentences(graph: WordGraph, state: State | None = None, written: bool = False) -> set[str]:
    """All of them; a graph of patterns has no circles."""
    state = graph.start if state is None else state
    found = {""} if graph.is_end(state) else set()
    for arc in graph.arcs(state):
        word = arc.written if written else f" {arc.said}"
        found |= {word + rest for rest in sentences(graph, arc.end, written)}
    return found


def said(*patterns: str) -> set[str]:
    return {sentence.strip() for sentence in sentences(WordGraph(patterns, SLOTS, {}))}


class TestAPattern:
    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("one", {"one"}),
            ("one two", {"one two"}),
            ("one [two]", {"one", "one two"}),
            ("[one] two", {"two", "one two"}),
            ("(one | two) three", {"one three", "two three"}),
            ("(one | two [three])", {"one", "two", "two three"}),
            ("one | two", {"one", "two"}),
            ("[[one] two] three", {"three", "two three", "one two three"}),
            ("to <level>", {"to five", "to twenty", "to twenty five"}),
        ],
    )
    def test_has_these_sentences(self, pattern: str, expected: set[str]) -> None:
        assert said(pattern) == expected

    def test_stands_beside_others(self) -> None:
        assert said("one [two]", "one three") == {"one", "one two", "one three"}

    @pytest.mark.parametrize("pattern", ["(one", "one)", "[one", "one]", "(one]", "((one)"])
    def test_with_unbalanced_brackets_is_refused(self, pattern: str) -> None:
        with pytest.raises(ValueError, match="balanced brackets"):
            WordGraph([pattern], {}, {})

    def test_with_an_unknown_slot_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"found <size>, expected one of \['level'\]"):
            WordGraph(["<size>"], SLOTS, {})


class TestWhatMayStandInFront:
    GRAPH = WordGraph(["one [two]"], {}, {}, before=("hey you", "you"))

    def test_may_be_left_out(self) -> None:
        every = {sentence.strip() for sentence in sentences(self.GRAPH)}
        assert every == {f"{front}one{behind}" for front in ("", "you ", "hey you ") for behind in ("", " two")}

    def test_is_marked(self) -> None:
        assert {(arc.said, arc.is_extra) for arc in self.GRAPH.arcs(self.GRAPH.start)} == {
            *(("hey", True), ("you", True)),
            ("one", False),
        }


class TestASpelling:
    def test_stands_beside_the_words_and_signs_have_no_space(self) -> None:
        graph = WordGraph(["<level> percent"], SLOTS, SPELLINGS)
        assert {" 25%", " twenty five percent", " 25 percent", " 5%"} <= sentences(graph, written=True)

    def test_is_said_as_the_grammar_says_it(self) -> None:
        graph = WordGraph(["<level> percent"], SLOTS, SPELLINGS)
        assert {one.strip() for one in sentences(graph)} == {"five percent", "twenty percent", "twenty five percent"}


class TestTheEnglishPack:
    def test_has_only_sentences_its_grammar_understands(self) -> None:
        """A thousand of them, drawn word by word: there are too many for all."""
        grammar, draw = language.GRAMMAR, random.Random(5)
        graph = WordGraph(grammar.patterns(), grammar.slots, language.SPELLINGS, grammar.before)
        for _ in range(1000):
            sentence, state = "", graph.start
            while not graph.is_end(state) or (graph.arcs(state) and draw.random() < 0.5):
                arc = draw.choice(graph.arcs(state))
                sentence, state = f"{sentence} {arc.said}", arc.end
            assert grammar.parse(sentence), sentence
