"""The card's files agree with each other and let nobody in; that they work is shown by test_flash_guest.py."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from image.debian_root import RootError
from image.flash import disk, root
from image.flash.base import PACKAGES
from image.flash.root import CARD

UNITS = sorted(CARD.glob("usr/lib/systemd/system/*.service"))
DAEMON = Path(__file__).parents[2] / "systemd" / "edge-agent.service"


def unit(path: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(path)
    return parsed


class TestTheDisk:
    def test_is_what_a_boot_rom_that_knows_only_mbr_can_start(self) -> None:
        assert 'partition-table-type = "mbr"' in disk.GENIMAGE
        assert disk.GENIMAGE.index("partition firmware") < disk.GENIMAGE.index("partition root-a")

    def test_has_its_data_at_the_end_where_it_can_grow(self) -> None:
        assert re.findall(r"partition ([\w-]+) ", disk.GENIMAGE) == ["firmware", "root-a", "root-b", "data"]

    def test_is_called_by_one_signature_everywhere(self) -> None:
        assert f"disk-signature = 0x{disk.SIGNATURE}" in disk.GENIMAGE
        names = re.findall(r"PARTUUID=(\w+)-", disk.COMMAND_LINE + disk.FSTAB)
        assert set(names) == {disk.SIGNATURE}

    def test_is_mounted_read_only_but_for_its_data(self) -> None:
        assert " ro " in disk.COMMAND_LINE
        entries = [line.split() for line in disk.FSTAB.splitlines() if not line.startswith("#")]
        assert [entry[3].split(",")[0] for entry in entries] == ["ro", "ro"]

    def test_has_a_command_line_of_one_line(self) -> None:
        """The firmware reads no further."""
        assert disk.COMMAND_LINE.count("\n") == 1
        assert disk.COMMAND_LINE.endswith("\n")

    @pytest.mark.skipif(shutil.which("genimage") is None, reason="not installed: genimage")
    def test_is_made_without_loop_devices(self, tmp_path: Path) -> None:
        for name, size in (("firmware.vfat", 1 << 20), ("root.ext4", 1 << 20), ("data.ext4", 1 << 20)):
            (tmp_path / name).write_bytes(bytes(size))
        (tmp_path / "genimage.cfg").write_text(disk.GENIMAGE)
        (tmp_path / "empty").mkdir()
        places = ("--rootpath", "empty", "--tmppath", "tmp", "--inputpath", ".", "--outputpath", "out")
        subprocess.run(["genimage", "--config", "genimage.cfg", *places], cwd=tmp_path, check=True, capture_output=True)
        made = tmp_path / "out/card.img"
        assert made.read_bytes()[510:512] == b"\x55\xaa"
        assert made.stat().st_blocks * 512 < made.stat().st_size / 10, "sparse"


class TestTheUnits:
    @pytest.mark.parametrize("path", UNITS, ids=lambda p: p.name)
    def test_have_what_starts_them(self, path: Path) -> None:
        parsed = unit(path)
        assert parsed["Install"]["WantedBy"]
        assert parsed["Service"]["ExecStart"]
        assert path.stem in root.ON

    def test_take_the_card_in_before_the_network_and_the_daemon_but_stop_neither(self) -> None:
        first = unit(CARD / "usr/lib/systemd/system/edge-agent-first-boot.service")
        before = first["Unit"]["Before"].split()
        assert {"network-pre.target", "edge-agent.service"} <= set(before)
        demands = [*UNITS, *CARD.glob("usr/lib/systemd/system/*.d/*.conf"), DAEMON]
        for path in demands:
            assert not re.search(r"(Requires|BindsTo|Requisite)=.*first-boot", path.read_text()), path

    def test_leave_the_card_read_only(self) -> None:
        service = unit(CARD / "usr/lib/systemd/system/edge-agent-first-boot.service")["Service"]
        assert "remount,rw" in service["ExecStartPre"]
        assert "remount,ro" in service["ExecStopPost"]

    @pytest.mark.parametrize("script", ["usr/lib/edge-agent-card/grow", *(
        f"usr/share/initramfs-tools/{name}/edge-agent" for name in ("hooks", "scripts/local-bottom")
    )])  # fmt: skip
    def test_call_scripts_that_a_plain_shell_can_read(self, script: str) -> None:
        path = CARD / script
        assert path.stat().st_mode & 0o111
        subprocess.run(["sh", "-n", str(path)], check=True)


class TestNobody:
    def test_gets_in_without_a_key(self) -> None:
        config = (CARD / "etc/ssh/sshd_config.d/10-edge-agent.conf").read_text()
        for line in ("PasswordAuthentication no", "KbdInteractiveAuthentication no", "AuthenticationMethods publickey"):
            assert line in config
        condition = (CARD / "usr/lib/systemd/system/ssh.service.d/20-card.conf").read_text()
        assert "ConditionPathExists=/etc/ssh/authorized_keys.d/root" in condition

    def test_is_shipped_in_an_image(self, tmp_path: Path) -> None:
        """A password, a host key or a provider's key in the root ends the build."""
        (tmp_path / "etc/ssh").mkdir(parents=True)
        shadow = tmp_path / "etc/shadow"
        shadow.write_text("root:*:20000:0:99999:7:::\ndaemon:!:20000:::::\n")
        root._refuse_secrets(tmp_path)
        shadow.write_text("root::20000:0:99999:7:::\n")
        with pytest.raises(RootError, match="root: found a password"):
            root._refuse_secrets(tmp_path)
        shadow.write_text("root:$y$j9T$abc:20000:0:99999:7:::\n")
        with pytest.raises(RootError, match="root: found a password"):
            root._refuse_secrets(tmp_path)
        shadow.write_text("root:*:20000:0:99999:7:::\n")
        (tmp_path / "etc/ssh/ssh_host_ed25519_key").write_text("x")
        with pytest.raises(RootError, match="a secret in an image"):
            root._refuse_secrets(tmp_path)

    def test_has_a_program_to_become_root_with(self) -> None:
        assert not {"sudo", "doas", "polkitd"} & set(PACKAGES)
