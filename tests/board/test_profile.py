"""Board profiles: found by name, judged as a whole, honest about what was tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.board.board import BoardError
from edge_agent.board.profile import AudioFacts, ButtonFacts, LedFacts, Profile, load, names, read

SMALLEST = 'name = "Mine"\ntested = false\necho_tier = 2\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path: Path, text: str) -> list[str]:
    path = written(tmp_path, text)
    with pytest.raises(BoardError) as caught:
        read(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


class TestTheProfilesThatShip:
    @pytest.mark.parametrize("name", names())
    def test_are_valid_and_say_what_they_rest_on(self, name: str) -> None:
        profile = load(name)
        assert profile.id == name
        assert profile.sources
        assert profile.audio.input_card
        assert profile.audio.output_card

    @pytest.mark.parametrize("name", names())
    def test_have_a_light(self, name: str) -> None:
        assert load(name).led.pixels >= 1

    @pytest.mark.parametrize("name", names())
    def test_do_not_claim_to_be_tested(self, name: str) -> None:
        """Nobody has run one on the metal yet; who does, changes this together with hardware/README.md."""
        assert not load(name).tested

    def test_are_these(self) -> None:
        assert names() == ["aiy-voice-hat", "respeaker-2mic-v1"]

    def test_the_respeaker_has_three_pixels_on_the_bus(self) -> None:
        profile = load("respeaker-2mic-v1")
        assert profile.button == ButtonFacts(pin=17, active_low=True, pull="up")
        assert profile.led == LedFacts(kind="apa102", pixels=3, spi=(0, 0))
        assert profile.audio.input_card == "seeed2micvoicec"

    def test_the_aiy_hat_has_a_lamp_to_dim(self) -> None:
        profile = load("aiy-voice-hat")
        assert profile.button == ButtonFacts(pin=23, active_low=True, pull="up")
        assert profile.led == LedFacts(kind="pwm", pins=(25,), pixels=1)
        assert profile.audio.rate == 48_000


class TestWhereAProfileIsFound:
    def test_an_unknown_name_is_told_the_nearest(self) -> None:
        with pytest.raises(BoardError, match=r"found 'respeaker-2mic', expected .*; the nearest is respeaker-2mic-v1"):
            load("respeaker-2mic")

    def test_a_name_like_no_other_is_told_them_all(self) -> None:
        with pytest.raises(BoardError, match="there are: aiy-voice-hat, respeaker-2mic-v1"):
            load("zzz")

    def test_a_path_is_a_file_of_ones_own(self, tmp_path: Path) -> None:
        assert load(str(written(tmp_path, SMALLEST))).name == "Mine"

    def test_a_path_that_leads_nowhere_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(BoardError, match=r"none.toml: cannot be read \(No such file"):
            load(str(tmp_path / "none.toml"))

    def test_a_name_cannot_leave_its_directory(self) -> None:
        with pytest.raises(BoardError, match="cannot be read"):
            load("../boards/aiy-voice-hat")


class TestAProfile:
    def test_needs_only_a_name_a_tier_and_honesty(self, tmp_path: Path) -> None:
        assert read(written(tmp_path, SMALLEST)) == Profile(id="mine", name="Mine", tested=False, echo_tier=2)

    def test_has_everything_it_was_given(self, tmp_path: Path) -> None:
        text = (
            SMALLEST
            + 'notes = ["a"]\nsources = ["b"]\n'
            + '[button]\npin = 5\nactive = "high"\npull = "down"\n'
            + '[led]\nkind = "rgb"\npins = [25, 24, 23]\nactive = "low"\n'
            + '[audio]\ninput_card = "in"\noutput_card = "out"\nrate = 16000\nchannels = 4\noverlay = "o"\n'
        )
        assert read(written(tmp_path, text)) == Profile(
            id="mine",
            name="Mine",
            tested=False,
            echo_tier=2,
            button=ButtonFacts(5, active_low=False, pull="down"),
            led=LedFacts("rgb", (25, 24, 23), active_low=True, pixels=1),
            audio=AudioFacts("in", "out", 16_000, 4, "o"),
            notes=("a",),
            sources=("b",),
        )


class TestAWrongProfile:
    def test_is_told_all_at_once(self, tmp_path: Path) -> None:
        assert problems(
            tmp_path, 'nmae = "x"\ntested = "no"\n[button]\npin = 28\nactive = "low"\npull = "sideways"\n'
        ) == [
            "name: found nothing, expected text",
            "tested: found 'no', expected true or false",
            "echo_tier: found nothing, expected a whole number from 1 to 3",
            "button.pin: found 28, expected a whole number from 0 to 27",
            "button.pull: found 'sideways', expected up, down or none",
            "nmae: found a key that means nothing here, expected it left out",
        ]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[led]\nkind = 'neon'\n", "led.kind: found 'neon', expected none, led, pwm, rgb, apa102"),
            ("[led]\nkind = 'rgb'\npins = [1, 2]\n", "led.pins: found [1, 2], expected 3 pins for a light of kind rgb"),
            ("[led]\nkind = 'led'\n", "led.pins: found nothing, expected a list of pins from 0 to 27"),
            ("[led]\nkind = 'led'\npins = [true]\n", "led.pins: found [True], expected a list of pins from 0 to 27"),
            (
                "[led]\nkind = 'apa102'\nspi = [0, 0]\n",
                "led.pixels: found nothing, expected a whole number from 1 to 300",
            ),
            (
                "[led]\nkind = 'apa102'\npixels = 3\nspi = [1, 0]\n",
                "led.spi: found [1, 0], expected [0, 0] or [0, 1], port and device",
            ),
            (
                "[led]\nkind = 'pwm'\npins = [4]\npixels = 3\n",
                "led.pixels: found a key that means nothing here, expected it left out",
            ),
            (
                "[button]\npin = 4\nactive = 'high'\npull = 'up'\n",
                "button.pull: found 'up', expected the resistor that pulls away from pressed, which is high",
            ),
            (
                "[button]\npin = 4\nactive = 'low'\npull = 'up'\n[led]\nkind = 'led'\npins = [4]\n",
                "pins: found GPIO4 twice, expected one use for each pin",
            ),
            (
                "[button]\npin = 10\nactive = 'low'\npull = 'up'\n[led]\nkind = 'apa102'\npixels = 3\nspi = [0, 0]\n",
                "pins: found GPIO10 twice, expected one use for each pin",
            ),
            ("button = 17\n", "button: found 17, expected a table"),
            ("[audio]\nrate = 8000\n", "audio.rate: found 8000, expected a whole number from 16000 to 48000"),
        ],
    )
    def test_is_told_by_key_value_and_what_is_allowed(self, tmp_path: Path, text: str, said: str) -> None:
        assert problems(tmp_path, SMALLEST + text) == [said]

    def test_that_is_not_toml_says_where(self, tmp_path: Path) -> None:
        (line,) = problems(tmp_path, SMALLEST + "[led\n")
        assert line.startswith("not TOML: ")
        assert "line 4" in line
