"""The provider's key on a real system: it reaches the daemon, in the clear or sealed, and nobody else."""

from __future__ import annotations

import re

import pytest

from tests.vm.guest import Guest
from tests.vm.stage import READY_S

pytestmark = pytest.mark.vm

KEY = "sk-vm-Uq3TzR8wLm5XcV1nB7kY2dF6"
PLAIN = "/etc/credstore/openai-api-key"
SEALED = "/etc/credstore.encrypted/openai-api-key-sealed"
HANDED_OVER = "/run/credentials/edge-agent.service"
FAULT = "edge-agent-fault.service"
REFUSED = 7  # the exit code of a key that cannot be used; edge_agent/cli.py


def key_is_nowhere_to_be_seen(guest: Guest, pid: str) -> None:
    """In no journal line, no environment, no command line; a stranger finds it in no file."""
    assert KEY not in guest.run("journalctl --no-pager -o verbose").out
    assert KEY.encode() not in guest.get(f"/proc/{pid}/environ")
    assert KEY not in guest.run("cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'", check=False).out
    stranger = "setpriv --reuid=nobody --regid=nogroup --clear-groups"
    places = "/run /etc /var/lib /var/log /tmp /var/tmp"
    assert guest.run(f"{stranger} grep -rslF -D skip -- {KEY} {places}", check=False).out == ""
    assert guest.run(f"{stranger} cat {PLAIN} {HANDED_OVER}/openai-api-key", check=False).out == ""


class TestAKeyInTheStore:
    def test_reaches_the_daemon_and_nobody_else(self, guest: Guest) -> None:
        guest.put(PLAIN, f"{KEY}\n", mode=0o600)
        before = guest.cursor()
        guest.run("systemctl restart edge-agent", limit_s=READY_S)
        told = guest.await_journal("^provider ", after=before)
        assert told == f"provider openai, its key from {HANDED_OVER}/openai-api-key", guest.story()
        key_is_nowhere_to_be_seen(guest, guest.show("MainPID")["MainPID"])

    def test_that_others_can_read_is_refused_with_the_remedy(self, guest: Guest) -> None:
        guest.put(PLAIN, f"{KEY}\n", mode=0o644)
        # Closed to the daemon, which sees the file's mode all the same, through the unit's BindReadOnlyPaths=.
        assert guest.run("stat -c '%a %U' /etc/credstore").out == "700 root\n"
        before = guest.cursor()
        assert guest.run("systemctl restart edge-agent", limit_s=READY_S, check=False).code != 0, guest.story()
        told = guest.run(f"journalctl -u edge-agent -o cat --after-cursor='{before}'").out
        assert f"found mode 0644: others can read the key; run: chmod 600 {PLAIN}" in told
        assert guest.show("ExecMainStatus", "NRestarts") == {"ExecMainStatus": str(REFUSED), "NRestarts": "0"}, told
        guest.await_journal("EA-105", after=before, unit=FAULT)
        assert guest.show("ActiveState", unit=FAULT) == {"ActiveState": "active"}, guest.story()
        assert KEY not in guest.run("journalctl --no-pager -o verbose").out
        guest.run(f"chmod 600 {PLAIN}")
        guest.await_ready(READY_S)
        assert guest.show("ActiveState", unit=FAULT) == {"ActiveState": "inactive"}, guest.story()


class TestASealedKey:
    def test_is_unsealed_for_the_daemon_alone(self, guest: Guest) -> None:
        seal = f"umask 077; systemd-creds encrypt --with-key=host --name=openai-api-key-sealed - {SEALED}"
        guest.run(seal, stdin=KEY.encode())
        assert KEY.encode() not in guest.get(SEALED)
        before = guest.cursor()
        guest.run("systemctl restart edge-agent", limit_s=READY_S)
        told = guest.await_journal("^provider ", after=before)
        assert re.fullmatch(rf"provider openai, its key from {HANDED_OVER}/openai-api-key-sealed", told), guest.story()
        key_is_nowhere_to_be_seen(guest, guest.show("MainPID")["MainPID"])
