"""What was detected, told: for people, or as one object.

Law: words only; `detect.py` has judged.
"""

from __future__ import annotations

import json
from typing import Any

from edge_agent.board.detect import Candidate, Detection, Fit


def text(detection: Detection) -> str:
    """+ speaks for a board, - against it, ! is to be done, ? looks the same."""
    machine, found = detection.machine, detection.found
    header = f", GPIO header {machine.header.name} [{machine.header.label}]" if machine.header else ""
    lines = [f"{machine.model or 'not a Raspberry Pi, or no device tree'}{header}"]
    if machine.hat_vendor or machine.hat_product:
        lines.append(f"HAT with an EEPROM: {machine.hat_vendor} {machine.hat_product}".rstrip())
    lines += [line for one in detection.candidates for line in _told(one)]
    lines += [f"not readable: {line}" for line in machine.denied]
    if found:
        lines += ["", "Put into /etc/edge-agent/edge-agent.toml:", "", found.settings]
    else:
        lines += ["", f"No board found: {detection.why_not}."]
    return "\n".join(lines)


def as_json(detection: Detection) -> str:
    machine, found = detection.machine, detection.found
    told: dict[str, Any] = {
        "found": found.profile.id if found else None,
        "why_not": detection.why_not,
        "settings": found.settings if found else "",
        "model": machine.model,
        "cards": [card.id for card in machine.cards],
        "gpio_chip": machine.header.name if machine.header else None,
        "candidates": [
            {
                "profile": one.profile.id,
                "fit": str(one.fit),
                "evidence": one.evidence,
                "against": one.against,
                "missing": one.missing,
                "doubts": one.doubts,
            }
            for one in detection.candidates
        ],
        "denied": list(machine.denied),
    }
    return json.dumps(told, indent=1, ensure_ascii=False)


def _told(one: Candidate) -> list[str]:
    untested = "" if one.profile.tested or one.fit is Fit.CONTRADICTED else "; its profile was not run on the board yet"
    marked = (("+", one.evidence), ("-", one.against), ("!", one.missing), ("?", one.doubts))
    return [
        f"{one.profile.name}: {one.fit} (profile {one.profile.id}{untested})",
        *(f"  {mark} {line}" for mark, lines in marked for line in lines),
    ]
