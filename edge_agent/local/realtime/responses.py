"""The responses that run at the same time: one in the conversation, others out of band.

Law: bookkeeping; nothing is asked, said or sent here.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.local.realtime.items import Entry
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.reply import Reply

MOST_AT_ONCE = 16  # with the conversation's own


class Responses:
    def __init__(self) -> None:
        self._running: dict[str, Reply] = {}

    def __iter__(self) -> Iterator[Reply]:
        """Those that run, oldest first; they may end meanwhile."""
        return iter(list(self._running.values()))

    @property
    def shared(self) -> Reply | None:
        """The one that speaks in the conversation."""
        return next((reply for reply in self._running.values() if reply.shared), None)

    def saying(self, entry: Entry) -> Reply | None:
        """The one whose item this is, as long as the item is not over."""
        return next((reply for reply in self._running.values() if reply.is_saying(entry)), None)

    def require_room(self, *, shared: bool) -> None:
        """shared: for one that speaks in the conversation. Raises Refused."""
        active = self.shared
        if shared and active is not None:
            raise Refused(
                f"Conversation already has an active response in progress: {active.id}. "
                "Wait until the response is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        if len(self._running) >= MOST_AT_ONCE:
            raise Refused(
                f"{len(self._running)} responses are in progress, {MOST_AT_ONCE} can be at the same time. "
                "Wait until one is finished.",
                code="too_many_active_responses",
            )

    def add(self, reply: Reply) -> None:
        self._running[reply.id] = reply

    def remove(self, reply: Reply) -> None:
        del self._running[reply.id]

    def chosen(self, response_id: str | None) -> Reply:
        """None: the conversation's. Raises Refused."""
        found = self.shared if response_id is None else self._running.get(response_id)
        if found is None:
            raise Refused("Cancellation failed: no active response found", code="response_cancel_not_active")
        return found
