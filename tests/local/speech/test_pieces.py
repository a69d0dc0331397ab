"""The pieces of words: read from their file, made in the order they were learnt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.local.speech.pieces import Pieces

LEARNT = ["\u2581", "a", "b", "c", "\u2581a", "ab", "\u2581ab", "bc", "%"]


def record(piece: bytes) -> bytes:
    size = len(piece)
    return (bytes([size]) if size < 128 else bytes([size % 128 + 128, size // 128])) + piece


def vocabulary(learnt: list[str]) -> bytes:
    single = [bytes([value]) for value in range(256)]
    return b"".join(map(record, [b"<unk>", b"<s>", b"</s>", *single, *(piece.encode() for piece in learnt)]))


SMALL = Pieces(vocabulary(LEARNT))


class TestAText:
    def test_is_cut_into_what_was_learnt_first(self) -> None:
        """ "bc" is a piece too, but "ab" was learnt before it."""
        assert [LEARNT[number - 259] for number in SMALL.numbers("abc")] == ["ab", "c"]

    def test_has_its_spaces_in_the_pieces(self) -> None:
        assert [LEARNT[number - 259] for number in SMALL.numbers(" ab a")] == ["\u2581ab", "\u2581a"]

    def test_of_nothing_has_no_pieces(self) -> None:
        assert SMALL.numbers("") == []

    def test_with_a_strange_character_is_refused(self) -> None:
        with pytest.raises(KeyError, match="x"):
            SMALL.numbers("axb")

    @given(st.text("abc% ", max_size=20))
    def test_comes_back_from_its_pieces(self, text: str) -> None:
        assert SMALL.text(SMALL.numbers(text)) == text.strip()


class TestPieces:
    def test_that_only_mark_are_nothing(self) -> None:
        assert SMALL.text([1, *SMALL.numbers("ab"), 2]) == "ab"

    def test_may_be_bytes_of_a_character_and_half_a_character_is_told(self) -> None:
        euro = [3 + byte for byte in "€".encode()]
        assert SMALL.text(euro) == "€"
        assert SMALL.text(euro[:2]) == "�"

    def test_may_be_long(self) -> None:
        long = "a" * 300
        assert Pieces(vocabulary([long])).text([259]) == long

    @pytest.mark.parametrize("cut", [1, 5])
    def test_in_a_file_that_is_cut_off_are_refused(self, cut: int) -> None:
        with pytest.raises(ValueError, match="a piece is cut off"):
            Pieces(vocabulary(["abcdefgh"])[:-cut])
