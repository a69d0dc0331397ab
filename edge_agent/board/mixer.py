"""The mixer of the board's cards: set to the profile's levels, by `amixer` (Debian package alsa-utils).

Law: it never stops the daemon. A control that is not there, a level that is not taken, a program that is missing or
hangs is a warning, once for each time the levels are set; what was set is one line of the log, with the levels that the
card then really has. Codecs come up silent or quiet, and sound servers put old levels back: so the levels are set
whenever a card is opened, never stored.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_agent.board.facts import Profile

log = logging.getLogger(__name__)

PROGRAM = "amixer"
PATIENCE_S = 5.0  # one control takes 10 ms, on a Zero perhaps 100; a codec whose bus hangs must not keep us
CARD_OPEN = "card_open"  # the happening after which levels are set
_TAKEN = re.compile(r"(\[[^\]]*\])")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one card. levels: what the card says it has now, by control.  troubles: sentences."""

    card: str
    levels: Mapping[str, str]
    troubles: tuple[str, ...]


class Happening(Protocol):
    """What the run's story is made of (`timeline.py`)."""

    @property
    def kind(self) -> str: ...


class Mixer:
    """Sets the levels of a profile on those of its cards that are in use.

    input_card, output_card: what is opened: ALSA id, or "ID,DEVICE"; a card that is not the board's is left alone.
    """

    def __init__(self, profile: Profile, *, input_card: str, output_card: str) -> None:
        facts, levels = profile.audio, profile.mixer
        sides = ((output_card, facts.output_card, levels.output), (input_card, facts.input_card, levels.input))
        self._wanted: dict[str, tuple[tuple[str, str], ...]] = {}
        for used, own, wanted in sides:
            card = used.partition(",")[0]
            if wanted and card and card == own.partition(",")[0]:
                self._wanted[card] = (*self._wanted.get(card, ()), *wanted)

    def hear(self, happening: Happening) -> None:
        """On the thread that noted it; the work is done by another, so that no sound waits for it."""
        if happening.kind == CARD_OPEN and self._wanted:
            threading.Thread(target=self.set, name="mixer", daemon=True).start()

    def set(self) -> list[Outcome]:
        """Set every level and tell the log. Takes as long as it takes: not on the audio thread."""
        outcomes = [_set(card, levels) for card, levels in self._wanted.items()]
        for outcome in outcomes:
            for trouble in outcome.troubles:
                log.warning("mixer of card %s: %s", outcome.card, trouble, extra={"edge": {"card": outcome.card}})
            if outcome.levels:
                told = ", ".join(f"{control} {level}" for control, level in outcome.levels.items())
                extra = {"edge": {"card": outcome.card, "levels": told}}
                log.info("mixer of card %s set: %s", outcome.card, told, extra=extra)
        return outcomes


def _set(card: str, wanted: Sequence[tuple[str, str]]) -> Outcome:
    levels: dict[str, str] = {}
    troubles: list[str] = []
    absent: list[str] = []
    for control, words in wanted:
        try:
            done = _amixer(card, "sset", control, *words.split())
        except FileNotFoundError:
            troubles.append(f"the program {PROGRAM} is not there, no level is set; install the package alsa-utils")
            break
        except (OSError, subprocess.TimeoutExpired) as error:
            troubles.append(f"{control} is not set: {error}")
            break
        said = done.stderr.strip().removeprefix(f"{PROGRAM}: ")
        if done.returncode == 0 and done.stdout.strip():
            levels[control] = taken(done.stdout)
        elif "Unable to find simple control" in said:
            absent.append(control)
        else:  # `amixer` takes some words that it does not know in silence: nothing said is nothing done
            troubles.append(f"{control} is not set to {words!r}: {said or 'the control does not take that'}")
            if "card" in said.lower():
                break
    troubles += _absences(card, absent)
    return Outcome(card, levels, tuple(troubles))


def _absences(card: str, absent: Sequence[str]) -> list[str]:
    """A warning for each control that is not there, with what there is."""
    if not absent:
        return []
    try:
        found = re.findall(r"'(.+)',\d+$", _amixer(card, "scontrols").stdout, re.MULTILINE)
    except (OSError, subprocess.TimeoutExpired):
        found = []
    there_is = ", ".join(found) or "none"
    return [f"there is no control {control!r}; there are: {there_is}" for control in absent]


def taken(text: str) -> str:
    """The levels in what `amixer sset` prints: of the first channel, and of the others where they differ."""
    channels = [" ".join(_TAKEN.findall(line)) for line in text.splitlines() if line.startswith("  ") and "[" in line]
    return " / ".join(dict.fromkeys(channels)) or "(no level told)"


def _amixer(card: str, *words: str) -> subprocess.CompletedProcess[str]:
    """`--` because a level may begin with a minus; in English, because its words are looked at."""
    return subprocess.run(
        [PROGRAM, "-c", card, "--", *words],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=PATIENCE_S,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
    )
