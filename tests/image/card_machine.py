"""The image of a card as a board would boot it, in QEMU's machine `virt`: kernel, initramfs and command line from its
own FAT partition, the card behind them unmodified.

Law: what a test needs in the guest comes from outside: an agent as a unit over firmware credentials (systemd 257), a
sound card over the kernel's command line. What a person does to a card is done as they do it: a file on the FAT
partition. Time may run slowly, as in tests/vm/machine.py, whose guest this is.
"""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

from tests.vm import guest_agent
from tests.vm.machine import FAKETIME, Machine, MachineError, overlay

PROGRAMS = ("qemu-system-aarch64", "qemu-img", "mcopy", "zstd", "setpriv")
GROWN = "5G"  # of the card that the image was copied to
MEMORY_MB = 1024
CONSOLE = "console=ttyAMA0 loglevel=4"
UNIT = "t.service"  # QEMU takes names of 55 characters, and this is what systemd leaves of them
AGENT = """\
[Unit]
Description=The test's agent
DefaultDependencies=no
After=basic.target

[Service]
LoadCredential=agent.py
Environment=PYTHONUNBUFFERED=1
ExecStart=/usr/bin/python3 ${CREDENTIALS_DIRECTORY}/agent.py
Restart=on-failure
RestartSec=1
"""


def missing() -> str:
    """What this host lacks to run a card, or nothing."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    return ", ".join(lacking + ([] if FAKETIME.exists() else ["faketime"]))


class Card:
    """A copy of the image in `folder`, and what is done to it between two boots."""

    def __init__(self, packed: Path, folder: Path) -> None:
        self.folder = folder
        self.image = folder / "card.img"
        self.disk = folder / "disk.qcow2"
        run("zstd", "-q", "-d", "--sparse", "-f", str(packed), "-o", str(self.image))
        with self.image.open("rb") as disk:
            first = disk.read(512)[446:462]  # the MBR's first entry; its sectors are of 512 bytes
        self.offset, self.size = (sectors * 512 for sectors in struct.unpack("<8xII", first))

    def write(self, name: str, text: str) -> None:
        """A file on the FAT partition, before the first boot."""
        source = self.folder / "written"
        source.write_text(text)
        run("mcopy", "-o", "-i", f"{self.image}@@{self.offset}", str(source), f"::{name}")

    def insert(self) -> None:
        """Into a machine: the image is not written any more, and the card is larger than it."""
        overlay(self.image, self.disk)
        run("qemu-img", "resize", "-q", str(self.disk), GROWN)

    def firmware(self) -> Path:
        """The FAT partition, byte for byte, as it is now."""
        extracted = self.folder / "firmware.vfat"
        piece = 1 << 20
        window = (f"bs={piece}", f"skip={self.offset // piece}", f"count={(self.offset + self.size) // piece}")
        run("qemu-img", "dd", "-f", "qcow2", "-O", "raw", f"if={self.disk}", f"of={extracted}", *window)
        return extracted

    def read(self, name: str) -> str:
        """A file of the FAT partition, as it is now."""
        return run("mtype", "-i", str(self.firmware()), f"::{name}")

    def boot_file(self, name: str) -> Path:
        target = self.folder / name
        if not target.exists():
            run("mcopy", "-i", f"{self.image}@@{self.offset}", f"::a/{name}", str(target))
        return target


class CardMachine(Machine):
    """A board, more or less, with `card` in it; a Machine to tests.vm.guest.Guest.

    slow: as of Machine. append: more for the kernel's command line.
    """

    def __init__(self, card: Card, *, slow: float, append: str = "") -> None:
        self.directory = card.folder
        self.slow = slow
        listener = self._listener()
        env = dict(os.environ)
        if slow != 1.0:
            env |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"+0d x{1 / slow:.6f}", "FAKETIME_NO_CACHE": "1"}
        self._log = (card.folder / "qemu.log").open("ab")
        command = ["setpriv", "--pdeathsig", "KILL", *self._command(card, append)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=env, cwd=card.folder
        )
        try:
            self.agent = self._accepted(listener)
        except BaseException:
            self.kill()
            raise
        finally:
            listener.close()

    def _listener(self) -> socket.socket:
        path = self.directory / "agent"
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(1)
        return listener

    def _command(self, card: Card, append: str) -> list[str]:
        (card.folder / "agent.service").write_text(AGENT)
        line = f"{card.boot_file('cmdline.txt').read_text().strip()} {CONSOLE} systemd.wants={UNIT} {append}"
        credentials = {f"systemd.extra-unit.{UNIT}": card.folder / "agent.service"}
        credentials["agent.py"] = Path(guest_agent.__file__)
        return [
            *("qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", str(MEMORY_MB)),
            *("-accel", "tcg,thread=multi", "-nodefaults", "-nographic", "-no-reboot"),
            *("-kernel", str(card.boot_file("vmlinuz")), "-initrd", str(card.boot_file("initrd.img"))),
            *("-append", line.strip()),
            *("-drive", f"file={card.disk},format=qcow2,if=virtio,cache=writeback"),
            *("-object", "rng-random,filename=/dev/urandom,id=rng", "-device", "virtio-rng-pci,rng=rng"),
            *("-device", "i6300esb", "-action", "watchdog=poweroff"),
            *("-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net,romfile="),
            *("-chardev", f"socket,id=agent,path={card.folder / 'agent'}", "-device", "virtio-serial-pci"),
            *("-device", "virtserialport,chardev=agent,name=vm.agent"),
            *("-serial", f"file:{card.folder / 'serial.log'}"),
            *(word for name, path in credentials.items() for word in ("-fw_cfg", _credential(name, path))),
        ]


def _credential(name: str, path: Path) -> str:
    return f"name=opt/io.systemd.credentials/{name},file={path}"


def run(*command: str) -> str:
    """A program's output. Raises MachineError with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MachineError(f"{' '.join(command)}: {done.stderr[-1000:]}")
    return done.stdout
