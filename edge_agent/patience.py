"""How patient the dialogue is, and hearing with a sentence, from the configuration.

Law: a translation, key by key; what is no setting keeps the default of `Policy`.
"""

from __future__ import annotations

from edge_agent.config import Settings
from edge_agent.dialogue.policy import Policy
from edge_agent.hearing.endpointing import Endpointer
from edge_agent.hearing.finality import Remembers, finality

LONGEST_WAIT = 1.5  # times the silence: what hearing allows what may go on (`hearing/endpointing.py`)
SLACK_S = 1.0


def patience(settings: Settings) -> Policy:
    turn, session = settings.turn, settings.session
    return Policy(
        follow_up_s=turn.follow_up_s,
        no_speech_s=turn.no_speech_s,
        max_speech_s=turn.max_speech_s,
        ending_s=turn.silence_ms * LONGEST_WAIT / 1000 + SLACK_S,
        cue_s=turn.cue_s,
        words_s=turn.words_s,
        words=settings.audio.words,
        reply_s=turn.reply_s,
        stall_s=turn.stall_s,
        renew_s=session.max_minutes * 60,
        listen_while_speaking=turn.listen_while_speaking,
        greeting=session.greeting,
        provider_detects=turn.detection != "local",
    )


def ending(settings: Settings, detector: Remembers) -> Endpointer:
    """detector: the one whose probabilities the endpointer will hear. Raises ModelError."""
    turn = settings.turn
    return Endpointer(
        threshold=turn.speech_threshold,
        silence_ms=turn.silence_ms,
        pause_ms=turn.pause_ms,
        finality=finality(detector),
    )
