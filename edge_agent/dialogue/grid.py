"""The grid of the turn machine: for each (phase, event) a transition, or ignored with its reason, or named unexpected.

Law: data. A cell is in exactly one of TABLE, IGNORED and UNEXPECTED (a test walks it); the chart in the README is made
from it. What is unexpected is counted and never acted on.
"""

from __future__ import annotations

from dataclasses import replace

from edge_agent.dialogue import events as ev
from edge_agent.dialogue import turn as do
from edge_agent.dialogue.effects import Unexpected
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Phase, Turn
from edge_agent.dialogue.turn import Outcome, Transition

TABLE: dict[Phase, dict[type[ev.Event], Transition]] = {
    Phase.IDLE: {ev.WakeDetected: do.woken, ev.ButtonPressed: do.pressed},
    Phase.LISTENING: {
        ev.WakeDetected: do.woken,
        ev.ButtonPressed: do.pressed_while_listening,
        ev.StopWordHeard: do.called_off,
        ev.SpeechStarted: do.speaking_up,
        ev.PersonWaits: do.encouraged,
        ev.SpeechPaused: do.perhaps_over,
        ev.SpeechEnded: do.sentence_over,
        ev.ServerEndedSpeech: do.provider_took_it,
        ev.Tick: do.listened_long_enough,
        ev.LinkLost: do.link_lost_listening,
    },
    Phase.ENDING: {
        ev.WakeDetected: do.woken,
        ev.ButtonPressed: do.was_over,
        ev.StopWordHeard: do.called_off,
        ev.SpeechResumed: do.was_a_pause,
        ev.SpeechEnded: do.was_over,
        ev.ReplyAudio: do.kept,
        ev.ToolRequested: do.kept,
        ev.ResponseFinished: do.kept,
        ev.Tick: do.waited_for_the_end,
        ev.LinkLost: do.link_lost_listening,
    },
    Phase.THINKING: {
        ev.WakeDetected: do.woken,
        ev.ButtonPressed: do.called_off,
        ev.StopWordHeard: do.called_off,
        ev.SpeechStarted: do.went_on,
        ev.ReplyAudio: do.audio,
        ev.ToolRequested: do.tool,
        ev.ToolFinished: do.tool_done,
        ev.ResponseFinished: do.finished_unheard,
        ev.Tick: do.waited_long_enough,
        ev.LinkLost: do.link_lost_waiting,
        ev.LinkReady: do.link_back_waiting,
    },
    Phase.SPEAKING: {
        ev.WakeDetected: do.woken,
        ev.ButtonPressed: do.stopped,
        ev.StopWordHeard: do.stopped,
        ev.NearEndConfirmed: do.interrupted,
        ev.ReplyAudio: do.audio,
        ev.ToolRequested: do.tool,
        ev.ToolFinished: do.tool_done,
        ev.ResponseFinished: do.finished,
        ev.PlaybackDrained: do.drained,
        ev.Tick: do.waited_long_enough,
    },
    Phase.FOLLOW_UP: {
        ev.WakeDetected: do.woken,
        ev.ButtonPressed: do.pressed,
        ev.StopWordHeard: do.stopped,
        ev.SpeechStarted: do.followed_up,
        ev.Tick: do.window_over,
    },
}

_LATE_REPLY = {
    ev.ReplyAudio: "what arrives of a reply that was stopped",
    ev.ResponseFinished: "the end of a reply that was stopped",
    ev.ToolRequested: "a call of a reply that was stopped: it must not act",
    ev.ToolFinished: "the result of a call nobody waits for",
    ev.PlaybackStarted: "crossed the stop on its way",
    ev.PlaybackDrained: "crossed the stop on its way",
    ev.NearEndSuspected: "crossed the stop on its way",
    ev.NearEndSpeaks: "crossed the stop on its way",
    ev.NearEndConfirmed: "crossed the stop on its way; the person is heard already, or has stopped the reply",
    ev.NearEndDismissed: "hearing lets the reply go on by itself",
    ev.ServerEndedSpeech: "the provider's echo of a turn that is over",
}
_HEARING = {
    ev.SpeechStarted: "noticed while nobody asked; nothing is sent",
    ev.SpeechEnded: "crossed the end of listening on its way",
    ev.SpeechPaused: "crossed the end of listening on its way",
    ev.SpeechResumed: "crossed the end of listening on its way",
    ev.PersonWaits: "crossed the end of listening on its way",
}
_LINK = {
    ev.LinkReady: "the link machine's business; the session sends again what it kept",
    ev.LinkLost: "the link machine's business; the session tells what became of the reply",
}

