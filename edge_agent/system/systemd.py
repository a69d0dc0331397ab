"""Telling systemd how we are: ready, what we do, still alive, stopping.

Law: words to the service manager, nothing else; whether to feed the watchdog is decided in `health.py`. Without a
NOTIFY_SOCKET (a terminal, a test, a container) everything here is silent. Intervals are seconds.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from systemd.daemon import notify

log = logging.getLogger(__name__)

STATUS_CHARACTERS = 200  # `systemctl status` shows one line


def watchdog_interval_s(env: Mapping[str, str], pid: int) -> float | None:
    """How often to feed the watchdog: half of WATCHDOG_USEC, as sd_watchdog_enabled(3) recommends.

    None where there is no watchdog, or WATCHDOG_PID means another process (a child must not feed its parent's dog).
    """
    period, owner = env.get("WATCHDOG_USEC", ""), env.get("WATCHDOG_PID", "")
    if not period:
        return None
    if not period.isdecimal() or int(period) == 0 or (owner and not owner.isdecimal()):
        log.warning(
            "systemd's watchdog is not understood: WATCHDOG_USEC=%r WATCHDOG_PID=%r; it is not fed", period, owner
        )
        return None
    if owner and int(owner) != pid:
        return None
    return int(period) / 2e6


class Notifier:
    """The connection to the service manager named by $NOTIFY_SOCKET, if there is one.

    watchdog_interval_s: see the function of that name. A message that cannot be delivered is logged once and never
    raised: a daemon does not stop because nobody listens.
    """

    def __init__(self) -> None:
        self.watchdog_interval_s = watchdog_interval_s(os.environ, os.getpid())
        self._status = ""
        self._complained = False

    def ready(self) -> None:
        """Start-up is over: sound runs, models are loaded. The watchdog counts from here."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; sent when it has changed."""
        line = " ".join(text.split())[:STATUS_CHARACTERS]
        if line != self._status:
            self._status = line
            self._send(f"STATUS={line}")

    def watchdog(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Shutdown has begun."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        try:
            notify(message)
        except (OSError, ValueError) as error:
            if not self._complained:
                self._complained = True
                log.warning("systemd does not hear us on $NOTIFY_SOCKET: %s", error)
