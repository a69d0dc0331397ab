"""What the device shows, as a function of the state: a light cannot disagree with the truth."""

from __future__ import annotations

from enum import Enum

from edge_agent.dialogue.state import Agent, LinkPhase, Phase


class Indication(Enum):
    """The light's vocabulary, most urgent first; the value is its name in config, journal and README."""

    MUTED = "muted"  # a promise: nothing may cover it
    FAULT = "fault"  # the sound card is gone, or the provider refuses us for good: a person must act
    ALARM = "alarm"  # it rings, or it rang and nobody came
    LISTENING = "listening"
    THINKING = "thinking"
    WAITING = "waiting"  # thinking for longer than a second
    SPEAKING = "speaking"
    FOLLOW_UP = "follow_up"  # may be answered without the wake word
    OFFLINE = "offline"  # backing off: trying again by itself
    CONNECTING = "connecting"
    IDLE = "idle"


_OF_PHASE = {
    Phase.LISTENING: Indication.LISTENING,
    Phase.ENDING: Indication.LISTENING,
    Phase.THINKING: Indication.THINKING,
    Phase.SPEAKING: Indication.SPEAKING,
    Phase.FOLLOW_UP: Indication.FOLLOW_UP,
}


def indication(agent: Agent) -> Indication:
    if agent.muted:
        return Indication.MUTED
    if not agent.sound or agent.link.fault:
        return Indication.FAULT
    if agent.ringing.sounding:
        return Indication.ALARM
    if agent.turn.slow:
        return Indication.WAITING
    if agent.turn.phase is not Phase.IDLE:
        return _OF_PHASE[agent.turn.phase]
    if agent.ringing.missed:
        return Indication.ALARM
    match agent.link.phase:
        case LinkPhase.BACKING_OFF:
            return Indication.OFFLINE
        case LinkPhase.CONNECTING | LinkPhase.OFFLINE:
            return Indication.CONNECTING
    return Indication.IDLE
