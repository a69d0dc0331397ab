"""A mute survives the process: whoever muted the device muted it until they unmute it, not until the next power cut.

Law: one file, there or not there; a listener of the story. It never raises into the daemon: a disk that is full or
read-only is told once, and then a restart may unmute.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from edge_agent.durable import Disk
from edge_agent.timeline import Happening

log = logging.getLogger("edge_agent")

_TEXT = b"muted by a person; delete this file to unmute at the next start\n"


class MuteMemory:
    """In systemd's StateDirectory ($STATE_DIRECTORY); without one nothing is remembered.

    muted: what the last process left behind.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        directory = env.get("STATE_DIRECTORY", "").partition(":")[0]
        self._file = Path(directory, "muted") if directory else None
        self.muted = self._file is not None and self._file.exists()
        self._told = False
        if self.muted:
            log.info("muted, as it was left")

    def hear(self, happening: Happening) -> None:
        """A listener for timeline.Recorder."""
        if self._file is None or happening.kind not in ("mute", "unmute"):
            return
        try:
            if happening.kind == "mute":
                Disk().replace(self._file, _TEXT)
            else:
                Disk().remove(self._file)
        except OSError as error:
            if not self._told:
                log.warning("%s: %s: a restart will not know whether it was muted", self._file, error.strerror)
            self._told = True
