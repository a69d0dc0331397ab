"""One realtime conversation over connections that come and go: dialogue's effects in, dialogue's events out.

Law: sans-IO, synchronous, on the loop's thread only. No clock, no wire word (`provider.py` has them), no decision about
turns. Whatever a server sends, in whatever order, nothing is raised, and nothing is played but the reply to the turn
that has the floor. Each method changes its state first and tells last, so it may be called again from within `tell`.
Units: audio is bytes in the provider's format; `_ms` milliseconds. Turn numbers are dialogue's, and only grow.

    closed --connect--> opening --link_opened--> configuring --session updated--> ready
       ^-------------------- close, link_lost, a fatal error -----------------------'
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge_agent.dialogue.events import Event, ItemHeard, LinkLost, LinkReady, ResponseFinished
from edge_agent.session import provider as says
from edge_agent.session.continuation import Continuation
from edge_agent.session.continuity import break_off, take_up
from edge_agent.session.item_log import ItemLog
from edge_agent.session.link import Link
from edge_agent.session.outbox import Outbox
from edge_agent.session.phase import Phase
from edge_agent.session.provider import Provider, ServerEvent, Trouble
from edge_agent.session.replies import NOTHING_SAID, Play, Replies
from edge_agent.session.spoken import Spoken
from edge_agent.session.turn import Turn
from edge_agent.session.turn_speech import TurnSpeech
from edge_agent.timeline import Timeline

SHORTEST_COMMIT_MS = 100  # the service refuses less
NOTE_EVERY = 100  # malformed events after the first: a hostile server must not fill the journal


class Conversation:
    """A LinkUser. play(turn, item_id, audio): queue a slice of the reply; never blocks. caption(turn, role, text):
    what `user` said, or what `assistant` has said so far in one item. resume: after a drop the next session is told the
    conversation so far; without it each connection starts afresh. Counters: malformed, dropped_appends, dropped_deltas.
    """

    def __init__(
        self,
        provider: Provider,
        link: Link,
        *,
        tell: Callable[[Event], None],
        play: Play,
        timeline: Timeline,
        caption: Callable[[int, str, str], None] = lambda turn, role, text: None,
        resume: bool = True,
    ) -> None:
        self.malformed = 0
        self.dropped_appends = 0
        self._provider = provider
        self._link = link
        self._tell = tell
        self._timeline = timeline
        self._resume = resume
        self._phase = Phase.CLOSED
        self._settings_id = ""
        self._log = ItemLog()
        self._outbox = Outbox(provider, link, timeline)
        self._continuation = Continuation(provider, self._outbox, self._log)
        self._replies = Replies(
            provider, self._outbox, self._log, tell=tell, play=play, timeline=timeline, caption=caption
        )
        self._spoken = Spoken(provider, self._outbox, self._log, self._replies, self._continuation, timeline, caption)
        self._on: dict[type[ServerEvent], Callable[[Any], None]] = {
            says.SessionUpdated: self._configured,
            says.Committed: self._spoken.committed,
            says.Cleared: lambda event: self._outbox.cleared(),
            says.ItemAdded: lambda event: self._log.place(event.item_id, event.previous),
            says.InputTranscript: self._spoken.transcribed,
            says.SpeechStarted: lambda event: self._spoken.noticed("started", event.at_ms),
            says.SpeechStopped: lambda event: self._spoken.noticed("stopped", event.at_ms),
            says.ReplyStarted: self._replies.started,
            says.ReplyAudio: self._replies.audio,
            says.ReplyAudioDone: self._replies.audio_done,
            says.ReplyText: self._replies.text,
            says.ToolCalled: self._replies.called,
            says.ReplyDone: self._reply_done,
            says.ServerError: self._error,
            says.Malformed: self._odd,
        }

    @property
    def dropped_deltas(self) -> int:
        """Reply audio that belonged to nobody any more."""
        return self._replies.dropped

    # --- asked by dialogue --------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Open a connection, giving up the one before; LinkReady or LinkLost follows."""
        endpoint = self._provider.endpoint()
        self._let_go(self._phase.why_again(endpoint.where), fatal=False)
        self._phase = Phase.OPENING
        self._link.connect(endpoint)

    def close(self) -> None:
        """Hang up; nothing is told."""
        self._phase = Phase.CLOSED
        self._outbox.reset()
        self._replies.slot.reset()
        self._replies.turn = None
        self._link.close()

    def open_turn(self, turn: int, *, continues: bool = False) -> None:
        """From now on what is appended belongs to this turn. An older turn is over, its reply unwanted. continues: the
        person goes on with the sentence before, which is taken back and said again with the rest."""
        before = self._replies.turn
        opened = Turn(turn, TurnSpeech(self._provider.bytes_per_ms))
        if before is not None:
            if turn <= before.number:
                return
            if continues:
                self._continuation.go_on(before, opened)
            before.open = False
            self._replies.cancel(before.number)
            before.over()
        self._outbox.clear()
        self._replies.turn = opened
        self._continuation.again(opened)

    def append(self, turn: int, pcm: bytes) -> None:
        """Speech of the open turn: sent if the session is ready, kept in any case until the reply is heard."""
        current = self._replies.turn
        if current is None or current.number != turn or not (current.open or current.held):
            self.dropped_appends += 1
        elif pcm:
            current.speech.add(pcm)
            if self._outbox.ready and current.open:
                self._outbox.append(turn, pcm)

    def commit(self, turn: int, *, held: bool = False) -> None:
        """The sentence is over: commit and ask in one burst. held: perhaps; `release` follows if it was. With the
        provider's own detection this is insistence (a press, patience at its end), and its own answer counts."""
        current = self._open(turn)
        if current is None:
            return
        if current.speech.captured_ms < SHORTEST_COMMIT_MS:
            self._outbox.clear()
            current.over()
            self._tell(ResponseFinished(turn, "failed", NOTHING_SAID))
            return
        current.open = False
        current.committed = current.owed = True
        current.held = held
        if self._outbox.ready:
            self._outbox.commit(turn)
            self._replies.slot.ask(turn, spare=self._provider.detects_turns)

    def release(self, turn: int) -> None:
        """The sentence was over: what was said needs not be kept for its going on."""
        current = self._held(turn)
        if current is not None:
            self._replies.release(current)

    def go_on(self, turn: int) -> None:
        """It was not: what was committed is taken back, and the same turn's sentence goes on."""
        current = self._held(turn)
        if current is not None:
            self._replies.take_back(current)
            self._continuation.reopen(current)

    def discard(self, turn: int) -> None:
        """What was said must not count. Should the provider have taken it already, its reply is unwanted."""
        current = self._replies.turn
        if current is None or current.number != turn:
            return
        self._outbox.withdraw(turn)
        if current.held:
            self._replies.take_back(current)
            self._continuation.withdraw(current)
            current.over()
        elif current.open:
            current.over()
            self._outbox.clear()
        else:
            self._replies.cancel(turn)

    def ask(self, turn: int, instructions: str) -> None:
        """Ask for a reply without speech."""
        self.open_turn(turn)
        current = self._open(turn)
        if current is None:
            return
        current.over()
        current.asked, current.owed = instructions, True
        self._outbox.clear()
        if self._outbox.ready:
            self._replies.slot.ask(turn, instructions)

    def cancel(self, turn: int) -> None:
        """Stop the reply if it is still owed; ResponseFinished(cancelled) follows then."""
        self._replies.cancel(turn)

    def truncate(self, turn: int, heard: tuple[ItemHeard, ...]) -> None:
        """What truly left the loudspeaker, item by item."""
        self._replies.truncate(turn, heard)

    def answer_tool(self, turn: int, call_id: str, output: str) -> None:
        self._replies.answer_tool(turn, call_id, output)

    # --- told by the link ---------------------------------------------------------------------------------------------

    def link_opened(self) -> None:
        """Our settings go first, unprompted: not every server greets with session.created."""
        if self._phase is Phase.OPENING:
            self._phase = Phase.CONFIGURING
            self._settings_id = self._outbox.name()
            self._outbox.send(self._provider.session_update(self._settings_id))

    def link_event(self, event: dict[str, Any]) -> None:
        if self._phase in (Phase.CONFIGURING, Phase.READY):
            said = self._provider.decode(event)
            action = self._on.get(type(said)) if said is not None else None
            if action is not None:
                action(said)

    def link_lost(self, reason: str, fatal: bool) -> None:
        if self._phase is not Phase.CLOSED:
            self._let_go(reason, fatal=fatal)
            self._tell(LinkLost(reason, fatal))

    # --- connections come and go --------------------------------------------------------------------------------------

    def _configured(self, event: says.SessionUpdated) -> None:
        if self._phase is not Phase.CONFIGURING:
            return
        if event.mismatch:
            ours = self._provider.audio_format
            self._hang_up(f"the server insists on {event.mismatch}, we speak {ours}: set another server", fatal=True)
        else:
            self._phase = Phase.READY
            take_up(self._provider, self._outbox, self._log, self._replies, self._timeline)
            self._tell(LinkReady())

    def _hang_up(self, reason: str, *, fatal: bool) -> None:
        self._link.close()
        self.link_lost(reason, fatal)

    def _let_go(self, reason: str, *, fatal: bool) -> None:
        """Forget all that belonged to the connection, and tell what became of the reply."""
        if self._phase is Phase.CLOSED:
            return
        was_ready = self._outbox.ready
        self._phase = Phase.CLOSED
        self._outbox.reset()
        self._continuation.reset()
        self._timeline.note("drop", self._replies.turn.number if self._replies.turn else 0, reason=reason)
        ended = break_off(self._replies, self._log, reason, was_ready=was_ready, fatal=fatal)
        if ended is not None:
            self._tell(ended)
        if not self._resume:
            self._log.clear()

    # --- said by the provider -----------------------------------------------------------------------------------------

    def _reply_done(self, event: says.ReplyDone) -> None:
        self._replies.done(event)
        if event.trouble is Trouble.FATAL:
            self._hang_up(f"the provider refuses us: {event.reason} ({event.code})", fatal=True)

    def _error(self, event: says.ServerError) -> None:
        turn = self._replies.turn
        self._timeline.note("error", turn.number if turn is not None else 0, code=event.code, message=event.message)
        match event.trouble:
            case Trouble.FATAL:
                self._hang_up(f"the provider refuses us: {event.message} ({event.code})", fatal=True)
            case Trouble.EXPIRED:
                self._hang_up("the session has reached its longest duration", fatal=False)
            case Trouble.BUSY:
                reply = self._replies.slot.busy(event.event_id)
                if reply is not None and not reply.spare:
                    self._replies.failed(reply, event.message)
            case Trouble.OVER if ended := self._replies.slot.cancelled_id():
                self._replies.done(says.ReplyDone(ended, "cancelled"))  # its end got lost on the way
            case Trouble.EMPTY:
                number = self._outbox.commit_answered()
                if not self._continuation.refused(number):
                    self._replies.nothing_committed(number)
            case _:
                self._refused(event)

    def _refused(self, event: says.ServerError) -> None:
        """An error about one of our requests: what was asked for will not come."""
        if self._phase is Phase.CONFIGURING and event.event_id == self._settings_id:
            fatal = event.trouble is Trouble.MINOR
            self._hang_up(f"the provider refuses our settings: {event.message} ({event.code})", fatal=fatal)
            return
        reply = self._replies.slot.asked(event.event_id) if event.event_id else None
        if reply is not None:
            self._replies.slot.free()
            self._replies.failed(reply, event.message)

    def _odd(self, event: says.Malformed) -> None:
        self.malformed += 1
        if self.malformed % NOTE_EVERY == 1:
            self._timeline.note("error", code="malformed", message=event.what)

    def _held(self, turn: int) -> Turn | None:
        current = self._replies.turn
        return current if current is not None and current.number == turn and current.held else None

    def _open(self, turn: int) -> Turn | None:
        current = self._replies.turn
        return current if current is not None and current.number == turn and current.open else None
