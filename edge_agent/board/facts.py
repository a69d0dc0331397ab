"""What is soldered where: the facts of a board, as plain data.

Law: data, and what follows from it alone; nothing is read or touched here (`profile.py` reads). Pins are BCM numbers
(GPIO17 is 17), never places on the header. I2C addresses are the 7 bits that `i2cdetect` shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HEADER_I2C = 1  # the bus on the pins 3 and 5 of the header


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
class PowerFacts:
    """A pin that is held while the daemon runs: an amplifier's enable, the supply of a light. what: for errors."""

    pin: int
    active_low: bool = False
    what: str = "power"


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """ALSA ids of the cards, never their numbers; overlay: the device-tree overlay that makes them appear."""

    input_card: str = ""
    output_card: str = ""
    rate: int = 48_000
    channels: int = 1
    overlay: str = ""


@dataclass(frozen=True, slots=True)
class MixerFacts:
    """Levels to set at every start: (control, words for `amixer sset`), in this order. Of the card that records and of
    the one that plays, which may be the same."""

    input: tuple[tuple[str, str], ...] = ()
    output: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ChipFacts:
    """An I2C chip that is soldered to the board. name: as the kernel's device is called.  unless: addresses that do not
    answer beside it on this board (another board has the same address, and more)."""

    bus: int
    address: int
    name: str
    unless: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """As under /sys/bus/i2c/devices."""
        return f"{self.bus}-{self.address:04x}"


@dataclass(frozen=True, slots=True)
class DetectFacts:
    """How the board is recognised. cards: ALSA ids it may have.  codec: what the name of that card's PCM contains.
    chip: on I2C.  hardware: what its overlay writes to /proc/device-tree/hardware.  hat_vendor, hat_product: of its
    EEPROM; an empty product is any.  usb: vendor:product.  usb_microphone: it plays only, and any one USB card records.
    """

    cards: tuple[str, ...] = ()
    codec: str = ""
    chip: ChipFacts | None = None
    hardware: str = ""
    hat_vendor: str = ""
    hat_product: str = ""
    usb: tuple[str, ...] = ()
    usb_microphone: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """One board. id: the file's name. tested: run on the metal.

    hardware_mute: it has a mute of its own, which no pin tells of: all samples are zero then.
    """

    id: str
    name: str
    tested: bool
    echo_tier: int
    button: ButtonFacts | None = None
    led: LedFacts = LedFacts()
    audio: AudioFacts = AudioFacts()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    power: tuple[PowerFacts, ...] = ()
    mixer: MixerFacts = MixerFacts()
    detect: DetectFacts = DetectFacts()
    hardware_mute: bool = False
    path: Path = field(default=Path(), compare=False)

    @property
    def driven(self) -> tuple[int, ...]:
        """The pins it makes outputs of; on another board they may be something else's."""
        return (*self.led.pins, *(power.pin for power in self.power))

    @property
    def has_panel(self) -> bool:
        """Whether there is anything at the header: else no pin factory is needed."""
        return self.button is not None or self.led.kind != "none" or bool(self.power)

    def lacks_card(self, input_card: str, output_card: str) -> str:
        """What is wrong where the board has one of the two cards only and `[audio]` does not name the other; or empty.

        input_card, output_card: what the configuration says.
        """
        facts = self.audio
        if facts.output_card and not (facts.input_card or input_card):
            key, side, command = "input_card", "microphone", "arecord -l"
        elif facts.input_card and not (facts.output_card or output_card):
            key, side, command = "output_card", "loudspeaker", "aplay -l"
        else:
            return ""
        return (
            f"audio.{key}: found nothing, expected the ALSA id of the {side}'s card (`{command}`): the board "
            f"{self.id} has no {side} of its own; `edge-agent board detect` says what to write"
        )
