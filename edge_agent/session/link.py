"""The boundary to the network: whole JSON events out and in, one connection at a time.

Law: a link knows no turn and no protocol word; it never raises into its user, it reports.
Adapters: `client.py` (a real WebSocket, asyncio) and `sim/network.py` (its twin in simulated time).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect. headers may hold the key: never log them."""

    url: str
    headers: Mapping[str, str]

    @property
    def where(self) -> str:
        """`host` or `host:port`, for a sentence. An address that is none, or a doubtful one, is not shown at all: its
        user name, password and query are secrets too, and nobody knows where they are in it."""
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname, parts.port
        except ValueError:
            return "the address"
        if not host or "@" in parts.path + parts.query + parts.fragment:
            return "the address"
        return f"{host}:{port}" if port else host


class LinkUser(Protocol):
    """Who is told. Always called on the loop's thread, in order."""

    def link_opened(self) -> None:
        """The socket is open; nothing has been sent."""

    def link_event(self, event: dict[str, Any]) -> None:
        """One server event, decoded from JSON. Malformed messages never get here: the link counts and reports them."""

    def link_lost(self, reason: str, fatal: bool) -> None:
        """The socket closed, or could not be opened. Exactly once per `connect`, whatever happened, and never after
        a newer `connect`. reason: one line for the journal (what, and what to do). fatal: trying again cannot help."""


class Link(Protocol):
    def connect(self, endpoint: Endpoint) -> None:
        """Open a connection; one that is open is dropped first, silently."""

    def send(self, event: Mapping[str, Any], *, lot: int = 0) -> None:
        """Queue one client event; in order, never blocks. Without a connection it is dropped: the conversation's own
        memory is what is replayed, not a queue. lot: events that may be taken back together; 0: never."""

    def forget_unsent(self, lot: int) -> None:
        """What of this lot still waits for the network is not sent any more."""

    def close(self) -> None:
        """Drop the connection, silently."""
