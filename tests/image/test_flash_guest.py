"""The image of a card, unmodified, started by systemd as process 1: what it makes of itself, what it takes from the
file that a person wrote, what it keeps over a second start. `make image-test`.

The tests of a class share their guest, in the order of the file. Time runs `SLOW` times slower than the wall's.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_agent.field.card_file import KEPT, NAME
from edge_agent.field.first_boot import PLAIN_KEY, SEALED_KEY, SETTINGS, STATUS, WIFI
from edge_agent.system.credentials import SEALED
from tests.image.card_machine import Card, CardMachine, missing
from tests.vm import conversation
from tests.vm.guest import Guest

SLOW = float(os.environ.get("IMAGE_TEST_SLOW", "12"))
BOOT_S = 900.0  # wall, beyond the guest's own time
DIST = Path(__file__).parents[2] / "dist"
IMAGES = sorted(DIST.glob("edge-agent_*_arm64.img.zst"), key=lambda p: p.stat().st_mtime)
PASSWORD, API_KEY = "correct horse battery", "sk-test-0123456789abcdef"
FILE = f"""\
[wifi]
ssid = "Nobody's network"
password = "{PASSWORD}"
country = "DE"

[device]
hostname = "kitchen"
api_key = "{API_KEY}"

[session]
provider = "local"

[audio]
input_card = "Loopback"
output_card = "Loopback"
buffer_ms = 200
"""
CREDENTIAL = f"/run/credentials/edge-agent.service/{SEALED}"
SOUND = "modules_load=snd_aloop"
LISTENING = re.compile(r"^\s*\d+: \S+:(\w{4}) \S+:0000 0A", re.MULTILINE)  # /proc/net/tcp, state LISTEN

pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}"),
    pytest.mark.skipif(not IMAGES, reason="there is no image in dist/: make image"),
]


@pytest.fixture(scope="module")
def card() -> Iterator[Card]:
    folder = Path(tempfile.mkdtemp(prefix="edge-agent-card-", dir="/var/tmp"))
    card = Card(IMAGES[-1], folder)
    card.write(NAME, FILE)
    card.insert()
    yield card
    shutil.rmtree(folder)


def boot(card: Card) -> Guest:
    guest = Guest(CardMachine(card, slow=SLOW, append=SOUND))
    up = guest.wait_until_up(BOOT_S)
    print(f"up after {up:.1f} s of the guest")
    return guest


def one_of(guest: Guest, line: str) -> str:
    return guest.run(line).out.strip()


def identity(guest: Guest) -> tuple[str, str]:
    return one_of(guest, "cat /etc/machine-id"), one_of(guest, "cat /etc/ssh/ssh_host_ed25519_key.pub")


@pytest.fixture(scope="module")
def first(card: Card) -> Iterator[Guest]:
    """The first start of this card."""
    guest = boot(card)
    yield guest
    guest.machine.kill()


class TestTheFirstStart:
    def test_ends_in_a_ready_daemon(self, first: Guest) -> None:
        first.await_ready(180)
        assert first.show("NRestarts")["NRestarts"] == "0"

    def test_leaves_no_unit_failed(self, first: Guest) -> None:
        assert one_of(first, "systemctl --failed --no-legend --plain") == ""

    def test_has_a_root_that_nobody_writes(self, first: Guest) -> None:
        assert one_of(first, "findmnt -no OPTIONS /").split(",")[0] == "ro"
        assert first.run("touch /usr/x", check=False).code != 0
        assert one_of(first, "findmnt -no FSTYPE /etc") == "overlay"
        assert one_of(first, "findmnt -no SOURCE /var").startswith("/dev/vda4")
        assert one_of(first, "findmnt -no OPTIONS /boot/firmware").split(",")[0] == "ro"

    def test_has_grown_its_data_to_the_end_of_the_card(self, first: Guest) -> None:
        disk, partition = (int(one_of(first, f"cat /sys/class/block/{name}/size")) for name in ("vda", "vda4"))
        start = int(one_of(first, "cat /sys/class/block/vda4/start"))
        assert disk - (start + partition) < 4096
        blocks = int(one_of(first, "stat -f -c %b /data")) * int(one_of(first, "stat -f -c %S /data"))
        assert blocks > 0.9 * partition * 512

    def test_has_taken_in_the_file_and_told_so(self, first: Guest) -> None:
        assert one_of(first, "cat /etc/hostname") == one_of(first, "uname -n") == "kitchen"
        assert f'psk="{PASSWORD}"' in one_of(first, f"cat /{WIFI}")
        assert one_of(first, f"stat -c '%U %a' /{WIFI}") == "root 600"
        assert 'input_card = "Loopback"' in one_of(first, f"cat /{SETTINGS}")
        status = one_of(first, f"cat /boot/firmware/{STATUS}")
        assert "was understood" in status
        assert PASSWORD not in status

    def test_keeps_the_key_encrypted_and_the_daemon_has_it(self, first: Guest) -> None:
        assert first.run(f"test -e /{PLAIN_KEY}", check=False).code == 1
        assert API_KEY not in one_of(first, f"cat /{SEALED_KEY}")
        assert one_of(first, f"cat {CREDENTIAL}") == API_KEY

    def test_tells_no_secret_to_the_journal(self, first: Guest) -> None:
        journal = first.run("journalctl -b -o json --no-pager", limit_s=120).out
        assert "edge-agent" in journal
        assert PASSWORD not in journal
        assert API_KEY not in journal

    def test_lets_nobody_in(self, first: Guest) -> None:
        listening = {int(port, 16) for port in LISTENING.findall(one_of(first, "cat /proc/net/tcp /proc/net/tcp6"))}
        assert 22 not in listening
        assert one_of(first, "systemctl is-active ssh.service || true") == "inactive"
        passwords = [line.split(":")[1] for line in one_of(first, "cat /etc/shadow").splitlines()]
        assert passwords
        assert all(word[:1] in ("!", "*") for word in passwords)

    def test_is_watched_by_the_hardware(self, first: Guest) -> None:
        assert one_of(first, "cat /sys/class/watchdog/watchdog0/state") == "active"

    def test_has_no_swap_on_the_card(self, first: Guest) -> None:
        swaps = one_of(first, "cat /proc/swaps").splitlines()[1:]
        assert all(line.startswith("/dev/zram") for line in swaps)


class TestAConversation:
    def test_is_held_with_the_server_that_is_built_in(self, first: Guest) -> None:
        first.await_ready(180)
        talk = conversation.hold(first)
        assert talk.understood == talk.date, talk.told


@dataclass(frozen=True, slots=True)
class Second:
    """The second start of the same card; who the device was at the first, and that start's id in the journal."""

    guest: Guest
    was: tuple[str, str]
    boot_id: str


