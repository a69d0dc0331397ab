"""The sound card is pulled out and put back, or comes late: the daemon lives on, and says how it is.

The card is snd-aloop, taken from its driver as a USB card is by its plug: the kernel disconnects it under the open
files, and gives it up for good when the daemon has closed them.
"""

from __future__ import annotations

import re

import pytest

from tests.vm.guest import Guest
from tests.vm.stage import READY_S

pytestmark = pytest.mark.vm

DRIVER = "/sys/bus/platform/drivers/snd_aloop"
GIVEN_UP_S = 60.0  # the daemon looks for its card every second, and closes it first


def pull(guest: Guest) -> None:
    guest.run(f"echo snd_aloop.0 > {DRIVER}/unbind", limit_s=GIVEN_UP_S)


def put_back(guest: Guest) -> None:
    guest.run(f"echo snd_aloop.0 > {DRIVER}/bind", limit_s=GIVEN_UP_S)


def await_status(guest: Guest, pattern: str) -> None:
    look = "while :; do systemctl show edge-agent -P StatusText; sleep 0.5; done"
    guest.await_line(pattern, look, limit_s=GIVEN_UP_S)


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


class TestACardThatIsPulledOut:
    def test_is_told_and_waited_for_and_taken_again(self, guest: Guest) -> None:
        pid, before = guest.show("MainPID", "NRestarts"), guest.cursor()
        gone = guest.awaiting("card_gone", f"journalctl -f -o export --after-cursor='{before}' EDGE_EVENT=card_gone")
        pull(guest)
        gone()
        await_status(guest, "^without sound: ")
        assert guest.show("MainPID", "NRestarts") == pid, guest.story()
        line = guest.journal(f"--after-cursor='{before}' EDGE_EVENT=card_gone")[0]
        assert (line["PRIORITY"], line["_PID"]) == ("3", pid["MainPID"]), line
        put_back(guest)
        guest.await_journal("^the sound card is back", after=before)
        await_status(guest, "^sound flows")
        sound_flows(guest)
        assert guest.show("MainPID", "NRestarts") == pid, guest.story()


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
