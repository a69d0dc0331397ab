"""The picture: turns cut off against the wait added, a line a group of turns, our shipped setting marked.

Law: SVG written by hand, no library; every number in it comes from a `Summary`. Both axes linear, wait in ms, cut-offs
in per cent, the limit drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from tests.bench.endpoints.figures import LIMIT, Summary

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 44, 56
WAIT_MS = (300, 1700)
COLOURS = ("#2a6f97", "#e07a1f", "#b3261e", "#4a4a4a")
Point = tuple[str, Summary]


def picture(title: str, lines: Mapping[str, Sequence[Point]], marked: Mapping[str, Summary]) -> str:
    """lines: group -> (label, summary) by rising wait, the first with its labels.  marked: group -> as shipped."""
    top = max((one.cut.high for points in lines.values() for _, one in points), default=10.0)
    scale = Scale(min(10.0 * (int(top) // 10 + 1), 100.0))
    parts = [*_axes(title, scale)]
    for colour, (group, points) in zip(COLOURS, lines.items(), strict=False):
        parts += _line(group, points, scale, colour, labelled=group == next(iter(lines)))
        if group in marked:
            one = marked[group]
            x, y = scale.x(one.wait_ms), scale.y(one.cut.value)
            parts.append(f'<path d="M{x:.1f} {y - 8:.1f}l7 8l-7 8l-7 -8z" fill="{colour}" stroke="#fff"/>')
    body = "\n".join(parts)
    style = "font: 12px system-ui, sans-serif"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'style="{style}; background: #fff">\n{body}\n</svg>\n'
    )


class Scale:
    def __init__(self, most: float) -> None:
        self.most = most

    def x(self, ms: float) -> float:
        return LEFT + (ms - WAIT_MS[0]) / (WAIT_MS[1] - WAIT_MS[0]) * (WIDTH - LEFT - RIGHT)

    def y(self, percent: float) -> float:
        return HEIGHT - BOTTOM - percent / self.most * (HEIGHT - TOP - BOTTOM)


def _axes(title: str, scale: Scale) -> list[str]:
    left, right, low = LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [f'<text x="{LEFT}" y="24" style="font-size: 15px">{escape(title)}</text>']
    for percent in range(0, int(scale.most) + 1, 10):
        y = scale.y(percent)
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="#ddd"/>')
        parts.append(_text(left - 8, y + 4, f"{percent} %", "#333", "end"))
    for ms in range(WAIT_MS[0] + 100, WAIT_MS[1] + 1, 200):
        parts.append(f'<path d="M{scale.x(ms):.1f} {low}v5" stroke="#333"/>')
        parts.append(_text(scale.x(ms), low + 20, str(ms), "#333", "middle"))
    parts.append(_text((left + right) / 2, low + 42, "added wait after the last sound, median, ms", "#333", "middle"))
    limit = scale.y(LIMIT)
    parts.append(f'<path d="M{left} {limit:.1f}H{right}" stroke="#1b7f3b" stroke-dasharray="5 4"/>')
    parts.append(_text(right + 6, limit + 4, f"the limit, {LIMIT:.0f} %", "#1b7f3b"))
    parts.append(_text(right + 6, TOP + 10, "◆ as shipped", "#333"))
    parts.append(_text(right + 6, TOP + 28, "● a fixed silence", "#333"))
    parts.append(_text(right + 6, TOP + 46, "bars: 95 % limits", "#333"))
    return parts


def _line(group: str, points: Sequence[Point], scale: Scale, colour: str, *, labelled: bool) -> list[str]:
    at = [(scale.x(one.wait_ms), scale.y(one.cut.value), label, one) for label, one in points]
    parts = [f'<path d="M{" L".join(f"{x:.1f} {y:.1f}" for x, y, *_ in at)}" fill="none" stroke="{colour}"/>']
    for x, y, label, one in at:
        low, high = scale.y(one.cut.low), scale.y(one.cut.high)
        parts.append(
            f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{colour}" stroke-opacity=".35" stroke-width="3"/>'
        )
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
        if labelled:
            parts.append(
                _text(x + 4, y - 12, f"{label} ms", colour, "middle" if one.cut.value < 2 * LIMIT else "start")
            )
    x, y, *_ = at[0]
    parts.append(_text(x + 8, y + 4 if not labelled else y - 24, group, colour, weight=600))
    return parts


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start", *, weight: int = 400) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )
