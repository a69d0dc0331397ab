"""The systemd unit: understood by systemd, and of one mind with the code."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge_agent import cli, fault
from edge_agent.commands import parser
from edge_agent.local.service import FIRST_TO_GO
from edge_agent.system import catalog, codes
from edge_agent.system.credentials import CREDENTIAL, SEALED, SOURCE, STORES
from edge_agent.system.failure import failure
from edge_agent.system.health import STALLED_S, START_S

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "edge-agent.service"
FAULT = SYSTEMD / "edge-agent-fault.service"
SYSUSERS = SYSTEMD / "edge-agent.sysusers.conf"


def values(key: str, unit: Path = UNIT) -> list[str]:
    """What the unit says under a key, in order."""
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def value(key: str, unit: Path = UNIT) -> str:
    (only,) = values(key, unit)
    return only


def minutes(key: str, unit: Path = UNIT) -> int:
    return int(value(key, unit).removesuffix("min"))


# As `systemctl list-jobs` of 252 shows a stop that waits; any other command is told.
SYSTEMCTL = """\
[ "$1" = list-jobs ] || { echo "$@"; exit; }
[ -n "$JOBS" ] || { echo "No jobs running."; exit; }
printf 'JOB UNIT                     TYPE STATE\\n571 %s %s running\\n\\n1 jobs listed.\\n' "$2" "$JOBS"
"""


class TestSystemdUnderstands:
    def test_the_units(self, tmp_path: Path) -> None:
        """With a program that exists: ours is not installed where the tests run."""
        if not shutil.which("systemd-analyze"):
            pytest.skip("systemd-analyze is not here")
        for unit in (UNIT, FAULT):
            text = re.sub(
                r"^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text(encoding="utf-8"), flags=re.MULTILINE
            )
            (tmp_path / unit.name).write_text(re.sub(r"^Documentation=.*$", "", text, flags=re.MULTILINE))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, [line for line in done.stderr.splitlines() if "edge-agent" in line]) == (0, [])

    @pytest.mark.parametrize(("unit", "tenths"), [(UNIT, 20), (FAULT, 15)], ids=["daemon", "fault"])
    def test_that_they_are_well_confined(self, unit: Path, tenths: int) -> None:
        if not shutil.which("systemd-analyze"):
            pytest.skip("systemd-analyze is not here")
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={tenths}", str(unit)],
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
        assert (value("LoadCredential"), value("LoadCredentialEncrypted")) == (CREDENTIAL, SEALED)

    def test_let_the_key_be_absent(self) -> None:
        """systemd.exec(5): only a path makes a missing credential fatal."""
        assert ":" not in value("LoadCredential") + value("LoadCredentialEncrypted")

    def test_agree_on_where_the_keys_file_is_shown(self) -> None:
        source, _, place = value("BindReadOnlyPaths").partition(":")
        assert source == f"-{STORES[0]}/{CREDENTIAL}"
        assert place == f"%t/{value('RuntimeDirectory')}/{SOURCE}"

    def test_do_not_start_again_what_a_person_must_mend(self) -> None:
        assert value("Restart") == "always"
        prevented = {int(code) for code in value("RestartPreventExitStatus").split()}
        assert prevented == {cli.USAGE, cli.CONFIGURATION, cli.CREDENTIAL}

    def test_run_as_somebody_who_exists_and_owns_nothing_else(self) -> None:
        users = SYSUSERS.read_text(encoding="utf-8")
        assert f"u {value('User')} " in users
        for group in value("SupplementaryGroups").split():
            assert group == "audio" or f"\ng {group} -" in users  # audio is Debian's
            assert f"\nm {value('User')} {group}" in users
        assert values("CapabilityBoundingSet") == [""]

    def test_reach_sound_pins_and_bus_and_no_other_device(self) -> None:
        assert value("DevicePolicy") == "closed"
        assert sorted(values("DeviceAllow")) == ["char-alsa rw", "char-gpiochip rw", "char-spi rw"]

    @pytest.mark.parametrize("unit", [UNIT, FAULT], ids=["daemon", "fault"])
    def test_have_the_drivers_of_their_devices_loaded_before(self, unit: Path) -> None:
        """systemd resolves DeviceAllow=char-NAME once, at the start; gpiochip is part of every kernel we know."""
        drivers = {"modprobe@snd.service", "modprobe@spidev.service"}
        assert set(value("Wants", unit).split()) == drivers
        assert drivers <= set(value("After", unit).split())

    def test_outlive_a_speech_process_that_the_kernel_ends(self) -> None:
        assert value("OOMPolicy") == "continue"
        assert int(value("OOMScoreAdjust")) < 0 < FIRST_TO_GO == int(value("OOMScoreAdjust", LOCAL))

    def test_leave_no_key_behind_in_a_core(self) -> None:
        assert value("LimitCORE") == "0"

    @pytest.mark.parametrize("key", ["StateDirectory", "LogsDirectory", "RuntimeDirectory", "ConfigurationDirectory"])
    def test_use_directories_of_our_name(self, key: str) -> None:
        assert value(key) == "edge-agent"

    def test_write_where_lgpio_writes(self) -> None:
        assert value("WorkingDirectory") == "%t/edge-agent"


class TestTheDegradedState:
    """Where the daemon ends when trying again does not help, and from where it is tried again all the same."""

    def test_is_reached_by_a_loop_of_failures_and_by_a_file_that_is_wrong(self) -> None:
        assert value("OnFailure") == FAULT.name
        assert value("StartLimitBurst") == "5"

    def test_is_reached_even_where_each_start_takes_all_the_time_it_has(self) -> None:
        """Five of them, or five hangs right after; else a device that hangs while it starts never says so."""
        one = sum(int(value(key)) for key in ("TimeoutStartSec", "WatchdogSec", "TimeoutStopSec", "RestartSec"))
        assert int(value("StartLimitBurst")) * one < 60 * minutes("StartLimitIntervalSec")

    def test_is_not_announced_before_the_last_failure(self) -> None:
        """systemd 254 and later would do so at the first."""
        assert "RestartMode=direct" in (SYSTEMD / "edge-agent-restart.conf").read_text().splitlines()

    def test_is_a_program_of_ours_that_takes_what_the_unit_says(self) -> None:
        program, _, rest = value("ExecStart", FAULT).partition(" -I -m edge_agent.fault ")
        assert program == "/opt/edge-agent/bin/python"
        assert rest == f"--minutes {fault.MINUTES:g}"

    def test_is_over_before_its_own_time_limit(self) -> None:
        assert minutes("RuntimeMaxSec", FAULT) > fault.MINUTES

    def test_has_the_start_limit_forgotten_before_it_starts_the_daemon(self) -> None:
        """It is over within the limit's interval."""
        first, second = values("ExecStopPost", FAULT)
        assert "reset-failed" in first
        assert "start edge-agent.service" in second

    def test_and_the_daemon_exclude_each_other(self) -> None:
        """Ordered, too, so that the one is over, and the failures are forgotten, before the other starts."""
        assert value("Conflicts") == FAULT.name
        assert values("PartOf", FAULT) == []  # a restart of the daemon would have to restart and to stop it
        assert {value(key, FAULT) for key in ("StopPropagatedFrom", "Before")} == {UNIT.name}

    def test_starts_the_daemon_again_unless_a_person_ended_it(self, tmp_path: Path) -> None:
        forget, again = values("ExecStopPost", FAULT)
        assert forget.endswith("systemctl reset-failed edge-agent.service")
        script = again.partition("-c ")[2].strip("'").replace("$$", "$")
        for name, body in (("sleep", 'echo "sleep $1"'), ("systemctl", SYSTEMCTL)):
            (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
            (tmp_path / name).chmod(0o755)
        told = {}
        for result, status, jobs in (
            ("success", "0", ""),
            ("success", "143", ""),
            ("success", "TERM", ""),
            ("exit-code", "1", ""),
            ("exit-code", "1", "stop"),
        ):
            environment = {"SERVICE_RESULT": result, "EXIT_STATUS": status, "JOBS": jobs}
            environment["PATH"] = f"{tmp_path}:/usr/bin:/bin"
            done = subprocess.run(
                ["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, timeout=10
            )
            told[f"{result}/{status} {jobs}".strip()] = done.stdout.split("\n")[:-1]
        start = "--no-block start edge-agent.service"
        assert told == {
            "success/0": [start],
            "success/143": [],
            "success/TERM": [],
            "exit-code/1": ["sleep 30", start],  # it could not even tell
            "exit-code/1 stop": ["sleep 30"],  # and somebody stopped it meanwhile
        }

    def test_remembers_what_it_said_from_one_run_to_the_next(self) -> None:
        assert value("RuntimeDirectory", FAULT) == "edge-agent-fault"
        assert value("RuntimeDirectoryPreserve", FAULT) == "yes"

    def test_reaches_the_same_devices_and_no_network(self) -> None:
        assert values("DeviceAllow", FAULT) == values("DeviceAllow")
        assert value("PrivateNetwork", FAULT) == "yes"
        assert values("LoadCredential", FAULT) == []

    def test_knows_a_reason_for_every_exit_code_of_the_command_line(self) -> None:
        for code in {*cli.FAILURES.values(), cli.BUG}:
            env = {
                "MONITOR_SERVICE_RESULT": "exit-code",
                "MONITOR_EXIT_CODE": "exited",
                "MONITOR_EXIT_STATUS": str(code),
            }
            assert failure(env).code != codes.UNKNOWN


class TestTheCatalog:
    def test_is_what_the_source_gives(self) -> None:
        """`python -m edge_agent.system.catalog > systemd/edge-agent.catalog` writes it."""
        assert (SYSTEMD / "edge-agent.catalog").read_text(encoding="utf-8") == catalog.catalog()

    def test_points_to_the_table_of_the_codes(self) -> None:
        """Where the package puts systemd/README.md, which has all that stand for a fault."""
        assert catalog.SUPPORT == "file:///usr/share/doc/edge-agent/systemd.md"
        table = (SYSTEMD / "README.md").read_text(encoding="utf-8")
        assert all(f"| {trouble.code} |" in table for trouble in codes.TABLE if trouble.code < codes.NO_VOICE)

    def test_is_understood_by_journalctl(self, tmp_path: Path) -> None:
        if not shutil.which("journalctl"):
            pytest.skip("journalctl is not here")
        folder = tmp_path / "usr" / "lib" / "systemd" / "catalog"
        folder.mkdir(parents=True)
        (tmp_path / "var" / "lib" / "systemd" / "catalog").mkdir(parents=True)
        shutil.copy(SYSTEMD / "edge-agent.catalog", folder)
        command = ["journalctl", f"--root={tmp_path}"]
        made = subprocess.run([*command, "--update-catalog"], capture_output=True, text=True, timeout=60)
        assert (made.returncode, made.stderr) == (0, "")
        told = subprocess.run([*command, "--list-catalog"], capture_output=True, text=True, timeout=60).stdout
        assert len(told.splitlines()) == len(codes.TABLE)
        for trouble in codes.TABLE:
            assert f"edge-agent: {trouble.code}: {trouble.subject}" in told


class TestTheJournal:
    def test_is_kept_and_capped(self) -> None:
        text = (SYSTEMD / "edge-agent.journald.conf").read_text().splitlines()
        assert "Storage=persistent" in text
        assert "SystemMaxUse=64M" in text
