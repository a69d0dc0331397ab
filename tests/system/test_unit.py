"""The systemd unit: understood by systemd, and of one mind with the code."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge_agent.commands import parser
from edge_agent.system.credentials import CREDENTIAL
from edge_agent.system.health import STALLED_S, START_S

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "edge-agent.service"
SYSUSERS = SYSTEMD / "edge-agent.sysusers.conf"


def values(key: str) -> list[str]:
    """What the unit says under a key, in order."""
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def value(key: str) -> str:
    (only,) = values(key)
    return only


class TestSystemdUnderstands:
    def test_the_unit(self, tmp_path: Path) -> None:
        """With a program that exists: ours is not installed where the tests run."""
        if not shutil.which("systemd-analyze"):
            pytest.skip("systemd-analyze is not here")
        text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)
        unit = tmp_path / "edge-agent.service"
        unit.write_text(re.sub(r"^Documentation=.*$", "", text, flags=re.MULTILINE), encoding="utf-8")
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, [line for line in done.stderr.splitlines() if "edge-agent" in line]) == (0, [])

    def test_that_it_is_well_confined(self) -> None:
        if not shutil.which("systemd-analyze"):
            pytest.skip("systemd-analyze is not here")
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=25", str(UNIT)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout[-300:]

    def test_the_users(self) -> None:
        if not shutil.which("systemd-sysusers"):
            pytest.skip("systemd-sysusers is not here")
        done = subprocess.run(
            ["systemd-sysusers", "--dry-run", str(SYSUSERS)], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr


LOCAL = SYSTEMD / "edge-agent-local.service"
SOCKET = SYSTEMD / "edge-agent-local.socket"


class TestTheEmbeddedServersUnit:
    def test_and_its_socket_are_understood(self, tmp_path: Path) -> None:
        if not shutil.which("systemd-analyze"):
            pytest.skip("systemd-analyze is not here")
        for unit in (LOCAL, SOCKET):
            text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
            (tmp_path / unit.name).write_text(re.sub(r"^Documentation=.*$", "", text, flags=re.MULTILINE))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, [line for line in done.stderr.splitlines() if "edge-agent" in line]) == (0, [])

    def test_is_confined_to_its_socket(self) -> None:
        if not shutil.which("systemd-analyze"):
            pytest.skip("systemd-analyze is not here")
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=10", str(LOCAL)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout[-300:]
        assert "PrivateNetwork=yes" in LOCAL.read_text().splitlines()

    def test_says_what_the_command_line_understands_and_ends_when_idle(self) -> None:
        (command,) = re.findall(r"^ExecStart=\S+ (.*)$", LOCAL.read_text(), re.MULTILINE)
        assert parser().parse_args(command.split()).idle_exit == 600

    def test_listens_on_loopback_only(self) -> None:
        (address,) = re.findall(r"^ListenStream=(.*)$", SOCKET.read_text(), re.MULTILINE)
        assert address.startswith("127.0.0.1:")


class TestTheUnitAndTheCode:
    def test_speak_the_same_language_at_start_up(self) -> None:
        assert value("Type") == "notify"
        assert value("NotifyAccess") == "main"
        assert value("ExecStart").endswith("/edge-agent run --wait-for-card")

    def test_start_without_a_card_and_wait_for_it(self) -> None:
        """As the command line understands it: a flag it does not know would end the service as it starts."""
        arguments = value("ExecStart").split()[1:]
        assert parser().parse_args(arguments).wait_for_card

    def test_agree_on_when_we_are_dead(self) -> None:
        """A stall is noticed before the watchdog bites, and a slow start is allowed to be slow."""
        assert int(value("WatchdogSec")) / 2 > STALLED_S
        assert int(value("TimeoutStartSec")) > START_S

    def test_agree_on_the_name_of_the_key(self) -> None:
        assert value("LoadCredential") == CREDENTIAL

    def test_let_the_key_be_absent(self) -> None:
        """systemd.exec(5): only a path makes a missing credential fatal."""
        assert ":" not in value("LoadCredential")

    def test_do_not_start_again_what_a_person_must_mend(self) -> None:
        assert value("Restart") == "always"
        assert value("RestartPreventExitStatus") == "2 3"

    def test_run_as_somebody_who_exists_and_owns_nothing_else(self) -> None:
        users = SYSUSERS.read_text(encoding="utf-8")
        assert f"u {value('User')} " in users
        for group in value("SupplementaryGroups").split():
            assert f"\ng {group} -" in users
            assert f"\nm {value('User')} {group}" in users
        assert values("CapabilityBoundingSet") == [""]

    def test_reach_sound_pins_and_bus_and_no_other_device(self) -> None:
        assert value("DevicePolicy") == "closed"
        assert sorted(values("DeviceAllow")) == ["char-alsa rw", "char-gpiochip rw", "char-spi rw"]

    @pytest.mark.parametrize("key", ["StateDirectory", "LogsDirectory", "RuntimeDirectory", "ConfigurationDirectory"])
    def test_use_directories_of_our_name(self, key: str) -> None:
        assert value(key) == "edge-agent"

    def test_write_where_lgpio_writes(self) -> None:
        assert value("WorkingDirectory") == "%t/edge-agent"
