"""The package, installed as a user does it: apt, and nothing else to be said."""

from __future__ import annotations

import re

import pytest

from tests.vm.guest import Guest
from tests.vm.machine import Frozen
from tests.vm.stage import BOOT_S, READY_S, SLOW, Stage

pytestmark = pytest.mark.vm

EXPOSURE = 2.0  # of `systemd-analyze security`, 0 to 10


class TestAfterTheInstallation:
    def test_the_service_is_ready_enabled_and_was_never_restarted(self, guest: Guest) -> None:
        facts = guest.show("ActiveState", "SubState", "NRestarts", "Type", "User", "UnitFileState")
        assert facts == {
            "ActiveState": "active",
            "SubState": "running",
            "NRestarts": "0",
            "Type": "notify",
            "User": "edge-agent",
            "UnitFileState": "enabled",
        }, guest.story()

    def test_it_runs_as_its_own_user_from_opt(self, guest: Guest) -> None:
        pid = guest.show("MainPID")["MainPID"]
        owner, program = guest.run(f"stat -c %U /proc/{pid}; readlink -f /usr/bin/edge-agent").out.split()
        assert (owner, program) == ("edge-agent", "/opt/edge-agent/bin/edge-agent")
        assert guest.run("edge-agent --version").out.startswith("edge-agent ")

    def test_nothing_in_the_guest_has_failed(self, guest: Guest) -> None:
        failed = guest.run("systemctl --failed --plain --no-legend").out
        assert not failed, guest.story()

    def test_the_unit_is_confined_as_promised(self, guest: Guest) -> None:
        told = guest.run("systemd-analyze security --no-pager edge-agent.service", limit_s=120).out
        rated = re.search(r"Overall exposure level for edge-agent.service: ([\d.]+)", told)
        assert rated is not None, told
        assert float(rated[1]) <= EXPOSURE, told


class TestAfterABoot:
    def test_it_is_ready_by_itself(self, stage: Stage) -> None:
        with stage.guest(stage.installed(), slow=SLOW) as guest:
            guest.power_off()
            disk = guest.machine.disk.rename(stage.folder / "switched-off.qcow2")
        with stage.guest(Frozen(disk), slow=SLOW) as guest:
            guest.run("systemctl is-system-running --wait", limit_s=BOOT_S, check=False)
            guest.await_ready(READY_S)
            assert guest.show("NRestarts") == {"NRestarts": "0"}, guest.story()
