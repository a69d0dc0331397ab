"""Which board it is: on recorded machines, most of them from a dump that somebody published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge_agent import cli
from edge_agent.board.detect import Candidate, Detection, Fit, detect, usable
from edge_agent.board.machine import look
from edge_agent.board.profile import load, load_all, read
from tests.board.recorded import NAMES, facts, unfolded

# tree -> the profile that is found, or None
FOUND = {
    "aiy-voice-bonnet": None,
    "aiy-voice-hat": "aiy-voice-hat",
    "anker-powerconf-s330": "anker-powerconf-s330",
    "another-card-called-USB": None,
    "fresh-pi-os": None,
    "hifiberry-eeprom-no-mic": None,
    "jabra-and-hifiberry": "jabra-speak",
    "jabra-speak-510": "jabra-speak",
    "jabra-without-sound": None,
    "laptop": None,
    "nothing-on-the-header": None,
    "respeaker-2mic-v1": "respeaker-2mic-v1",
    "respeaker-2mic-v2": "respeaker-2mic-v2",
    "respeaker-2mic-v2-spi-off": "respeaker-2mic-v2",
    "respeaker-2mic-v2-wrong-overlay": None,
    "two-usb-mics-and-dac": None,
    "usb-mic-and-dac": "usb-mic-and-dac",
    "waveshare-wm8960-pi5": "waveshare-wm8960",
    "waveshare-wm8960-pi5-early": "waveshare-wm8960",
    "wm8960-without-driver": None,
}


@pytest.fixture
def detected(request: pytest.FixtureRequest, tmp_path: Path) -> Detection:
    return on(request.param, tmp_path)


def on(name: str, root: Path) -> Detection:
    return detect(look(unfolded(name, root)), load_all())


def of(detection: Detection, profile: str) -> Candidate:
    return next(one for one in detection.candidates if one.profile.id == profile)


class TestARecordedTree:
    @pytest.mark.parametrize("name", NAMES)
    def test_says_of_every_file_where_it_is_from(self, name: str) -> None:
        tree = facts(name)
        cited = [path for source in tree.get("source", []) for path in source["paths"]]
        assert sorted({*cited, *tree["invented"]}) == sorted({*tree["files"], *tree.get("links", {})})
        assert not set(cited) & set(tree["invented"])
        assert all(source["where"] and source["date"] and source["what"] for source in tree.get("source", []))

    def test_is_judged_here(self) -> None:
        assert sorted(FOUND) == NAMES

    @pytest.mark.parametrize("name", NAMES)
    def test_leads_to_its_board_and_to_no_other(self, name: str, tmp_path: Path) -> None:
        detection = on(name, tmp_path)
        found = detection.found.profile.id if detection.found else None
        assert found == FOUND[name]
        assert (detection.why_not == "") is (found is not None)

    @pytest.mark.parametrize("profile", [profile.id for profile in load_all()])
    def test_exists_for_every_profile(self, profile: str) -> None:
        assert profile in FOUND.values()


class TestTwoVersionsWithOneCardId:
    @pytest.mark.parametrize("detected", ["respeaker-2mic-v1"], indirect=True)
    def test_the_first_is_told_by_its_codec(self, detected: Detection) -> None:
        assert of(detected, "respeaker-2mic-v1").fit is Fit.FITS
        second = of(detected, "respeaker-2mic-v2")
        assert second.fit is Fit.CONTRADICTED
        assert second.against == [
            "card seeed2micvoicec hangs on 3f203000.i2s-wm8960-hifi wm8960-hifi-0, not on a tlv320aic3",
            "there is no tlv320aic3104 at 1-0018 on I2C",
        ]

    @pytest.mark.parametrize("detected", ["respeaker-2mic-v2"], indirect=True)
    def test_the_second_too_with_its_evidence(self, detected: Detection) -> None:
        assert of(detected, "respeaker-2mic-v2").evidence == [
            "card seeed2micvoicec (seeed2micvoicec)",
            "its PCM is 3f203000.i2s-tlv320aic3x-hifi tlv320aic3x-hifi-0: the driver of the codec has found it",
            "1-0018 on I2C is a tlv320aic3104, driver tlv320aic3x",
            "the device tree says hardware 'reSpeaker V2.0'",
        ]
        assert of(detected, "respeaker-2mic-v1").fit is Fit.CONTRADICTED

    @pytest.mark.parametrize("detected", ["respeaker-2mic-v2-wrong-overlay"], indirect=True)
    def test_the_wrong_overlay_is_told_with_what_answers_instead(self, detected: Detection) -> None:
        first, second = of(detected, "respeaker-2mic-v1"), of(detected, "respeaker-2mic-v2")
        assert "its driver has not found it" in first.missing[0]
        assert second.evidence == ["address 0x18 answers on I2C: a TLV320AIC3104 (ReSpeaker 2-Mics v2)"]
        assert "put dtoverlay=respeaker-2mic-v2_0 into" in " ".join(second.missing)
        assert second.against == ["the device tree says hardware 'reSpeaker V1.0'"]


class TestACodecThatSeveralBoardsHave:
    @pytest.mark.parametrize("detected", ["waveshare-wm8960-pi5"], indirect=True)
    def test_leaves_a_doubt_that_is_told(self, detected: Detection) -> None:
        assert detected.found
        (doubt,) = detected.found.doubts
        assert doubt.startswith("a ReSpeaker 2-Mics Pi HAT v1 would look the same under the overlay wm8960-soundcard")
        assert [one.profile.id for one in detected.candidates] == ["waveshare-wm8960"], "no advice for a twin"

    @pytest.mark.parametrize("detected", ["wm8960-without-driver"], indirect=True)
    def test_alone_is_ambiguous(self, detected: Detection) -> None:
        assert detected.why_not == (
            "not ready, and ambiguous: ReSpeaker 2-Mics Pi HAT v1 or Waveshare WM8960 Audio HAT"
        )
        waveshare = of(detected, "waveshare-wm8960")
        assert "or a WM8731 (Mycroft Mark 1), or, if 0x52 answers too, the RT5645" in waveshare.evidence[0]
        assert "is in /boot/firmware/config.txt, but its sound card is not there" in waveshare.missing[0]
        assert "put dtoverlay=respeaker-2mic-v1_0 into" in of(detected, "respeaker-2mic-v1").missing[0]

    @pytest.mark.parametrize("detected", ["aiy-voice-bonnet"], indirect=True)
    def test_is_another_chip_where_something_else_answers_beside_it(self, detected: Detection) -> None:
        assert {one.fit for one in detected.candidates} == {Fit.CONTRADICTED}
        assert of(detected, "waveshare-wm8960").against == ["0x52 answers on I2C, which this board does not have"]
        assert detected.why_not == "what there is contradicts itself"


class TestWhatIsMissing:
    @pytest.mark.parametrize("detected", ["respeaker-2mic-v2-spi-off"], indirect=True)
    def test_the_bus_of_the_light_is_told_and_the_board_is_found(self, detected: Detection) -> None:
        assert detected.found
        assert detected.found.fit is Fit.FITS
        assert detected.found.missing == [
            "the light stays dark: there is no /dev/spidev0.0; "
            "put dtparam=spi=on into /boot/firmware/config.txt, restart"
        ]

    @pytest.mark.parametrize("detected", ["jabra-without-sound"], indirect=True)
    def test_a_usb_device_without_its_card(self, detected: Detection) -> None:
        (jabra,) = detected.candidates
        assert jabra.fit is Fit.INCOMPLETE
        assert jabra.evidence == ["USB device 0b0e:0422 (Jabra SPEAK 510 USB)"]
        assert "modprobe snd-usb-audio" in jabra.missing[0]

    @pytest.mark.parametrize("detected", ["hifiberry-eeprom-no-mic"], indirect=True)
    def test_a_microphone(self, detected: Detection) -> None:
        assert detected.why_not == "USB microphone and I2S DAC (HiFiBerry, PCM5102A) is not ready"
        assert of(detected, "usb-mic-and-dac").missing == ["no USB microphone is plugged in"]
        assert "its EEPROM says HiFiBerry DAC+" in of(detected, "usb-mic-and-dac").evidence

    @pytest.mark.parametrize("detected", ["two-usb-mics-and-dac"], indirect=True)
    def test_a_choice_between_microphones(self, detected: Detection) -> None:
        assert "several USB microphones (Device, Device_1)" in of(detected, "usb-mic-and-dac").missing[0]

    def test_an_overlay_that_is_not_installed(self, tmp_path: Path) -> None:
        root = unfolded("respeaker-2mic-v2-wrong-overlay", tmp_path)
        missing = of(detect(look(root), load_all()), "respeaker-2mic-v2").missing
        assert missing[0].startswith("respeaker-2mic-v2_0.dtbo is not among the overlays")

    def test_the_i2c_bus_and_the_overlay(self, tmp_path: Path) -> None:
        (tmp_path / "i2cdetect-1").write_text("10:                         18\n")
        (one,) = detect(look(tmp_path), load_all()).candidates
        assert one.missing[0] == "the I2C bus is off: put dtparam=i2c_arm=on into /boot/firmware/config.txt and restart"

    def test_a_gpio_chip_of_the_header(self, tmp_path: Path) -> None:
        root = unfolded("respeaker-2mic-v2", tmp_path)
        (root / "gpiodetect").write_text("gpiochip0 [gpio-brcmstb@107d508500] (32 lines)\n")
        found = detect(look(root), load_all()).found
        assert found
        assert found.missing == ["no GPIO chip is the header's; there are: gpiochip0 [gpio-brcmstb@107d508500]"]

    @pytest.mark.parametrize("name", ["laptop", "fresh-pi-os"])
    def test_nothing_where_nothing_is_a_board(self, name: str, tmp_path: Path) -> None:
        detection = on(name, tmp_path)
        assert detection.candidates == ()
        assert detection.why_not.startswith("no profile knows these sound cards: ")

    def test_everything_on_an_empty_machine(self, tmp_path: Path) -> None:
        detection = detect(look(tmp_path), load_all())
        assert detection.candidates == ()
        assert "there is no sound card" in detection.why_not


class TestTheHeaderOfAPi5:
    @pytest.mark.parametrize(
        ("name", "chip"), [("waveshare-wm8960-pi5", "gpiochip0"), ("waveshare-wm8960-pi5-early", "gpiochip4")]
    )
    def test_is_found_by_its_label_whatever_its_number(self, name: str, chip: str, tmp_path: Path) -> None:
        header = on(name, tmp_path).machine.header
        assert header
        assert (header.name, header.label) == (chip, "pinctrl-rp1")


class TestTheUsbId:
    @pytest.mark.parametrize("detected", ["jabra-and-hifiberry"], indirect=True)
    def test_is_proof_and_beats_an_overlays_word(self, detected: Detection) -> None:
        assert of(detected, "jabra-speak").fit is Fit.FITS
        assert of(detected, "usb-mic-and-dac").fit is Fit.LIKELY

    def test_decides_between_cards_of_one_name(self, tmp_path: Path) -> None:
        root = unfolded("another-card-called-USB", tmp_path)
        with (root / "proc/asound/cards").open("a") as file:
            file.write(" 1 [USB_1          ]: USB-Audio - Jabra SPEAK 510 USB\n                      Jabra\n")
        (root / "proc/asound/card1").mkdir()
        (root / "proc/asound/card1/usbid").write_text("0b0e:0422\n")
        found = detect(look(root), load_all()).found
        assert found
        assert 'input_card = "USB_1"' in found.settings

    def test_two_boards_that_fit_are_for_the_user_to_choose_from(self, tmp_path: Path) -> None:
        root = unfolded("respeaker-2mic-v2", tmp_path)
        with (root / "proc/asound/cards").open("a") as file:
            file.write(" 1 [USB            ]: USB-Audio - Jabra SPEAK 510 USB\n                      Jabra\n")
        (root / "proc/asound/card1").mkdir()
        (root / "proc/asound/card1/usbid").write_text("0b0e:0422\n")
        detection = detect(look(root), load_all())
        assert detection.found is None
        assert detection.why_not == "ambiguous: Jabra Speak 410 / 510 and ReSpeaker 2-Mics Pi HAT v2; choose one"


class TestWhatToWrite:
    @pytest.mark.parametrize("detected", ["respeaker-2mic-v2"], indirect=True)
    def test_is_the_profile_alone_where_it_knows_its_cards(self, detected: Detection) -> None:
        assert detected.found
        assert detected.found.settings == '[board]\nprofile = "respeaker-2mic-v2"'

    @pytest.mark.parametrize("detected", ["usb-mic-and-dac"], indirect=True)
    def test_names_the_microphone_that_was_found(self, detected: Detection) -> None:
        assert detected.found
        assert detected.found.settings == ('[board]\nprofile = "usb-mic-and-dac"\n\n[audio]\ninput_card = "Device"')

    @pytest.mark.parametrize("detected", ["jabra-speak-510"], indirect=True)
    def test_turns_our_echo_stage_off_where_the_device_has_one(self, detected: Detection) -> None:
        assert detected.found
        assert detected.found.settings.endswith('[echo]\nengine = "off"')


class TestWithoutAskingAnybody:
    @pytest.mark.parametrize("detected", ["respeaker-2mic-v1"], indirect=True)
    def test_what_is_proved_is_used(self, detected: Detection) -> None:
        profile, why = usable(detected)
        assert profile
        assert (profile.id, profile.led.kind) == ("respeaker-2mic-v1", "apa102")
        assert why.startswith("board respeaker-2mic-v1 (fits): card seeed2micvoicec")

    @pytest.mark.parametrize("detected", ["aiy-voice-hat"], indirect=True)
    def test_no_pin_is_driven_on_an_overlays_word(self, detected: Detection) -> None:
        """A microphone and an amplifier of one's own run under the same overlay; GPIO25 may be something else there."""
        profile, why = usable(detected)
        assert profile is None
        assert 'only likely, and it would drive GPIO25; write profile = "aiy-voice-hat" if it is one' in why

    @pytest.mark.parametrize("detected", ["usb-mic-and-dac"], indirect=True)
    def test_what_is_likely_and_drives_nothing_is_used_with_the_cards_that_are_there(self, detected: Detection) -> None:
        profile, _ = usable(detected)
        assert profile
        assert (profile.audio.input_card, profile.audio.output_card) == ("Device", "sndrpihifiberry")

    @pytest.mark.parametrize("detected", ["respeaker-2mic-v2-spi-off"], indirect=True)
    def test_a_light_without_its_bus_does_not_keep_the_device_from_starting(self, detected: Detection) -> None:
        profile, why = usable(detected)
        assert profile
        assert profile.led.kind == "none"
        assert profile.button is not None
        assert "the light stays dark" in why

    @pytest.mark.parametrize("name", [name for name, found in FOUND.items() if found is None])
    def test_nothing_is_used_where_it_is_not_clear(self, name: str, tmp_path: Path) -> None:
        profile, why = usable(on(name, tmp_path))
        assert profile is None
        assert why.startswith("no board is used: ")


