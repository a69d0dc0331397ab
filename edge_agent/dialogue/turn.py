"""The turn machine's transitions: who gets the floor, and what follows. Which event leads to which is in `grid.py`.

Law: pure, as all of `dialogue`. A transition takes (turn, policy, event, now) and returns the new turn and the effects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from edge_agent.dialogue import events as ev
from edge_agent.dialogue.effects import (
    AnswerTool,
    CancelReply,
    Commit,
    Discard,
    Earcon,
    Effect,
    FinishPlayback,
    FlushPlayback,
    GoOn,
    OpenTurn,
    Release,
    RunTool,
    Say,
)
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Phase, Turn
from edge_agent.dialogue.words import FAILED, MOMENT, NO_ANSWER, REFUSED, UNREACHABLE

Outcome = tuple[Turn, tuple[Effect, ...]]
Transition = Callable[[Turn, Policy, Any, float], Outcome]


# --- arriving in a phase --------------------------------------------------------------------------------------------


def idle(turn: Turn) -> Turn:
    return Turn(Phase.IDLE, turn.number)


def thinking(turn: Turn, policy: Policy, now: float) -> Turn:
    asked = replace(turn, phase=Phase.THINKING, owed=True, slow=False, deadline=now + policy.reply_s)
    words_at = None if turn.by == GREETING else now + policy.words_s  # for a greeting nobody waits
    return replace(asked, slow_at=now + policy.cue_s, words_at=words_at)


def _listening(turn: Turn, policy: Policy, now: float, by: str, since: int, *, spoke: bool) -> Outcome:
    number = turn.number + 1
    patience = policy.max_speech_s if spoke else policy.no_speech_s
    until = now + patience if spoke else None
    opened = Turn(Phase.LISTENING, number, by, since, spoke, speech_until=until, deadline=now + patience)
    return opened, (OpenTurn(number),)


def _heard_out(turn: Turn, policy: Policy, now: float) -> Outcome:
    """The reply has been heard to its end. The follow-up window is counted from here, the end of playback."""
    sounds: tuple[Effect, ...] = (Earcon("lost"),) if turn.lost else ()
    if policy.follow_up_s <= 0:
        return idle(turn), sounds
    return Turn(Phase.FOLLOW_UP, turn.number, deadline=now + policy.follow_up_s), sounds


def silence(turn: Turn) -> tuple[Effect, ...]:
    """What it takes to leave a phase from outside (mute, sound lost): nothing may go on in secret."""
    match turn.phase:
        case Phase.LISTENING:
            return (Discard(turn.number),)
        case Phase.THINKING:
            return (CancelReply(turn.number),)
        case Phase.ENDING:
            return (FlushPlayback(turn.number), Discard(turn.number))
        case Phase.SPEAKING:
            return (FlushPlayback(turn.number), CancelReply(turn.number))
    return ()


# --- the person takes the floor -------------------------------------------------------------------------------------


def woken(turn: Turn, policy: Policy, event: ev.WakeDetected, now: float) -> Outcome:
    opened, effects = _listening(turn, policy, now, "wake", event.since, spoke=False)
    return opened, (*silence(turn), *effects)


def pressed(turn: Turn, policy: Policy, event: ev.ButtonPressed, now: float) -> Outcome:
    opened, effects = _listening(turn, policy, now, "press", event.since, spoke=False)
    return opened, effects


def followed_up(turn: Turn, policy: Policy, event: ev.SpeechStarted, now: float) -> Outcome:
    return _listening(turn, policy, now, "follow_up", event.since, spoke=True)


def interrupted(turn: Turn, policy: Policy, event: ev.NearEndConfirmed, now: float) -> Outcome:
    opened, effects = _listening(turn, policy, now, "interruption", event.since, spoke=True)
    return opened, (*silence(turn), *effects)


def went_on(turn: Turn, policy: Policy, event: ev.SpeechStarted, now: float) -> Outcome:
    """The pause was a thoughtful one: the reply to half the sentence is stopped, and the half counts with the rest."""
    if turn.calls or (turn.speech_until is not None and now >= turn.speech_until):
        return turn, ()  # a tool is acting on what was said: let it finish; a sentence without end is none
    opened, _ = _listening(turn, policy, now, CONTINUED, event.since, spoke=True)
    opened = replace(opened, speech_until=turn.speech_until or opened.speech_until, guesses=turn.guesses)
    opened = replace(opened, deadline=opened.speech_until)
    # in this order: what is cancelled is forgotten, and the session may have to say it again
    return opened, (OpenTurn(opened.number, continues=True), CancelReply(turn.number))


# --- listening ------------------------------------------------------------------------------------------------------


def speaking_up(turn: Turn, policy: Policy, event: ev.SpeechStarted, now: float) -> Outcome:
    if turn.spoke:
        return turn, ()
    until = now + policy.max_speech_s
    return replace(turn, spoke=True, speech_until=until, deadline=until), ()


def encouraged(turn: Turn, policy: Policy, event: ev.PersonWaits, now: float) -> Outcome:
    """The sign that we listen. Never at once: over a question asked in one breath it would eat the first word."""
    called = turn.by in ("wake", "press") and not turn.spoke
    return turn, (Earcon("wake"),) if called else ()


def sentence_over(turn: Turn, policy: Policy, event: ev.SpeechEnded, now: float) -> Outcome:
    if event.speech_ms == 0 and turn.by != CONTINUED:  # what opened the turn was no speech after all
        return idle(turn), (Discard(turn.number), Earcon("dismissed"))
    if policy.provider_detects:
        return turn, ()  # the provider hears the same silence; two judges would answer twice
    return thinking(turn, policy, now), (Commit(turn.number),)


def perhaps_over(turn: Turn, policy: Policy, event: ev.SpeechPaused, now: float) -> Outcome:
    """Ask already: most pauses of this length are the end, and the answer takes as long as being sure does."""
    if policy.provider_detects or turn.guesses >= policy.guesses:
        return turn, ()
    until = turn.speech_until or now + policy.max_speech_s
    guessed = replace(turn, spoke=True, speech_until=until, guesses=turn.guesses + 1, asked=now)
    return replace(guessed, phase=Phase.ENDING, deadline=now + policy.ending_s), (Commit(turn.number, held=True),)


def provider_took_it(turn: Turn, policy: Policy, event: ev.ServerEndedSpeech, now: float) -> Outcome:
    return thinking(turn, policy, now), ()


def listened_long_enough(turn: Turn, policy: Policy, event: ev.Tick, now: float) -> Outcome:
    if turn.deadline is None or now < turn.deadline:
        return turn, ()
    endless = turn.by in SPOKEN_INTO and turn.guesses == 0  # nobody talks for so long without a pause but a television
    if turn.spoke and not endless:
        return thinking(turn, policy, now), (Commit(turn.number),)
    return idle(turn), (Discard(turn.number), Earcon("dismissed"))


def pressed_while_listening(turn: Turn, policy: Policy, event: ev.ButtonPressed, now: float) -> Outcome:
    """That was all; or, where nobody had called, that was not for you."""
    if turn.spoke and turn.by not in SPOKEN_INTO:
        return thinking(turn, policy, now), (Commit(turn.number),)
    return idle(turn), (Discard(turn.number), Earcon("dismissed"))


# --- a pause that may be the end ------------------------------------------------------------------------------------


def kept(
    turn: Turn, policy: Policy, event: ev.ReplyAudio | ev.ToolRequested | ev.ResponseFinished, now: float
) -> Outcome:
    """What comes of the answer waits with it: a tool must not act on half a sentence."""
    last = turn.waiting[-1] if turn.waiting else None
    if isinstance(event, ev.ReplyAudio) and isinstance(last, ev.ReplyAudio):
        together = ev.ReplyAudio(event.turn, last.ms + event.ms)
        return replace(turn, waiting=(*turn.waiting[:-1], together)), ()
    return replace(turn, waiting=(*turn.waiting, event)), ()


def was_over(turn: Turn, policy: Policy, event: ev.SpeechEnded | ev.ButtonPressed, now: float) -> Outcome:
    """`grid.step_turn` goes on with what waited."""
    if isinstance(event, ev.ButtonPressed) and turn.by in SPOKEN_INTO:
        return called_off(turn, policy, event, now)
    return thinking(turn, policy, now if turn.asked is None else turn.asked), (Release(turn.number),)


def was_a_pause(turn: Turn, policy: Policy, event: ev.SpeechResumed, now: float) -> Outcome:
    listening = replace(
        turn, phase=Phase.LISTENING, asked=None, waiting=(), deadline=turn.speech_until or now + policy.max_speech_s
    )
    return listening, (GoOn(turn.number),)


def waited_for_the_end(turn: Turn, policy: Policy, event: ev.Tick, now: float) -> Outcome:
    if turn.deadline is None or now < turn.deadline:
        return turn, ()
    return thinking(turn, policy, now), (Release(turn.number),)


# --- thinking and speaking ------------------------------------------------------------------------------------------


def audio(turn: Turn, policy: Policy, event: ev.ReplyAudio, now: float) -> Outcome:
    first = now if turn.first_audio is None else turn.first_audio
    speaking = replace(turn, phase=Phase.SPEAKING, received_ms=turn.received_ms + event.ms, first_audio=first)
    prompt = replace(speaking, slow=False, slow_at=None, words_at=None)
    return replace(prompt, deadline=_played_out(speaking, now) + policy.stall_s), ()


def _played_out(turn: Turn, now: float) -> float:
    """When everything received so far will have been heard, at the earliest."""
    return max(now, (turn.first_audio or now) + turn.received_ms / 1000)


def tool(turn: Turn, policy: Policy, event: ev.ToolRequested, now: float) -> Outcome:
    if event.name == NOT_FOR_US:  # answered, or the conversation would stay open; what is said to that is not wanted
        return idle(turn), (AnswerTool(event.turn, event.call_id, "{}"), *silence(turn))
    if turn.called >= policy.most_calls:
        return idle(turn), (*silence(turn), Earcon("error"), Say(FAILED))  # a model that only calls tools never answers
    calls = turn.calls | {event.call_id}
    deadline = max(turn.deadline or 0.0, now + policy.tool_s)
    run = RunTool(event.turn, event.call_id, event.name, event.arguments)
    return replace(turn, calls=calls, called=turn.called + 1, owed=True, deadline=deadline), (run,)


def tool_done(turn: Turn, policy: Policy, event: ev.ToolFinished, now: float) -> Outcome:
    if event.call_id not in turn.calls:
        return turn, ()
    deadline = max(turn.deadline or 0.0, now + policy.reply_s)
    answer = AnswerTool(event.turn, event.call_id, event.output)
    return replace(turn, calls=turn.calls - {event.call_id}, deadline=deadline), (answer,)


def finished_unheard(turn: Turn, policy: Policy, event: ev.ResponseFinished, now: float) -> Outcome:
    """A response ended before any of it could be heard."""
    match event.status:
        case "tool_calls":
            return turn, ()
        case "completed":
            return _heard_out(turn, policy, now)
        case "cancelled":
            return idle(turn), ()
    if event.reason == NOTHING_SAID:
        return idle(turn), (Earcon("dismissed"),)
    return idle(turn), (Earcon("error"), Say(UNREACHABLE if event.status == "lost" else FAILED))


def finished(turn: Turn, policy: Policy, event: ev.ResponseFinished, now: float) -> Outcome:
    if event.status == "tool_calls":
        return turn, ()
    deadline = _played_out(turn, now) + policy.stall_s
    ended = replace(turn, owed=False, calls=frozenset(), lost=event.status in ("lost", "failed"), deadline=deadline)
    return ended, (FinishPlayback(turn.number),)


def drained(turn: Turn, policy: Policy, event: ev.PlaybackDrained, now: float) -> Outcome:
    return _heard_out(turn, policy, now)


def stopped(turn: Turn, policy: Policy, event: ev.ButtonPressed | ev.StopWordHeard, now: float) -> Outcome:
    return idle(turn), silence(turn)


def called_off(turn: Turn, policy: Policy, event: ev.ButtonPressed | ev.StopWordHeard, now: float) -> Outcome:
    """Never mind: what was said, or is being said, is not answered."""
    return idle(turn), (*silence(turn), Earcon("dismissed"))


def waited_long_enough(turn: Turn, policy: Policy, event: ev.Tick, now: float) -> Outcome:
    if turn.deadline is not None and now >= turn.deadline:
        return idle(turn), (*silence(turn), Earcon("error"), Say(NO_ANSWER))
    if turn.words_at is not None and now >= turn.words_at:
        return replace(turn, slow=True, slow_at=None, words_at=None), (Say(MOMENT),)
    if turn.slow_at is not None and now >= turn.slow_at:
        cue: tuple[Effect, ...] = () if turn.by == GREETING else (Earcon("working"),)
        return replace(turn, slow=True, slow_at=None), cue
    return turn, ()


def link_lost_waiting(turn: Turn, policy: Policy, event: ev.LinkLost, now: float) -> Outcome:
    """What was said is kept and sent again if the connection is back before patience ends, which nothing extends."""
    if event.fatal:
        return idle(turn), (Earcon("error"), Say(REFUSED))
    return turn, ()


def link_lost_listening(turn: Turn, policy: Policy, event: ev.LinkLost, now: float) -> Outcome:
    if event.fatal:
        return idle(turn), (*silence(turn), Earcon("error"), Say(REFUSED))
    return turn, ()


def link_back_waiting(turn: Turn, policy: Policy, event: ev.LinkReady, now: float) -> Outcome:
    return replace(turn, deadline=now + policy.reply_s), ()


def window_over(turn: Turn, policy: Policy, event: ev.Tick, now: float) -> Outcome:
    if turn.deadline is not None and now >= turn.deadline:
        return idle(turn), ()
    return turn, ()


CONTINUED = "continued"  # `Turn.by` of one that goes on with the sentence before
GREETING = "greeting"  # `Turn.by` of the one turn that no person opened
SPOKEN_INTO = ("interruption", "follow_up")  # and of those that speech alone has opened
NOT_FOR_US = "not_for_me"  # the tool with which a model says that it was not spoken to
NOTHING_SAID = "nothing was said"  # `session.conversation` gives this reason when under 100 ms were captured
