"""What the provider made of the person's speech: its items, the turns they belong to, the words it understood.

Law: as sans-IO as `conversation.py`, which it is a part of. Which item is which turn's is known by the order of the
commits that were asked for; a provider that detects turns commits by itself, and has its own idea.
"""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.session import provider as says
from edge_agent.session.continuation import Continuation
from edge_agent.session.item_log import ItemLog
from edge_agent.session.outbox import Outbox
from edge_agent.session.provider import Provider
from edge_agent.session.replies import Replies
from edge_agent.timeline import Timeline

KEPT = 16  # a transcript is late by a turn or two, not by sixteen


class Spoken:
    """caption(turn, role, text): told what the person said."""

    def __init__(
        self,
        provider: Provider,
        outbox: Outbox,
        log: ItemLog,
        replies: Replies,
        continuation: Continuation,
        timeline: Timeline,
        caption: Callable[[int, str, str], None],
    ) -> None:
        self._provider, self._outbox, self._log, self._replies = provider, outbox, log, replies
        self._continuation, self._timeline, self._caption = continuation, timeline, caption
        self._turns: dict[str, int] = {}  # by item

    def committed(self, event: says.Committed) -> None:
        self._log.place(event.item_id, event.previous)
        late = self._outbox.crossed_by_clear()
        ours = self._outbox.commit_answered() if late is None else late
        self._replies.strays += late is not None
        if self._continuation.took(ours, event.item_id):
            return
        turn = self._replies.turn
        if turn is not None:
            self._turns[event.item_id] = turn.number if ours is None else ours
            if len(self._turns) > KEPT:
                del self._turns[next(iter(self._turns))]
        if turn is None or (ours is not None and ours != turn.number):
            return
        if turn.open and self._provider.detects_turns:
            turn.item_id = event.item_id
            self._replies.taken(turn)
        elif turn.committed and not turn.item_id:
            turn.item_id = event.item_id

    def transcribed(self, event: says.InputTranscript) -> None:
        if event.text.strip() and self._log.user(event.item_id, event.text.strip()):
            self._caption(self._turns.get(event.item_id, 0), "user", event.text.strip())

    def noticed(self, what: str, at_ms: int) -> None:
        turn = self._replies.turn
        self._timeline.note("server_speech", turn.number if turn is not None else 0, state=what, at_ms=at_ms)
