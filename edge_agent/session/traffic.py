"""Every event on the wire, in a file, for the day when a provider and we disagree.

Law: it stands between a conversation and its link, passes on everything unchanged, and disturbs nothing: a disk that is
full ends the log, not the session. The key is masked wherever a server echoes it. What was said is not: the file is for
its owner only, and its being on is said aloud. One JSON object a line: {"t_ms", "dir": "out" or "in", "event"}; what is
"out" was queued, and left unless the network was too slow and it was taken back.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge_agent.session.link import Endpoint, Link, LinkUser
from edge_agent.session.secrets import Secrets

_log = logging.getLogger(__name__)


class TrafficLog:
    """A Link towards the conversation, a LinkUser towards the real link; `link` and `user` are set before `connect`.

    clock_ms: the `t_ms` of the timeline. on: whether it still writes. Appends to a file that is there.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        clock_ms: Callable[[], int],
        *,
        link: Link | None = None,
        user: LinkUser | None = None,
    ) -> None:
        self.link = link
        self.user = user
        self._path = Path(path)
        self._clock_ms = clock_ms
        self._secrets = Secrets()
        self._file = -1  # descriptor; each line is one write, so a crash loses nothing
        try:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            os.fchmod(self._file, 0o600)  # also a file that somebody made before us
        except OSError as error:
            self._give_up(error)
        else:
            _log.warning(
                "session.traffic_log is on: everything that is said is written to %s; empty the setting to stop it",
                path,
            )

    @property
    def on(self) -> bool:
        return self._file >= 0

    def stop(self) -> None:
        """Close the file; the session goes on."""
        file, self._file = self._file, -1
        if file >= 0:
            with suppress(OSError):  # what a full disk still owed us has been given up
                os.close(file)

    # --- as the conversation's link -----------------------------------------------------------------------------------

    def connect(self, endpoint: Endpoint) -> None:
        self._secrets.add(endpoint)
        if self.link is not None:
            self.link.connect(endpoint)

    def send(self, event: Mapping[str, Any], *, lot: int = 0) -> None:
        self._write("out", event)
        if self.link is not None:
            self.link.send(event, lot=lot)

    def forget_unsent(self, lot: int) -> None:
        if self.link is not None:
            self.link.forget_unsent(lot)

    def close(self) -> None:
        if self.link is not None:
            self.link.close()

    # --- as the link's user -------------------------------------------------------------------------------------------

    def link_opened(self) -> None:
        if self.user is not None:
            self.user.link_opened()

    def link_event(self, event: dict[str, Any]) -> None:
        self._write("in", event)
        if self.user is not None:
            self.user.link_event(event)

    def link_lost(self, reason: str, fatal: bool) -> None:
        if self.user is not None:
            self.user.link_lost(reason, fatal)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _write(self, direction: str, event: Mapping[str, Any]) -> None:
        if not self.on:
            return
        try:
            shown = self._secrets.masked_json(event)
            line = json.dumps({"t_ms": self._clock_ms(), "dir": direction, "event": shown}) + "\n"
            os.write(self._file, line.encode("ascii"))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        _log.warning("session.traffic_log: %s: %s; nothing is logged any more, the session goes on", self._path, error)
        self.stop()
