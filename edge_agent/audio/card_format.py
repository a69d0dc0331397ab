"""What is asked of the sound cards, and what they and we agree on.

Law: settings and abilities in, a format or a DeviceError that says what to change out; nothing is opened here. Rates in
Hz, levels in dB.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.audio.alsa_config import is_hardware
from edge_agent.audio.cards import CAPTURE, PLAYBACK, RATES, Abilities, Ask
from edge_agent.audio.device import DeviceError


@dataclass(frozen=True, slots=True)
class CardSettings:
    """What is asked of the cards; see `[audio]` in the configuration.

    Cards: as in `alsa_config.text`.  rate: Hz, taken where the card has it.  channels: microphones, the card's first.
    reference_channel: the card's channel, counted from 1, that carries what the loudspeaker plays; 0: none.  gain_db:
    added to the microphones.  keep_awake: silence is played as noise below hearing.  clocks: "one", "two", or "auto":
    one where both sides are the same named card.
    """

    input_card: str = ""
    output_card: str = ""
    rate: int = 48_000
    channels: int = 1
    reference_channel: int = 0
    buffer_ms: int = 60
    gain_db: float = 0.0
    keep_awake: bool = False
    clocks: str = "auto"

    @property
    def two_clocks(self) -> bool:
        one_card = self.input_card == self.output_card and is_hardware(self.input_card)
        return self.clocks == "two" or (self.clocks == "auto" and not one_card)

    @property
    def held_ms(self) -> int:
        """The buffer to ask for: on two clocks less than this leaves no room to sway."""
        return max(self.buffer_ms, 40) if self.two_clocks else self.buffer_ms

    @property
    def rows(self) -> list[int]:
        """The card's channels that are used, from 0: the microphones, then the reference, if there is one."""
        reference = self.reference_channel - 1
        microphones = [row for row in range(self.channels) if row != reference]
        return [*microphones, reference] if reference >= 0 else microphones

    @property
    def width(self) -> int:
        """How many channels of the card must be opened for that."""
        return max(self.rows) + 1


@dataclass(frozen=True, slots=True)
class CardFormat:
    """What both sides are opened with. wide: 32 bits a sample from the microphones instead of 16."""

    mic_rate: int
    rate: int
    wide: bool


def agree(settings: CardSettings, ask: Ask) -> CardFormat:
    """The nearest to the settings that the cards can do; what is no named card is taken at its word.

    Raises DeviceError for a card that is missing, busy, or can do nothing we can use.
    """
    heard, spoken = _asked(settings.input_card, CAPTURE, ask), _asked(settings.output_card, PLAYBACK, ask)
    rates_in, rates_out = (able.rates if able else RATES for able in (heard, spoken))
    both = tuple(rate for rate in rates_in if rate in rates_out)
    if settings.input_card == settings.output_card and both:  # on an I2S card both directions share a clock line
        rates_in = rates_out = both  # a USB speakerphone may hear at 16 kHz and speak at 48, and nothing else
    if len(settings.rows) == (settings.reference_channel > 0):
        raise DeviceError(
            f"[audio] channels {settings.channels} and reference_channel {settings.reference_channel} leave no "
            "microphone: the reference is taken out of the first channels; raise channels, or set it to 0"
        )
    if heard and heard.channels[1] < settings.width:
        raise DeviceError(
            f"the microphone's card {settings.input_card!r} has {heard.channels[1]} channel(s); [audio] channels and "
            f"reference_channel ask for {settings.width}"
        )
    return CardFormat(
        _best(settings.rate, rates_in, settings.input_card, "input_card"),
        _best(settings.rate, rates_out, settings.output_card, "output_card"),
        bool(heard and heard.wide),
    )


def _asked(card: str, stream: int, ask: Ask) -> Abilities | None:
    return ask(card, stream) if is_hardware(card) else None


def _best(wanted: int, rates: tuple[int, ...], card: str, key: str) -> int:
    """The rate that was asked for, where the card has it, else the best it has."""
    if wanted in rates or not is_hardware(card):
        return wanted
    if not rates:
        known = ", ".join(map(str, RATES))
        raise DeviceError(f"card {card!r} has none of the rates {known} Hz: give [audio] {key} another card")
    return rates[0]
