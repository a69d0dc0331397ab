"""The ring: what is due and waits for a free floor, what sounds, and how it ends.

Law: pure, as all of `dialogue`. It rings where the floor is free, and beside an answer window; it never cuts into a
person's sentence or a question that is being answered; a long reply gives way. While it rings nobody has the floor,
and only a wake word, a stop word or the button ends it: the alarm's own echo must not pass for a person.
"""

from __future__ import annotations

from dataclasses import replace

from edge_agent.dialogue import events as ev
from edge_agent.dialogue.effects import Effect, EndRing, Ring
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Agent, Phase, Ringing
from edge_agent.dialogue.turn import idle, silence

_ENDS = {ev.ButtonPressed: "press", ev.StopWordHeard: "stop_word", ev.WakeDetected: "wake"}
_FREE = (Phase.IDLE, Phase.FOLLOW_UP)

Outcome = tuple[Ringing, tuple[Effect, ...]]


def step_ring(ringing: Ringing, policy: Policy, event: ev.Event, now: float) -> Outcome:
    """What the event means to the ring alone; that it begins, sounds again and tires is in `go_on`."""
    match event:
        case ev.AlarmDue(alarm=alarm):
            return _came_due(ringing, policy, alarm, now), ()
        case ev.AlarmGone(alarm=alarm) if alarm in ringing.due:
            rest = tuple(other for other in ringing.due if other != alarm)
            return (replace(ringing, due=rest), ()) if rest else _ended(ringing, "cancelled")
        case ev.ButtonPressed() | ev.WakeDetected() | ev.StopWordHeard():
            seen = replace(ringing, missed=False)  # somebody is here
            return _ended(seen, _ENDS[type(event)]) if ringing.sounding else (seen, ())
    return ringing, ()


def go_on(agent: Agent, now: float) -> tuple[Agent, tuple[Effect, ...]]:
    """Begin where nothing is in the way, sound again, give up: after every event, whatever it was."""
    ringing, policy = agent.ringing, agent.policy
    if not ringing.due:
        return agent, ()
    if not ringing.sounding:
        return _begun(agent, now) if _may_begin(agent, now) else (agent, ())
    if ringing.until is not None and now >= ringing.until:
        ended, effects = _ended(ringing, "nobody")
        return replace(agent, ringing=replace(ended, missed=True)), effects
    if ringing.again_at is not None and now >= ringing.again_at:
        again = replace(ringing, again_at=now + policy.ring_every_s)
        return replace(agent, ringing=again), _sound(agent)
    return agent, ()


def _came_due(ringing: Ringing, policy: Policy, alarm: str, now: float) -> Ringing:
    if alarm in ringing.due:
        return ringing
    since = now if ringing.since is None else ringing.since
    until = now + policy.ring_s if ringing.sounding else None
    return replace(ringing, due=(*ringing.due, alarm), since=since, until=until)


def _may_begin(agent: Agent, now: float) -> bool:
    if not agent.sound:
        return False  # nobody would hear it; it rings when the card is back
    gives_way = agent.gives_way_at
    return agent.turn.phase in _FREE or (gives_way is not None and now >= gives_way)


def _begun(agent: Agent, now: float) -> tuple[Agent, tuple[Effect, ...]]:
    policy = agent.policy
    sounding = replace(agent.ringing, again_at=now + policy.ring_every_s, until=now + policy.ring_s, missed=False)
    begun = replace(agent, ringing=sounding, turn=idle(agent.turn))
    return begun, (*silence(agent.turn), *_sound(agent))


def _sound(agent: Agent) -> tuple[Effect, ...]:
    return (Ring(),) if agent.sound else ()  # what a card that is away is given, it would play all at once


def _ended(ringing: Ringing, by: str) -> Outcome:
    effects = (EndRing(ringing.due, by),) if ringing.due else ()
    return Ringing(missed=ringing.missed), effects
