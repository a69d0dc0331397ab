"""Ways to the pins that cannot be used: each says what to do about it, as the machine has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_agent.board.pin_factory import trouble


class LgpioError(Exception):
    """`lgpio.error`: its texts are those of lgpio 0.2.2 (lgpio_errors)."""


def said(error: Exception, dev: Path) -> str:
    text = trouble("lgpio", "the button on GPIO17", error, dev)
    assert text.startswith(
        f"pin factory lgpio: the button on GPIO17 cannot be used ({type(error).__name__}: {error}); "
    )
    return text.split("); ", 1)[1]


class TestAPinThatCannotBeUsed:
    def test_is_held_by_another_program(self, tmp_path: Path) -> None:
        assert "another program holds it: `gpioinfo` names it" in said(LgpioError("'GPIO busy'"), tmp_path)

    def test_has_no_chip_here(self, tmp_path: Path) -> None:
        assert "there is no GPIO chip here" in said(LgpioError("'can not open gpiochip'"), tmp_path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything; run as a user")
    def test_has_a_chip_that_may_not_be_opened(self, tmp_path: Path) -> None:
        (tmp_path / "gpiochip0").touch(mode=0o000)
        advice = said(LgpioError("'can not open gpiochip'"), tmp_path)
        assert advice == f"{tmp_path}/gpiochip0 may not be opened: add the user that runs edge-agent to the group gpio"

    def test_has_chips_that_may_be_opened(self, tmp_path: Path) -> None:
        (tmp_path / "gpiochip0").touch()
        assert "this user may open them" in said(LgpioError("'can not open gpiochip'"), tmp_path)

    def test_is_not_of_a_pi(self, tmp_path: Path) -> None:
        class PinUnknownPi(Exception):
            pass

        assert "this is no Raspberry Pi" in said(PinUnknownPi("unknown"), tmp_path)

    def test_has_no_library(self, tmp_path: Path) -> None:
        assert "install that package" in said(ModuleNotFoundError("No module named 'lgpio'"), tmp_path)

    def test_has_a_library_that_cannot_write_where_it_runs(self, tmp_path: Path) -> None:
        error = FileNotFoundError(2, "No such file or directory", ".lgd-nfy-3")
        assert "lgpio needs a working directory that it may write" in said(error, tmp_path)


class TestALightsBus:
    ERROR = "failed to initialize hardware SPI, falling back to software (error was: 'can not open SPI device')"

    def test_is_off(self, tmp_path: Path) -> None:
        assert "dtparam=spi=on" in said(LgpioError(self.ERROR), tmp_path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything; run as a user")
    def test_is_not_ours(self, tmp_path: Path) -> None:
        (tmp_path / "spidev0.0").touch(mode=0o000)
        assert "the group spi" in said(LgpioError(self.ERROR), tmp_path)
