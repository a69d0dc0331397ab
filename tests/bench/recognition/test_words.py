"""The word error rate, which everything else is told in."""

from __future__ import annotations

import pytest

from tests.bench.recognition.words import error_rate, errors, words


class TestErrors:
    @pytest.mark.parametrize(
        ("said", "heard", "wrong"),
        [
            ("a b c", "a b c", 0),
            ("a b c", "a x c", 1),
            ("a b c", "a c", 1),
            ("a b c", "a b b c", 1),
            ("a b c", "", 3),
            ("", "a b", 2),
            ("a b c d", "b c d e", 2),
        ],
    )
    def test_are_words_changed_left_out_or_put_in(self, said: str, heard: str, wrong: int) -> None:
        assert errors(said.split(), heard.split()) == wrong

    def test_are_counted_over_all_sentences_together(self) -> None:
        assert error_rate([("a b c", "a b c"), ("d", "x")]) == pytest.approx(0.25)

    def test_of_nothing_said_are_none(self) -> None:
        assert error_rate([]) == 0.0


class TestWords:
    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("Set it to 35%.", "set it to thirty five percent"),
            ("What’s  that?", "what's that"),
            ("November 21st, 2026", "november twenty first twenty twenty six"),
            ("per cent", "percent"),
        ],
    )
    def test_are_the_same_however_they_are_written(self, written: str, said: str) -> None:
        assert words(written) == said.split()
