"""Board profiles: what is soldered where, read from `hardware/boards/NAME.toml`.

Law: reading and judging; no pin, card or bus is touched here. A profile that was not run on the board itself says
`tested = false`, and what it rests on stands under `sources`. hardware/README.md tells every key.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path

from edge_agent.board.board import BoardError
from edge_agent.board.facts import (
    HEADER_I2C,
    AudioFacts,
    ButtonFacts,
    ChipFacts,
    DetectFacts,
    LedFacts,
    MixerFacts,
    PowerFacts,
    Profile,
)
from edge_agent.toml_table import REQUIRED, TomlTable, shown

LED_KINDS = {"none": 0, "led": 1, "pwm": 1, "rgb": 3, "apa102": 0}  # kind -> how many pins it names
PULLS = ("up", "down", "none")
LEVELS = ("low", "high")
TIERS = (1, 2, 3)  # echo: 1 cancelled in hardware, 2 microphone and loudspeaker on one clock, 3 on two clocks
LAST_PIN = 27  # of the 40-pin header
HOMES = (
    Path(__file__).parent / "profiles",  # in the installed wheel
    Path(__file__).parents[2] / "hardware" / "boards",  # in a checkout
)
USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
# what `amixer sset` takes: percent, decibel, a raw number, switches; nothing that could be an option
MIXER_WORD = re.compile(r"\d{1,3}%|-?\d{1,3}(\.\d{1,2})?dB|\d{1,5}|on|off|mute|unmute|cap|nocap")


def names() -> list[str]:
    """The profiles that this installation carries, by name."""
    return sorted({path.stem for home in HOMES if home.is_dir() for path in home.glob("*.toml")})


def load_all() -> list[Profile]:
    """Every profile that this installation carries. Raises BoardError."""
    return [load(name) for name in names()]


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
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or the parser's own limits
        raise BoardError(f"{path}: not TOML: {error}") from None
    problems: list[str] = []
    table = TomlTable(path, "", data, problems)
    profile = _profile(path, table)
    table.finish()
    _judge_pins(profile, problems, str(path))
    if problems:
        raise BoardError("\n".join(problems))
    return profile


def _profile(path: Path, table: TomlTable) -> Profile:
    return Profile(
        id=path.stem,
        name=table.text("name", REQUIRED),
        tested=table.flag("tested", REQUIRED),
        echo_tier=table.integer("echo_tier", REQUIRED, TIERS[0], TIERS[-1]),
        hardware_mute=table.flag("hardware_mute", False),
        button=_button(table.inner("button")),
        led=_led(table.inner("led")),
        power=tuple(_power(one) for one in table.arrays("power")),
        audio=_audio(table.inner("audio")),
        mixer=_mixer(table.inner("mixer")),
        detect=_detect(table.inner("detect")),
        notes=table.texts("notes"),
        sources=table.texts("sources"),
        path=path,
    )


def _button(table: TomlTable | None) -> ButtonFacts | None:
    if table is None:
        return None
    pin = table.integer("pin", REQUIRED, 0, LAST_PIN)
    active = table.choice("active", REQUIRED, LEVELS)
    pull = table.choice("pull", REQUIRED, PULLS)
    if (pull, active) in (("up", "high"), ("down", "low")):
        table.wrong("pull", shown(pull), f"the resistor that pulls away from pressed, which is {active}")
    table.finish()
    return ButtonFacts(pin, active == "low", pull)


def _led(table: TomlTable | None) -> LedFacts:
    if table is None:
        return LedFacts()
    kind = table.choice("kind", REQUIRED, tuple(LED_KINDS)) or "none"
    wanted, pixels, spi = LED_KINDS[kind], 0 if kind == "none" else 1, [0, 0]
    pins = table.take("pins", REQUIRED if wanted else [], f"a list of pins from 0 to {LAST_PIN}", _are_pins) or []
    if pins and len(pins) != wanted:
        table.wrong("pins", shown(pins), f"{wanted} pins for a light of kind {kind}")
    active = table.choice("active", "high", LEVELS)
    if kind == "apa102":
        pixels = table.integer("pixels", REQUIRED, 1, 300)
        spi = table.take("spi", REQUIRED, "[0, 0] or [0, 1], port and device", lambda v: v in ([0, 0], [0, 1])) or spi
    table.finish()
    return LedFacts(str(kind), tuple(pins), active == "low", pixels, (spi[0], spi[1]))


def _are_pins(value: object) -> bool:
    return isinstance(value, list) and all(type(pin) is int and 0 <= pin <= LAST_PIN for pin in value)


def _power(table: TomlTable) -> PowerFacts:
    facts = PowerFacts(
        pin=table.integer("pin", REQUIRED, 0, LAST_PIN),
        active_low=table.choice("active", REQUIRED, LEVELS) == "low",
        what=table.text("what", "power"),
    )
    table.finish()
    return facts


def _audio(table: TomlTable | None) -> AudioFacts:
    if table is None:
        return AudioFacts()
    facts = AudioFacts(
        input_card=table.text("input_card"),
        output_card=table.text("output_card"),
        rate=table.integer("rate", 48_000, 16_000, 48_000),
        channels=table.integer("channels", 1, 1, 8),
        overlay=table.text("overlay"),
    )
    table.finish()
    return facts


def _mixer(table: TomlTable | None) -> MixerFacts:
    if table is None:
        return MixerFacts()
    facts = MixerFacts(_levels(table.inner("input")), _levels(table.inner("output")))
    table.finish()
    return facts


def _levels(table: TomlTable | None) -> tuple[tuple[str, str], ...]:
    """Every key is the name of a mixer control."""
    if table is None:
        return ()
    levels = []
    for control, words in table.rest().items():
        if not (isinstance(words, str) and words.split() and all(map(MIXER_WORD.fullmatch, words.split()))):
            what = "words for `amixer sset`: 80%, -12dB, a raw number, on, off, mute, unmute, cap, nocap"
            table.wrong(shown(control), shown(words), what)
        elif not control or control.startswith("-"):
            table.wrong(shown(control), "a name", "a control as `amixer scontrols` shows it")
        else:
            levels.append((control, words))
    return tuple(levels)


def _detect(table: TomlTable | None) -> DetectFacts:
    if table is None:
        return DetectFacts()
    hat = table.inner("hat")
    facts = DetectFacts(
        cards=table.texts("cards"),
        codec=table.text("codec"),
        chip=_chip(table.inner("i2c")),
        hardware=table.text("hardware"),
        hat_vendor=hat.text("vendor", REQUIRED) if hat else "",
        hat_product=hat.text("product") if hat else "",
        usb=table.texts("usb", USB_ID, "USB ids, as `lsusb` shows them: 0b0e:0422"),
        usb_microphone=table.flag("usb_microphone", False),
    )
    for part in (hat, table):
        if part is not None:
            part.finish()
    return facts


def _chip(table: TomlTable | None) -> ChipFacts | None:
    if table is None:
        return None
    chip = ChipFacts(
        bus=table.integer("bus", HEADER_I2C, 0, 99),
        address=table.integer("address", REQUIRED, 0x08, 0x77, "#04x"),
        name=table.text("chip", REQUIRED),
        unless=tuple(table.take("unless", [], "a list of addresses from 0x08 to 0x77", _are_addresses)),
    )
    table.finish()
    return chip


def _are_addresses(value: object) -> bool:
    return isinstance(value, list) and all(type(one) is int and 0x08 <= one <= 0x77 for one in value)


def _judge_pins(profile: Profile, problems: list[str], source: str) -> None:
    """No pin does two things; SPI0 takes four of them."""
    used = [*profile.driven, *((profile.button.pin,) if profile.button else ())]
    if profile.led.kind == "apa102":
        used += [9, 10, 11, 8 - profile.led.spi[1]]  # data in, data out, clock, chip select
    twice = sorted({pin for pin in used if used.count(pin) > 1})
    problems += [f"{source}: pins: found GPIO{pin} twice, expected one use for each pin" for pin in twice]
