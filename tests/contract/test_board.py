"""The board's contract: the same on a board that is not there and on real gpiozero code over mock pins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPWMPin

from edge_agent.board.board import Board
from edge_agent.board.facts import AudioFacts, ButtonFacts, LedFacts, Profile
from edge_agent.board.gpio import GpioBoard
from edge_agent.board.nothing import NoBoard
from edge_agent.board.profile import load
from edge_agent.dialogue.indication import Indication

ON_OFF = Profile(
    "on-off", "a button and a lamp", False, 3, ButtonFacts(5), LedFacts("led", (6,), pixels=1), AudioFacts()
)
COLORS = Profile(
    "colors", "three colours", False, 3, ButtonFacts(5), LedFacts("rgb", (16, 20, 21), pixels=1), AudioFacts()
)
BARE = Profile("bare", "nothing on it", False, 3)

BOARDS: dict[str, Callable[[], Board]] = {
    "no board": NoBoard,
    "aiy-voice-hat": lambda: GpioBoard(load("aiy-voice-hat"), pin_factory="mock", brightness=60),
    "respeaker-2mic-v1": lambda: GpioBoard(load("respeaker-2mic-v1"), pin_factory="mock", brightness=60),
    "on and off": lambda: GpioBoard(ON_OFF, pin_factory="mock", brightness=60),
    "three colours": lambda: GpioBoard(COLORS, pin_factory="mock", brightness=60),
    "bare": lambda: GpioBoard(BARE, pin_factory="mock", brightness=60),
}


@pytest.fixture(params=list(BOARDS))
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    before = Device.pin_factory
    Device.pin_factory = MockFactory(pin_class=MockPWMPin)
    board = BOARDS[request.param]()
    yield board
    board.close()
    Device.pin_factory = before


def open_quietly(board: Board) -> list[object]:
    """Open it; the list is what it reports from then on."""
    reported: list[object] = []
    board.open(lambda: reported.append("talk"), reported.append)
    return reported


class TestAnyBoard:
    def test_knows_its_pixels_before_it_is_open(self, board: Board) -> None:
        assert board.pixels >= 0

    def test_shows_every_indication(self, board: Board) -> None:
        open_quietly(board)
        for indication in Indication:
            board.show(indication)

    def test_reports_nothing_that_nobody_touched(self, board: Board) -> None:
        reported = open_quietly(board)
        for indication in Indication:
            board.show(indication)
        board.close()
        assert reported == []

    def test_may_be_closed_twice_and_before_it_was_open(self, board: Board) -> None:
        board.close()
        open_quietly(board)
        board.close()
        board.close()

    def test_may_be_shown_things_when_it_is_closed(self, board: Board) -> None:
        board.show(Indication.LISTENING)
        open_quietly(board)
        board.close()
        board.show(Indication.IDLE)

    def test_may_be_opened_again(self, board: Board) -> None:
        open_quietly(board)
        board.close()
        open_quietly(board)
        board.show(Indication.SPEAKING)

    def test_is_told_from_any_thread(self, board: Board) -> None:
        open_quietly(board)
        threads = [threading.Thread(target=board.show, args=(indication,)) for indication in Indication]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_leaves_no_thread_behind(self, board: Board) -> None:
        before = threading.active_count()
        open_quietly(board)
        board.show(Indication.THINKING)
        board.close()
        assert threading.active_count() == before


class TestABoardWithAButton:
    @pytest.fixture(params=["aiy-voice-hat", "respeaker-2mic-v1", "on and off"])
    def board(self, request: pytest.FixtureRequest) -> Iterator[GpioBoard]:
        before = Device.pin_factory
        Device.pin_factory = MockFactory(pin_class=MockPWMPin)
        board = BOARDS[request.param]()
        assert isinstance(board, GpioBoard)
        yield board
        board.close()
        Device.pin_factory = before

    def test_reports_a_short_press_once(self, board: GpioBoard) -> None:
        reported = open_quietly(board)
        assert board.profile.button is not None
        pin = board.factory.pin(board.profile.button.pin)
        pin.drive_low()
        pin.drive_high()
        assert reported == ["talk"]

    def test_reports_nothing_once_closed(self, board: GpioBoard) -> None:
        reported = open_quietly(board)
        assert board.profile.button is not None
        pin = board.factory.pin(board.profile.button.pin)
        board.close()
        pin.drive_low()
        pin.drive_high()
        assert reported == []
