"""What a light looks like: an indication and the time since it was shown, to colours.

Law: pure functions; the clock is an argument. Every indication differs from every other by its *rhythm* alone (light
over time), so that one lamp of one colour tells them apart and a colour-blind person needs no hue; the movement over
several pixels and the colour come on top. Nothing flashes more than three times a second (WCAG 2.3.1).

| indication | colour | one lamp | several pixels |
|---|---|---|---|
| fault | red | two short flashes, a pause | all of them |
| muted | red | steady, with a short gap every 2 s | all of them |
| alarm | white | three quick flashes, a pause | all of them |
| listening | blue | steady, full | all of them |
| thinking | violet | quick pulses, two a second | a dot runs round |
| waiting | amber | slow swell, one in 2 s | two dots run round the other way; fewer than six pixels swell |
| speaking | green | lively and irregular, never dark | grows out of the middle |
| follow_up | blue | slow breath of 4 s, never dark | all of them |
| offline | amber | one short flash every 3 s | the first pixel |
| connecting | white | on and off, half a second each | filled one after the other |
| idle | | dark | dark |

Levels are perceived brightness, 0-1; colours are duty cycles, 0-255: duty = level ** 2.2. t_s: seconds since shown.
"""

from __future__ import annotations

import math

from edge_agent.board.board import Color
from edge_agent.dialogue.indication import Indication

GAMMA = 2.2  # LEDs are linear in duty, eyes are not
STILL = frozenset({Indication.IDLE, Indication.LISTENING})  # nothing moves: one frame is enough
RING = 6  # pixels from which two dots can be told from one

_RED, _AMBER, _BLUE, _GREEN = (255, 30, 0), (255, 130, 0), (0, 110, 255), (0, 255, 90)
_VIOLET, _WHITE = (150, 40, 255), (255, 200, 150)
COLORS: dict[Indication, Color] = {
    Indication.FAULT: _RED,
    Indication.MUTED: _RED,
    Indication.ALARM: _WHITE,
    Indication.LISTENING: _BLUE,
    Indication.THINKING: _VIOLET,
    Indication.WAITING: _AMBER,
    Indication.SPEAKING: _GREEN,
    Indication.FOLLOW_UP: _BLUE,
    Indication.OFFLINE: _AMBER,
    Indication.CONNECTING: _WHITE,
    Indication.IDLE: (0, 0, 0),
}


def level(indication: Indication, t_s: float) -> float:
    """The rhythm of one lamp: perceived brightness, 0 (dark) to 1. A lamp that only knows on and off is on from 0.5."""
    match indication:
        case Indication.FAULT:
            at = t_s % 1.6
            return 1.0 if at < 0.15 or 0.35 <= at < 0.5 else 0.0
        case Indication.MUTED:
            return 0.7 if t_s % 2.0 < 1.75 else 0.0
        case Indication.ALARM:
            at = t_s % 1.2
            return 1.0 if at < 0.9 and at % 0.3 < 0.15 else 0.0
        case Indication.LISTENING:
            return 1.0
        case Indication.THINKING:
            return 0.5 + 0.5 * math.cos(2 * math.pi * 2 * t_s)
        case Indication.WAITING:
            return 0.5 + 0.5 * math.cos(2 * math.pi * t_s / 2)
        case Indication.SPEAKING:
            # two rates without a common beat look like a voice; the faster stays below three dips a second
            return 0.65 + 0.175 * (math.cos(2 * math.pi * 2.7 * t_s) + math.cos(2 * math.pi * 1.1 * t_s))
        case Indication.FOLLOW_UP:
            return 0.55 + 0.25 * math.cos(2 * math.pi * t_s / 4)
        case Indication.OFFLINE:
            return 1.0 if t_s % 3.0 < 0.2 else 0.0
        case Indication.CONNECTING:
            return 1.0 if t_s % 1.0 < 0.5 else 0.0
        case Indication.IDLE:
            return 0.0


def frame(indication: Indication, t_s: float, pixels: int, brightness: int) -> list[Color]:
    """The colours of `pixels` pixels. brightness: percent of perceived brightness, 0-100; 0 is dark whatever is shown.

    What is meant to be lit is never rounded down to nothing.
    """
    levels = (_level_of(indication, t_s, n, pixels) for n in range(pixels))
    return [_color(COLORS[indication], at * brightness / 100) for at in levels]


def duty(at: float) -> float:
    """The duty cycle, 0-1, of a perceived brightness, 0-1."""
    return float(max(0.0, min(1.0, at)) ** GAMMA)


def _level_of(indication: Indication, t_s: float, n: int, pixels: int) -> float:
    """The brightness of pixel `n`; a pixel that is alone keeps the rhythm of a lamp."""
    if pixels == 1:
        return level(indication, t_s)
    match indication:
        case Indication.THINKING:
            return _dot(n, t_s, pixels)
        case Indication.WAITING if pixels >= RING:
            return max(_dot(n, -t_s / 2, pixels), _dot(n, 0.5 - t_s / 2, pixels))
        case Indication.SPEAKING:
            loud = level(indication, t_s)
            return max(0.25, loud - 0.6 * _off_centre(n, pixels) * (1.0 - loud))
        case Indication.OFFLINE:
            return level(indication, t_s) if n == 0 else 0.0
        case Indication.CONNECTING:
            filled = t_s % 1.0 * (pixels + 1)
            return 1.0 if n < filled - 0.5 else 0.0
        case _:
            return level(indication, t_s)


def _dot(n: int, turns: float, pixels: int) -> float:
    """A soft dot on a ring, `turns` turns from pixel 0, as pixel `n` sees it: full in place, dark 1.5 pixels off."""
    away = abs(n / pixels - turns) % 1.0
    return max(0.0, 1.0 - min(away, 1.0 - away) * pixels / 1.5)


def _off_centre(n: int, pixels: int) -> float:
    """0 in the middle of the row, 1 at its ends."""
    return abs(2 * n / (pixels - 1) - 1)


def _color(color: Color, at: float) -> Color:
    lit = duty(at)
    if lit == 0:
        return (0, 0, 0)
    red, green, blue = (min(255, math.ceil(part * lit)) for part in color)
    return (red, green, blue)
