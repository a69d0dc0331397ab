"""Client events on their way out: their names, and the account of what lies in the provider's audio buffer.

Law: it sends what it is told and counts it; it decides nothing. Everything it counts is forgotten with the connection.
"""

from __future__ import annotations

from collections import deque

from edge_agent.session.link import Link
from edge_agent.session.provider import ClientEvent, Provider
from edge_agent.timeline import Timeline


class Outbox:
    """ready: the session is configured, audio and requests will be understood."""

    def __init__(self, provider: Provider, link: Link, timeline: Timeline) -> None:
        self.ready = False
        self._provider = provider
        self._link = link
        self._timeline = timeline
        self._named = 0
        self._uncommitted = 0  # bytes
        self._commits: deque[int] = deque()  # turns whose commit the provider has not answered yet, oldest first

    def name(self, what: str = "event") -> str:
        """A fresh event or item id, ours at sight."""
        self._named += 1
        return f"ea_{what}_{self._named}"

    def send(self, event: ClientEvent) -> None:
        self._link.send(event)

    def append(self, turn: int, audio: bytes) -> None:
        self._uncommitted += len(audio)
        self._link.send(self._provider.append(audio))
        self._timeline.note("append", turn, bytes=len(audio))

    def commit(self, turn: int) -> None:
        ms, self._uncommitted = self._uncommitted // self._provider.bytes_per_ms, 0
        self._commits.append(turn)
        self._link.send(self._provider.commit(self.name()))
        self._timeline.note("commit", turn, ms=ms)

    def clear(self) -> None:
        """Empty the provider's buffer, if there is anything of ours in it."""
        if self._uncommitted:
            self._uncommitted = 0
            self._link.send(self._provider.clear())

    def commit_answered(self) -> int | None:
        """The provider has committed, or refused to. Returns the turn whose commit that answers; None: its own idea."""
        if self._commits:
            return self._commits.popleft()
        self._uncommitted = 0
        return None

    def reset(self) -> None:
        self.ready = False
        self._uncommitted = 0
        self._commits.clear()
