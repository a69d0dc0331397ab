"""Board profiles: found by name, judged as a whole, honest about what was tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.board.board import BoardError
from edge_agent.board.facts import (
    AudioFacts,
    ButtonFacts,
    ChipFacts,
    DetectFacts,
    LedFacts,
    MixerFacts,
    PowerFacts,
    Profile,
)
from edge_agent.board.profile import load, load_all, names, read
from edge_agent.board.profile_text import markdown

HARDWARE = Path(__file__).parents[2] / "hardware"
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
        assert profile.notes
        assert profile.audio.output_card

    @pytest.mark.parametrize("name", names())
    def test_can_be_recognised(self, name: str) -> None:
        assert load(name).detect.cards

    @pytest.mark.parametrize("name", names())
    def test_have_a_wiring_page_that_says_how_to_check_and_what_goes_wrong(self, name: str) -> None:
        page = (HARDWARE / "wiring" / f"{name}.md").read_text(encoding="utf-8")
        for part in ("## Wiring", "## config.txt", "## Check", "## Faults", "edge-agent board detect"):
            assert part in page, part
        assert f'profile = "{name}"' in page
        for what in (load(name).audio.overlay, *(f"GPIO{pin}" for pin in load(name).driven)):
            assert what in page, what

    def test_stand_in_the_table_of_the_boards_with_what_they_say(self) -> None:
        text = (HARDWARE / "README.md").read_text(encoding="utf-8")
        assert markdown(load_all()) in text, "run: python -m tests.board.write_table"

    @pytest.mark.parametrize("name", names())
    def test_with_two_clocks_have_two_cards(self, name: str) -> None:
        profile = load(name)
        same = profile.audio.input_card == profile.audio.output_card
        assert (profile.echo_tier == 3) is not same

    @pytest.mark.parametrize("name", names())
    def test_do_not_claim_to_be_tested(self, name: str) -> None:
        """Nobody has run one on the metal yet; who does, changes this together with hardware/README.md."""
        assert not load(name).tested

    def test_are_these(self) -> None:
        assert names() == [
            "aiy-voice-hat",
            "anker-powerconf-s330",
            "jabra-speak",
            "respeaker-2mic-v1",
            "respeaker-2mic-v2",
            "usb-mic-and-dac",
            "waveshare-wm8960",
        ]

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
        with pytest.raises(BoardError, match=r"found 'respeaker-2mic-v', expected .*; the nearest is respeaker-2mic-v"):
            load("respeaker-2mic-v")

    def test_a_name_like_no_other_is_told_them_all(self) -> None:
        with pytest.raises(BoardError, match="there are: aiy-voice-hat, anker-powerconf-s330, jabra"):
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
            + "hardware_mute = true\n"
            + 'notes = ["a"]\nsources = ["b"]\n'
            + '[button]\npin = 5\nactive = "high"\npull = "down"\n'
            + '[led]\nkind = "rgb"\npins = [25, 24, 23]\nactive = "low"\n'
            + '[audio]\ninput_card = "in"\noutput_card = "out"\nrate = 16000\nchannels = 4\noverlay = "o"\n'
            + '[[power]]\npin = 6\nactive = "low"\nwhat = "amplifier"\n[[power]]\npin = 7\nactive = "high"\n'
            + '[mixer.input]\n"PGA" = "80% cap"\n[mixer.output]\n"B" = "-12.5dB"\n"A" = "100% unmute"\n'
            + '[detect]\ncards = ["in"]\ncodec = "wm"\nhardware = "h"\nusb = ["0b0e:0422"]\nusb_microphone = true\n'
            + '[detect.i2c]\nbus = 3\naddress = 0x1a\nchip = "wm8960"\nunless = [0x52]\n'
            + '[detect.hat]\nvendor = "v"\nproduct = "p"\n'
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
            power=(PowerFacts(6, True, "amplifier"), PowerFacts(7)),
            mixer=MixerFacts((("PGA", "80% cap"),), (("B", "-12.5dB"), ("A", "100% unmute"))),
            detect=DetectFacts(
                ("in",), "wm", ChipFacts(3, 0x1A, "wm8960", (0x52,)), "h", "v", "p", ("0b0e:0422",), usb_microphone=True
            ),
            hardware_mute=True,
        )

    def test_drives_its_light_and_its_power_and_nothing_else(self, tmp_path: Path) -> None:
        text = SMALLEST + '[led]\nkind = "led"\npins = [9]\n[[power]]\npin = 6\nactive = "high"\n'
        assert read(written(tmp_path, text)).driven == (9, 6)
        assert load("respeaker-2mic-v1").driven == ()

    def test_without_pins_needs_no_panel(self) -> None:
        assert not load("jabra-speak").has_panel
        assert load("waveshare-wm8960").has_panel


class TestABoardThatOnlyPlays:
    def test_needs_a_microphone_that_is_named(self) -> None:
        profile = load("usb-mic-and-dac")
        assert profile.lacks_card("Device", "") == ""
        assert profile.lacks_card("", "x").startswith(
            "audio.input_card: found nothing, expected the ALSA id of the microphone's card (`arecord -l`)"
        )

    def test_is_no_trouble_where_it_has_both(self) -> None:
        assert load("jabra-speak").lacks_card("", "") == ""

    def test_may_be_one_that_only_records(self, tmp_path: Path) -> None:
        text = SMALLEST + '[audio]\ninput_card = "in"\n'
        assert "loudspeaker" in read(written(tmp_path, text)).lacks_card("", "")


class TestAWrongProfile:
    def test_is_told_all_at_once(self, tmp_path: Path) -> None:
        assert problems(
            tmp_path, 'nmae = "x"\ntested = "no"\n[button]\npin = 28\nactive = "low"\npull = "sideways"\n'
        ) == [
            "name: found nothing, expected text",
            'tested: found "no", expected true or false',
            "echo_tier: found nothing, expected a whole number from 1 to 3",
            "button.pin: found 28, expected a whole number from 0 to 27",
            'button.pull: found "sideways", expected one of up, down, none',
            'nmae: found "x", expected one of audio, button, detect, echo_tier, hardware_mute, led, mixer, name, '
            "notes, power, sources, tested",
        ]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[led]\nkind = 'neon'\n", 'led.kind: found "neon", expected one of none, led, pwm, rgb, apa102'),
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
                "led.pixels: found 3, expected one of active, kind, pins",
            ),
            (
                "[button]\npin = 4\nactive = 'high'\npull = 'up'\n",
                'button.pull: found "up", expected the resistor that pulls away from pressed, which is high',
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
            ("power = 17\n", "power: found 17, expected an array of tables, [[power]]"),
            ("[[power]]\npin = 4\n", "power[1].active: found nothing, expected one of low, high"),
            (
                "[button]\npin = 4\nactive = 'low'\npull = 'up'\n[[power]]\npin = 4\nactive = 'high'\n",
                "pins: found GPIO4 twice, expected one use for each pin",
            ),
            (
                "[mixer.output]\n'HP DAC' = '-D hw:0'\n",
                'mixer.output."HP DAC": found "-D hw:0", expected words for `amixer sset`: 80%, -12dB, a raw number, '
                "on, off, mute, unmute, cap, nocap",
            ),
            (
                "[mixer.output]\nA = 5\n",
                'mixer.output."A": found 5, expected words for `amixer sset`: 80%, -12dB, '
                "a raw number, on, off, mute, unmute, cap, nocap",
            ),
            (
                "[mixer.output]\n'-c' = '5%'\n",
                'mixer.output."-c": found a name, expected a control as `amixer scontrols` shows it',
            ),
            (
                "[mixer.outptu]\n",
                "mixer.outptu: found {}, expected one of input, output",
            ),
            (
                "[detect.i2c]\naddress = 0x99\nchip = 'x'\n",
                "detect.i2c.address: found 153, expected a whole number from 0x08 to 0x77",
            ),
            (
                "[detect]\nusb = ['Jabra']\n",
                "detect.usb: found ['Jabra'], expected a list of USB ids, as `lsusb` shows them: 0b0e:0422",
            ),
            ("[detect.hat]\nproduct = 'x'\n", "detect.hat.vendor: found nothing, expected text"),
            ("[audio]\nrate = 8000\n", "audio.rate: found 8000, expected a whole number from 16000 to 48000"),
        ],
    )
    def test_is_told_by_key_value_and_what_is_allowed(self, tmp_path: Path, text: str, said: str) -> None:
        assert problems(tmp_path, SMALLEST + text) == [said]

    def test_that_is_not_toml_says_where(self, tmp_path: Path) -> None:
        (line,) = problems(tmp_path, SMALLEST + "[led\n")
        assert line.startswith("not TOML: ")
        assert "line 4" in line

    @pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000 + "]" * 5000], ids=["digits", "brackets"])
    def test_that_no_parser_gets_through_is_told_too(self, tmp_path: Path, value: str) -> None:
        (line,) = problems(tmp_path, f"{SMALLEST}\nx = {value}\n")
        assert line.startswith("not TOML: ")
