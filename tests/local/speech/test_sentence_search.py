"""The search: freely, behind given words, and the likeliest sentence of a graph; asked of a network made of a table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from edge_agent.local.speech.moonshine import Standing
from edge_agent.local.speech.pieces import END, Pieces
from edge_agent.local.speech.sentence_search import SentenceSearch, freely
from edge_agent.local.speech.word_graph import WordGraph
from tests.local.speech.test_pieces import vocabulary

LETTERS = ["\u2581", *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", ".", "?", "!", ","]
PIECES = Pieces(vocabulary(LETTERS))
UNLIKELY = 1e-9


class Table:
    """Hears one of some sentences, letter by letter; what each goes on with has its probability."""

    def __init__(self, sentences: Mapping[str, float]) -> None:
        self._sentences = {(*PIECES.numbers(text), END): share for text, share in sentences.items()}

    def begin(self) -> Standing:
        return self._standing([()])

    def go_on(self, standing: Standing, parents: list[int], pieces: list[int]) -> Standing:
        sofar = standing.kept[0]
        taken = [
            (*(int(n) for n in sofar[parent] if n >= 0), piece) for parent, piece in zip(parents, pieces, strict=True)
        ]
        return self._standing(taken)

    def _standing(self, beginnings: list[tuple[int, ...]]) -> Standing:
        following = np.full((len(beginnings), len(PIECES)), UNLIKELY, np.float32)
        for row, beginning in enumerate(beginnings):
            for sentence, share in self._sentences.items():
                if sentence[: len(beginning)] == beginning and len(sentence) > len(beginning):
                    following[row, sentence[len(beginning)]] += share
        following /= following.sum(axis=1, keepdims=True)
        longest = max(map(len, beginnings))
        kept = np.array([[*beginning, *[-1] * (longest - len(beginning))] for beginning in beginnings], np.float32)
        return Standing(np.log(following), (kept.reshape(len(beginnings), longest),))


def search(*patterns: str) -> SentenceSearch:
    return SentenceSearch(WordGraph(patterns, {}, {}), PIECES)


class TestFreely:
    def test_the_likeliest_is_taken(self) -> None:
        heard = freely(Table({" Go home.": 0.7, " Go on.": 0.3}), PIECES, 30)
        assert (heard.text, heard.pieces) == ("Go home.", 10)
        assert heard.score == pytest.approx(np.log(0.7), abs=0.01)

    def test_a_loop_ends(self) -> None:
        assert freely(Table({" " + "a" * 100: 1.0}), PIECES, 5).text == "aaaa"

    def test_behind_an_opening_its_price_is_paid(self) -> None:
        heard = freely(Table({" Go home.": 0.7, " Say on.": 0.3}), PIECES, 30, " Say")
        assert heard.text == "Say on."
        assert heard.score == pytest.approx(np.log(0.3), abs=0.01)


class TestTheSearch:
    def test_finds_the_sentence_of_the_graph_behind_a_likelier_other(self) -> None:
        found = search("go on", "go home").best(Table({" Go out.": 0.8, " Go on.": 0.15, " Go home.": 0.05}))
        assert found.text == "go on"
        assert found.score == pytest.approx(np.log(0.15), abs=0.01)

    @pytest.mark.parametrize("written", [" Go on", " Go on.", " Go on?", " Go, on!", " Go on,"])
    def test_forgives_punctuation(self, written: str) -> None:
        found = search("go on").best(Table({written: 1.0}))
        assert (found.text, round(found.score, 1)) == ("go on", 0.0)

    def test_does_not_take_a_beginning_for_the_whole(self) -> None:
        table = Table({" No way out": 1.0})
        assert search("no").best(table).score < -5
        assert search("no [way out]").best(table).text == "no way out"

    def test_does_not_weigh_what_stands_in_front_above_its_price(self) -> None:
        graph = WordGraph(["go on"], {}, {}, before=("hey",))
        table = Table({" Why, go on": 1 - 1e-4, " Hey, go on": 1e-4})
        assert SentenceSearch(graph, PIECES).best(table).score == pytest.approx(np.log(1e-4), abs=0.1)
        cheap = SentenceSearch(graph, PIECES, dearest=-2.0).best(table)
        assert cheap.text == "hey go on"
        assert cheap.score == pytest.approx(-2.0, abs=0.1)

    def test_is_not_crowded_out_by_words_that_begin_alike(self) -> None:
        """More of them than are looked at side by side."""
        words = [f"{one}{other}" for one in "abc" for other in "defghij"]
        found = search(f"go to ({' | '.join(words)})").best(Table({" Go to cj.": 1.0}))
        assert (found.text, round(found.score, 1)) == ("go to cj", 0.0)

    def test_counts_what_it_took(self) -> None:
        assert search("go").best(Table({" Go.": 1.0})).pieces == len([" ", "G", "o", ".", "end"])

    def test_of_a_graph_without_sentences_finds_nothing(self) -> None:
        found = search().best(Table({" Go.": 1.0}))
        assert (found.text, found.pieces) == ("", 0)
        assert found.score == -np.inf

    def test_with_a_word_that_has_no_pieces_is_told(self) -> None:
        with pytest.raises(KeyError):
            search("größe").best(Table({" G": 1.0}))
