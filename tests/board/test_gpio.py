"""The panel on the header, on gpiozero's mock pins: pressed, held, lit, and honest when it cannot be used."""

from __future__ import annotations

import importlib.util
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPWMPin

from edge_agent.board.board import BoardError
from edge_agent.board.facts import AudioFacts, ButtonFacts, LedFacts, PowerFacts, Profile
from edge_agent.board.gpio import GpioBoard
from edge_agent.board.profile import load
from edge_agent.dialogue.indication import Indication

BUTTON, LAMP = 23, 25
PATIENCE_S = 5.0  # how long a thread may take before a test gives up; far more than it takes


def eventually(condition: Callable[[], object]) -> bool:
    """Whether it comes true; for what other threads do in their own time."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if condition():
            return True
        threading.Event().wait(0.005)
    return bool(condition())


class Touched:
    """What the board reported."""

    def __init__(self) -> None:
        self.talks = 0
        self.mutes: list[bool] = []

    def talk(self) -> None:
        self.talks += 1


class CountingPin(MockPWMPin):  # type: ignore[misc]
    """A pin that counts what is written to it."""

    writes = 0

    def _set_state(self, value: float) -> None:
        self.writes += 1
        super()._set_state(value)


class BrokenPin(MockPWMPin):  # type: ignore[misc]
    """A pin that can be dark, but refuses to light up while it is broken."""

    broken = True

    def _set_state(self, value: float) -> None:
        if self.broken and value > 0:
            raise OSError("remote I/O error")
        super()._set_state(value)


@pytest.fixture(autouse=True)
def factory() -> Iterator[Any]:
    before = Device.pin_factory
    Device.pin_factory = MockFactory(pin_class=MockPWMPin)
    yield Device.pin_factory
    Device.pin_factory = before


@pytest.fixture
def touched() -> Touched:
    return Touched()


@pytest.fixture
def board(touched: Touched) -> Iterator[GpioBoard]:
    """The AIY HAT, whose hold takes a twentieth of a second."""
    board = GpioBoard(load("aiy-voice-hat"), pin_factory="mock", brightness=100, hold_s=0.05)
    board.open(touched.talk, touched.mutes.append)
    yield board
    board.close()


class TestTheButton:
    def test_pressed_shortly_asks_for_attention_at_release(self, touched: Touched) -> None:
        board = GpioBoard(load("aiy-voice-hat"), pin_factory="mock", brightness=100)
        board.open(touched.talk, touched.mutes.append)
        pin = board.factory.pin(BUTTON)
        pin.drive_low()
        assert touched.talks == 0
        pin.drive_high()
        assert (touched.talks, touched.mutes) == (1, [])
        board.close()

    def test_held_mutes_while_it_is_held_and_asks_for_nothing(self, board: GpioBoard, touched: Touched) -> None:
        pin = board.factory.pin(BUTTON)
        pin.drive_low()
        assert eventually(lambda: touched.mutes == [True])
        pin.drive_high()
        assert touched.talks == 0

    def test_held_again_unmutes(self, board: GpioBoard, touched: Touched) -> None:
        pin = board.factory.pin(BUTTON)
        board.show(Indication.MUTED)
        pin.drive_low()
        assert eventually(lambda: touched.mutes == [False])
        pin.drive_high()

    def test_knows_of_a_mute_that_came_from_elsewhere(self, board: GpioBoard, touched: Touched) -> None:
        board.show(Indication.MUTED)
        board.show(Indication.IDLE)
        board.factory.pin(BUTTON).drive_low()
        assert eventually(lambda: touched.mutes == [True])
        board.factory.pin(BUTTON).drive_high()

    def test_is_not_misled_by_a_fault(self, board: GpioBoard, touched: Touched) -> None:
        board.show(Indication.MUTED)
        board.show(Indication.FAULT)
        board.factory.pin(BUTTON).drive_low()
        assert eventually(lambda: touched.mutes == [False])
        board.factory.pin(BUTTON).drive_high()

    def test_a_press_after_a_hold_is_a_press(self, board: GpioBoard, touched: Touched) -> None:
        pin = board.factory.pin(BUTTON)
        pin.drive_low()
        assert eventually(lambda: touched.mutes)
        pin.drive_high()
        pin.drive_low()
        pin.drive_high()
        assert touched.talks == 1

    def test_is_debounced(self, board: GpioBoard) -> None:
        assert 0 < board.factory.pin(BUTTON).bounce <= 0.05

    @pytest.mark.parametrize(("pull", "active_low"), [("none", True), ("none", False), ("down", False), ("up", True)])
    def test_may_be_wired_in_any_way(self, touched: Touched, pull: str, active_low: bool) -> None:
        profile = Profile("x", "x", False, 3, ButtonFacts(5, active_low, pull), LedFacts(), AudioFacts())
        board = GpioBoard(profile, pin_factory="mock", brightness=100)
        pin = Device.pin_factory.pin(5)
        (pin.drive_high if active_low else pin.drive_low)()
        board.open(touched.talk, touched.mutes.append)
        (pin.drive_low if active_low else pin.drive_high)()
        (pin.drive_high if active_low else pin.drive_low)()
        assert touched.talks == 1
        board.close()


class TestTheLight:
    def test_is_dark_until_it_is_told(self, board: GpioBoard) -> None:
        assert board.factory.pin(LAMP).state == 0

    def test_shows_what_it_is_told(self, board: GpioBoard) -> None:
        board.show(Indication.LISTENING)
        assert eventually(lambda: board.factory.pin(LAMP).state == 1.0)
        board.show(Indication.IDLE)
        assert eventually(lambda: board.factory.pin(LAMP).state == 0.0)

    def test_moves_by_itself(self, board: GpioBoard) -> None:
        board.factory.pin(LAMP).clear_states()
        board.show(Indication.SPEAKING)
        assert eventually(lambda: len({state.state for state in board.factory.pin(LAMP).states}) > 5)

    def test_that_stands_still_is_written_once(self, touched: Touched) -> None:
        Device.pin_factory = MockFactory(pin_class=CountingPin)
        board = GpioBoard(load("aiy-voice-hat"), pin_factory="mock", brightness=100)
        board.open(touched.talk, touched.mutes.append)
        lamp = board.factory.pin(LAMP)
        board.show(Indication.LISTENING)
        assert eventually(lambda: lamp.state == 1.0)
        written = lamp.writes
        for _ in range(20):
            board.show(Indication.LISTENING)
        board.show(Indication.IDLE)
        assert eventually(lambda: lamp.state == 0.0)
        assert lamp.writes == written + 1
        board.close()

    def test_shown_before_it_is_open_is_shown_then(self, touched: Touched) -> None:
        board = GpioBoard(load("aiy-voice-hat"), pin_factory="mock", brightness=100)
        board.show(Indication.LISTENING)
        board.open(touched.talk, touched.mutes.append)
        assert eventually(lambda: board.factory.pin(LAMP).state == 1.0)
        board.close()

    def test_that_fails_is_told_once_and_tried_again(self, touched: Touched, caplog: pytest.LogCaptureFixture) -> None:
        Device.pin_factory = MockFactory(pin_class=BrokenPin)
        board = GpioBoard(load("aiy-voice-hat"), pin_factory="mock", brightness=100)
        board.open(touched.talk, touched.mutes.append)
        with caplog.at_level(logging.WARNING):
            board.show(Indication.LISTENING)
            assert eventually(lambda: board.failure == "remote I/O error")
            board.show(Indication.MUTED)
            board.factory.pin(LAMP).broken = False
            board.show(Indication.LISTENING)
            assert eventually(lambda: not board.failure)
        assert [record.getMessage() for record in caplog.records] == [
            "the light cannot be written: remote I/O error; trying again every 5 s"
        ]
        board.close()


class TestClosing:
    def test_leaves_the_light_dark_and_the_pins_free(self, board: GpioBoard, touched: Touched) -> None:
        board.show(Indication.LISTENING)
        assert eventually(lambda: board.factory.pin(LAMP).state == 1.0)
        board.close()
        assert board.factory.pin(LAMP).state == 0
        board.factory.pin(BUTTON).drive_low()
        board.factory.pin(BUTTON).drive_high()
        assert touched.talks == 0

    def test_leaves_no_thread_behind(self, board: GpioBoard) -> None:
        board.close()
        assert not [thread for thread in threading.enumerate() if thread.name == "light"]

    def test_may_be_followed_by_opening_again(self, board: GpioBoard, touched: Touched) -> None:
        board.close()
        board.open(touched.talk, touched.mutes.append)
        board.factory.pin(BUTTON).drive_low()
        board.factory.pin(BUTTON).drive_high()
        assert touched.talks == 1
        board.show(Indication.LISTENING)
        assert eventually(lambda: board.factory.pin(LAMP).state == 1.0)

    def test_before_opening_does_nothing(self) -> None:
        GpioBoard(load("aiy-voice-hat"), pin_factory="mock", brightness=100).close()


class TestPower:
    def fed(self) -> Profile:
        power = (PowerFacts(6, what="amplifier"), PowerFacts(5, active_low=True))
        return Profile("x", "x", False, 3, led=LedFacts("led", (LAMP,), pixels=1), power=power)

    def test_is_on_while_the_board_is_open(self, touched: Touched) -> None:
        board = GpioBoard(self.fed(), pin_factory="mock", brightness=50)
        board.open(touched.talk, touched.mutes.append)
        assert (board.factory.pin(6).function, board.factory.pin(6).state) == ("output", 1)
        assert (board.factory.pin(5).function, board.factory.pin(5).state) == ("output", 0)
        board.close()
        assert board.factory.pin(6).function == "input"
        assert board.factory.pin(5).function == "input"

    def test_of_which_one_pin_is_taken_leaves_nothing_claimed(self, touched: Touched) -> None:
        other = GpioBoard(Profile("y", "y", False, 3, ButtonFacts(5)), pin_factory="mock", brightness=50)
        other.open(touched.talk, touched.mutes.append)
        board = GpioBoard(self.fed(), pin_factory="mock", brightness=50)
        with pytest.raises(BoardError, match="the power on GPIO5 cannot be used"):
            board.open(touched.talk, touched.mutes.append)
        other.close()
        board.open(touched.talk, touched.mutes.append)
        board.close()


class TestWhatCannotBeUsed:
    @pytest.fixture(autouse=True)
    def nothing_in_use(self, factory: Any) -> None:
        Device.pin_factory = None

    def opened(self, pin_factory: str, profile: Profile | None = None) -> str:
        board = GpioBoard(profile or load("aiy-voice-hat"), pin_factory=pin_factory, brightness=50)
        with pytest.raises(BoardError) as caught:
            board.open(lambda: None, lambda on: None)
        return str(caught.value)

    def test_a_factory_nobody_knows_is_told_the_known_ones(self) -> None:
        assert (
            self.opened("pgio")
            == "board.pin_factory: found 'pgio', expected one of lgpio, mock, native, pigpio, rpigpio"
        )

    @pytest.mark.parametrize(("name", "module"), [("lgpio", "lgpio"), ("rpigpio", "RPi"), ("pigpio", "pigpio")])
    def test_a_factory_without_its_library_names_factory_pins_and_remedy(self, name: str, module: str) -> None:
        if importlib.util.find_spec(module):
            pytest.skip(f"{module} is installed here")
        said = self.opened(name)
        assert f"pin factory {name}" in said
        assert "GPIO23, GPIO25" in said
        assert "install that package" in said

    def test_gpiozeros_own_choice_never_falls_back_in_silence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if importlib.util.find_spec("lgpio"):
            pytest.skip("lgpio is installed here")
        monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
        assert "lgpio" in self.opened("")
        assert Device.pin_factory is None

    def test_the_environments_choice_is_gpiozeros_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
        monkeypatch.setenv("GPIOZERO_MOCK_PIN_CLASS", "mockpwmpin")
        board = GpioBoard(load("aiy-voice-hat"), pin_factory="", brightness=50)
        board.open(lambda: None, lambda on: None)
        assert isinstance(board.factory, MockFactory)
        board.close()

    def test_a_machine_that_is_no_pi_is_told_so(self) -> None:
        if Path("/proc/device-tree/system/linux,revision").exists():
            pytest.skip("this is a Raspberry Pi")
        assert "this is no Raspberry Pi" in self.opened("native")

    def test_a_pin_in_use_is_named_and_nothing_stays_claimed(self, touched: Touched) -> None:
        first = GpioBoard(load("aiy-voice-hat"), pin_factory="mock", brightness=50)
        first.open(touched.talk, touched.mutes.append)
        lamp_only = Profile("x", "x", False, 3, ButtonFacts(5), LedFacts("pwm", (LAMP,), pixels=1))
        said = self.opened("mock", lamp_only)
        assert "the light (pwm) on GPIO25" in said
        assert "share a pin" in said
        first.close()
        again = GpioBoard(lamp_only, pin_factory="mock", brightness=50)
        again.open(touched.talk, touched.mutes.append)
        again.close()
