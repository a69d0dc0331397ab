"""journald's native protocol: one datagram of fields for each line.

Law: bytes to a socket, nothing else. Not systemd.journal.send: that holds Python's global lock while journald is busy
with the card, and the audio threads with it (measured: 3 s of journald's silence were 3 s without a block).
Source: systemd.io/JOURNAL_NATIVE_PROTOCOL.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

SOCKET = Path("/run/systemd/journal/socket")
LONGEST = 48 * 1024  # bytes of one field: with its neighbours it fits the smallest datagram a kernel lets pass


class Journald:
    """The way to journald. Each datagram looks the socket up anew, so that journald may be restarted."""

    def __init__(self, path: Path = SOCKET) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def send(self, fields: Mapping[str, str]) -> None:
        """Send one line. Waits, without Python's lock, while journald is busy. Raises OSError."""
        self._socket.sendto(datagram(fields), self._path)

    def close(self) -> None:
        self._socket.close()


def datagram(fields: Mapping[str, str]) -> bytes:
    """`NAME=value` lines; a value of several lines goes as its name, its length (64 bit, little-endian), its bytes."""
    parts: list[bytes] = []
    for name, value in fields.items():
        raw = value.encode("utf-8", "replace")[:LONGEST]
        if b"\n" in raw:
            parts.append(name.encode() + b"\n" + len(raw).to_bytes(8, "little") + raw + b"\n")
        else:
            parts.append(name.encode() + b"=" + raw + b"\n")
    return b"".join(parts)


def answers(path: Path = SOCKET) -> bool:
    """Whether somebody reads journald's socket."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            probe.connect(str(path))
    except OSError:
        return False
    return True
