"""The boundary to the front panel.

Law: a board shows what it is told and reports what was touched; it decides nothing.
Adapters: `gpio.py` (gpiozero; its pin factory by name, `mock` off a Pi), `sim/terminal.py` (the terminal), `none`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from edge_agent.dialogue.indication import Indication

Color = tuple[int, int, int]


class BoardError(Exception):
    """A pin, bus or profile cannot be used; the text names it and what to do (exit 4)."""


class Board(Protocol):
    """One front panel: a talk button, a mute switch, a light of `pixels` pixels."""

    pixels: int

    def open(self, on_talk: Callable[[], None], on_mute: Callable[[bool], None]) -> None:
        """Claim the hardware. The callbacks may come from any thread. Raises BoardError."""

    def show(self, indication: Indication) -> None:
        """What to show from now on; returns at once, the board animates by itself."""

    def close(self) -> None:
        """Lights off, pins free. Never raises; may be called twice."""
