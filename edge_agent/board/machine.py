"""What a machine shows of its board: sound cards, I2C and USB devices, the device tree, the boot configuration.

Law: it looks and judges nothing; what is not there is empty, what may not be read is told in `denied`. Everything comes
from files below a root, so that a recorded tree is as good as the machine. Two things are no files: what `gpiodetect`
and `i2cdetect -y 1` print; a recorded tree may hold them as files of these names, `gpiodetect` and `i2cdetect-1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edge_agent.board.facts import HEADER_I2C
from edge_agent.board.header import GpioChip, addresses_in, answering, chips_in, gpio_chips, header_chip

ROOT = Path("/")
BOOT = ("boot/firmware", "boot")  # Raspberry Pi OS from bookworm on, and before


@dataclass(frozen=True, slots=True)
class Card:
    """A sound card. driver, name: as in /proc/asound/cards.  pcms: their names.  usb: vendor:product, or empty."""

    id: str
    driver: str
    name: str
    pcms: tuple[str, ...] = ()
    records: bool = False
    plays: bool = False
    usb: str = ""

    @property
    def is_usb(self) -> bool:
        return self.driver == "USB-Audio"


@dataclass(frozen=True, slots=True)
class I2cDevice:
    """A device that the kernel knows. driver: empty where none is bound."""

    place: str
    name: str
    driver: str


@dataclass(frozen=True, slots=True)
class Machine:
    """model: of the Pi.  hardware: what an overlay says of itself.  i2c_buses: their numbers.  answers: addresses that
    answered on the header's bus, None where nobody asked.  usb: vendor:product to its name.  spi: as in /dev/spidev0.0.
    config: the lines of config.txt that count.  overlays: those that are installed, None where that is not known.
    """

    model: str = ""
    hardware: str = ""
    hat_vendor: str = ""
    hat_product: str = ""
    cards: tuple[Card, ...] = ()
    i2c_buses: tuple[int, ...] = ()
    i2c: tuple[I2cDevice, ...] = ()
    answers: tuple[int, ...] | None = None
    usb: tuple[tuple[str, str], ...] = ()
    spi: tuple[str, ...] = ()
    chips: tuple[GpioChip, ...] = ()
    config: tuple[str, ...] = ()
    overlays: tuple[str, ...] | None = None
    denied: tuple[str, ...] = ()

    @property
    def header(self) -> GpioChip | None:
        return header_chip(self.chips)


def look(root: Path = ROOT, *, probe: Iterable[int] | None = None) -> Machine:
    """What is below `root`. probe: I2C addresses to ask on the header's bus, None to ask nothing."""
    reader = _Reader(root)
    boot = next((folder for folder in BOOT if reader.exists(f"{folder}/config.txt")), BOOT[0])
    overlays, answers = reader.names(f"{boot}/overlays", r".+\.dtbo"), reader.answers(probe)
    return Machine(
        model=reader.tree("model"),
        hardware=reader.tree("hardware"),
        hat_vendor=reader.tree("hat/vendor"),
        hat_product=reader.tree("hat/product"),
        cards=tuple(reader.cards()),
        i2c_buses=tuple(sorted(int(name[4:]) for name in reader.names("sys/bus/i2c/devices", r"i2c-\d+"))),
        i2c=tuple(reader.i2c()),
        answers=answers,
        usb=tuple(reader.usb()),
        spi=tuple(name[6:] for name in reader.names("dev", r"spidev\d+\.\d+")),
        chips=tuple(reader.chips()),
        config=tuple(reader.config(f"{boot}/config.txt")),
        overlays=tuple(name.removesuffix(".dtbo") for name in overlays) or None,
        denied=tuple(reader.denied),
    )


class _Reader:
    """Files below a root. denied: what could not be read though it is there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.denied: list[str] = []

    def exists(self, path: str) -> bool:
        try:
            return (self._root / path).exists()
        except OSError:
            return False

    def read(self, path: str) -> str:
        try:
            return (self._root / path).read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError as error:
            self.denied.append(f"/{path}: {error.strerror}")
            return ""

    def tree(self, path: str) -> str:
        """A text of the device tree, which ends in a zero byte."""
        return self.read(f"proc/device-tree/{path}").split("\0", 1)[0].strip()

    def names(self, folder: str, pattern: str) -> list[str]:
        try:
            return sorted(path.name for path in (self._root / folder).iterdir() if re.fullmatch(pattern, path.name))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.denied.append(f"/{folder}: {error.strerror}")
            return []

    def cards(self) -> Iterable[Card]:
        pcms: dict[int, list[list[str]]] = {}
        for line in self.read("proc/asound/pcm").splitlines():
            if found := re.match(r"(\d+)-\d+: ", line):
                pcms.setdefault(int(found[1]), []).append([part.strip() for part in line[found.end() :].split(" : ")])
        text = self.read("proc/asound/cards")
        for number, card, driver, name in re.findall(
            r"^ *(\d+) \[(.{1,15}?) *\]: (.*?) - (.*)$", text, flags=re.MULTILINE
        ):
            own = pcms.get(int(number), [])
            words = [word for parts in own for word in parts]
            yield Card(
                id=card,
                driver=driver,
                name=name.strip(),
                pcms=tuple(parts[0] for parts in own),
                records=any(word.startswith("capture") for word in words),
                plays=any(word.startswith("playback") for word in words),
                usb=self.read(f"proc/asound/card{number}/usbid").strip(),
            )

    def i2c(self) -> Iterable[I2cDevice]:
        for place in self.names("sys/bus/i2c/devices", r"\d+-[0-9a-f]{4}"):
            folder = f"sys/bus/i2c/devices/{place}"
            driver = self._root / folder / "driver"
            bound = driver.readlink().name if driver.is_symlink() else ""
            yield I2cDevice(place, self.read(f"{folder}/name").strip(), bound)

    def usb(self) -> Iterable[tuple[str, str]]:
        for name in self.names("sys/bus/usb/devices", r"\d+-[\d.]+"):  # not the hubs of the controllers, usb1 ...
            folder = f"sys/bus/usb/devices/{name}"
            vendor, product = (self.read(f"{folder}/{key}").strip() for key in ("idVendor", "idProduct"))
            yield f"{vendor}:{product}", self.read(f"{folder}/product").strip()

    def chips(self) -> list[GpioChip]:
        if self._root != ROOT:
            return chips_in(self.read("gpiodetect"))
        chips, denied = gpio_chips()
        self.denied += denied
        return chips

    def answers(self, probe: Iterable[int] | None) -> tuple[int, ...] | None:
        if self._root != ROOT:
            text = self.read(f"i2cdetect-{HEADER_I2C}")
            return tuple(addresses_in(text)) if text else None
        if probe is None:
            return None
        found, denied = answering(HEADER_I2C, probe)
        self.denied += denied
        return tuple(found)

    def config(self, path: str) -> Iterable[str]:
        """Lines such as dtoverlay=NAME and dtparam=spi=on, without comments and spaces."""
        for line in self.read(path).splitlines():
            line = re.sub(r"\s+", "", line.partition("#")[0])
            if line.startswith(("dtoverlay=", "dtparam=")):
                yield line
