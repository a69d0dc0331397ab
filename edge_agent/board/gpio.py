"""A front panel on the GPIO header, by gpiozero: one button, one light, and the pins that feed the board.

Law: shows what it is told and reports what was touched. What cannot be claimed is a BoardError that says what to do.
With the pin factory `mock` a test drives the pins' physical side (`factory.pin(17).drive_low()`), so the same code runs
off a Pi.

The button: a short press asks for attention (`on_talk`, at release), two seconds of holding switch the mute (`on_mute`,
while still held; the boards at hand have no mute switch). At release, not at the press, because the beginning of a
press that is to become a mute must not open the microphone's way to the network.

The light is animated by a thread of its own, at 25 pictures a second while something moves and none while nothing does;
only a picture that differs from the last is written.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from edge_agent.board.animation import STILL
from edge_agent.board.board import BoardError
from edge_agent.board.facts import ButtonFacts, LedFacts, PowerFacts, Profile
from edge_agent.board.leds import Light, light
from edge_agent.board.pin_factory import pin_factory, trouble
from edge_agent.dialogue.indication import Indication

log = logging.getLogger(__name__)

FRAME_S = 0.04  # 25 pictures a second: motion looks smooth, at 0.4 % of an x86 core on mock pins
DEBOUNCE_S = 0.02  # contacts of cheap buttons settle within 10 ms; a hurried press lasts 60 ms
HOLD_S = 2.0  # nobody holds a button this long by accident
RETRY_S = 5.0  # a light that failed is tried again after this


class GpioBoard:
    """The panel that `profile` describes.

    pin_factory: lgpio, rpigpio, pigpio, native or mock; empty for lgpio, or what $GPIOZERO_PIN_FACTORY names.
    brightness: percent.  hold_s: of the button, until the mute switches.  factory: gpiozero's pin factory, once open.
    failure: why the light cannot be written, or empty.
    """

    def __init__(self, profile: Profile, *, pin_factory: str, brightness: int, hold_s: float = HOLD_S) -> None:
        self.profile = profile
        self.pixels = profile.led.pixels
        self.factory: Any = None
        self.failure = ""
        self._factory_name = pin_factory
        self._brightness = brightness
        self._hold_s = hold_s
        self._shown = (Indication.IDLE, time.monotonic())
        self._muted = False
        self._held = False
        self._on_talk: Callable[[], None] = lambda: None
        self._on_mute: Callable[[bool], None] = lambda on: None
        self._button: Any = None
        self._power: list[Any] = []
        self._light: Light | None = None
        self._animation: threading.Thread | None = None
        self._changed = threading.Event()
        self._closing = False

    def open(self, on_talk: Callable[[], None], on_mute: Callable[[bool], None]) -> None:
        """Claim power, button and light; callbacks come from gpiozero's threads. A BoardError leaves none claimed."""
        self._on_talk, self._on_mute = on_talk, on_mute
        self._closing = False
        try:
            self.factory = pin_factory(self._factory_name, _used_pins(self.profile))
            for facts in self.profile.power:
                self._power.append(self._claim_power(facts))
            if self.profile.button is not None:
                self._button = self._claim_button(self.profile.button)
            self._light = self._claim_light(self.profile.led)
        except BoardError:
            self.close()
            raise
        if self.pixels:
            self._animation = threading.Thread(target=self._animate, args=(self._light,), name="light", daemon=True)
            self._animation.start()

    def show(self, indication: Indication) -> None:
        if indication is not Indication.FAULT:  # a fault says nothing about the mute
            self._muted = indication is Indication.MUTED
        if indication is not self._shown[0]:
            self._shown = (indication, time.monotonic())
            self._changed.set()

    def close(self) -> None:
        self._closing = True
        self._changed.set()
        if self._animation is not None:
            self._animation.join(1.0)
            self._animation = None
        for part in (self._light, self._button, *reversed(self._power)):  # what feeds the light goes last
            if part is not None:
                with contextlib.suppress(Exception):  # the bus or the chip may be gone already: nothing is left to free
                    part.close()
        self._light = self._button = None
        self._power = []

    # --- the button -------------------------------------------------------------------------------------------------

    def _claim_button(self, facts: ButtonFacts) -> Any:
        from gpiozero import Button

        pull = {"up": True, "down": False, "none": None}[facts.pull]
        try:
            button = Button(
                facts.pin,
                pull_up=pull,
                active_state=not facts.active_low if pull is None else None,
                bounce_time=DEBOUNCE_S,
                hold_time=self._hold_s,
                pin_factory=self.factory,
            )
        except Exception as error:  # every factory has exceptions of its own
            raise BoardError(trouble(self._factory_name, f"the button on GPIO{facts.pin}", error)) from error
        button.when_pressed = self._pressed
        button.when_held = self._kept
        button.when_released = self._released
        return button

    def _pressed(self) -> None:
        self._held = False

    def _kept(self) -> None:
        self._held = True
        self._on_mute(not self._muted)

    def _released(self) -> None:
        if not self._held:
            self._on_talk()

    # --- power ------------------------------------------------------------------------------------------------------

    def _claim_power(self, facts: PowerFacts) -> Any:
        """On from now until `close`, which makes the pin an input again: the board's own resistor decides then."""
        from gpiozero import DigitalOutputDevice

        try:
            return DigitalOutputDevice(
                facts.pin, active_high=not facts.active_low, initial_value=True, pin_factory=self.factory
            )
        except Exception as error:  # every factory has exceptions of its own
            raise BoardError(trouble(self._factory_name, f"the {facts.what} on GPIO{facts.pin}", error)) from error

    # --- the light --------------------------------------------------------------------------------------------------

    def _claim_light(self, facts: LedFacts) -> Light:
        place = _spi(facts) if facts.kind == "apa102" else ", ".join(f"GPIO{pin}" for pin in facts.pins)
        try:
            return light(facts, self.factory)
        except Exception as error:  # every factory has exceptions of its own
            raise BoardError(trouble(self._factory_name, f"the light ({facts.kind}) on {place}", error)) from error

    def _animate(self, light: Light) -> None:
        written: Any = None
        while not self._closing:
            indication, since = self._shown
            wait = None if indication in STILL else FRAME_S
            picture = light.picture(indication, time.monotonic() - since, self._brightness)
            if picture != written:
                try:
                    light.write(picture)
                    written, self.failure = picture, ""
                except Exception as error:  # a light is optional: it may fail, and be tried again, for ever
                    if not self.failure:
                        log.warning("the light cannot be written: %s; trying again every %.0f s", error, RETRY_S)
                    self.failure, wait = str(error) or type(error).__name__, RETRY_S
            self._changed.wait(wait)
            self._changed.clear()


def _used_pins(profile: Profile) -> str:
    pins = [f"GPIO{pin}" for pin in (*((profile.button.pin,) if profile.button else ()), *profile.driven)]
    return ", ".join([*pins, *([_spi(profile.led)] if profile.led.kind == "apa102" else [])]) or "no pin at all"


def _spi(facts: LedFacts) -> str:
    return f"SPI {facts.spi[0]}.{facts.spi[1]}"
