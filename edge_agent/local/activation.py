"""A listening socket that systemd has opened for us and hands over at the first connection (sd_listen_fds(3)).

Law: one socket, or none; nothing is accepted here. The socket stays systemd's: a connection that arrives while we end
waits in it for our successor.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

FIRST = 3  # SD_LISTEN_FDS_START


class ActivationError(ConnectionError):
    """What the service manager handed over is no listening stream socket, or more than one."""


def inherited(env: MutableMapping[str, str] = os.environ) -> socket.socket | None:
    """The socket that was handed to this process, or None; asked once, for it forgets: a child must not take it too.

    Raises ActivationError.
    """
    pid, count = env.pop("LISTEN_PID", ""), env.pop("LISTEN_FDS", "")
    env.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or count in ("", "0"):
        return None
    if count != "1":
        raise ActivationError(f"local-server: found {count} sockets from systemd, expected 1; see its socket unit")
    try:
        given = socket.socket(fileno=FIRST)
        listens = given.type == socket.SOCK_STREAM and given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise ActivationError(f"local-server: found no socket at descriptor {FIRST} ({error.strerror})") from error
    if not listens:
        given.detach()  # not ours to close
        raise ActivationError("local-server: found a socket that does not listen; the unit needs Accept=no, a stream")
    given.set_inheritable(False)
    given.setblocking(False)
    return given
