"""The effect interpreter: takes one event at a time to `dialogue.step`, carries out what it asks for, tells the story.

Law: sequence, never choice. It runs on the loop's thread (or the only one, in lock step) and is the same in both
wirings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from edge_agent.audio.playback import Playback
from edge_agent.board.board import Board
from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.dialogue.agent import step
from edge_agent.dialogue.attention import attention
from edge_agent.dialogue.indication import indication
from edge_agent.dialogue.state import Agent, Floor, LinkPhase, Phase
from edge_agent.ear import Batch
from edge_agent.hearing.listener import Listener
from edge_agent.session.conversation import Conversation
from edge_agent.timeline import Timeline

BLOCK_MS = 10


class Clockwork(Protocol):
    """What becomes due by itself (`timers/clockwork.py`)."""

    def poll(self) -> tuple[ev.Event, ...]: ...
    def ended(self, alarms: tuple[str, ...]) -> None: ...


class Interpreter:
    """agent: the state, read by anyone, changed here only.  unexpected: events that had no meaning where they came."""

    def __init__(
        self,
        agent: Agent,
        *,
        listener: Listener,
        playback: Playback,
        conversation: Conversation,
        board: Board,
        clockwork: Clockwork,
        run_tool: Callable[[ef.RunTool], None],
        timeline: Timeline,
        clock: Callable[[], float],
    ) -> None:
        self.agent = agent
        self.unexpected = 0
        self._listener = listener
        self._playback = playback
        self._conversation = conversation
        self._board = board
        self._clockwork = clockwork
        self._timeline = timeline
        self._clock = clock
        self._inbox: deque[ev.Event] = deque()
        self._busy = False
        self._told: tuple[str, str, bool, str] | None = None
        self._do: dict[type[ef.Effect], Callable[[Any], None]] = {
            ef.Connect: self._connect,
            ef.OpenTurn: lambda e: conversation.open_turn(e.turn, continues=e.continues),
            ef.Commit: self._commit,
            ef.Release: self._release,
            ef.GoOn: self._go_on,
            ef.Discard: lambda e: conversation.discard(e.turn),
            ef.Ask: lambda e: conversation.ask(e.turn, e.instructions),
            ef.CancelReply: lambda e: conversation.cancel(e.turn),
            ef.Truncate: lambda e: conversation.truncate(e.turn, e.heard),
            ef.AnswerTool: lambda e: conversation.answer_tool(e.turn, e.call_id, e.output),
            ef.FlushPlayback: lambda e: playback.flush(e.turn),
            ef.FinishPlayback: lambda e: playback.finish(e.turn),
            ef.Earcon: lambda e: playback.cues.earcon(e.name),
            ef.Say: lambda e: playback.cues.say(e.phrase),
            ef.Hush: lambda _: playback.cues.hush(),
            ef.Ring: lambda _: playback.cues.ring(),
            ef.EndRing: self._end_ring,
            ef.RunTool: run_tool,
            ef.Unexpected: self._count_unexpected,
        }
        listener.attend(attention(agent))  # a device that starts muted has heard nothing before its first event

    # --- what comes in ----------------------------------------------------------------------------------------------

    def arrive(self, batch: Batch) -> None:
        """One block's worth of hearing: first the sentence, then what was noticed in it."""
        for pcm in batch.slices:
            self._conversation.append(batch.turn, pcm)
        for event in batch.events:
            self.tell(event)

    def tell(self, event: ev.Event) -> None:
        """Handle an event now, or right after the one in work: effects may bring events about, never inside a step."""
        self._inbox.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._inbox:
                self._handle(self._inbox.popleft())
        finally:
            self._busy = False

    def tick(self) -> None:
        for event in self._clockwork.poll():
            self.tell(event)
        deadline = self.agent.deadline
        if deadline is not None and self._clock() >= deadline:
            self.tell(ev.Tick())

    # --- one event --------------------------------------------------------------------------------------------------

    def _handle(self, event: ev.Event) -> None:
        before = self.agent
        self.agent, effects = step(before, event, self._clock())
        self._tell_event(event, before)
        self._tell_state(before)
        for effect in effects:
            self._do[type(effect)](effect)
        self._listener.attend(attention(self.agent))  # after a flush: hearing lets go of a reply that it has paused
        if indication(before) is not indication(self.agent) or isinstance(event, ev.Started):
            self._board.show(indication(self.agent))

    def _connect(self, _: ef.Connect) -> None:
        self._conversation.connect()

    def _commit(self, effect: ef.Commit) -> None:
        if effect.held:
            self._playback.hold(effect.turn)
        self._conversation.commit(effect.turn, held=effect.held)

    def _release(self, effect: ef.Release) -> None:
        self._conversation.release(effect.turn)
        self._playback.release(effect.turn)

    def _go_on(self, effect: ef.GoOn) -> None:
        self._conversation.go_on(effect.turn)
        self._playback.take_back(effect.turn)

    def _end_ring(self, effect: ef.EndRing) -> None:
        self._playback.cues.end_ring()
        self._clockwork.ended(effect.alarms)
        self._timeline.note("alarm_stopped", self.agent.turn.number, by=effect.by, count=len(effect.alarms))

    def _count_unexpected(self, effect: ef.Unexpected) -> None:
        self.unexpected += 1
        self._timeline.note("unexpected", self.agent.turn.number, phase=effect.phase, event=effect.event)

    # --- the story --------------------------------------------------------------------------------------------------

    def _tell_event(self, event: ev.Event, before: Agent) -> None:
        note, old, new = self._timeline.note, before.turn.number, self.agent.turn.number
        match event:
            case ev.WakeDetected():
                note("wake", new, word=event.word, score=round(event.score, 3), since_ms=event.since * BLOCK_MS)
            case ev.StopWordHeard():
                note("stop_word", old, word=event.word, score=round(event.score, 3))
            case ev.SpeechStarted():
                note("speech_started", new, since_ms=event.since * BLOCK_MS)
            case ev.SpeechPaused():
                note("speech_paused", old, last_ms=event.last * BLOCK_MS)
            case ev.SpeechResumed():
                note("speech_resumed", old)
            case ev.SpeechEnded():
                note("speech_ended", old, speech_ms=event.speech_ms, last_ms=event.last * BLOCK_MS)
            case ev.NearEndSuspected():
                note("duck", old)
            case ev.NearEndSpeaks():
                note("reply_paused", old)
            case ev.NearEndDismissed():
                note("duck_released", old)
            case ev.NearEndConfirmed():
                note("barge_in", old, since_ms=event.since * BLOCK_MS)
            case ev.PlaybackStarted():
                note("playing", event.turn)
            case ev.PlaybackDrained():
                note("drained", event.turn)
            case ev.PlaybackFlushed():
                note("flushed", event.turn, heard=[[h.item_id, h.heard_ms, h.received_ms] for h in event.heard])
            case ev.ButtonPressed():
                note("press", old)
            case ev.MuteChanged():
                note("mute" if event.on else "unmute", old)
            case ev.SoundLost():
                note("sound_lost", old)
            case ev.SoundBack():
                note("sound_back", old)

    def _tell_floor(self, floor: Floor) -> None:
        """Who may stop this reply, and why."""
        measured = {"reduction_db": round(floor.echo_db, 1)} if floor.measured else {}
        self._timeline.note("floor", self.agent.turn.number, tier=floor.tier.value, why=floor.why, **measured)

    def _tell_state(self, before: Agent) -> None:
        agent, turn = self.agent, self.agent.turn
        if turn.phase is Phase.LISTENING and turn.number != before.turn.number:
            self._timeline.note("listening", turn.number, by=turn.by, since_ms=turn.since * BLOCK_MS)
        elif turn.phase is not before.turn.phase and turn.phase in (Phase.IDLE, Phase.FOLLOW_UP):
            self._timeline.note(turn.phase.value, turn.number)
        if turn.phase is Phase.SPEAKING and before.turn.phase is not Phase.SPEAKING:
            self._tell_floor(agent.floor)
        if turn.phase is Phase.IDLE and before.turn.spoke and before.turn.phase is Phase.LISTENING and not agent.muted:
            self._timeline.note("given_up", turn.number, by=before.turn.by)
        if agent.ringing.sounding and not before.ringing.sounding:
            self._timeline.note("alarm", turn.number, count=len(agent.ringing.due))
        if turn.slow and not before.turn.slow:
            self._timeline.note("waiting", turn.number)
        if agent.saying and agent.saying != before.saying:
            self._timeline.note("words", turn.number, phrase=agent.saying)
        if agent.link.phase is LinkPhase.CONNECTING and before.link.phase is LinkPhase.READY:
            self._timeline.note("renew", turn.number)
        told = (turn.phase.value, agent.link.phase.value, agent.muted, indication(agent).value)
        if told != self._told:
            self._told = told
            phase, link, muted, light = told
            self._timeline.note("state", turn.number, phase=phase, link=link, muted=muted, light=light)
