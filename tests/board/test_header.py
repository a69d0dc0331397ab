"""What the header's hardware tells: chips by label, addresses that answer, and honest when it may not be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.board.header import GpioChip, addresses_in, answering, chips_in, gpio_chips, header_chip


class TestGpioChips:
    @pytest.mark.parametrize("label", ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"])
    def test_of_every_pi_are_found_by_label(self, label: str) -> None:
        chips = [GpioChip("gpiochip0", "raspberrypi-exp-gpio"), GpioChip("gpiochip11", label)]
        found = header_chip(chips)
        assert found
        assert found.number == 11

    def test_of_something_else_are_not_the_header(self) -> None:
        assert header_chip([GpioChip("gpiochip0", "gpio-sim.0-node0")]) is None

    def test_are_read_from_what_gpiodetect_printed(self) -> None:
        text = "gpiochip0 [pinctrl-rp1] (54 lines)\ngpiochip10 [gpio-brcmstb@107d508500] (32 lines)\n"
        assert chips_in(text) == [
            GpioChip("gpiochip0", "pinctrl-rp1"),
            GpioChip("gpiochip10", "gpio-brcmstb@107d508500"),
        ]

    def test_that_are_none_are_told(self, tmp_path: Path) -> None:
        (tmp_path / "gpiochip0").write_text("a file")
        (tmp_path / "gpiochip4").symlink_to("gpiochip0")
        chips, denied = gpio_chips(tmp_path)
        assert chips == []
        (line,) = denied
        assert line.startswith(f"{tmp_path}/gpiochip0: ")

    def test_may_be_absent(self, tmp_path: Path) -> None:
        assert gpio_chips(tmp_path) == ([], [])


class TestI2cAddresses:
    def test_are_read_from_what_i2cdetect_printed(self) -> None:
        text = (
            "     0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f\n"
            "00:          -- -- -- -- -- -- -- -- -- -- -- -- -- \n"
            "10: -- -- -- -- -- -- -- -- 18 -- UU -- -- -- -- -- \n"
            "40: -- -- -- -- -- -- -- -- UU -- -- -- -- -- -- -- \n"
            "70: -- -- -- -- -- -- -- 77                         \n"
        )
        assert addresses_in(text) == [0x18, 0x1A, 0x48, 0x77]

    def test_are_read_from_the_answer_for_a_single_address(self) -> None:
        text = f"     0  1  2\n00:{' ' * 49}\n10:{' ' * 31}UU{' ' * 16}\n"
        assert addresses_in(text) == [0x1A]

    def test_of_a_bus_that_is_not_there_say_so(self, tmp_path: Path) -> None:
        assert answering(1, [0x18], tmp_path) == ([], [f"{tmp_path}/i2c-1: No such file or directory"])

    def test_of_something_that_is_no_bus_say_so(self, tmp_path: Path) -> None:
        (tmp_path / "i2c-1").touch()
        found, (line,) = answering(1, [0x18, 0x1A], tmp_path)
        assert found == []
        assert line.startswith(f"{tmp_path}/i2c-1: ")
