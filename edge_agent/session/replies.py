"""The provider's replies to the turn that has the floor: what is played, what is dropped, which tools they call.

Law: sans-IO, as `conversation.py`, which it is a part of. Nothing is played but the running response of the current
turn; everything else a server sends is counted and dropped. State changes first, telling comes last.
"""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.dialogue.events import Event, ItemHeard, ReplyAudio, ResponseFinished, ServerEndedSpeech, ToolRequested
from edge_agent.session import provider as says
from edge_agent.session.item_log import ItemLog
from edge_agent.session.outbox import Outbox
from edge_agent.session.provider import Item, Provider
from edge_agent.session.response_slot import GHOST, Reply, ResponseSlot
from edge_agent.session.turn import Turn
from edge_agent.timeline import Timeline

NOTHING_SAID = "nothing was said"  # dialogue knows this reason: no error, nobody spoke
LENGTH_DOUBT_MS = 100  # the service's own idea of an item's length is some 85 ms below the bytes it sent
ITEMS_KEPT = 64  # of one response or connection; an honest reply has one or two

Play = Callable[[int, str, bytes], None]


class Replies:
    """turn: the one that has, or last had, the floor; set by `Conversation`."""

    def __init__(
        self,
        provider: Provider,
        outbox: Outbox,
        log: ItemLog,
        *,
        tell: Callable[[Event], None],
        play: Play,
        timeline: Timeline,
        caption: Callable[[int, str, str], None],
    ) -> None:
        self.turn: Turn | None = None
        self.slot = ResponseSlot(self._request)
        self.strays = 0  # sentences the provider took while our clear was under way, and may answer
        self.dropped = 0  # deltas that belonged to nobody
        self._provider = provider
        self._outbox = outbox
        self._log = log
        self._tell = tell
        self._play = play
        self._timeline = timeline
        self._caption = caption
        self._sounded: dict[str, bool] = {}  # items of this connection with sound; True: all of it has been sent

    # --- asked by dialogue --------------------------------------------------------------------------------------------

    def cancel(self, turn: int) -> None:
        """Nobody wants this turn's reply. What is owed is cancelled on the wire, what still comes is dropped."""
        current = self._current(turn)
        if current is not None and current.open:
            return
        response_id, to_come = self.slot.cancel(turn)
        was_owed = current is not None and current.owed
        if current is not None:
            self._abandon_calls(current)
            current.over()
        if response_id:
            self._outbox.send(self._provider.cancel(response_id))
        if response_id or was_owed:
            self._timeline.note("cancel", turn, response_id=response_id)
        if was_owed and not to_come:
            self._tell(ResponseFinished(turn, "cancelled"))

    def take_back(self, turn: Turn) -> None:
        """The person goes on with the sentence this would have answered: nobody is told, and nobody remembers it."""
        response_id = self.slot.take_back(turn.number)
        if response_id:
            self._outbox.send(self._provider.cancel(response_id))
        running = self.slot.reply.items if self.slot.reply is not None and self.slot.reply.untold else {}
        for item_id in turn.answers:
            self._log.strike(item_id)
            if item_id not in running:  # what is still being said cannot be deleted yet; `done` does
                self._outbox.delete(item_id)
        self._timeline.note("cancel", turn.number, response_id=response_id, reason="the person goes on")

    def release(self, turn: Turn) -> None:
        """What it was held for has not happened: it may be heard, and what it says be shown."""
        for words in turn.release():
            self._caption(turn.number, "assistant", words)

    def truncate(self, turn: int, heard: tuple[ItemHeard, ...]) -> None:
        """Make provider and log forget what was not heard."""
        for item in heard:
            complete = self._sounded.get(item.item_id)
            if complete and item.heard_ms >= item.received_ms:
                continue
            if item.received_ms > 0:
                self._log.shorten(item.item_id, item.heard_ms / item.received_ms)
            if complete is not None and item.received_ms > 0:
                self._truncate(turn, item.item_id, max(0, min(item.heard_ms, item.received_ms - LENGTH_DOUBT_MS)))

    def answer_tool(self, turn: int, call_id: str, output: str) -> None:
        """A tool's result, as data. Once all calls of the response are answered, the reply goes on."""
        current = self._current(turn)
        if current is None or current.calls.get(call_id, True):
            self.dropped += 1
            return
        current.calls[call_id] = True
        self._answer(call_id, output)
        if self._outbox.ready and current.answered():
            current.calls.clear()
            self.slot.ask(turn)

    # --- said by the provider -----------------------------------------------------------------------------------------

    def started(self, event: says.ReplyStarted) -> None:
        stray = self.strays > 0 and not event.ask
        self.strays -= stray
        reply = None if stray else self.slot.begun(event.response_id, event.ask)
        if reply is None and not stray and self._expects(event):
            reply = self.slot.begun(event.response_id, event.ask)
        if reply is None:
            self.slot.hold(event.response_id)
            self._timeline.note("cancel", 0, response_id=event.response_id, reason="nobody asked for this reply")
        if reply is None or reply.cancelled:
            self._outbox.send(self._provider.cancel(event.response_id))
            return
        self._timeline.note("response", reply.turn, response_id=event.response_id)

    def taken(self, turn: Turn) -> None:
        """The provider's turn detection took the sentence as finished."""
        self.strays = 0  # the provider keeps its order: an answer that has not begun by now will not
        turn.open = False
        turn.committed = turn.owed = True
        self.slot.expect(turn.number)
        self._tell(ServerEndedSpeech(turn.number))

    def audio(self, event: says.ReplyAudio) -> None:
        reply, turn = self._live(event.response_id)
        if reply is None or turn is None:
            self._drop(event)
            return
        if reply.sounding != event.item_id:
            reply.sounding, reply.rest = event.item_id, b""
        sound = reply.rest + event.audio
        whole = len(sound) - len(sound) % self._provider.bytes_per_sample  # half a sample would make noise of the rest
        sound, reply.rest = sound[:whole], sound[whole:]
        if not sound:
            return
        if not reply.played:
            self._timeline.note("first_delta", turn.number, response_id=event.response_id)
        reply.played += len(sound)
        ms = reply.played // self._provider.bytes_per_ms - reply.told_ms
        reply.told_ms += ms
        self._remember(reply, event.item_id)
        self._sounded.setdefault(event.item_id, False)
        turn.arrived()
        self._play(turn.number, event.item_id, sound)
        self._tell(ReplyAudio(turn.number, ms))

    def audio_done(self, event: says.ReplyAudioDone) -> None:
        reply, _ = self._live(event.response_id)
        if reply is not None and event.item_id in self._sounded:
            self._sounded[event.item_id] = True

    def text(self, event: says.ReplyText) -> None:
        reply, _ = self._live(event.response_id)
        if reply is not None:
            self._remember(reply, event.item_id)
            words = self._log.assistant(event.item_id, event.text, whole=event.whole)
            turn = self._current(reply.turn)
            if turn is None or not turn.keeps(event.item_id, words):
                self._caption(reply.turn, "assistant", words)

    def called(self, event: says.ToolCalled) -> None:
        reply, _ = self._live(event.response_id)
        if reply is not None:
            reply.collect(event)

    def done(self, event: says.ReplyDone) -> None:
        reply = self.slot.done(event.response_id, event.ask)
        if event.usage:
            self._timeline.note("usage", reply.turn if reply else GHOST, **event.usage)
        if reply is None:
            return
        if reply.cancelled and not reply.untold:
            self._forget_unheard(reply)
        if reply.untold:
            self._disown(reply, event)
        if reply.turn == GHOST or reply.untold:
            return
        turn = self._current(reply.turn)
        if reply.cancelled or turn is None:
            self._tell(ResponseFinished(reply.turn, "cancelled", event.reason))
            return
        self._sounded.update((item_id, True) for item_id in reply.items if item_id in self._sounded)
        for call in event.calls:
            reply.collect(call)
        if event.status == "completed" and reply.calls:
            self._run_tools(turn, reply)
            return
        turn.answered_in_full()
        if event.status == "failed":
            self._timeline.note("error", turn.number, code=event.code or event.status, message=event.reason)
        self._tell(ResponseFinished(turn.number, event.status, event.reason))

    def failed(self, reply: Reply, reason: str) -> None:
        """Our request was turned down: no response will come, and the slot is free already."""
        if reply.untold:
            return
        turn = self._current(reply.turn)
        if turn is not None and not reply.cancelled:
            turn.answered_in_full()
        self._tell(ResponseFinished(reply.turn, "cancelled" if reply.cancelled else "failed", reason))

    def nothing_committed(self, number: int | None) -> None:
        """The provider found less audio than we counted: the reply asked for in the same burst is unwanted."""
        turn = self.turn
        if turn is None or number != turn.number or not turn.owed or self._provider.detects_turns:
            return
        self.slot.cancel(turn.number)
        turn.answered_in_full()
        self._tell(ResponseFinished(turn.number, "failed", NOTHING_SAID))

    def disconnected(self) -> Reply | None:
        """The connection is gone, and with it all that was owed. Returns what was in the slot."""
        self._sounded.clear()
        self.strays = 0
        return self.slot.reset()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _current(self, number: int) -> Turn | None:
        return self.turn if self.turn is not None and self.turn.number == number else None

    def _live(self, response_id: str) -> tuple[Reply | None, Turn | None]:
        """The running response with this id and its turn, if it may be heard."""
        reply = self.slot.running(response_id)
        turn = self._current(reply.turn) if reply is not None and not reply.cancelled else None
        return (reply, turn) if turn is not None else (None, None)

    def _expects(self, event: says.ReplyStarted) -> bool:
        """Whether this is the answer of the provider's turn detection to the current turn."""
        turn = self.turn
        if not self._provider.detects_turns or event.ask or turn is None or self.slot.reply is not None:
            return False
        if turn.open and turn.speech.captured_ms:
            self.taken(turn)
            return True
        return turn.owed and self.slot.expect(turn.number)

    def _request(self, reply: Reply) -> None:
        reply.event_id = self._outbox.name()
        self._outbox.send(self._provider.create_response(reply.event_id, reply.turn, reply.instructions))

    def _remember(self, reply: Reply, item_id: str) -> None:
        if len(reply.items) < ITEMS_KEPT:
            reply.items[item_id] = None
            if turn := self._current(reply.turn):
                turn.keeps(item_id)
        while len(self._sounded) >= ITEMS_KEPT:
            del self._sounded[next(iter(self._sounded))]

    def _drop(self, event: says.ReplyAudio) -> None:
        self.dropped += 1
        reply = self.slot.running(event.response_id)
        if reply is not None and event.item_id not in self._sounded and len(reply.unheard) < ITEMS_KEPT:
            reply.unheard[event.item_id] = None

    def _disown(self, reply: Reply, event: says.ReplyDone) -> None:
        """What a reply that was taken back has left in the provider's memory."""
        for call in event.calls:
            reply.collect(call)
        for item_id in reply.all_items():
            self._log.strike(item_id)
            self._outbox.delete(item_id)

    def _forget_unheard(self, reply: Reply) -> None:
        """Items of which nothing was played: playback does not know them, so it falls to us."""
        for item_id in reply.items:
            if item_id not in self._sounded:
                self._log.forget(item_id)
        for item_id in reply.unheard:
            self._truncate(reply.turn, item_id, 0)

    def _truncate(self, turn: int, item_id: str, audio_end_ms: int) -> None:
        self._outbox.send(self._provider.truncate(item_id, audio_end_ms))
        self._timeline.note("truncate", turn, item=item_id, audio_end_ms=audio_end_ms)

    def _run_tools(self, turn: Turn, reply: Reply) -> None:
        turn.calls = dict.fromkeys(reply.calls, False)
        turn.acted = True
        unreadable: list[str] = []
        requested: list[ToolRequested] = []
        for call in reply.calls.values():
            self._log.call(call.item_id, call.call_id, call.name, call.arguments)
            turn.keeps(call.item_id)
            self._timeline.note("tool", turn.number, name=call.name, call_id=call.call_id)
            arguments = call.parsed()
            if arguments is None:
                unreadable.append(call.call_id)
            else:
                requested.append(ToolRequested(turn.number, call.call_id, call.name, arguments))
        for request in requested:
            self._tell(request)
        self._tell(ResponseFinished(turn.number, "tool_calls"))
        for call_id in unreadable:
            self.answer_tool(turn.number, call_id, '{"error": "the arguments are not a JSON object"}')

    def _answer(self, call_id: str, output: str) -> None:
        item = Item("output", output, self._outbox.name("output"), call_id)
        self._log.output(call_id, output, item.item_id)
        if self._outbox.ready:
            self._outbox.send(self._provider.item(item))

    def _abandon_calls(self, turn: Turn) -> None:
        """A call must not stay without an answer in the provider's memory, even if nobody waits for it any more."""
        for call_id, answered in turn.calls.items():
            if not answered:
                self._answer(call_id, '{"error": "the person went on before there was a result"}')
