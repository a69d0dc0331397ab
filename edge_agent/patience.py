"""How patient the dialogue is, from the configuration.

Law: a translation, key by key; what is no setting keeps the default of `Policy`.
"""

from __future__ import annotations

from edge_agent.config import Settings
from edge_agent.dialogue.policy import Policy

LONGEST_WAIT = 1.5  # times the silence: what hearing allows after a word or two (`hearing/endpointing.py`)
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
        greeting=session.greeting,
        provider_detects=turn.detection != "local",
    )
