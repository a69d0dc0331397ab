"""What was said in a turn, kept as bytes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.session.turn_speech import LIMIT_S, PIECE_MS, TurnSpeech


class TestSpeech:
    @settings(deadline=None)
    @given(st.lists(st.binary(max_size=20_000), max_size=12))
    def test_comes_back_byte_for_byte_in_pieces_of_bounded_length(self, chunks: list[bytes]) -> None:
        speech = TurnSpeech(8)
        for chunk in chunks:
            speech.add(chunk)
        pieces = list(speech.pieces())
        assert b"".join(pieces) == b"".join(chunks)
        assert all(0 < len(piece) <= PIECE_MS * 8 for piece in pieces)

    def test_past_the_limit_keeps_the_end_and_still_knows_how_long_it_was(self) -> None:
        speech = TurnSpeech(8)
        for second in range(LIMIT_S + 5):
            speech.add(bytes([second]) * 8_000)
        assert speech.kept_ms == LIMIT_S * 1000
        assert speech.captured_ms == (LIMIT_S + 5) * 1000
        assert next(iter(speech.pieces()))[0] == 5

    def test_that_is_cleared_is_gone(self) -> None:
        speech = TurnSpeech(8)
        speech.add(bytes(800))
        speech.clear()
        assert list(speech.pieces()) == []
        assert speech.captured_ms == 0