class TestAnEepromOfAnotherMaker:
    def test_proves_nothing(self, tmp_path: Path) -> None:
        root = unfolded("hifiberry-eeprom-no-mic", tmp_path)
        (root / "proc/device-tree/hat/vendor").write_text("Somebody\0")
        one = of(detect(look(root), load_all()), "usb-mic-and-dac")
        assert not one.proved


class TestAProfileOfOnesOwn:
    def test_is_detected_by_what_it_says(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_text(
            'name = "Mine"\ntested = true\necho_tier = 2\n[audio]\ninput_card = "PCH"\noutput_card = "PCH"\n'
            '[detect]\ncards = ["PCH"]\ncodec = "ALC3235"\n'
        )
        found = detect(look(unfolded("laptop", tmp_path / "root")), [read(file), load("jabra-speak")]).found
        assert found
        assert (found.profile.id, found.fit) == ("mine", Fit.FITS)


class TestTheCommand:
    def run(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
        code = cli.main(["board", *map(str, arguments)])
        return code, capsys.readouterr().out

    @pytest.mark.parametrize("name", NAMES)
    def test_ends_with_0_where_a_board_was_found_and_else_with_1(
        self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, said = self.run(capsys, "detect", "--root", unfolded(name, tmp_path))
        assert code == (0 if FOUND[name] else 1)
        assert (f'profile = "{FOUND[name]}"' if FOUND[name] else "No board found: ") in said

    def test_tells_a_person_what_speaks_for_and_against(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, said = self.run(capsys, "detect", "--root", unfolded("respeaker-2mic-v2-spi-off", tmp_path))
        lines = said.splitlines()
        assert lines[0] == "Raspberry Pi Zero 2 W Rev 1.0, GPIO header gpiochip0 [pinctrl-bcm2835]"
        assert lines[1] == (
            "ReSpeaker 2-Mics Pi HAT v2: fits (profile respeaker-2mic-v2; its profile was not run on the board yet)"
        )
        assert "  + card seeed2micvoicec (seeed2micvoicec)" in lines
        assert any(line.startswith("  ! the light stays dark") for line in lines)
        assert any(line.startswith("  - card seeed2micvoicec hangs on") for line in lines)

    def test_tells_a_program_the_same(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _, said = self.run(capsys, "detect", "--json", "--root", unfolded("usb-mic-and-dac", tmp_path))
        told: dict[str, Any] = json.loads(said)
        assert told["found"] == "usb-mic-and-dac"
        assert told["candidates"][0]["fit"] == "likely"
        assert told["settings"].splitlines()[-1] == 'input_card = "Device"'
        assert told["model"] == "Raspberry Pi 4 Model B Rev 1.4"

    def test_probes_the_machine_only(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            cli.main(["board", "detect", "--probe", "--root", str(tmp_path)])
        assert ended.value.code == cli.USAGE
        assert "--probe: found it with --root" in capsys.readouterr().err

    def test_runs_on_any_machine(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = self.run(capsys, "detect")
        assert code in (0, 1)
        assert said

    def test_lists_the_boards(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = self.run(capsys, "list")
        assert code == 0
        assert "respeaker-2mic-v2" in said
        assert len(json.loads(self.run(capsys, "list", "--json")[1])) == len(load_all())

    def test_shows_a_profile_as_its_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = self.run(capsys, "show", "jabra-speak")
        assert (code, said) == (0, load("jabra-speak").path.read_text())
        assert cli.main(["board", "show", "jabra-spaek"]) == cli.DEVICE
        assert "the nearest is jabra-speak" in capsys.readouterr().err
