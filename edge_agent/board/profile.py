"""Board profiles: what is soldered where, read from `hardware/boards/NAME.toml`.

Law: data and its judging; no pin is touched here. Pins are BCM numbers (GPIO17 is 17), never places on the header. A
profile that was not run on the board itself says `tested = false`, and what it rests on stands under `sources`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.board.board import BoardError

LED_KINDS = {"none": 0, "led": 1, "pwm": 1, "rgb": 3, "apa102": 0}  # kind -> how many pins it names
PULLS = ("up", "down", "none")
TIERS = (1, 2, 3)  # echo: 1 cancelled in hardware, 2 microphone and loudspeaker on one clock, 3 on two clocks
LAST_PIN = 27  # of the 40-pin header
HOMES = (
    Path(__file__).parent / "profiles",  # in the installed wheel
    Path(__file__).parents[2] / "hardware" / "boards",  # in a checkout
)


@dataclass(frozen=True, slots=True)
class ButtonFacts:
    """active_low: pressed is ground. pull: the Pi's own resistor, up or down, or none where the board has one."""

    pin: int
    active_low: bool = True
    pull: str = "up"


@dataclass(frozen=True, slots=True)
class LedFacts:
    """kind: none, led (on and off), pwm (dimmed), rgb (three pins: red, green, blue), apa102 (pixels on an SPI bus).

    spi: port and device, as in /dev/spidev0.0.
    """

    kind: str = "none"
    pins: tuple[int, ...] = ()
    active_low: bool = False
    pixels: int = 0
    spi: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """ALSA ids of the cards, never their numbers; overlay: the device-tree overlay that makes them appear."""

    input_card: str = ""
    output_card: str = ""
    rate: int = 48_000
    channels: int = 1
    overlay: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One board. id: the file's name. tested: run on the metal."""

    id: str
    name: str
    tested: bool
    echo_tier: int
    button: ButtonFacts | None = None
    led: LedFacts = LedFacts()
    audio: AudioFacts = AudioFacts()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def names() -> list[str]:
    """The profiles that this installation carries, by name."""
    return sorted({path.stem for home in HOMES if home.is_dir() for path in home.glob("*.toml")})


def load(name: str) -> Profile:
    """The profile of a name, or of a file of one's own (anything with a slash). Raises BoardError."""
    if "/" in name:
        return read(Path(name))
    for home in HOMES:
        path = home / f"{name}.toml"
        if path.is_file():
            return read(path)
    near = difflib.get_close_matches(name, names(), n=1)
    hint = f"the nearest is {near[0]}" if near else "there are: " + ", ".join(names())
    raise BoardError(f"board.profile: found {name!r}, expected none, a path to a file of your own, or a board; {hint}")


