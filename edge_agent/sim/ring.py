"""The ring of lights as a screen shows it.

Law: the board's own animation, drawn for eyes in front of a screen; no animation of its own.
Colours 0-255: an LED takes duty cycles, linear in light; a screen takes values that it raises to SCREEN_GAMMA itself.
"""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.board.board import Color
from edge_agent.dialogue.indication import Indication

Frame = Callable[[Indication, float, int, int], list[Color]]
"""board.animation.frame: (indication, seconds since it is shown, pixels, brightness in percent) to duty cycles."""

PIXELS = 12
BRIGHTNESS = 100  # percent: a screen is not a bedroom
SCREEN_GAMMA = 2.2


def ring(frame: Frame, indication: Indication, t_s: float) -> list[Color]:
    """The twelve pixels as a screen must colour them to look like the LEDs."""
    return [_on_screen(color) for color in frame(indication, t_s, PIXELS, BRIGHTNESS)]


def _on_screen(color: Color) -> Color:
    red, green, blue = (round(255 * (duty / 255) ** (1 / SCREEN_GAMMA)) for duty in color)
    return red, green, blue
