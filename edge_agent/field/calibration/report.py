"""A calibration as one plain object, and as a page of text.

Law: it words and rounds, it judges nothing. The object is what `--json` prints and what is kept between runs, so the
text is made from it alone: `--show` tells later what was told then.
"""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the daemon tells at its start what was kept, and needs no sweep for it
    from edge_agent.field.calibration.examination import Figures, Setting
    from edge_agent.field.calibration.verdict import Verdict

WIDTH = 120
_INDENT = 9
Told = dict[str, Any]
TIERS = {
    0: "not to be told",
    1: "the hardware cancels its own echo",
    2: "microphone and loudspeaker on one clock",
    3: "microphone and loudspeaker on two clocks",
}


def told(figures: Figures, setting: Setting, verdict: Verdict, measured: str) -> Told:
    """measured: when, as text (ISO 8601, UTC)."""
    return {
        "board": setting.board,
        "input_card": setting.input_card,
        "output_card": setting.output_card,
        "volume": setting.volume,
        "measured": measured,
        "fine": verdict.fine,
        "tier": verdict.tier,
        "why": verdict.why,
        "listen_while_speaking": verdict.listen,
        "listen_why": verdict.listen_why,
        "advice": list(verdict.advice),
        "findings": [asdict(finding) for finding in verdict.findings],
        "figures": _rounded(asdict(figures)),
    }


def text(one: Told) -> str:
    """The page: every finding, what to do, the tier."""
    lines = [headline(one), ""]
    wide = max((len(finding["what"]) for finding in one["findings"]), default=0)
    for finding in one["findings"]:
        mark = "ok   " if finding["fine"] else "WRONG"
        lines += _wrapped(
            f"{mark}  {finding['what']:<{wide}}  {finding['found']}; allowed: {finding['allowed']}", 9 + wide
        )
        if finding["remedy"]:
            lines += _wrapped(f"{'':7}-> {finding['remedy']}", 10)
    lines += ["", *_wrapped(f"Tier {one['tier']}: {TIERS[one['tier']]}: {one['why']}.", _INDENT)]
    wish = f'[turn] listen_while_speaking = "{one["listen_while_speaking"]}"'
    default = ", with which the default (auto) begins" if one["listen_while_speaking"] == "speech" else ""
    lines += _wrapped(f"Proposed: {wish}{default}: {one['listen_why']}.", _INDENT)
    lines += [line for advice in one["advice"] for line in _wrapped(f"Better:   {advice}.", _INDENT)]
    return "\n".join(lines)


def headline(one: Told) -> str:
    """What was measured, and when."""
    return f"{_where(one)}, volume {one['volume']} %, measured {one['measured']}"


def line(one: Told) -> str:
    """In one sentence, for the log."""
    path = one["figures"]["path"]
    reduced = one["figures"]["reduction"]
    heard = f"delay {path['delay_ms']:.0f} ms, echo {path['echo_db']:+.0f} dB" if path["arrives"] else "no echo"
    taken = f", {reduced['clean_db']:.0f} dB of it taken off" if reduced else ""
    wrong = [finding["what"] for finding in one["findings"] if not finding["fine"]]
    return f"calibrated {one['measured']} at volume {one['volume']} %: tier {one['tier']}, {heard}{taken}; " + (
        f"wrong then: {', '.join(wrong)}" if wrong else "nothing was wrong"
    )


def _where(one: Told) -> str:
    cards = " and ".join(dict.fromkeys(one[side] or "the default card" for side in ("input_card", "output_card")))
    return f"board {one['board']}, {cards}"


def _wrapped(words: str, indent: int) -> list[str]:
    return textwrap.wrap(words, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def _rounded(value: Any) -> Any:
    """Three places: no figure here is known better."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value