def read(path: Path) -> Profile:
    """Read one file. Raises BoardError with all that is wrong in it, a line each."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardError(f"{path}: cannot be read ({error.strerror}); [board] profile names it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BoardError(f"{path}: not TOML: {error}") from None
    problems: list[str] = []
    table = _Table(data, "", problems, str(path))
    profile = _profile(path.stem, table)
    table.finish()
    _judge_pins(profile, problems, str(path))
    if problems:
        raise BoardError("\n".join(problems))
    return profile


class _Table:
    """A TOML table being taken apart: every wrong, missing or unknown key becomes a problem, none an exception."""

    def __init__(self, data: Mapping[str, Any], name: str, problems: list[str], source: str) -> None:
        self._left = dict(data)
        self._name = name
        self._problems = problems
        self._source = source

    def take(self, key: str, default: Any, fits: Callable[[Any], bool], what: str, *, needed: bool = False) -> Any:
        if key not in self._left:
            if needed:
                self.complain(key, "nothing", what)
            return default
        found = self._left.pop(key)
        if fits(found):
            return found
        self.complain(key, repr(found), what)
        return default

    def text(self, key: str, default: str = "", *, needed: bool = False) -> str:
        return str(self.take(key, default, lambda v: isinstance(v, str), "text", needed=needed))

    def flag(self, key: str, default: bool, *, needed: bool = False) -> bool:
        return bool(self.take(key, default, lambda v: isinstance(v, bool), "true or false", needed=needed))

    def number(self, key: str, default: int, lo: int, hi: int, *, needed: bool = False) -> int:
        what = f"a whole number from {lo} to {hi}"
        return int(self.take(key, default, lambda v: type(v) is int and lo <= v <= hi, what, needed=needed))

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(
            self.take(key, [], lambda v: isinstance(v, list) and all(isinstance(i, str) for i in v), "a list of texts")
        )

    def inner(self, key: str) -> _Table | None:
        table = self.take(key, None, lambda v: isinstance(v, dict), "a table")
        return None if table is None else _Table(table, f"{self._name}{key}.", self._problems, self._source)

    def complain(self, key: str, found: str, what: str) -> None:
        self._problems.append(f"{self._source}: {self._name}{key}: found {found}, expected {what}")

    def finish(self) -> None:
        for key in self._left:
            self.complain(key, "a key that means nothing here", "it left out")


def _profile(name: str, table: _Table) -> Profile:
    return Profile(
        id=name,
        name=table.text("name", needed=True),
        tested=table.flag("tested", False, needed=True),
        echo_tier=table.number("echo_tier", 3, TIERS[0], TIERS[-1], needed=True),
        button=_button(table.inner("button")),
        led=_led(table.inner("led")),
        audio=_audio(table.inner("audio")),
        notes=table.texts("notes"),
        sources=table.texts("sources"),
    )


def _button(table: _Table | None) -> ButtonFacts | None:
    if table is None:
        return None
    pin = table.number("pin", 0, 0, LAST_PIN, needed=True)
    active = table.take("active", "low", lambda v: v in ("low", "high"), "low or high", needed=True)
    pull = table.take("pull", "none", lambda v: v in PULLS, "up, down or none", needed=True)
    if (pull, active) in (("up", "high"), ("down", "low")):
        table.complain("pull", repr(pull), f"the resistor that pulls away from pressed, which is {active}")
    table.finish()
    return ButtonFacts(pin, active == "low", str(pull))


def _led(table: _Table | None) -> LedFacts:
    if table is None:
        return LedFacts()
    kind = table.take("kind", "none", lambda v: v in LED_KINDS, ", ".join(LED_KINDS), needed=True)
    wanted, pixels, spi = LED_KINDS[kind], 0 if kind == "none" else 1, [0, 0]
    pins = table.take("pins", [], _are_pins, f"a list of pins from 0 to {LAST_PIN}", needed=wanted > 0)
    if pins and len(pins) != wanted:
        table.complain("pins", repr(pins), f"{wanted} pins for a light of kind {kind}")
    active = table.take("active", "high", lambda v: v in ("low", "high"), "low or high")
    if kind == "apa102":
        pixels = table.number("pixels", 1, 1, 300, needed=True)
        spi = table.take("spi", spi, lambda v: v in ([0, 0], [0, 1]), "[0, 0] or [0, 1], port and device", needed=True)
    table.finish()
    return LedFacts(str(kind), tuple(pins), active == "low", pixels, (spi[0], spi[1]))


def _are_pins(value: Any) -> bool:
    return isinstance(value, list) and all(type(pin) is int and 0 <= pin <= LAST_PIN for pin in value)


def _audio(table: _Table | None) -> AudioFacts:
    if table is None:
        return AudioFacts()
    facts = AudioFacts(
        input_card=table.text("input_card"),
        output_card=table.text("output_card"),
        rate=table.number("rate", 48_000, 16_000, 48_000),
        channels=table.number("channels", 1, 1, 8),
        overlay=table.text("overlay"),
    )
    table.finish()
    return facts


def _judge_pins(profile: Profile, problems: list[str], source: str) -> None:
    """No pin does two things; SPI0 takes four of them."""
    used = [*profile.led.pins, *((profile.button.pin,) if profile.button else ())]
    if profile.led.kind == "apa102":
        used += [9, 10, 11, 8 - profile.led.spi[1]]  # data in, data out, clock, chip select
    twice = sorted({pin for pin in used if used.count(pin) > 1})
    problems += [f"{source}: pins: found GPIO{pin} twice, expected one use for each pin" for pin in twice]
