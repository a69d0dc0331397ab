"""Timers and alarms survive the process: an alarm set in the evening rings in the morning, power cut or not.

Law: one file, written anew each time and put in its place whole. It never raises into the daemon: a disk that is full
or read-only is told once, and then a restart knows the last list that could be written.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from edge_agent.durable import Disk
from edge_agent.timers.entry import Entry, from_kept

log = logging.getLogger("edge_agent")


class TimerMemory:
    """In systemd's StateDirectory ($STATE_DIRECTORY); without one nothing is remembered."""

    def __init__(self, env: Mapping[str, str]) -> None:
        directory = env.get("STATE_DIRECTORY", "").partition(":")[0]
        self._file = Path(directory, "timers.json") if directory else None
        self._told = False

    def load(self) -> list[Entry]:
        """What the last process left behind; a file that cannot be read is told, and counts as empty."""
        if self._file is None or not self._file.exists():
            return []
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            if not isinstance(found, list):
                raise ValueError("found no list")
            return [from_kept(data) for data in found]
        except (OSError, ValueError, RecursionError) as error:
            log.warning("%s: %s: timers and alarms of the last run are lost", self._file, error)
            return []

    def save(self, entries: Iterable[Entry]) -> None:
        """On the disk before this returns: a power cut may be next."""
        if self._file is None:
            return
        try:
            text = json.dumps([entry.kept() for entry in entries], indent=1) + "\n"
            Disk().replace(self._file, text.encode())
            self._told = False
        except OSError as error:
            if not self._told:
                log.warning("%s: %s: a restart will not know these timers", self._file, error.strerror)
            self._told = True
