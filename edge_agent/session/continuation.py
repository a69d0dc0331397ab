"""The person goes on with a sentence that had been taken as finished: it is taken back, and said again with the rest.

Law: as sans-IO as `conversation.py`, which it is a part of. Two halves of a question are two questions to a model, and
neither is the one that was asked. So the first half's item is deleted, its sound, which is kept until a reply to it is
heard, goes first into the new sentence, and what is still told about the old item is nobody's.
"""

from __future__ import annotations

from collections import deque

from edge_agent.session.item_log import ItemLog
from edge_agent.session.outbox import Outbox
from edge_agent.session.provider import Provider
from edge_agent.session.turn import Turn

KEPT = 16  # turns; a commit is answered within a turn or two


class Continuation:
    def __init__(self, provider: Provider, outbox: Outbox, log: ItemLog) -> None:
        self._provider, self._outbox, self._log = provider, outbox, log
        self._turns: deque[int] = deque(maxlen=KEPT)  # their commit is not answered yet, so the item has no name

    def go_on(self, before: Turn, after: Turn) -> None:
        """`after` begins with the sound of `before`, wherever that has come to. Say `again` once `before` is over."""
        if self._outbox.ready and (before.acted or self._provider.detects_turns):
            return  # a tool has done what the first half asked for; a provider that decides by itself knows what it has
        said = before.item_id
        after.go_on_from(before)
        if self._outbox.ready and after.speech.captured_ms:
            after.item_id = ""
            self._take_back(before.number, said)

    def reopen(self, turn: Turn) -> None:
        """The same turn's sentence goes on, its sound so far first."""
        self.withdraw(turn)
        turn.reopen()
        self.again(turn)

    def withdraw(self, turn: Turn) -> None:
        """What was committed of this turn counts no longer."""
        if turn.item_id or self._outbox.ready:
            self._take_back(turn.number, turn.item_id)

    def again(self, turn: Turn) -> None:
        """What is known of the new sentence so far."""
        if self._outbox.ready:
            for piece in turn.speech.pieces():
                self._outbox.append(turn.number, piece)

    def took(self, turn: int | None, item_id: str) -> bool:
        """The provider has made an item of a turn's speech. True: of one that was taken back; nothing follows."""
        if turn is None or turn not in self._turns:
            return False
        self._turns.remove(turn)
        self._delete(item_id)
        return True

    def refused(self, turn: int | None) -> bool:
        """The provider refused a commit. True: of a sentence that was taken back anyway."""
        if turn is None or turn not in self._turns:
            return False
        self._turns.remove(turn)
        return True

    def reset(self) -> None:
        """The connection is gone, and what it would have answered."""
        self._turns.clear()

    def _take_back(self, turn: int, item_id: str) -> None:
        if item_id:
            self._delete(item_id)
        else:
            self._turns.append(turn)

    def _delete(self, item_id: str) -> None:
        self._outbox.delete(self._log.strike(item_id))
