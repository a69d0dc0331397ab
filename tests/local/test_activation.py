"""A socket from systemd: taken once, and only if it is what it should be. Each in a process of its own, as its 3."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

PROBE = """
import os
from edge_agent.local.activation import ActivationError, inherited
os.environ["LISTEN_PID"] = os.environ.pop("FOR_PID", "") or str(os.getpid())
try:
    given = inherited()
    print(given and given.getsockname()[1], "LISTEN_FDS" in os.environ, inherited())
except ActivationError as error:
    print(error)
"""


def asked(given: socket.socket | None, **env: str) -> str:
    """What a process says that was started with this socket as its descriptor 3."""

    def place() -> None:
        assert given is not None
        os.dup2(given.fileno(), 3, inheritable=True)

    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env={**os.environ, **env},
        preexec_fn=place if given is not None else None,
        close_fds=given is None,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


class TestASocketFromSystemd:
    def test_is_taken_once(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            assert asked(listening, LISTEN_FDS="1") == f"{listening.getsockname()[1]} False None"

    def test_is_not_there_without_a_word_of_it(self) -> None:
        assert asked(None) == "None False None"

    def test_that_is_meant_for_another_process_is_left_alone(self) -> None:
        assert asked(None, LISTEN_FDS="1", FOR_PID="1") == "None False None"

    def test_among_others_is_refused(self) -> None:
        assert "found 2 sockets from systemd, expected 1" in asked(None, LISTEN_FDS="2")

    def test_that_does_not_listen_is_refused(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            assert "does not listen" in asked(datagrams, LISTEN_FDS="1")

    def test_that_is_no_socket_is_refused(self) -> None:
        assert "found no socket at descriptor 3" in asked(None, LISTEN_FDS="1")