@pytest.fixture(scope="module")
def second(card: Card, first: Guest) -> Iterator[Second]:
    """Switched off, looked at in a laptop, and switched on again."""
    first.await_ready(180)
    was, boot_id = identity(first), one_of(first, "cat /proc/sys/kernel/random/boot_id").replace("-", "")
    first.power_off()
    in_a_laptop(card)
    guest = boot(card)
    yield Second(guest, was, boot_id)
    guest.machine.kill()


def in_a_laptop(card: Card) -> None:
    """What a person finds on the card between the two starts, and what a thief finds who reads every byte of it."""
    text = card.read(NAME)
    assert PASSWORD not in text
    assert API_KEY not in text
    assert text.count(KEPT) == 2
    assert "was understood" in card.read(STATUS)
    raw = card.firmware().read_bytes()
    for secret in (PASSWORD, API_KEY):
        assert secret.encode() not in raw, "in a cluster that FAT gave back"


class TestTheSecondStart:
    def test_is_the_same_device(self, second: Second) -> None:
        now = identity(second.guest)
        assert now == second.was
        assert re.fullmatch(r"[0-9a-f]{32}", now[0])
        assert now[1].startswith("ssh-ed25519 ")

    def test_remembers_the_journal_of_the_first(self, second: Second) -> None:
        guest, boot_id = second.guest, second.boot_id
        boots = one_of(guest, "journalctl --list-boots --no-pager")
        assert boot_id in boots
        assert "Nobody's network" in one_of(guest, f"journalctl -b {boot_id} -u edge-agent-first-boot --no-pager")

    def test_starts_the_daemon_again_with_its_key_and_settings(self, second: Second) -> None:
        guest = second.guest
        guest.await_ready(180)
        assert one_of(guest, f"cat {CREDENTIAL}") == API_KEY
        assert "was understood" in one_of(guest, f"cat /boot/firmware/{STATUS}")
