"""gpiozero's way to the pins, by name, and what to do where it cannot be used.

Law: the factory that was named is taken or none is: never another in its place. lgpio opens the chip whose label is the
header's (`header.py`): gpiozero goes by a number that has changed with the kernel. `mock` gives pins whose physical
side a test drives.
"""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from edge_agent.board.board import BoardError
from edge_agent.board.header import DEV, gpio_chips, header_chip

FACTORIES = "gpiozero_pin_factories"  # the entry points where gpiozero and others announce theirs
VARIABLE = "GPIOZERO_PIN_FACTORY"
FIRST = "lgpio"  # gpiozero's own first choice


def pin_factory(name: str, pins: str) -> Any:
    """The gpiozero pin factory of this name, made gpiozero's own; the one already in use if it is of that kind.

    name: empty for the one in use, or what $GPIOZERO_PIN_FACTORY names, or lgpio.  pins: how errors name what it is
    for. Raises BoardError.
    """
    from gpiozero import Device

    if not name and Device.pin_factory is not None:
        return Device.pin_factory
    name = name or os.environ.get(VARIABLE, "") or FIRST
    try:
        if name == "mock":
            from gpiozero.pins.mock import MockFactory, MockPWMPin

            if not isinstance(Device.pin_factory, MockFactory):
                Device.pin_factory = MockFactory(pin_class=MockPWMPin)
        else:
            known = {point.name: point for point in entry_points(group=FACTORIES)}
            if name not in known:
                raise BoardError(f"board.pin_factory: found {name!r}, expected one of {', '.join(sorted(known))}")
            kind = known[name].load()
            if not isinstance(Device.pin_factory, kind):
                Device.pin_factory = kind(chip=_header_number()) if name == FIRST else kind()
    except BoardError:
        raise
    except Exception as error:  # a factory's library may be absent, too old, or find no chip
        raise BoardError(trouble(name, f"the GPIO chip, for {pins},", error)) from error
    return Device.pin_factory


def _header_number() -> int | None:
    """The number of the header's chip by its label; None leaves it to gpiozero, where no label is known."""
    chip = header_chip(gpio_chips()[0])
    return chip.number if chip else None


def trouble(factory: str, part: str, error: Exception, dev: Path = DEV) -> str:
    """Which factory, which part, what happened, what to do."""
    text = f"{type(error).__name__}: {error}"
    return f"pin factory {factory or FIRST}: {part} cannot be used ({text}); {_remedy(text.lower(), dev)}"


# what the text of an error contains, in small letters -> what to do about it; the first that fits
_REMEDIES = (
    ("pinunknownpi", 'this is no Raspberry Pi: set [board] profile = "none", or pin_factory = "mock"'),
    ("no module named", "install that package where edge-agent runs, or name another [board] pin_factory"),
    ("inuse", "two parts of the profile share a pin, or the board is open already"),
    ("busy", "another program holds it: `gpioinfo` names it; stop that program"),
    (
        ".lgd-nfy",
        "lgpio needs a working directory that it may write: the unit's WorkingDirectory=, or start elsewhere",
    ),
)


def _remedy(text: str, dev: Path) -> str:
    for word, advice in _REMEDIES:
        if word in text:
            return advice
    if "spi" in text:
        off = "enable the bus with dtparam=spi=on in /boot/firmware/config.txt, restart"
        return _of_nodes(sorted(dev.glob("spidev*")), "spi", off)
    if "permi" in text or "gpiochip" in text:
        none = "there is no GPIO chip here: a container or a unit must be given one"
        return _of_nodes(sorted(dev.glob("gpiochip*")), "gpio", none)
    return "see `gpioinfo` and hardware/README.md"


def _of_nodes(nodes: list[Path], group: str, where_none: str) -> str:
    """What to do about device files that cannot be opened."""
    if not nodes:
        return where_none
    closed = [str(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if closed:
        return f"{closed[0]} may not be opened: add the user that runs edge-agent to the group {group}"
    return "there are " + ", ".join(map(str, nodes)) + ", and this user may open them: see `gpioinfo`, and the journal"
