"""The lights: pictures that can be compared, written to mock pins, and the bytes that pixels understand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPWMPin, MockSPIDevice

from edge_agent.board.facts import LedFacts
from edge_agent.board.leds import apa102_frame, light
from edge_agent.dialogue.indication import Indication


@pytest.fixture
def factory() -> Iterator[Any]:
    before = Device.pin_factory
    Device.pin_factory = MockFactory(pin_class=MockPWMPin)
    yield Device.pin_factory
    Device.pin_factory = before


@pytest.fixture
def spi_factory() -> Iterator[Any]:
    """Pins without PWM: gpiozero's mock of a device on the bus wants its own."""
    before = Device.pin_factory
    Device.pin_factory = MockFactory()
    yield Device.pin_factory
    Device.pin_factory = before


class TestALampThatIsOnOrOff:
    def test_is_on_from_half_brightness(self, factory: Any) -> None:
        lamp = light(LedFacts("led", (4,), pixels=1), factory)
        lamp.write(lamp.picture(Indication.LISTENING, 0.0, 60))
        assert factory.pin(4).state == 1
        lamp.write(lamp.picture(Indication.IDLE, 0.0, 60))
        assert factory.pin(4).state == 0

    def test_is_off_at_no_brightness(self, factory: Any) -> None:
        assert not light(LedFacts("led", (4,), pixels=1), factory).picture(Indication.LISTENING, 0.0, 0)

    def test_may_be_lit_by_ground(self, factory: Any) -> None:
        lamp = light(LedFacts("led", (4,), active_low=True, pixels=1), factory)
        assert factory.pin(4).state == 1
        lamp.write(True)
        assert factory.pin(4).state == 0


class TestALampThatIsDimmed:
    def test_follows_brightness_as_the_eye_sees_it(self, factory: Any) -> None:
        lamp = light(LedFacts("pwm", (25,), pixels=1), factory)
        lamp.write(lamp.picture(Indication.LISTENING, 0.0, 100))
        assert factory.pin(25).state == 1.0
        lamp.write(lamp.picture(Indication.LISTENING, 0.0, 50))
        assert factory.pin(25).state == pytest.approx(0.5**2.2, abs=0.001)

    def test_is_dark_and_free_when_closed(self, factory: Any) -> None:
        lamp = light(LedFacts("pwm", (25,), pixels=1), factory)
        lamp.write(1.0)
        lamp.close()
        assert factory.pin(25).state == 0
        light(LedFacts("pwm", (25,), pixels=1), factory).close()


class TestALampOfThreeColours:
    def test_gives_each_pin_its_share(self, factory: Any) -> None:
        lamp = light(LedFacts("rgb", (25, 24, 23), pixels=1), factory)
        lamp.write((255, 0, 51))
        assert [factory.pin(n).state for n in (25, 24, 23)] == [1.0, 0.0, pytest.approx(0.2)]


class TestARowOfPixels:
    FACTS = LedFacts("apa102", pixels=3, spi=(0, 0))

    def test_speaks_to_the_bus(self, spi_factory: Any) -> None:
        pixels = MockSPIDevice(11, 10, 9, 8)
        row = light(self.FACTS, spi_factory)
        row.write(row.picture(Indication.LISTENING, 0.0, 100))
        bits = pixels.rx_buf
        sent = [int("".join(str(int(bit)) for bit in bits[n : n + 8]), 2) for n in range(0, len(bits), 8)]
        assert sent == [0, 0, 0, 0, *([0xFF, 255, 110, 0] * 3), 0, 0, 0, 0, 0]
        pixels.close()

    def test_is_dark_and_free_when_closed(self, spi_factory: Any) -> None:
        pixels = MockSPIDevice(11, 10, 9, 8)
        row = light(self.FACTS, spi_factory)
        row.write([(9, 9, 9)] * 3)
        row.close()
        assert pixels.rx_buf[32:128:1].count(True) == 3 * 8  # the three headers alone
        pixels.close()
        light(self.FACTS, spi_factory).close()

    @pytest.mark.parametrize(("pixels", "end"), [(1, 5), (16, 5), (17, 6), (64, 8)])
    def test_clocks_the_last_pixels_data_through(self, pixels: int, end: int) -> None:
        data = apa102_frame([(1, 2, 3)] * pixels)
        assert len(data) == 4 + 4 * pixels + end
        assert (len(data) - 4 - 4 * pixels - 4) * 8 >= pixels / 2
        assert data[-end:] == [0] * end

    def test_sends_blue_first(self) -> None:
        assert apa102_frame([(1, 2, 3)])[4:8] == [0xFF, 3, 2, 1]


class TestNoLight:
    def test_claims_nothing(self, factory: Any) -> None:
        lamp = light(LedFacts(), factory)
        assert lamp.pixels == 0
        lamp.write(lamp.picture(Indication.FAULT, 0.0, 100))
        lamp.close()
        assert not factory.pins
