"""The whole decision: `step(agent, event, now) -> (agent, effects)`.

Where the small machines meet, the rules are listed in one tuple, RULES, and applied in its order; a rule that returns
`final` has said all there is to say about the event.

Law: pure, as all of `dialogue`: same input, same output, nothing read, nothing written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edge_agent.dialogue import events as ev
from edge_agent.dialogue import ring, tier, words
from edge_agent.dialogue.effects import Ask, Earcon, Effect, OpenTurn, Say, Truncate
from edge_agent.dialogue.grid import step_turn
from edge_agent.dialogue.link import connect, step_link
from edge_agent.dialogue.state import Agent, LinkPhase, Phase
from edge_agent.dialogue.turn import GREETING, idle, silence, thinking


@dataclass(frozen=True, slots=True)
class Ruling:
    agent: Agent
    effects: tuple[Effect, ...] = ()
    final: bool = False


_OF_A_PERSON = ev.WakeDetected | ev.StopWordHeard | ev.ButtonPressed | ev.SpeechStarted | ev.NearEndConfirmed

Rule = Callable[[Agent, ev.Event, float], Ruling]


def step(agent: Agent, event: ev.Event, now: float) -> tuple[Agent, tuple[Effect, ...]]:
    """now: seconds of a monotonic clock, never smaller than the last."""
    before = agent
    effects: tuple[Effect, ...] = ()
    for rule in RULES:
        ruling = rule(agent, event, now)
        agent, effects = ruling.agent, effects + ruling.effects
        if ruling.final:
            break
    agent = tier.settle(before, agent, event, now)
    agent, rung = ring.go_on(agent, now)
    return words.settle(agent, effects + rung)


def _what_was_heard_is_told(agent: Agent, event: ev.Event, now: float) -> Ruling:
    """A flush may be acknowledged when the next turn runs already: the truncation is owed all the same."""
    if isinstance(event, ev.PlaybackFlushed):
        effects = (Truncate(event.turn, event.heard),) if event.heard else ()
        return Ruling(agent, effects, final=True)
    return Ruling(agent)


def _old_turns_are_over(agent: Agent, event: ev.Event, now: float) -> Ruling:
    number = getattr(event, "turn", None)
    return Ruling(agent, final=number is not None and number != agent.turn.number)


def _a_phrase_is_over(agent: Agent, event: ev.Event, now: float) -> Ruling:
    if isinstance(event, ev.PhraseSaid):
        return Ruling(replace(agent, saying="") if event.phrase == agent.saying else agent, final=True)
    return Ruling(agent)


def _the_echo_is_no_event_of_a_turn(agent: Agent, event: ev.Event, now: float) -> Ruling:
    return Ruling(agent, final=isinstance(event, ev.EchoMeasured))  # `tier.settle` keeps it


def _what_is_due_rings(agent: Agent, event: ev.Event, now: float) -> Ruling:
    """Muted too: it was asked for before, and tells nobody anything. The press that ends a ring does nothing else."""
    if isinstance(event, ev.WakeDetected | ev.StopWordHeard) and (agent.muted or not agent.sound):
        return Ruling(agent)  # crossed the mute on its way
    answered = agent.ringing.sounding and isinstance(event, ev.ButtonPressed | ev.StopWordHeard)
    ringing, effects = ring.step_ring(agent.ringing, agent.policy, event, now)
    told = isinstance(event, ev.AlarmDue | ev.AlarmGone)
    return Ruling(replace(agent, ringing=ringing), effects, final=answered or told)


def _mute_ends_everything(agent: Agent, event: ev.Event, now: float) -> Ruling:
    if not isinstance(event, ev.MuteChanged):
        return Ruling(agent)
    if event.on == agent.muted:
        return Ruling(agent, final=True)
    if event.on:
        quiet = replace(agent, muted=True, turn=idle(agent.turn))
        return Ruling(quiet, (*silence(agent.turn), Earcon("mute")), final=True)
    return Ruling(replace(agent, muted=False, audible_since=event.since), (Earcon("unmute"),), final=True)


def _without_a_card_nothing_runs(agent: Agent, event: ev.Event, now: float) -> Ruling:
    match event:
        case ev.SoundLost():
            return Ruling(replace(agent, sound=False, turn=idle(agent.turn)), silence(agent.turn), final=True)
        case ev.SoundBack():
            return Ruling(replace(agent, sound=True), (Earcon("ready"),), final=True)
    return Ruling(agent)


def _muted_or_soundless_nobody_gets_the_floor(agent: Agent, event: ev.Event, now: float) -> Ruling:
    if not isinstance(event, _OF_A_PERSON):
        return Ruling(agent)
    if agent.muted:
        told = (Earcon("mute"),) if isinstance(event, ev.ButtonPressed) else ()
        return Ruling(agent, told, final=True)
    return Ruling(agent, final=not agent.sound)


def _the_link_goes_its_way(agent: Agent, event: ev.Event, now: float) -> Ruling:
    quiet = agent.turn.phase is Phase.IDLE and not agent.muted  # muted, not even what was said before leaves again
    link, effects = step_link(agent.link, agent.policy, event, now, quiet=quiet)
    return Ruling(replace(agent, link=link), effects)


def _a_person_is_not_kept_waiting(agent: Agent, event: ev.Event, now: float) -> Ruling:
    """Somebody asks for us while we back off: try at once. If the provider refuses us, say so instead of listening."""
    if not isinstance(event, ev.WakeDetected | ev.ButtonPressed) or agent.link.phase is not LinkPhase.BACKING_OFF:
        return Ruling(agent)
    refused = bool(agent.link.fault)
    link, effects = connect(agent.link, agent.policy, now)
    told: tuple[Effect, ...] = (Earcon("error"), Say(words.REFUSED)) if refused else ()
    return Ruling(replace(agent, link=link), effects + told, final=refused)


def _greets_once(agent: Agent, event: ev.Event, now: float) -> Ruling:
    ready = isinstance(event, ev.LinkReady) and not agent.greeted
    if not ready:
        return Ruling(agent)
    agent = replace(agent, greeted=True)
    taken = agent.turn.phase is not Phase.IDLE or agent.ringing.sounding
    if not agent.policy.greeting or agent.muted or not agent.sound or taken:
        return Ruling(agent)
    turn = thinking(replace(agent.turn, number=agent.turn.number + 1, by=GREETING), agent.policy, now)
    asked = (OpenTurn(turn.number), Ask(turn.number, agent.policy.greeting))
    return Ruling(replace(agent, turn=turn), asked, final=True)


def _the_turn_goes_on(agent: Agent, event: ev.Event, now: float) -> Ruling:
    if isinstance(event, ev.Started):
        return Ruling(agent, (Earcon("start"),), final=True)
    before = agent.turn
    turn, effects = step_turn(before, agent.policy, event, now)
    agent = replace(agent, turn=turn)
    late = isinstance(event, ev.Tick) and before.phase is Phase.THINKING and turn.phase is Phase.IDLE
    if late and agent.link.phase is not LinkPhase.READY:
        told = tuple(Say(words.UNREACHABLE) if isinstance(effect, Say) else effect for effect in effects)
        return Ruling(agent, told, final=True)
    if late and not before.calls:
        # A provider that owes an answer and says nothing is not there, whatever the socket believes.
        link, anew = connect(agent.link, agent.policy, now)
        return Ruling(replace(agent, link=link), effects + anew, final=True)
    return Ruling(agent, effects, final=True)


RULES: tuple[Rule, ...] = (
    _what_was_heard_is_told,
    _old_turns_are_over,
    _a_phrase_is_over,
    _the_echo_is_no_event_of_a_turn,
    _what_is_due_rings,
    _mute_ends_everything,
    _without_a_card_nothing_runs,
    _muted_or_soundless_nobody_gets_the_floor,
    _the_link_goes_its_way,
    _a_person_is_not_kept_waiting,
    _greets_once,
    _the_turn_goes_on,
)
