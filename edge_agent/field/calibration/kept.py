"""Calibrations survive the process: the last one of each board, pair of cards and volume.

Law: one file in the state directory, written anew each time and put in its place whole. What cannot be read is told and
counts as nothing; it never stops who asks. The daemon reads it, a technician writes it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge_agent.durable import Disk
from edge_agent.field.calibration.report import Told, line, text

log = logging.getLogger("edge_agent")

VERSION = 1
STATE = "/var/lib/edge-agent"  # systemd's StateDirectory of the unit, for who is not started by systemd
NAME = "calibration.json"
_KEY = ("board", "input_card", "output_card", "volume")


class Kept:
    """In systemd's StateDirectory ($STATE_DIRECTORY), or where the unit has it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.file = Path(env.get("STATE_DIRECTORY", "").partition(":")[0] or STATE, NAME)

    def load(self) -> list[Told]:
        """In the order in which they were measured; a file, or one of them, that cannot be read is told in the log."""
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
            if not isinstance(found, dict) or found.get("v") != VERSION:
                raise ValueError(f"expected an object with v {VERSION}, as this edge-agent writes it")
            entries = found.get("calibrations")
            if not isinstance(entries, list):
                raise ValueError("found no list of calibrations")
        except FileNotFoundError:
            return []
        except (OSError, ValueError, RecursionError) as error:
            log.warning("%s: %s: what was calibrated is not used; calibrate again", self.file, error)
            return []
        good = [entry for entry in entries if _is_whole(entry)]
        if len(good) < len(entries):
            log.warning("%s: %d calibration(s) damaged, and not used", self.file, len(entries) - len(good))
        return good

    def keep(self, one: Told) -> None:
        """In the place of the one before of the same board, cards and volume. Raises OSError."""
        others = [entry for entry in self.load() if _key(entry) != _key(one)]
        whole = {"v": VERSION, "calibrations": [*others, one]}
        Disk().replace(self.file, (json.dumps(whole, indent=1, allow_nan=False) + "\n").encode())

    def of(self, board: str, input_card: str, output_card: str) -> list[Told]:
        """Those of this board and these cards, by volume."""
        here = [entry for entry in self.load() if _key(entry)[:3] == (board, input_card, output_card)]
        return sorted(here, key=lambda entry: int(entry["volume"]))

    def find(self, board: str, input_card: str, output_card: str, volume: int) -> Told | None:
        """Of these, at this volume or at the nearest that was measured."""
        here = self.of(board, input_card, output_card)
        return min(here, key=lambda entry: abs(int(entry["volume"]) - volume), default=None)

    def tell(self, board: str, input_card: str, output_card: str, volume: int) -> None:
        """At the start, in the log: what is known of these, or that nothing is."""
        known = self.find(board, input_card, output_card, volume)
        if known:
            log.info("%s", line(known))
        else:
            log.info("these cards were never calibrated: edge-agent calibrate")


def _key(entry: Told) -> tuple[Any, ...]:
    return tuple(entry[name] for name in _KEY)


def _is_whole(entry: Any) -> bool:
    """Whether it can be told: everything that the text and the log's line look at is there."""
    try:
        return isinstance(entry["volume"], int) and bool(text(entry) and line(entry))
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
