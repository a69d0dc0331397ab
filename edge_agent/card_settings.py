"""Which cards are opened, and how: what the configuration says, and where it says nothing what the board has.

Law: a translation of settings and facts; no card is touched here.
"""

from __future__ import annotations

from edge_agent.audio.card_format import CardSettings
from edge_agent.board.board import BoardError
from edge_agent.board.facts import AudioFacts, Profile
from edge_agent.config import Settings


def card_settings(settings: Settings, profile: Profile | None) -> CardSettings:
    """The cards that the configuration names, else those of the board, else the system's default. Raises BoardError
    where the board has one of the two only and the other is not named."""
    audio, facts = settings.audio, profile.audio if profile else AudioFacts()
    if profile and (wrong := profile.lacks_card(audio.input_card, audio.output_card)):
        raise BoardError(wrong)
    return CardSettings(
        input_card=audio.input_card or facts.input_card,
        output_card=audio.output_card or facts.output_card,
        rate=audio.rate,
        channels=audio.channels,
        reference_channel=audio.reference_channel,
        buffer_ms=audio.buffer_ms,
        gain_db=audio.gain_db,
        keep_awake=audio.keep_awake,
        clocks=audio.clocks,
    )
