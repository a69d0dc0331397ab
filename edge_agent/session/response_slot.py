"""The one response that a conversation can have in the making, and what waits for it to end.

    free --ask--> asked --begun--> running --done--> free
                    |  refused: another one runs; asked again, once, when that one is done
    free --expect--> asked           the provider's turn detection will answer by itself
    free --hold----> running         a ghost: an answer nobody wants, in the way until it is done

Law: bookkeeping only; it sends through `send` and tells nobody. A response that is cancelled stays in the slot until
its `done` comes: creating before that is an error on the wire.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from edge_agent.session.provider import ToolCalled

GIVEN_UP_KEPT = 16
CALLS_KEPT = 16  # of one response
GHOST = 0  # the turn of a response that belongs to none


@dataclass(slots=True)
class Reply:
    """One response. event_id: of our request, or empty for the server's own. response_id: empty until it has begun.
    spare: asked for in case the provider does not answer by itself; if it does, this one is not wanted.
    untold: its turn goes on without it, so that its end is nobody's.
    played: bytes handed to playback; told_ms: how much of it dialogue knows; rest: bytes of half a sample.
    sounding: the item whose sound came last. items: all of it that was taken; unheard: those whose sound was dropped.
    calls: by call_id.
    """

    turn: int
    instructions: str | None = None
    spare: bool = False
    event_id: str = ""
    response_id: str = ""
    retried: bool = False
    refused: bool = False
    cancelled: bool = False
    untold: bool = False
    played: int = 0
    told_ms: int = 0
    rest: bytes = b""
    sounding: str = ""
    items: dict[str, None] = field(default_factory=dict)
    unheard: dict[str, None] = field(default_factory=dict)
    calls: dict[str, ToolCalled] = field(default_factory=dict)

    def collect(self, call: ToolCalled) -> None:
        """Servers tell a call up to three times, not always with its name: keep the fullest."""
        known = self.calls.get(call.call_id)
        if (known is None and len(self.calls) < CALLS_KEPT) or (known is not None and call.name):
            self.calls[call.call_id] = call

    def all_items(self) -> list[str]:
        """What it has put into the conversation, each once."""
        calls = (call.item_id for call in self.calls.values() if call.item_id)
        return list(dict.fromkeys((*self.items, *self.unheard, *calls)))


class ResponseSlot:
    """send: puts a response.create on the wire and gives the reply its event_id."""

    def __init__(self, send: Callable[[Reply], None]) -> None:
        self._send = send
        self._waiting: deque[Reply] = deque()
        self._stuck = False  # somebody waited for this slot in vain: the server has forgotten the response
        self._given_up: deque[str] = deque(
            maxlen=GIVEN_UP_KEPT
        )  # responses whose end we have not seen and do not await
        self.reply: Reply | None = None

    # --- ours -------------------------------------------------------------------------------------------------------

    def ask(self, turn: int, instructions: str | None = None, *, spare: bool = False) -> None:
        """Ask for a reply now, or as soon as the one that is owed has ended."""
        reply = Reply(turn, instructions, spare)
        if self.reply is not None and not self._stuck:
            self._waiting.append(reply)
        else:
            self._begin(reply)

    def expect(self, turn: int) -> bool:
        """The provider is about to answer by itself. False: something else is in the way; it will not, or later."""
        if self.reply is not None and not self._stuck:
            return False
        self._take(Reply(turn))
        return True

    def cancel(self, turn: int) -> tuple[str, bool]:
        """Nobody wants the reply of this turn any more. Returns the response to cancel on the wire (or empty), and
        whether a `done` is still to come for the turn."""
        for waiting in [waiting for waiting in self._waiting if waiting.turn == turn]:
            self._waiting.remove(waiting)
            self._stuck = True
        reply = self.reply
        if reply is None or reply.turn != turn:
            return "", False
        if reply.refused:
            self.free()
            return "", False
        already, reply.cancelled = reply.cancelled, True
        return ("" if already else reply.response_id), True

    def take_back(self, turn: int) -> str:
        """As `cancel`, but the turn itself goes on: nothing is told about this reply any more."""
        self._waiting = deque(waiting for waiting in self._waiting if waiting.turn != turn)
        reply = self.reply
        response_id, to_come = self.cancel(turn)
        if to_come and reply is not None:
            reply.untold = True
        return response_id

    def reset(self) -> Reply | None:
        """The connection is gone, and with it all that was owed. Returns what was in the slot."""
        reply, self.reply, self._stuck = self.reply, None, False
        self._waiting.clear()
        self._given_up.clear()
        return reply

    def free(self) -> None:
        """The slot is empty; who waits comes next."""
        self.reply, self._stuck = None, False
        if self._waiting:
            self._begin(self._waiting.popleft())

    # --- the server's -----------------------------------------------------------------------------------------------

    def begun(self, response_id: str, ask: str) -> Reply | None:
        """A response has begun. None: it is not the one we wait for."""
        reply = self.reply
        if reply is None or reply.refused or response_id in self._given_up:
            return None
        if reply.response_id:
            return reply if reply.response_id == response_id else None
        if ask and ask != reply.event_id:
            return None
        reply.response_id = response_id
        return reply

    def hold(self, response_id: str) -> None:
        """A ghost keeps the slot until it is done, or is given up at once if the slot has a better use."""
        if self.reply is None:
            self.reply = Reply(GHOST, response_id=response_id, cancelled=True)
        else:
            self._given_up.append(response_id)

    def running(self, response_id: str) -> Reply | None:
        """The reply with this id, cancelled or not."""
        reply = self.reply
        return reply if reply is not None and reply.response_id == response_id else None

    def done(self, response_id: str, ask: str) -> Reply | None:
        """A response has ended. Returns it if it was ours; the slot is free then, the next request on its way."""
        reply = self.reply
        if response_id in self._given_up:
            self._given_up.remove(response_id)
        if reply is None:
            return None
        if reply.refused:  # the one that was in the way is gone
            reply.refused, reply.retried = False, True
            self._send(reply)
            return None
        unannounced = not reply.response_id and bool(ask) and ask == reply.event_id
        if reply.response_id != response_id and not unannounced:
            return None
        self.free()
        return reply

    def cancelled_id(self) -> str:
        """The response in the slot, if it has begun and nobody wants it any more; else empty."""
        return self.reply.response_id if self.reply is not None and self.reply.cancelled else ""

    def busy(self, event_id: str) -> Reply | None:
        """The server refused our request because another response runs. Returns the reply if that was its second
        chance, or not worth one: it is out of the slot."""
        reply = self.asked(event_id)
        if reply is None:
            return None
        if reply.retried or reply.spare or reply.cancelled:
            self.free()
            return reply
        reply.refused = True
        return None

    def asked(self, event_id: str) -> Reply | None:
        """The request with this event_id, if it has not been answered yet. An empty id means the last one."""
        reply = self.reply
        if reply is None or reply.response_id or reply.refused or not reply.event_id:
            return None
        return reply if event_id in ("", reply.event_id) else None

    def _begin(self, reply: Reply) -> None:
        self._take(reply)
        self._send(reply)

    def _take(self, reply: Reply) -> None:
        if self.reply is not None and self.reply.response_id:
            self._given_up.append(self.reply.response_id)
        self.reply, self._stuck = reply, False
