"""The device's own words: which sentence it is saying by itself, and when it must stop in the middle of it.

Law: pure, as all of `dialogue`. A sentence stands for one situation and is pointless in the next: it makes room for the
reply it apologised for, for a person who has the floor, for a ring and for a mute. While it is said nobody is listened
to but for the wake word, for its echo is speech.
"""

from __future__ import annotations

from dataclasses import replace

from edge_agent.dialogue.effects import Effect, Hush, Say
from edge_agent.dialogue.state import Agent, Phase

MOMENT = "moment"  # names of sentences: those of `edge_agent/phrases.py`
NO_ANSWER = "no_answer"
UNREACHABLE = "unreachable"
FAILED = "failed"
REFUSED = "refused"

_TAKEN = (Phase.LISTENING, Phase.ENDING, Phase.SPEAKING)


def settle(agent: Agent, effects: tuple[Effect, ...]) -> tuple[Agent, tuple[Effect, ...]]:
    """After every event: what is being said is kept in the state, or stopped. Effects in, effects out."""
    if not agent.policy.words:
        effects = tuple(effect for effect in effects if not isinstance(effect, Say))
    said = next((effect.phrase for effect in reversed(effects) if isinstance(effect, Say)), agent.saying)
    if said and _is_pointless(agent, said):
        return replace(agent, saying=""), (Hush(), *effects)
    return replace(agent, saying=said), effects


def _is_pointless(agent: Agent, phrase: str) -> bool:
    phase = agent.turn.phase
    if agent.muted or not agent.sound or agent.ringing.sounding or phase in _TAKEN:
        return True
    return phrase == MOMENT and phase is not Phase.THINKING
