"""What the cards are opened with: as asked where they can, else the best they have, else an error that helps."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.audio.card_format import CardFormat, CardSettings, agree
from edge_agent.audio.cards import CAPTURE, PLAYBACK, Abilities
from edge_agent.audio.device import DeviceError

ALL = (48_000, 44_100, 32_000, 24_000, 16_000)


class Shelf:
    """Cards to ask. asked: which were, and in which direction."""

    def __init__(self, **cards: Abilities | None) -> None:
        self._cards = cards
        self.asked: list[tuple[str, int]] = []

    def __call__(self, card: str, stream: int) -> Abilities | None:
        self.asked.append((card, stream))
        return self._cards[card]


def able(*rates: int, formats: tuple[str, ...] = ("S16_LE",), channels: int = 2) -> Abilities:
    return Abilities(rates, formats, (1, channels))


def on(input_card: str, output_card: str, **settings: Any) -> CardSettings:
    return CardSettings(input_card=input_card, output_card=output_card, **settings)


class TestTheRate:
    def test_is_the_one_asked_for_where_both_cards_have_it(self) -> None:
        shelf = Shelf(Mic=able(*ALL), DAC=able(*ALL))
        assert agree(on("Mic", "DAC", rate=44_100), shelf) == CardFormat(44_100, 44_100, wide=False)

    def test_is_each_cards_own_best_where_it_lacks_that(self) -> None:
        """The commonest USB microphone for speech has 16 kHz alone, and stands beside a DAC at 48."""
        shelf = Shelf(Mic=able(16_000), DAC=able(*ALL))
        assert agree(on("Mic", "DAC"), shelf) == CardFormat(16_000, 48_000, wide=False)

    def test_of_a_loudspeaker_may_be_another_as_well(self) -> None:
        shelf = Shelf(Mic=able(*ALL), DAC=able(44_100))
        assert agree(on("Mic", "DAC"), shelf) == CardFormat(48_000, 44_100, wide=False)

    def test_on_one_card_is_one_that_both_directions_have(self) -> None:
        def headset(card: str, stream: int) -> Abilities:
            return able(44_100, 16_000) if stream == CAPTURE else able(48_000, 44_100)

        assert agree(on("Jabra", "Jabra"), headset) == CardFormat(44_100, 44_100, wide=False)

    def test_on_one_card_without_a_common_one_is_each_directions_own(self) -> None:
        """USB speakerphones hear at 16 kHz and speak at 48, and nothing else."""

        def speakerphone(card: str, stream: int) -> Abilities:
            return able(16_000) if stream == CAPTURE else able(48_000)

        assert agree(on("S330", "S330"), speakerphone) == CardFormat(16_000, 48_000, wide=False)

    def test_that_we_cannot_use_is_an_error_that_names_the_side(self) -> None:
        with pytest.raises(DeviceError, match=r"'DAC' has none of the rates .*output_card"):
            agree(on("Mic", "DAC"), Shelf(Mic=able(*ALL), DAC=able()))

    @pytest.mark.parametrize("card", ["", "pcm:pulse"])
    def test_of_what_is_no_named_card_is_taken_at_its_word(self, card: str) -> None:
        shelf = Shelf()
        assert agree(on(card, card, rate=22_000), shelf) == CardFormat(22_000, 22_000, wide=False)
        assert shelf.asked == []

    def test_is_the_one_asked_for_where_nothing_is_known(self) -> None:
        assert agree(on("Mic", "DAC", rate=16_000), Shelf(Mic=None, DAC=None)).rate == 16_000

    def test_of_one_named_card_does_not_bind_the_default_beside_it(self) -> None:
        assert agree(on("Mic", ""), Shelf(Mic=able(16_000))) == CardFormat(16_000, 48_000, wide=False)


class TestTheCards:
    def test_are_asked_each_for_its_own_direction(self) -> None:
        shelf = Shelf(Mic=able(*ALL), DAC=able(*ALL))
        agree(on("Mic", "DAC"), shelf)
        assert shelf.asked == [("Mic", CAPTURE), ("DAC", PLAYBACK)]

    def test_that_refuse_pass_their_error_on(self) -> None:
        def busy(card: str, stream: int) -> Abilities:
            raise DeviceError(f"{card} is busy")

        with pytest.raises(DeviceError, match="Mic is busy"):
            agree(on("Mic", "DAC"), busy)

    @pytest.mark.parametrize(("formats", "wide"), [(("S16_LE",), False), (("S16_LE", "S32_LE"), True)])
    def test_give_their_microphones_all_the_bits_they_have(self, formats: tuple[str, ...], wide: bool) -> None:
        shelf = Shelf(Mic=able(*ALL, formats=formats), DAC=able(*ALL, formats=("S32_LE",)))
        assert agree(on("Mic", "DAC"), shelf).wide is wide

    def test_with_too_few_channels_say_how_many_they_have_and_how_many_were_asked(self) -> None:
        with pytest.raises(DeviceError, match=r"'Mic' has 2 channel.*ask for 4"):
            agree(on("Mic", "DAC", channels=4), Shelf(Mic=able(*ALL), DAC=able(*ALL)))

    def test_need_the_references_channel_as_well(self) -> None:
        shelf = Shelf(Array=able(*ALL, channels=6), DAC=able(*ALL))
        assert agree(on("Array", "DAC", channels=4, reference_channel=6), shelf)
        with pytest.raises(DeviceError, match="ask for 7"):
            agree(on("Array", "DAC", channels=4, reference_channel=7), shelf)


class TestTheChannels:
    @pytest.mark.parametrize(
        ("channels", "reference", "rows", "width"),
        [
            (1, 0, [0], 1),
            (4, 0, [0, 1, 2, 3], 4),
            (2, 3, [0, 1, 2], 3),
            (4, 6, [0, 1, 2, 3, 5], 6),
            (2, 1, [1, 0], 2),
        ],
    )
    def test_are_the_cards_first_and_the_reference_last(
        self, channels: int, reference: int, rows: list[int], width: int
    ) -> None:
        settings = CardSettings(channels=channels, reference_channel=reference)
        assert (settings.rows, settings.width) == (rows, width)


class TestTheClocks:
    @pytest.mark.parametrize(
        ("input_card", "output_card", "clocks", "two"),
        [
            ("Jabra", "Jabra", "auto", False),
            ("Mic", "DAC", "auto", True),
            ("", "", "auto", True),
            ("pcm:pulse", "pcm:pulse", "auto", True),
            ("Mic", "", "auto", True),
            ("Mic", "DAC", "one", False),
            ("", "", "one", False),
            ("Jabra", "Jabra", "two", True),
        ],
    )
    def test_are_one_only_where_that_is_known(self, input_card: str, output_card: str, clocks: str, two: bool) -> None:
        assert CardSettings(input_card=input_card, output_card=output_card, clocks=clocks).two_clocks is two


class TestTheMicrophones:
    def test_must_be_one_at_least_beside_the_reference(self) -> None:
        with pytest.raises(DeviceError, match="leave no microphone"):
            agree(on("", "", channels=1, reference_channel=1), Shelf())

    def test_and_the_reference_may_be_two_channels(self) -> None:
        asked = on("", "", channels=2, reference_channel=1)
        agree(asked, Shelf())
        assert asked.rows == [1, 0]


class TestTheBuffer:
    @pytest.mark.parametrize(("clocks", "asked", "held"), [("two", 20, 40), ("one", 20, 20), ("two", 60, 60)])
    def test_leaves_room_to_sway_on_two_clocks(self, clocks: str, asked: int, held: int) -> None:
        assert on("Mic", "DAC", clocks=clocks, buffer_ms=asked).held_ms == held
