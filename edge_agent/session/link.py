"""The boundary to the network: whole JSON events out and in, one connection at a time.

Law: a link knows no turn and no protocol word; it never raises into its user, it reports.
Adapters: `client.py` (a real WebSocket, asyncio) and `sim/network.py` (its twin in simulated time).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect. headers may hold the key: never log them."""

    url: str
    headers: Mapping[str, str]


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

    def send(self, event: Mapping[str, Any]) -> None:
        """Queue one client event; in order, never blocks. Without a connection it is dropped: the conversation's own
        memory is what is replayed, not a queue."""

    def close(self) -> None:
        """Drop the connection, silently."""
