"""The board that is used: none, a named one, or the one that the machine proves to be."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from edge_agent.board.board import BoardError
from edge_agent.board.chosen import chosen
from edge_agent.board.profile import load
from edge_agent.card_settings import card_settings
from edge_agent.config import Audio, Settings
from tests.board.recorded import unfolded


class TestTheBoard:
    def test_may_be_none(self) -> None:
        assert chosen("none") is None

    def test_may_be_named(self) -> None:
        assert chosen("jabra-speak") == load("jabra-speak")

    def test_that_nobody_knows_is_an_error(self) -> None:
        with pytest.raises(BoardError, match="the nearest is jabra-speak"):
            chosen("jabra-speek")

    def test_may_be_found_and_the_log_says_why(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO):
            profile = chosen("auto", unfolded("respeaker-2mic-v2", tmp_path))
        assert profile == load("respeaker-2mic-v2")
        (record,) = caplog.records
        assert record.getMessage().startswith("board respeaker-2mic-v2 (fits): card seeed2micvoicec")
        assert record.__dict__["edge"] == {"board": "respeaker-2mic-v2"}

    def test_that_is_not_found_is_none_and_the_log_says_why(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            assert chosen("auto", tmp_path) is None
        assert "there is no sound card" in caplog.text


class TestTheCards:
    def test_are_the_boards_where_nothing_is_said(self) -> None:
        asked = card_settings(Settings(), load("respeaker-2mic-v2"))
        assert (asked.input_card, asked.output_card) == ("seeed2micvoicec", "seeed2micvoicec")

    def test_are_those_that_are_said(self) -> None:
        asked = card_settings(Settings(audio=Audio(input_card="Device")), load("usb-mic-and-dac"))
        assert (asked.input_card, asked.output_card) == ("Device", "sndrpihifiberry")

    def test_are_the_systems_without_a_board(self) -> None:
        assert card_settings(Settings(), None).input_card == ""

    def test_that_a_board_lacks_must_be_named(self) -> None:
        with pytest.raises(BoardError, match=r"audio.input_card: found nothing, expected .*usb-mic-and-dac"):
            card_settings(Settings(), load("usb-mic-and-dac"))
