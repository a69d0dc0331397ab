"""The page of a survey, `DIR/index.html`: how often, how long, where it fails, and the worst cases with a picture each.

Law: self-contained: no outside resource, no script; it links to the folders beside it. It counts nothing and judges
nothing; every word that comes from a run is escaped.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from edge_agent.sim.outcome_kinds import KINDS
from edge_agent.sim.survey_table import command, milliseconds, percent
from edge_agent.sim.tally import OF_INTEREST, WORST

_NOTE = (
    "Everything here is simulated: the rooms, the machines, and the people, who are synthetic voices; the daemon is "
    "the real one, in lock step. Shares are of scenarios that had occasion for it, each scenario once, with "
    "Wilson's 95 % interval; times with the order statistics that enclose the true quantile at 95 % (?: too few to "
    "tell). A group is marked where its interval and that of all others have nothing in common; of some hundred "
    "groups a few are so by chance. &ldquo;Tells about&rdquo; names the part that a failure speaks of: what the "
    "embedded server&rsquo;s small recogniser does not understand is no fault of the device."
)


def survey_page(told: Mapping[str, Any], pictures: Mapping[int, str], out: Path) -> str:
    """The whole file. told: the summary.  pictures: SVG by scenario, empty for none."""
    body = "".join(
        (
            _headline(told),
            _outcomes(told["outcomes"]),
            _times(told["times"]),
            _worst(told["worst"], pictures, out),
            _factors(told["factors"]),
            distribution_table(told),
            f'<footer class="notes"><p>{_NOTE}</p></footer>',
        )
    )
    return sheet(_verdict(told), body)


def sheet(title: str, body: str) -> str:
    """The whole file, from its title (text) and its body (HTML)."""
    style = (asset("page.css") + asset("survey_page.css")).replace("#picture", ".picture")  # many on this page
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body><main>{body}</main></body></html>"
    )


def asset(name: str) -> str:
    return files("edge_agent.sim").joinpath(name).read_text(encoding="utf-8")


def _verdict(told: Mapping[str, Any]) -> str:
    fine = f"all went well in {told['all_well']} of {told['scenarios']} drawn scenarios"
    return fine.capitalize() if told["passed"] else f"Something happened that must not; {fine}"


def _headline(told: Mapping[str, Any]) -> str:
    kind, seal = ("good", "✓") if told["passed"] else ("bad", "✗")
    lead = f"edge-agent simulate --random {told['asked_for']} --seed {told['seed']}"
    if told["scenarios"] < told["asked_for"]:
        lead += f" (stopped after {told['scenarios']})"
    return (
        f'<header class="headline {kind}"><div class="seal" aria-hidden="true">{seal}</div>'
        f'<div><h1>{escape(_verdict(told))}</h1><p class="lead"><code>{escape(lead)}</code></p></div></header>'
    )


def _outcomes(items: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for item in items:
        failing = ", ".join(_link(number) for number in item["failed_in"]) or "–"
        never = "<small>must never fail</small>" if item["hard"] else ""
        rows.append(
            f'<tr><th scope="row">{escape(item["title"])}{never}</th><td>{item["good"]} of {item["of"]}</td>'
            f'<td class="share">{percent(item)}</td><td class="gauge">{gauge(item)}</td>'
            f'<td class="words">{escape(item["whose"])}</td><td class="words">{failing}</td></tr>'
        )
    heads = ("", "scenarios", "share, 95 % interval", "0 to 100 %", "tells about", "failed in")
    return f"<h2>How often it goes well</h2>{html_table(heads, rows, words=(4, 5))}"


def _times(items: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        f'<tr><th scope="row">{escape(item["title"])}</th><td>{item["of"]}</td>'
        f"<td>{milliseconds(item.get('median'))}</td><td>{milliseconds(item.get('p95'))}</td></tr>"
        for item in items
    ]
    return f"<h2>How long it takes</h2>{html_table(('ms', 'scenarios', 'median', '95th percentile'), rows)}"


def _worst(items: list[Mapping[str, Any]], pictures: Mapping[int, str], out: Path) -> str:
    if not items:
        return "<h2>The worst</h2><p>Nothing went wrong anywhere.</p>"
    cases = []
    for item in items[:WORST]:
        number = int(item["number"])
        why = "".join(f"<li>{escape(text)}</li>" for text in item["why"])
        window = picture_window(pictures.get(number, ""))
        kind = "case broke" if item["broke"] else "case"
        cases.append(
            f'<section class="{kind}"><h3>{_link(number, item["crashed"])}</h3><ul>{why}</ul>{window}'
            f"<p><code>{escape(command(out, number))}</code></p></section>"
        )
    rest = ", ".join(_link(item["number"], item["crashed"]) for item in items[WORST:])
    more = f"<p>And, less bad: {rest}.</p>" if rest else ""
    return f"<h2>The worst first</h2>{''.join(cases)}{more}"


def picture_window(picture: str) -> str:
    """One of many pictures on a page: without the names that only one may bear. picture: SVG, or empty for none."""
    picture = picture.replace('<svg id="picture"', '<svg class="picture"')
    picture = picture.replace('<line id="playhead"', '<line class="playhead"')
    return f'<div class="window" tabindex="0" aria-label="Picture of the run">{picture}</div>' if picture else ""


def gauge(item: Mapping[str, Any]) -> str:
    """A share on a line from 0 to 100 %, with its interval."""
    if not item["of"]:
        return ""
    lo, hi, share = (100 * item[key] for key in ("lo", "hi", "share"))
    return (
        f'<span class="range" aria-hidden="true"><i style="left:{lo:.1f}%;width:{hi - lo:.1f}%"></i>'
        f'<b style="left:{share:.1f}%"></b></span>'
    )


def _link(number: int, crashed: bool = False) -> str:
    name = f"{number:03d}"
    return f'<a href="{name}/{"traceback.txt" if crashed else "index.html"}">{name}</a>'


def _factors(factors: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for split in factors:
        for place, group in enumerate(split["groups"]):
            cells = "".join(_cell(group[key]) for key in OF_INTEREST)
            name = f"<b>{escape(split['factor'])}</b>" if place == 0 else ""
            head = f'<tr class="{"first" if place == 0 else ""}"><td class="words">{name}</td>'
            rows.append(f'{head}<th scope="row">{escape(group["group"])}</th><td>{group["scenarios"]}</td>{cells}</tr>')
    heads = ("factor", "group", "scenarios", *(KINDS[key].title for key in OF_INTEREST))
    return f"<h2>Where it fails</h2>{html_table(heads, rows, words=(0, 1))}"


def _cell(cell: Mapping[str, Any]) -> str:
    if not cell["of"]:
        return '<td class="none">–</td>'
    kind = ' class="apart"' if cell["apart"] else ""
    count = f"{100 * cell['share']:.0f} %<small>{cell['good']} of {cell['of']}</small>"
    return f'<td{kind} title="{escape(percent(cell))}">{count}</td>'


def distribution_table(told: Mapping[str, Any]) -> str:
    rows = [
        f'<tr><th scope="row">{escape(item["factor"])}</th><td class="words">{escape(item["meaning"])}</td>'
        f'<td class="words">{escape(item["law"])}</td><td class="words">{escape(item["why"])}</td></tr>'
        for item in told["distribution"]
    ]
    voices = escape(", ".join(told["voices"]))
    heads = ("factor", "what it is", "how it is drawn", "why")
    return (
        f"<h2>What it was drawn from</h2>{html_table(heads, rows, words=(0, 1, 2, 3))}"
        f"<p>Voices that were here: {voices}.</p>"
    )


def html_table(heads: Iterable[str], rows: Iterable[str], words: Container[int] = ()) -> str:
    """words: the columns of text, from 0."""
    kinds = (' class="words"' if column in words else "" for column in itertools.count())
    top = "".join(f'<th scope="col"{kind}>{escape(head)}</th>' for head, kind in zip(heads, kinds, strict=False))
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
