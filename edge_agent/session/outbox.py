"""Client events on their way out: their names, and the account of what lies in the provider's audio buffer.

Law: it sends what it is told and counts it; it decides nothing. Everything it counts is forgotten with the connection.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from edge_agent.session.link import Link
from edge_agent.session.provider import ClientEvent, Provider
from edge_agent.timeline import Timeline

ASKED_KEPT = 64  # not every provider answers a clear


@dataclass(frozen=True, slots=True)
class _Asked:
    """A commit, or else a clear, that the provider has not answered yet, and the turn whose speech it is about."""

    turn: int
    clear: bool


class Outbox:
    """ready: the session is configured, audio and requests will be understood."""

    def __init__(self, provider: Provider, link: Link, timeline: Timeline) -> None:
        self.ready = False
        self._provider = provider
        self._link = link
        self._timeline = timeline
        self._named = 0
        self._uncommitted = 0  # bytes
        self._whose = 0  # the turn they belong to
        self._lot = 1  # what is sent between two commits; a turn may have several
        self._asked: deque[_Asked] = deque(maxlen=ASKED_KEPT)  # oldest first
        self._tells_clears: bool | None = None  # whether this provider answers a clear; None: not known yet

    def name(self, what: str = "event") -> str:
        """A fresh event or item id, ours at sight."""
        self._named += 1
        return f"ea_{what}_{self._named}"

    def send(self, event: ClientEvent) -> None:
        self._link.send(event)

    def append(self, turn: int, audio: bytes) -> None:
        self._uncommitted += len(audio)
        self._whose = turn
        self._link.send(self._provider.append(audio), lot=self._lot)
        self._timeline.note("append", turn, bytes=len(audio))

    def commit(self, turn: int) -> None:
        ms, self._uncommitted = self._uncommitted // self._provider.bytes_per_ms, 0
        self._lot += 1
        self._asked.append(_Asked(turn, clear=False))
        self._link.send(self._provider.commit(self.name()))
        self._timeline.note("commit", turn, ms=ms)

    def delete(self, item_id: str) -> None:
        """Take an item out of the conversation."""
        if self.ready:
            self._link.send(self._provider.delete(item_id))

    def clear(self) -> None:
        """Empty the provider's buffer, if there is anything of ours in it. What waits for the network stays here."""
        if self._uncommitted:
            self.withdraw(self._whose)
            self._uncommitted = 0
            self._lot += 1
            event = self._provider.clear()
            if event is not None:
                self._asked.append(_Asked(self._whose, clear=True))
                self._link.send(event)

    def withdraw(self, turn: int) -> None:
        """No sound of this turn leaves any more, unless it has been committed: half a sentence would be answered."""
        if turn == self._whose and self._uncommitted:
            self._link.forget_unsent(self._lot)

    def cleared(self) -> None:
        """The provider has carried out the oldest clear."""
        self._tells_clears = True
        clear = next((asked for asked in self._asked if asked.clear), None)
        if clear is not None:
            self._asked.remove(clear)

    def crossed_by_clear(self) -> int | None:
        """The provider has committed by itself. Returns the turn it took that from if our clear came too late; None:
        no clear is under way. A provider that never tells of clears gets the benefit of the doubt once."""
        if not (self._provider.detects_turns and self._asked and self._asked[0].clear) or self._tells_clears is False:
            return None
        if self._tells_clears is None:
            self._tells_clears = False  # until it tells
        return self._asked[0].turn

    def commit_answered(self) -> int | None:
        """The provider has committed, or refused to. Returns the turn whose commit that answers; None: its own idea."""
        commit = next((asked for asked in self._asked if not asked.clear), None)
        if commit is not None:
            while self._asked.popleft() != commit:
                pass  # a clear before it was carried out too, by a provider that does not tell
            return commit.turn
        self._uncommitted = 0
        return None

    def reset(self) -> None:
        self.ready = False
        self._uncommitted = 0
        self._asked.clear()
