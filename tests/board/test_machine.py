"""What a machine shows: read from files, empty where nothing is, told where it may not be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_agent.board.header import GpioChip
from edge_agent.board.machine import I2cDevice, Machine, look
from tests.board.recorded import unfolded


class TestAMachine:
    def test_that_shows_nothing_is_empty(self, tmp_path: Path) -> None:
        assert look(tmp_path) == Machine()

    def test_shows_its_cards_with_what_they_can(self, tmp_path: Path) -> None:
        cards = {card.id: card for card in look(unfolded("usb-mic-and-dac", tmp_path)).cards}
        assert list(cards) == ["sndrpihifiberry", "vc4hdmi0", "vc4hdmi1", "Device"]
        assert (cards["sndrpihifiberry"].plays, cards["sndrpihifiberry"].records) == (True, False)
        assert (cards["Device"].plays, cards["Device"].records, cards["Device"].is_usb) == (False, True, True)
        assert cards["Device"].usb == "8086:0808"
        assert cards["sndrpihifiberry"].pcms == ("HifiBerry DAC HiFi pcm5102a-hifi-0",)

    def test_shows_what_the_kernel_knows_on_i2c(self, tmp_path: Path) -> None:
        machine = look(unfolded("respeaker-2mic-v2", tmp_path))
        assert machine.i2c == (I2cDevice("1-0018", "tlv320aic3104", "tlv320aic3x"),)
        assert machine.i2c_buses == (1,)
        assert machine.answers is None

    def test_shows_a_device_without_a_driver_as_that(self, tmp_path: Path) -> None:
        machine = look(unfolded("respeaker-2mic-v2-wrong-overlay", tmp_path))
        assert machine.i2c == (I2cDevice("1-001a", "wm8960", ""),)
        assert machine.answers == (0x18,)
        assert machine.overlays == ("respeaker-2mic-v1_0",)

    def test_shows_the_lines_of_its_boot_configuration_that_count(self, tmp_path: Path) -> None:
        (tmp_path / "boot").mkdir()
        (tmp_path / "boot" / "config.txt").write_text("#dtparam=spi=on\n dtparam = i2c_arm=on # x\nhdmi_safe=1\n")
        assert look(tmp_path).config == ("dtparam=i2c_arm=on",)

    def test_shows_texts_of_the_device_tree_without_their_zero(self, tmp_path: Path) -> None:
        machine = look(unfolded("hifiberry-eeprom-no-mic", tmp_path))
        assert (machine.hat_vendor, machine.hat_product) == ("HiFiBerry", "DAC+")
        assert machine.model == "Raspberry Pi 4 Model B Rev 1.4"

    def test_shows_its_gpio_chips_and_light_bus(self, tmp_path: Path) -> None:
        machine = look(unfolded("respeaker-2mic-v1", tmp_path))
        assert machine.header == GpioChip("gpiochip0", "pinctrl-bcm2835")
        assert machine.spi == ("0.0", "0.1")

    def test_shows_usb_devices_and_no_hubs_of_the_controllers(self, tmp_path: Path) -> None:
        root = unfolded("jabra-speak-510", tmp_path)
        (root / "sys/bus/usb/devices/usb1").mkdir()
        (root / "sys/bus/usb/devices/1-1:1.0").mkdir()
        assert look(root).usb == (("0b0e:0422", "Jabra SPEAK 510 USB"),)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; run as a user")
class TestWhatMayNotBeRead:
    def test_is_told_and_the_rest_is_seen(self, tmp_path: Path) -> None:
        root = unfolded("respeaker-2mic-v2", tmp_path)
        (root / "proc/asound/pcm").chmod(0)
        machine = look(root)
        assert machine.denied == ("/proc/asound/pcm: Permission denied",)
        assert machine.cards


class TestWhatCannotBeRead:
    def test_is_told_and_the_rest_is_seen(self, tmp_path: Path) -> None:
        root = unfolded("respeaker-2mic-v2", tmp_path)
        (root / "proc/asound/pcm").unlink()
        (root / "proc/asound/pcm").mkdir()
        machine = look(root)
        assert machine.denied == ("/proc/asound/pcm: Is a directory",)
        assert machine.cards
