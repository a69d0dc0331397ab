"""The trade-off as a picture: one panel a word, recall upwards, false wakes to the right, a line for each patience.

Law: points in, SVG text out; nothing is counted here. Sizes in pixels. The horizontal axis is logarithmic, with "none"
in a column of its own at its left end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from tests.bench.wake_words.decision import Policy
from tests.bench.wake_words.tradeoff import FALSE_GOAL_H, RECALL_GOAL, Point, share

_PANEL_W, _PANEL_H, _LEFT, _TOP, _GAP_X, _GAP_Y = 400, 250, 64, 96, 72, 84
_COLUMNS = 2
_NONE_W = 34  # the column of "none"
_FROM_H, _TO_H = 0.05, 50.0
_TICKS_H = (0.1, 0.5, 1.0, 5.0, 10.0, 50.0)
_COLOURS = {1: "#1f5fbf", 2: "#d9731a", 3: "#2f8f4e"}
_LABELLED = (0.1, 0.3, 0.5, 0.7, 0.9)
_INK, _FAINT, _GOAL = "#222", "#ddd", "#e6f3e6"

Curves = Mapping[int, Sequence[Point]]  # by patience
_Value = Callable[[Point], float]


def svg(curves: Mapping[str, Curves], shipped: Mapping[str, Policy], caption: str) -> str:
    """curves: by word.  shipped: the policy to ring, by word.  caption: one line on what was measured."""
    rows = -(-len(curves) // _COLUMNS)
    width = _LEFT + _COLUMNS * (_PANEL_W + _GAP_X)
    height = _TOP + rows * (_PANEL_H + _GAP_Y) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11" fill="{_INK}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        _text(_LEFT, 26, "Wake words: heard at 3 m and 20 dB, and heard in vain", size=16, weight="bold"),
        _text(_LEFT, 44, caption),
        *_legend(_LEFT, 66),
    ]
    for number, (word, by_patience) in enumerate(curves.items()):
        x = _LEFT + number % _COLUMNS * (_PANEL_W + _GAP_X)
        y = _TOP + number // _COLUMNS * (_PANEL_H + _GAP_Y)
        parts.append(f'<g transform="translate({x} {y})">')
        parts += [
            *_frame(word),
            *_lines(by_patience),
            *_labels(by_patience),
            *_ring(by_patience, shipped[word]),
            "</g>",
        ]
    return "\n".join([*parts, "</svg>", ""])


def across(false_h: float) -> float:
    """Where so many false wakes an hour lie."""
    if false_h <= 0.0:
        return _NONE_W / 2
    part = math.log(max(false_h, _FROM_H) / _FROM_H) / math.log(_TO_H / _FROM_H)
    return _NONE_W + min(part, 1.0) * (_PANEL_W - _NONE_W)


def up(recall: float) -> float:
    return (1.0 - recall) * _PANEL_H


def _natural(point: Point) -> float:
    return point.recall


def _natives(point: Point) -> float:
    return share(point.native)


def _robots(point: Point) -> float:
    return share(point.robots)


def _frame(word: str) -> list[str]:
    goal_w, goal_h = across(FALSE_GOAL_H), up(RECALL_GOAL)
    parts = [
        f'<rect width="{goal_w:.1f}" height="{goal_h:.1f}" fill="{_GOAL}"/>',
        f'<rect width="{_PANEL_W}" height="{_PANEL_H}" fill="none" stroke="{_INK}"/>',
        f'<line x1="{_NONE_W}" x2="{_NONE_W}" y1="0" y2="{_PANEL_H}" stroke="{_FAINT}"/>',
        _text(_PANEL_W / 2, _PANEL_H + 34, "false wakes an hour", anchor="middle"),
        _text(_NONE_W / 2, _PANEL_H + 16, "none", anchor="middle"),
    ]
    for tick in _TICKS_H:
        x = across(tick)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_PANEL_H}" stroke="{_FAINT}"/>')
        parts.append(_text(x, _PANEL_H + 16, f"{tick:g}", anchor="middle"))
    for percent in range(0, 101, 20):
        y = up(percent / 100)
        parts.append(f'<line x1="0" x2="{_PANEL_W}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_FAINT}"/>')
        parts.append(_text(-6, y + 4, f"{percent} %", anchor="end"))
    parts.append(_text(_PANEL_W - 8, _PANEL_H - 10, word.replace("_", " "), size=14, weight="bold", anchor="end"))
    return parts


def _lines(by_patience: Curves) -> list[str]:
    parts = []
    for patience, points in by_patience.items():
        families = [(_robots, ' stroke-dasharray="5 4" opacity="0.7"'), (_natural, "")]
        if patience == min(by_patience):
            families.append((_natives, ' stroke-dasharray="1.5 3"'))
        for value, dash in families:
            path = " ".join(f"{across(point.false_h):.1f},{up(value(point)):.1f}" for point in points)
            colour = _COLOURS[patience]
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>')
            if value is _natural:
                parts += [_dot(point, value, colour) for point in points]
    return parts


def _dot(point: Point, value: _Value, colour: str) -> str:
    about = (
        f"threshold {point.policy.threshold:g}, patience {point.policy.patience}: {value(point):.1%} heard, "
        f"{point.false_h:.2f} false an hour"
    )
    x, y = across(point.false_h), up(value(point))
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"><title>{escape(about)}</title></circle>'


def _labels(by_patience: Curves) -> list[str]:
    """Thresholds beside some dots of the first line, where the last label leaves room."""
    points = next(iter(by_patience.values()))
    parts, last = [], (-100.0, -100.0)
    for point in points:
        at = across(point.false_h), up(point.recall)
        if point.policy.threshold in _LABELLED and math.dist(at, last) > 16.0:
            parts.append(_text(at[0] + 5, at[1] + 13, f"{point.policy.threshold:g}"))
            last = at
    return parts


def _ring(by_patience: Curves, shipped: Policy) -> list[str]:
    points = by_patience.get(shipped.patience, ())
    return [
        f'<circle cx="{across(point.false_h):.1f}" cy="{up(value(point)):.1f}" r="7" fill="none" stroke="#c22" '
        'stroke-width="2"/>'
        for point in points
        if point.policy.threshold == shipped.threshold
        for value in (_natural, _robots)
    ]


def _legend(x: float, y: float) -> list[str]:
    parts = []
    for patience, colour in _COLOURS.items():
        parts.append(f'<line x1="{x}" x2="{x + 24}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2.4"/>')
        parts.append(_text(x + 30, y + 4, f"patience {patience}"))
        x += 100
    for label, dash in (
        ("people, neural", ""),
        ("native ones", ' stroke-dasharray="1.5 3"'),
        ("robots", ' stroke-dasharray="5 4"'),
    ):
        parts.append(f'<line x1="{x}" x2="{x + 24}" y1="{y}" y2="{y}" stroke="{_INK}" stroke-width="1.8"{dash}/>')
        parts.append(_text(x + 30, y + 4, label))
        x += 52 + 6 * len(label)
    parts.append(f'<circle cx="{x + 8}" cy="{y}" r="7" fill="none" stroke="#c22" stroke-width="2"/>')
    parts.append(_text(x + 22, y + 4, "as shipped"))
    x += 96
    parts.append(f'<rect x="{x}" y="{y - 7}" width="18" height="14" fill="{_GOAL}" stroke="{_FAINT}"/>')
    parts.append(_text(x + 24, y + 4, "goal; numbers: thresholds"))
    return parts


def _text(x: float, y: float, text: str, *, size: int = 11, weight: str = "normal", anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
