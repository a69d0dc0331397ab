"""The lights that a board may have, on gpiozero's pins: on and off, dimmed, three colours, a row of pixels.

Law: a light turns an indication and a time into a picture (pure, comparable) and writes a picture to the metal; when to
do so is the board's business. Pictures hold what the metal is given: 0-1 for a pin, 0-255 for a pixel's colour.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, Protocol

from edge_agent.board.animation import duty, frame, level
from edge_agent.board.board import Color
from edge_agent.board.facts import LedFacts
from edge_agent.dialogue.indication import Indication

ON_FROM = 0.5  # perceived brightness at which a lamp that cannot be dimmed is on
APA102_FULL = 0xE0 | 31  # a pixel's header; its own 5-bit dimmer flickers at 580 Hz, so the colours do the dimming


class Light(Protocol):
    """pixels: how many there are to animate."""

    pixels: int

    def picture(self, indication: Indication, t_s: float, brightness: int) -> Any: ...

    def write(self, picture: Any) -> None: ...

    def close(self) -> None:
        """Dark, and its pins free."""


def light(facts: LedFacts, factory: Any) -> Light:
    """The light that a profile describes, its pins claimed from a gpiozero pin factory; raises what gpiozero raises."""
    match facts.kind:
        case "led":
            return _OnOff(facts, factory)
        case "pwm":
            return _Dimmed(facts, factory)
        case "rgb":
            return _ThreeColors(facts, factory)
        case "apa102":
            return _Pixels(facts, factory)
    return _NoLight()


class _NoLight:
    pixels = 0

    def picture(self, indication: Indication, t_s: float, brightness: int) -> None:
        return None

    def write(self, picture: None) -> None: ...

    def close(self) -> None: ...


class _OnOff:
    pixels = 1

    def __init__(self, facts: LedFacts, factory: Any) -> None:
        from gpiozero import LED

        self._led = LED(facts.pins[0], active_high=not facts.active_low, pin_factory=factory)

    def picture(self, indication: Indication, t_s: float, brightness: int) -> bool:
        return brightness > 0 and level(indication, t_s) >= ON_FROM

    def write(self, picture: bool) -> None:
        self._led.value = picture

    def close(self) -> None:
        self._led.off()
        self._led.close()


class _Dimmed:
    pixels = 1

    def __init__(self, facts: LedFacts, factory: Any) -> None:
        from gpiozero import PWMLED

        self._led = PWMLED(facts.pins[0], active_high=not facts.active_low, pin_factory=factory)

    def picture(self, indication: Indication, t_s: float, brightness: int) -> float:
        return round(duty(level(indication, t_s) * brightness / 100), 3)

    def write(self, picture: float) -> None:
        self._led.value = picture

    def close(self) -> None:
        self._led.off()
        self._led.close()


class _ThreeColors:
    pixels = 1

    def __init__(self, facts: LedFacts, factory: Any) -> None:
        from gpiozero import RGBLED

        self._led = RGBLED(*facts.pins, active_high=not facts.active_low, pin_factory=factory)

    def picture(self, indication: Indication, t_s: float, brightness: int) -> Color:
        return frame(indication, t_s, 1, brightness)[0]

    def write(self, picture: Color) -> None:
        self._led.value = tuple(part / 255 for part in picture)

    def close(self) -> None:
        self._led.off()
        self._led.close()


class _Pixels:
    """APA102 (DotStar, SK9822) on the SPI port; gpiozero's factory brings the bus, and its mock brings a mock bus.

    At gpiozero's 500 kHz three pixels take a third of a millisecond.
    """

    def __init__(self, facts: LedFacts, factory: Any) -> None:
        from gpiozero import SPISoftwareFallback

        self.pixels = facts.pixels
        port, device = facts.spi
        with warnings.catch_warnings():
            warnings.simplefilter("error", SPISoftwareFallback)  # bit-banging in Python would eat a core in silence
            self._bus = factory.spi(port=port, device=device)

    def picture(self, indication: Indication, t_s: float, brightness: int) -> tuple[Color, ...]:
        return tuple(frame(indication, t_s, self.pixels, brightness))

    def write(self, picture: Sequence[Color]) -> None:
        self._bus.transfer(apa102_frame(picture))

    def close(self) -> None:
        self.write([(0, 0, 0)] * self.pixels)
        self._bus.close()


def apa102_frame(colors: Sequence[Color]) -> list[int]:
    """The bytes that show these colours: 32 zeros to start, four bytes a pixel, zeros that clock the data through.

    Each pixel delays the data by half a clock, so the end needs n/2 bits; the SK9822, the usual clone, latches on
    32 zeros more. Source: the APA102 data sheet; cpldcpu.com on the APA102 and the SK9822.
    """
    data = [0, 0, 0, 0]
    for red, green, blue in colors:
        data += (APA102_FULL, blue, green, red)
    return data + [0] * (4 + math.ceil(len(colors) / 16))