IGNORED: dict[Phase, dict[type[ev.Event], str]] = {
    Phase.IDLE: {
        **_LATE_REPLY,
        **_HEARING,
        **_LINK,
        ev.StopWordHeard: "nothing runs that could be stopped",
        ev.Tick: "the link's deadline",
    },
    Phase.LISTENING: {
        **{kind: why for kind, why in _LATE_REPLY.items() if kind is not ev.ServerEndedSpeech},
        ev.SpeechResumed: "the pause was not acted upon",
        ev.LinkReady: _LINK[ev.LinkReady],
    },
    Phase.ENDING: {
        **{kind: why for kind, why in _LATE_REPLY.items() if kind not in TABLE[Phase.ENDING]},
        ev.SpeechStarted: "hearing says whether the sentence goes on",
        ev.SpeechPaused: "noticed once more",
        ev.PersonWaits: _HEARING[ev.PersonWaits],
        ev.LinkReady: _LINK[ev.LinkReady],
    },
    Phase.THINKING: {
        **{kind: why for kind, why in _HEARING.items() if kind is not ev.SpeechStarted},
        ev.ServerEndedSpeech: "the provider says it once more",
        ev.NearEndDismissed: _LATE_REPLY[ev.NearEndDismissed],
        ev.NearEndSuspected: _LATE_REPLY[ev.NearEndSuspected],
        ev.NearEndSpeaks: _LATE_REPLY[ev.NearEndSpeaks],
        ev.PlaybackStarted: "played and noticed before the audio's own event came through the mailbox",
    },
    Phase.SPEAKING: {
        **_HEARING,
        **_LINK,
        ev.PlaybackStarted: "noted for the story",
        ev.NearEndSuspected: "hearing has ducked the reply by itself",
        ev.NearEndSpeaks: "hearing has paused the reply by itself",
        ev.NearEndDismissed: "hearing lets the reply go on by itself",
        ev.ServerEndedSpeech: "the provider says it once more",
    },
    Phase.FOLLOW_UP: {
        **_LATE_REPLY,
        **{kind: why for kind, why in _HEARING.items() if kind is not ev.SpeechStarted},
        **_LINK,
    },
}

UNEXPECTED: dict[Phase, frozenset[type[ev.Event]]] = {
    Phase.IDLE: frozenset(),
    Phase.LISTENING: frozenset(),
    Phase.ENDING: frozenset(),
    Phase.THINKING: frozenset({ev.NearEndConfirmed, ev.PlaybackDrained}),
    Phase.SPEAKING: frozenset(),
    Phase.FOLLOW_UP: frozenset(),
}


def step_turn(turn: Turn, policy: Policy, event: ev.Event, now: float) -> Outcome:
    """The event, and once a pause has proved to be the end, what waited for that."""
    turn, effects = _step(turn, policy, event, now)
    if turn.phase is not Phase.ENDING and turn.waiting:
        waited, turn = turn.waiting, replace(turn, asked=None, waiting=())
        for kept in waited:
            turn, more = _step(turn, policy, kept, now)
            effects += more
    return turn, effects


def _step(turn: Turn, policy: Policy, event: ev.Event, now: float) -> Outcome:
    transition = TABLE[turn.phase].get(type(event))
    if transition is not None:
        return transition(turn, policy, event, now)
    if type(event) in IGNORED[turn.phase]:
        return turn, ()
    return turn, (Unexpected(turn.phase.value, type(event).__name__),)
