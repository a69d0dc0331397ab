"""What only the hardware itself can tell of the header: the labels of the GPIO chips, which I2C addresses answer.

Law: it asks and changes nothing. The label of a GPIO chip is read by the kernel's own question for it. An address is
asked with an empty write, as `i2cdetect` does, only where it is told to, and never one that a driver has claimed. The
kernel's numbers and layouts are those of linux/gpio.h, linux/i2c.h and linux/i2c-dev.h.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")  # Pi 5; Pi 4; the others
DEV = Path("/dev")
_CHIP_INFO = 0x8044B401  # GPIO_GET_CHIPINFO_IOCTL
_CHIP_INFO_SIZE = 68  # name 32, label 32, lines 4
_I2C_SLAVE, _I2C_SMBUS = 0x0703, 0x0720
_WRITE, _QUICK = 0, 0
_NO_ANSWER = (errno.EBUSY, errno.ENXIO, errno.ENODEV, errno.EREMOTEIO, errno.ETIMEDOUT, errno.EIO)


@dataclass(frozen=True, slots=True)
class GpioChip:
    """name: as under /dev, gpiochip0."""

    name: str
    label: str

    @property
    def number(self) -> int:
        return int(self.name.removeprefix("gpiochip"))


class _SmbusRequest(ctypes.Structure):
    """struct i2c_smbus_ioctl_data"""

    _fields_ = (
        ("read_write", ctypes.c_uint8),
        ("command", ctypes.c_uint8),
        ("size", ctypes.c_uint32),
        ("data", ctypes.c_void_p),
    )


def gpio_chips(dev: Path = DEV) -> tuple[list[GpioChip], list[str]]:
    """The chips under `dev`, and what could not be asked, with why. A link to another chip is left out."""
    found: list[GpioChip] = []
    denied: list[str] = []
    for path in sorted(dev.glob("gpiochip[0-9]*"), key=lambda path: (len(path.name), path.name)):
        if path.is_symlink():
            continue
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            denied.append(f"{path}: {error.strerror}")
            continue
        try:
            told = fcntl.ioctl(descriptor, _CHIP_INFO, bytes(_CHIP_INFO_SIZE))
            label = told[32:64].split(b"\0", 1)[0].decode(errors="replace")
            found.append(GpioChip(path.name, label))
        except OSError as error:
            denied.append(f"{path}: {error.strerror}")
        finally:
            os.close(descriptor)
    return found, denied


def header_chip(chips: Iterable[GpioChip]) -> GpioChip | None:
    """The chip behind the 40-pin header, by its label: its number has changed with the kernel."""
    by_label = {chip.label: chip for chip in chips}
    return next((by_label[label] for label in HEADER_LABELS if label in by_label), None)


def chips_in(text: str) -> list[GpioChip]:
    """The chips in what `gpiodetect` printed."""
    return [GpioChip(*found) for found in re.findall(r"^(gpiochip\d+) \[([^\]]*)\]", text, re.MULTILINE)]


def answering(bus: int, addresses: Iterable[int], dev: Path = DEV) -> tuple[list[int], list[str]]:
    """Which of these addresses answer on an I2C bus, and what could not be asked. One that a driver holds is neither:
    it is known already."""
    path = dev / f"i2c-{bus}"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        return [], [f"{path}: {error.strerror}"]
    found: list[int] = []
    try:
        for address in addresses:
            try:
                fcntl.ioctl(descriptor, _I2C_SLAVE, address)
                fcntl.ioctl(descriptor, _I2C_SMBUS, _SmbusRequest(_WRITE, 0, _QUICK, None))
            except OSError as error:
                if error.errno not in _NO_ANSWER:
                    return found, [f"{path}: {error.strerror}"]
            else:
                found.append(address)
    finally:
        os.close(descriptor)
    return found, []


def addresses_in(text: str) -> list[int]:
    """The addresses that answer, or are a driver's (UU), in what `i2cdetect -y BUS` printed."""
    found = []
    for row, cells in re.findall(r"^([0-7])0:(.*)$", text, re.MULTILINE):
        for column in range(16):
            cell = cells[3 * column : 3 * column + 3].strip()
            if cell == "UU" or cell == f"{row}{column:x}":
                found.append(int(row) * 16 + column)
    return found
