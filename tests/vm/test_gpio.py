"""Button and light through the kernel's GPIO character device, with gpiozero's lgpio factory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from image.debian_root import RootError
from tests.vm import roots
from tests.vm.conversation import CONNECTED
from tests.vm.gpio import Panel
from tests.vm.guest import Guest
from tests.vm.machine import Frozen
from tests.vm.stage import READY_S, Stage, unpack

pytestmark = pytest.mark.vm

# No sound is looked at here, but the presses are timed by the guest.
SLOW = 4.0


@dataclass(frozen=True, slots=True)
class Board:
    guest: Guest
    panel: Panel


@pytest.fixture(scope="module")
def connected(stage: Stage) -> Frozen:
    """The daemon on a simulated header, connected, its button up."""
    try:
        module = roots.gpio_sim(stage.disk.version)
    except RootError as error:
        pytest.skip(f"no GPIO simulator for this kernel: {error}")
    parcel = roots.parcel(stage.folder / "gpio.tar", {"gpio-simulator.ko": module})
    with stage.guest(stage.installed(), slow=SLOW, parcel=parcel) as guest:
        unpack(guest)
        panel = Panel.made(guest)
        panel.configure()
        before = guest.cursor()
        guest.run("systemctl restart edge-agent", limit_s=READY_S)
        guest.await_journal(CONNECTED, after=before)
        return guest.freeze("panel")


@pytest.fixture
def board(stage: Stage, connected: Frozen) -> Iterator[Board]:
    with stage.guest(connected, slow=SLOW) as guest:
        yield Board(guest, Panel(guest))


class TestAPanel:
    def test_listens_at_a_press_and_shows_it(self, board: Board) -> None:
        guest, panel = board.guest, board.panel
        panel.await_light(False)
        before = guest.cursor()
        panel.press()
        guest.await_journal("listening, because of (button|press)", after=before, limit_s=10)
        panel.await_light(True)

    def test_mutes_while_the_button_is_held_for_two_seconds_and_stays_muted(self, board: Board) -> None:
        guest, panel = board.guest, board.panel
        before = guest.cursor()
        with panel.pressed():
            guest.await_journal("muted: nothing is heard", after=before, limit_s=10)
        panel.await_light(True)  # red, on this board: on, with a short gap
        before = guest.cursor()
        panel.press()
        guest.run("sleep 1")
        found = guest.run(f"journalctl -u edge-agent --after-cursor='{before}' --grep listening", check=False)
        assert found.code == 1, guest.story()  # grep's word for nothing

    def test_is_the_kernels_character_device_and_the_daemons_user_may_use_it(self, board: Board) -> None:
        pid = board.guest.show("MainPID")["MainPID"]
        held = board.guest.run(f"ls -l /proc/{pid}/fd; cat /proc/{pid}/status").out
        assert "gpiochip0" in held or "gpio" in held, held
        assert "\nUid:\t0\t" not in held
