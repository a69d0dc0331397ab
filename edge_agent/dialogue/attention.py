"""What hearing should attend to, as a function of the state: the uplink, the end-pointing and the gates follow from it.

Being a function, it cannot disagree with the truth: no "stop sending" can be forgotten on some path.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.dialogue.state import Agent, Phase, Tier


@dataclass(frozen=True, slots=True)
class Attention:
    """muted: nothing is heard at all.  audible_since: nor is what was recorded before this block.
    uplink: the turn whose speech leaves the device, or 0.  since: the block its audio starts at (out of the pre-roll).
    spoke: whether that turn's person is known to have begun to speak.
    speech: whether the beginning of speech is of interest (follow-up window, thinking).
    reply: whether a reply is being played.  by_speech: anyone who talks over it may stop it.
    by_word: the wake word and a stop word may.
    ringing: whether an alarm sounds: a stop word ends it.
    """

    muted: bool = False
    audible_since: int = 0
    uplink: int = 0
    since: int = 0
    spoke: bool = False
    speech: bool = False
    reply: bool = False
    by_speech: bool = True
    by_word: bool = True
    ringing: bool = False


def attention(agent: Agent) -> Attention:
    turn = agent.turn
    deaf = agent.muted or not agent.sound
    listening = turn.phase in (Phase.LISTENING, Phase.ENDING) and not deaf
    return Attention(
        muted=deaf,
        audible_since=agent.audible_since,
        uplink=turn.number if listening else 0,
        since=turn.since if listening else 0,
        spoke=listening and turn.spoke,
        speech=not deaf and not agent.saying and turn.phase not in (Phase.IDLE, Phase.SPEAKING),
        reply=not deaf and turn.phase is Phase.SPEAKING,
        by_speech=agent.floor.tier is Tier.SPEECH,
        by_word=agent.floor.tier is not Tier.BUTTON,
        ringing=not deaf and agent.ringing.sounding,
    )
