"""A front panel on the GPIO header, by gpiozero: one button, one light.

Law: shows what it is told and reports what was touched. The pin factory is the one that was named: no other is taken
in its place, and one that cannot be used is a BoardError that says what to do. `mock` gives pins whose physical side a
test drives (`factory.pin(17).drive_low()`), so the same code runs off a Pi.

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
import warnings
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from edge_agent.board.animation import STILL
from edge_agent.board.board import BoardError
from edge_agent.board.leds import Light, light
from edge_agent.board.profile import ButtonFacts, LedFacts, Profile
from edge_agent.dialogue.indication import Indication

log = logging.getLogger(__name__)

FRAME_S = 0.04  # 25 pictures a second: motion looks smooth, at 0.4 % of an x86 core on mock pins
DEBOUNCE_S = 0.02  # contacts of cheap buttons settle within 10 ms; a hurried press lasts 60 ms
HOLD_S = 2.0  # nobody holds a button this long by accident
RETRY_S = 5.0  # a light that failed is tried again after this
FACTORIES = "gpiozero_pin_factories"  # the entry points where gpiozero and others announce theirs


class GpioBoard:
    """The panel that `profile` describes.

    pin_factory: lgpio, rpigpio, pigpio, native or mock; empty for gpiozero's first choice (lgpio, or what
    $GPIOZERO_PIN_FACTORY names), never its second.  brightness: percent.  hold_s: of the button, until the mute
    switches.  factory: gpiozero's pin factory, once open.  failure: why the light cannot be written, or empty.
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
        self._light: Light | None = None
        self._animation: threading.Thread | None = None
        self._changed = threading.Event()
        self._closing = False

    def open(self, on_talk: Callable[[], None], on_mute: Callable[[bool], None]) -> None:
        """Claim button and light; the callbacks come from gpiozero's threads. A BoardError leaves nothing claimed."""
        self._on_talk, self._on_mute = on_talk, on_mute
        self._closing = False
        try:
            self.factory = _factory(self._factory_name, _used_pins(self.profile))
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
        for part in (self._light, self._button):
            if part is not None:
                with contextlib.suppress(Exception):  # the bus or the chip may be gone already: nothing is left to free
                    part.close()
        self._light = self._button = None

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
            raise BoardError(_trouble(self._factory_name, f"the button on GPIO{facts.pin}", error)) from error
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

    # --- the light --------------------------------------------------------------------------------------------------

    def _claim_light(self, facts: LedFacts) -> Light:
        place = _spi(facts) if facts.kind == "apa102" else ", ".join(f"GPIO{pin}" for pin in facts.pins)
        try:
            return light(facts, self.factory)
        except Exception as error:  # every factory has exceptions of its own
            raise BoardError(_trouble(self._factory_name, f"the light ({facts.kind}) on {place}", error)) from error

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


def _factory(name: str, pins: str) -> Any:
    """The gpiozero pin factory of this name, made gpiozero's own; the one already in use if it is of that kind."""
    from gpiozero import Device, PinFactoryFallback

    try:
        if not name:
            with warnings.catch_warnings():
                warnings.simplefilter("error", PinFactoryFallback)
                Device.ensure_pin_factory()
        elif name == "mock":
            from gpiozero.pins.mock import MockFactory, MockPWMPin

            if not isinstance(Device.pin_factory, MockFactory):
                Device.pin_factory = MockFactory(pin_class=MockPWMPin)
        else:
            known = {point.name: point for point in entry_points(group=FACTORIES)}
            if name not in known:
                raise BoardError(f"board.pin_factory: found {name!r}, expected one of {', '.join(sorted(known))}")
            kind = known[name].load()
            if not isinstance(Device.pin_factory, kind):
                Device.pin_factory = kind()
    except BoardError:
        raise
    except Exception as error:  # a factory's library may be absent, too old, or find no chip
        raise BoardError(_trouble(name, f"the GPIO chip, for {pins},", error)) from error
    return Device.pin_factory


def _used_pins(profile: Profile) -> str:
    pins = [f"GPIO{pin}" for pin in (*((profile.button.pin,) if profile.button else ()), *profile.led.pins)]
    return ", ".join([*pins, *([_spi(profile.led)] if profile.led.kind == "apa102" else [])]) or "no pin at all"


def _spi(facts: LedFacts) -> str:
    return f"SPI {facts.spi[0]}.{facts.spi[1]}"


# what the type or text of an error contains, in small letters -> what to do about it; the first that fits
_REMEDIES = (
    ("pinunknownpi", 'this is no Raspberry Pi: set [board] profile = "none", or pin_factory = "mock"'),
    ("no module named", "install that package where edge-agent runs, or name another [board] pin_factory"),
    ("inuse", "two parts of the profile share a pin, or the board is open already"),
    ("spi", "enable the bus with dtparam=spi=on in /boot/firmware/config.txt, and add the user to the group spi"),
    ("falling back", "install the package lgpio where edge-agent runs, or name a factory in [board] pin_factory"),
    ("busy", "another program holds it: `gpioinfo` names it; stop that program"),
    ("permission", "add the user that runs edge-agent to the group gpio"),
    ("gpiochip", "add the user that runs edge-agent to the group gpio, and see `gpioinfo`"),
)


def _trouble(factory: str, part: str, error: Exception) -> str:
    """Which factory, which pin, what happened, what to do."""
    text = f"{type(error).__name__}: {error}"
    remedy = next(
        (advice for word, advice in _REMEDIES if word in text.lower()), "see `gpioinfo` and hardware/README.md"
    )
    return f"pin factory {factory or 'of gpiozero'}: {part} cannot be used ({text}); {remedy}"
