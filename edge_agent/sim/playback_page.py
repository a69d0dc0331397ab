"""The page of a survey of playback, `DIR/index.html`: goals, the figures behind them, and pictures of the worst.

Law: self-contained, as `survey_page.py`, whose sheet it is written on. It counts nothing and judges nothing; every word
that comes from a run is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from edge_agent.sim.playback_table import band_name, by_the_hour, found_of, share_of, verdict_of
from edge_agent.sim.playback_tally import WORST
from edge_agent.sim.survey_page import distribution_table, gauge, html_table, picture_window, sheet
from edge_agent.sim.survey_table import command, milliseconds

_NOTE = (
    "Everything here is simulated: the rooms, the machines and the people; the daemon is the real one, in lock step. "
    "SER is a person&rsquo;s level over the device&rsquo;s own voice at the microphone, each in its active parts, "
    "before the reply is ducked. An hour is one of replies at the air. Rates have the exact Poisson interval, "
    "shares Wilson&rsquo;s, times the order statistics that enclose the true quantile, all at 95 % (?: too few). "
    "A stop has one cause: whoever was speaking, or had just spoken; else a television or music; else nobody, and the "
    "device has stopped itself. Times end with the last sound at the loudspeaker&rsquo;s cone: the sound card&rsquo;s "
    "delay, 15 to 200 ms here, is in them."
)


def playback_page(told: Mapping[str, Any], pictures: Mapping[int, str], out: Path) -> str:
    """The whole file. told: the summary.  pictures: SVG by scene, empty for none."""
    body = "".join(
        (
            _headline(told),
            _goals(told["goals"]),
            _rates(told["rates"]),
            _shares(told["shares"]),
            _times(told["times"]),
            _worst(told["worst"], pictures, out),
            distribution_table(told),
            f'<footer class="notes"><p>{_NOTE}</p></footer>',
        )
    )
    return sheet(_verdict(told), body)


def _verdict(told: Mapping[str, Any]) -> str:
    heard = f"{told['hours']:.1f} hours of playback"
    return f"It never stopped itself in {heard}" if told["passed"] else f"Something that must not happened in {heard}"


def _headline(told: Mapping[str, Any]) -> str:
    kind, seal = ("good", "✓") if told["passed"] else ("bad", "✗")
    lead = f"edge-agent simulate --random --playback-hours {told['asked_for']:g} --seed {told['seed']}"
    more = f"{told['scenes']} scenes, {told['replies']} replies, echo engine {told['engine']}"
    return (
        f'<header class="headline {kind}"><div class="seal" aria-hidden="true">{seal}</div>'
        f'<div><h1>{escape(_verdict(told))}</h1><p class="lead"><code>{escape(lead)}</code> · {escape(more)}</p></div>'
        "</header>"
    )


def _goals(items: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        f'<tr><th scope="row">{escape(item["goal"])}</th><td>{escape(found_of(item))}</td>'
        f'<td class="words">{escape(verdict_of(item))}</td></tr>'
        for item in items
    ]
    return f"<h2>What was asked of it</h2>{html_table(('goal', 'found', ''), rows, words=(2,))}"


def _rates(items: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        f'<tr><th scope="row">{escape(item["title"])}</th><td>{item["count"]}</td><td>{item["hours"]:.2f}</td>'
        f'<td class="share">{by_the_hour(item)}</td></tr>'
        for item in items
    ]
    heads = ("", "events", "hours", "an hour, 95 % interval")
    return f"<h2>What should not happen</h2>{html_table(heads, rows)}"


def _shares(items: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        f'<tr><th scope="row">{escape(item["title"])}</th><td>{item["good"]} of {item["of"]}</td>'
        f'<td class="share">{share_of(item)}</td><td class="gauge">{gauge(item)}</td></tr>'
        for item in items
    ]
    heads = ("", "occasions", "share, 95 % interval", "0 to 100 %")
    return f"<h2>Who stops it, and who does not</h2>{html_table(heads, rows)}"


def _times(items: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for item in items:
        cells = "".join(
            f"<td>{milliseconds(item[key].get('median'))}</td><td>{milliseconds(item[key].get('p95'))}</td>"
            for key in ("duck_ms", "decided_ms", "silence_ms")
        )
        rows.append(f'<tr><th scope="row">{band_name(item["band"])}</th><td>{item["of"]}</td>{cells}</tr>')
    heads = ["SER", "caught"]
    for what in ("softer", "decided", "silent"):
        heads += [f"{what}, median", "95th percentile"]
    return f"<h2>How long it takes, ms from the first sound of an interruption</h2>{html_table(heads, rows)}"


def _worst(items: list[Mapping[str, Any]], pictures: Mapping[int, str], out: Path) -> str:
    if not items:
        return "<h2>The worst</h2><p>Nothing went wrong anywhere.</p>"
    cases = []
    for item in items[:WORST]:
        number = int(item["number"])
        why = "".join(f"<li>{escape(text)}</li>" for text in item["why"])
        trace = f' <a href="{number:03d}/traceback.txt">traceback</a>' if item["crashed"] else ""
        window = picture_window(pictures.get(number, ""))
        cases.append(
            f'<section class="case"><h3>{number:03d}{trace}</h3><ul>{why}</ul>{window}'
            f"<p><code>{escape(command(out, number))}</code></p></section>"
        )
    rest = ", ".join(f"{item['number']:03d}" for item in items[WORST:])
    more = f"<p>And, less bad: {rest}.</p>" if rest else ""
    told = (
        "<p>Each picture is of the worst moment of its scene, four seconds before it and five after. From above: who "
        "speaks, people over the device; its state; the microphone&rsquo;s spectrum; what the echo stage leaves of it; "
        "the loudspeaker; events.</p>"
    )
    return f"<h2>The worst first</h2>{told}{''.join(cases)}{more}"
