"""What a check says: whether its step happened, and why it says so, in a sentence with the figures.

Law: vocabulary of the checks (`check_*.py`); it judges nothing itself. Every check takes the evidence and the
scenario's keyword arguments and fails, by `Missing` or by its finding, when what it needs to see was never there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.sim.evidence import Evidence
from edge_agent.sim.story import Said


@dataclass(frozen=True, slots=True)
class Finding:
    """at_ms: the moment to listen to, where there is one."""

    passed: bool
    why: str
    at_ms: int | None = None


Check = Callable[..., Finding]


class Missing(Exception):
    """What a check must see was not in the run; the text is the reason it fails."""


def sentence(evidence: Evidence, talk: str, nth: int) -> Said:
    """The nth sentence (from 1) whose text contains `talk`. Raises Missing."""
    matching = [said for said in evidence.story.said if spoken(talk) in spoken(said.text)]
    if len(matching) < nth:
        count = f"{len(matching)} time(s), not {nth}" if matching else "never"
        raise Missing(f'the person said "{talk}" {count}: there is nothing to judge')
    return matching[nth - 1]


def turn_of(evidence: Evidence, said: Said) -> int:
    """Raises Missing when the device did not listen to the sentence."""
    turn = evidence.story.turn_of(said)
    if turn is None:
        raise Missing(f'the device never listened to "{said.text}" (said from {clock(said.span.start_ms)})')
    return turn


def spoken(text: str) -> str:
    """As it sounds: no case, no punctuation, single spaces, a space at each end so that whole words match."""
    return " " + " ".join(re.findall(r"[a-z0-9]+", text.lower().replace("'", "").replace("’", ""))) + " "


def says(caption: str, wanted: str | list[str]) -> bool:
    """Whether the caption has the wanted words (one of them, if it is a list)."""
    return any(spoken(words) in spoken(caption) for words in ([wanted] if isinstance(wanted, str) else wanted))


def quoted(wanted: str | list[str]) -> str:
    return " or ".join(f'"{words}"' for words in ([wanted] if isinstance(wanted, str) else wanted))


def clock(t_ms: float) -> str:
    """A moment of the run as a person reads it: 0:07.42."""
    hundredths = int(t_ms / 10)
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
