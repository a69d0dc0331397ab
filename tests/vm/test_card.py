"""The sound card comes late: the daemon lives on without it, says so, and takes it when it is there.

The card is snd-aloop, taken from its driver while nobody has it open.
"""

from __future__ import annotations

import re

import pytest

from tests.vm.guest import Guest
from tests.vm.stage import READY_S

pytestmark = pytest.mark.vm

DRIVER = "/sys/bus/platform/drivers/snd_aloop"
CHANGE_S = 60.0  # the daemon looks for its card every second


def pull(guest: Guest) -> None:
    guest.run(f"echo snd_aloop.0 > {DRIVER}/unbind", limit_s=CHANGE_S)


def put_back(guest: Guest) -> None:
    guest.run(f"echo snd_aloop.0 > {DRIVER}/bind", limit_s=CHANGE_S)


def await_status(guest: Guest, pattern: str) -> None:
    look = "while :; do systemctl show edge-agent -P StatusText; sleep 0.5; done"
    guest.await_line(pattern, look, limit_s=CHANGE_S)


def played(guest: Guest) -> int:
    """Frames that the daemon's loudspeaker has played, as the kernel counts them."""
    text = guest.run("cat /proc/asound/Loopback/pcm0p/sub0/status").out
    found = re.search(r"^state: RUNNING$.*^hw_ptr\s*: (\d+)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{text}\n{guest.story()}"
    return int(found[1])


def sound_flows(guest: Guest) -> None:
    earlier = played(guest)
    guest.run("sleep 1")
    assert played(guest) > earlier, guest.story()


class TestACardThatIsNotThereYet:
    def test_keeps_the_daemon_from_nothing_but_sound(self, guest: Guest) -> None:
        guest.run("systemctl stop edge-agent")
        pull(guest)
        guest.run("systemctl start edge-agent", limit_s=READY_S)
        await_status(guest, "^without sound: ")
        pid = guest.show("MainPID")
        put_back(guest)
        await_status(guest, "^sound flows")
        sound_flows(guest)
        assert guest.show("MainPID") == pid, guest.story()
