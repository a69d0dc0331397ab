"""The page of a run of the bench: every row by its group, the goals first, a missed goal red and with its profile.

Law: self-contained: no outside resource, no request, no script; every word of a run is escaped. It measures and judges
nothing. A row says what it is measured against and how to measure it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from tests.bench.groups import GROUPS
from tests.bench.row import COMMAND, NO_MORE, Row, shown

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #5f6b76; --line: #d9dee3; --bad: #b42318; --badly: #fdecea;
  --good: #1a7f47; --bar: #3b73b9; --paper: #fff; --soft: #f5f7f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --dim: #98a4af; --line: #333b44; --bad: #ff8a80;
  --badly: #3a1c1a; --good: #6fce97; --bar: #6ea3e0; --paper: #14181c; --soft: #1c2228; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 82rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .25rem; }
p { margin: .25rem 0; max-width: 60rem; } .dim, .note { color: var(--dim); } .note { font-size: .9rem; }
code { font: .85em ui-monospace, monospace; background: var(--soft); padding: .1em .35em; border-radius: 4px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .32rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 600; font-size: .82rem; white-space: nowrap; }
td.n, th.n { text-align: right; white-space: nowrap; } td.unit { color: var(--dim); white-space: nowrap; }
td.against { color: var(--dim); min-width: 14rem; font-size: .9rem; } td .dim { font-size: .88rem; }
tr.missed > td { background: var(--badly); } tr.missed td.n:nth-child(2), .bad { color: var(--bad); font-weight: 650; }
.good { color: var(--good); font-weight: 600; }
tr.parts > td { background: var(--badly); padding: 0 .6rem .8rem 2rem; } tr.parts table { margin: 0; max-width: 48rem; }
tr.parts td, tr.parts th { border: 0; padding: .12rem .6rem; } tr.parts td.track { width: 40%; }
.bar { display: block; height: .7rem; margin-top: .4rem; background: var(--bar); border-radius: 2px; min-width: 1px; }
nav { margin: 1rem 0; columns: 16rem; font-size: .9rem; } nav a { display: block; color: inherit; }
"""


@dataclass
class Measured:
    """One run.  when: it began.  machine: where, and how busy.  took_s, failures: by group."""

    when: datetime
    machine: str
    rows: list[Row] = field(default_factory=list)
    took_s: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    total_s: float = 0.0


def page(measured: Measured) -> str:
    """The whole of it, as one file."""
    return "\n".join(
        [
            '<!doctype html><html lang="en"><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>edge-agent: the bench</title><style>{STYLE}</style>",
            _head(measured),
            _goals([row for row in measured.rows if row.goal is not None]),
            *(_group(name, measured) for name in measured.took_s),
            "</html>\n",
        ]
    )


def _head(measured: Measured) -> str:
    took = f"{measured.total_s / 60:.0f} min {measured.total_s % 60:.0f} s".removeprefix("0 min ")
    links = "".join(f'<a href="#{name}">{escape(GROUPS[name].title)}</a>' for name in measured.took_s)
    return f"""<h1>What edge-agent costs, and what a turn takes</h1>
<p>{escape(measured.machine)}</p>
<p class="dim">{measured.when:%Y-%m-%d %H:%M}, in {took}. Every figure stands beside a baseline that was measured in the
same run: compare ratios between machines, not values. <code>{COMMAND}</code> measures it again.</p>
<nav>{links}</nav>"""


def _goals(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    missed = sum(not row.met for row in rows)
    verdict = f'<span class="bad">{missed} missed</span>' if missed else '<span class="good">all met</span>'
    return f'<h2 id="goals">Goals</h2><p>{len(rows) - missed} of {len(rows)} met, {verdict}.</p>' + _table(rows)


def _group(name: str, measured: Measured) -> str:
    group = GROUPS[name]
    rows = [row for row in measured.rows if row.group == name]
    note = f'<p class="note">{escape(group.note)}</p>' if group.note else ""
    failure = measured.failures.get(name)
    failed = f'<p class="bad">Left out: {escape(failure)}</p>' if failure else ""
    return f"""<h2 id="{name}">{escape(group.title)}</h2>{note}{failed}{_table(rows) if rows else ""}
<p class="note"><code>{COMMAND} --only {name}</code>, {measured.took_s[name]:.0f} s</p>"""


def _table(rows: Sequence[Row]) -> str:
    head = "".join(
        f'<th class="{style}">{text}</th>'
        for text, style in (
            ("what", ""),
            ("value", "n"),
            ("unit", ""),
            ("goal", "n"),
            ("baseline", "n"),
            ("ratio", "n"),
            ("the baseline is", ""),
        )
    )
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(_row(row) for row in rows)}</table></div>'


def _row(row: Row) -> str:
    goal = "" if row.goal is None else f"{'≤' if row.comparison == NO_MORE else '≥'} {shown(row.goal)}"
    mark = {None: "", True: ' <span class="good">✓</span>', False: ' <span class="bad">✗ missed</span>'}[row.met]
    ratio = "–" if row.ratio is None else f"{shown(row.ratio)} ×"
    means = f'<br><span class="dim">{escape(row.means)}</span>' if row.means else ""
    cells = (
        f"<td>{escape(row.name)}{means}</td>"
        f'<td class="n">{shown(row.value)}</td><td class="unit">{escape(row.unit)}</td>'
        f'<td class="n">{goal}{mark}</td>'
        f'<td class="n">{shown(row.baseline)}</td><td class="n">{ratio}</td>'
        f'<td class="against">{escape(row.against)}</td>'
    )
    if row.met is not False:
        return f"<tr>{cells}</tr>"
    return f'<tr class="missed">{cells}</tr>{_profile(row)}'


def _profile(row: Row) -> str:
    """Where the time went, stretch by stretch; quantiles of stretches do not add up to the whole's."""
    if not row.parts:
        return ""
    longest = max(part.p95 for part in row.parts) or 1.0
    lines = "".join(
        f'<tr><td>{escape(part.name)}</td><td class="n">{shown(part.median)}</td><td class="n">{shown(part.p95)}</td>'
        f'<td class="track"><span class="bar" style="width:{max(0.0, 100 * part.p95 / longest):.1f}%"></span></td></tr>'
        for part in row.parts
    )
    head = f'<th>where the time went</th><th class="n">median</th><th class="n">p95, {escape(row.unit)}</th><th></th>'
    worst = f'<p class="note">The worst: {escape("; ".join(row.worst))}.</p>' if row.worst else ""
    return f'<tr class="parts"><td colspan="7"><table><tr>{head}</tr>{lines}</table>{worst}</td></tr>'
