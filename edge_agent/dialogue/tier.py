"""Who may stop a reply: anyone who talks over it, only the wake word, a stop word and the button, or only the button.

Law: pure, as all of `dialogue`. The setting proposes, what was measured decides: `auto` begins with speech, and falls
back to words where the echo is not cancelled well enough to tell a person from ourselves, where stops and pauses came
to nothing (our own echo, a television), and where nobody has called for many turns. Each is forgiven in time, or once
it is better. A tier holds for a whole reply: it is chosen as the reply begins, with its reason.

Units: dB of echo reduction; seconds of the caller's monotonic clock.
"""

from __future__ import annotations

from dataclasses import replace

from edge_agent.dialogue import events as ev
from edge_agent.dialogue.state import Agent, Floor, Phase, Tier, Turn
from edge_agent.dialogue.turn import NOT_FOR_US, NOTHING_SAID, SPOKEN_INTO, idle

AUTO = "auto"
CALLED = ("wake", "press")
NOBODY = (Phase.LISTENING, Phase.ENDING, Phase.THINKING)  # phases from which a turn ends without an answer

MEASURED_TIMES = 3  # one a second while we play: the first say how the filter began, not how it is
TOO_LITTLE_DB = 6.0  # below it our leftover is as loud as a person across the room
ENOUGH_DB = 9.0  # and comes back above this: the tier must not change with every reply
MEMORY_S = 300.0  # what came to nothing longer ago is forgotten
STOPS_IN_VAIN = 2  # each has cost a reply
PAUSES_IN_VAIN = 4  # each has cost a second of one; people do say "uh-huh"
DISTRUST_S = 600.0
MOST_UNCALLED = 12  # turns in a row that speech alone has opened: a long talk, or a television


def settle(before: Agent, agent: Agent, event: ev.Event, now: float) -> Agent:
    """After every event: what it tells about the floor, and the tier of the reply that has just begun."""
    floor = _told(before, agent, event, now)
    turn = agent.turn
    if turn.number != before.turn.number:
        uncalled = 0 if turn.by in CALLED else floor.uncalled + (turn.by in SPOKEN_INTO)
        floor = replace(floor, uncalled=uncalled)
    if turn.phase is Phase.SPEAKING and before.turn.phase is not Phase.SPEAKING:
        floor = chosen(floor, agent.policy.listen_while_speaking, now)
    if turn.phase is not Phase.SPEAKING and floor.paused_at is not None:
        floor = replace(floor, paused_at=None)
    if agent.floor.paused_at is not None and floor.paused_at is None and turn.phase is Phase.SPEAKING:
        agent = replace(agent, turn=_later(turn, now - agent.floor.paused_at))
    opened = turn.phase is Phase.FOLLOW_UP and before.turn.phase is not Phase.FOLLOW_UP
    asked = before.turn.by in CALLED or agent.policy.listen_while_speaking != AUTO
    if opened and not asked and _distracted(floor, now):
        agent = replace(agent, turn=idle(turn))  # who talks there is not talking to us
    return agent if floor == agent.floor else replace(agent, floor=floor)


def chosen(floor: Floor, setting: str, now: float) -> Floor:
    """The tier of a reply that begins now."""
    if setting != AUTO:
        return replace(floor, tier=Tier(setting), why="configured")
    if floor.measured >= MEASURED_TIMES and floor.echo_db < _least_db(floor):
        return replace(floor, tier=Tier.WAKE, why="our echo is too loud")
    if now < floor.distrusted_until:
        return replace(floor, tier=Tier.WAKE, why="it was stopped in vain")
    if floor.uncalled >= MOST_UNCALLED:
        return replace(floor, tier=Tier.WAKE, why="nobody has called for long")
    why = "our echo is cancelled" if floor.measured >= MEASURED_TIMES else "nothing is measured yet"
    return replace(floor, tier=Tier.SPEECH, why=why)


def _later(turn: Turn, by_s: float) -> Turn:
    """What is still to be heard of the reply comes so much later: it was paused."""
    return replace(
        turn,
        first_audio=None if turn.first_audio is None else turn.first_audio + by_s,
        deadline=None if turn.deadline is None else turn.deadline + by_s,
    )


def _least_db(floor: Floor) -> float:
    return ENOUGH_DB if floor.why == "our echo is too loud" else TOO_LITTLE_DB


def _distracted(floor: Floor, now: float) -> bool:
    return now < floor.distrusted_until or floor.uncalled >= MOST_UNCALLED


def _told(before: Agent, agent: Agent, event: ev.Event, now: float) -> Floor:
    floor = agent.floor
    match event:
        case ev.EchoMeasured():
            return replace(floor, echo_db=event.reduction_db, measured=floor.measured + 1)
        case ev.NearEndSpeaks() if before.turn.phase is Phase.SPEAKING:
            return replace(floor, paused_at=now)
        case ev.NearEndDismissed() if floor.paused_at is not None:
            return _in_vain(replace(floor, paused_at=None, pauses=(*floor.pauses, now)), now)
    if _came_to_nothing(before, agent, event):
        return _in_vain(replace(floor, stops=(*floor.stops, now)), now)
    answered = agent.turn.phase is Phase.SPEAKING and before.turn.phase is Phase.THINKING
    if answered and agent.turn.by in SPOKEN_INTO and floor.stops:
        return replace(floor, stops=())
    return floor


def _came_to_nothing(before: Agent, agent: Agent, event: ev.Event) -> bool:
    """A turn that speech alone opened has ended, and nothing was asked of us in it. A stop word asks for silence."""
    turn = before.turn
    if agent.turn.phase is not Phase.IDLE or turn.phase not in NOBODY or turn.by not in SPOKEN_INTO:
        return False
    if turn.waiting and not isinstance(event, ev.ButtonPressed):  # what came of a guess, held until the end was sure
        return any(_is_nothing(waited) for waited in turn.waiting)
    return _is_nothing(event) or (
        turn.phase is not Phase.THINKING and isinstance(event, ev.SpeechEnded | ev.Tick | ev.ButtonPressed)
    )


def _is_nothing(event: ev.Event) -> bool:
    match event:
        case ev.ResponseFinished():
            return event.reason == NOTHING_SAID
        case ev.ToolRequested():
            return event.name == NOT_FOR_US
    return False


def _in_vain(floor: Floor, now: float) -> Floor:
    stops = tuple(at for at in floor.stops if now - at <= MEMORY_S)
    pauses = tuple(at for at in floor.pauses if now - at <= MEMORY_S)
    if len(stops) < STOPS_IN_VAIN and len(pauses) < PAUSES_IN_VAIN:
        return replace(floor, stops=stops, pauses=pauses)
    return replace(floor, stops=(), pauses=(), distrusted_until=now + DISTRUST_S)
