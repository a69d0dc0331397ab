"""Guests in the states that tests begin with: booted, and with the package installed; each reached once and frozen.

Law: a state is kept in files that nothing writes any more, and every test goes on from its own copy, so none sees what
another did. A booted guest is kept under the cache for the next run too; one with the package is not, because
installing is what is tested (unless $EDGE_AGENT_VM_KEEP is set: for who writes tests). Whatever happens, `guest` leaves
no QEMU behind.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.vm import machine, roots
from tests.vm.guest import Guest
from tests.vm.machine import Frozen, Machine

DIST = Path(__file__).parents[2] / "dist"
PACKAGE = "edge-agent_*~deb13_amd64.deb"
BOOT_S = 300.0  # wall; 20 s on an idle host
INSTALL_S = 600.0  # guest
READY_S = 120.0  # guest; the unit's own TimeoutStartSec
# Its card named, as on a machine that has several, and a buffer for a host that has other things to do.
CONFIGURATION = """[audio]
input_card = "Loopback"
output_card = "Loopback"
buffer_ms = 200
"""
# How many times slower than the wall a guest lives in which sound must not be lost. See tests/vm/README.md.
SLOW = 10.0


def missing() -> str:
    """Why no guest can run here, or nothing."""
    if os.geteuid() != 0:
        return "it takes root, to unpack Debian"
    if lacking := machine.missing():
        return f"not installed: {lacking}"
    return "" if package() else f"there is no dist/{PACKAGE}; `make deb` for trixie makes it"


def package() -> Path | None:
    """The newest package for the guest's Debian: $EDGE_AGENT_DEB, or of dist/."""
    if named := os.environ.get("EDGE_AGENT_DEB"):
        return Path(named)
    return max(DIST.glob(PACKAGE), key=lambda path: path.stat().st_mtime, default=None)


def depends(deb: Path) -> tuple[str, ...]:
    """The names of the packages that it depends on or recommends."""
    fields = subprocess.run(
        ["dpkg-deb", "-f", deb, "Depends", "Recommends"], capture_output=True, text=True, check=True
    )
    text = re.sub(r"^\w+: ", ",", fields.stdout, flags=re.MULTILINE)
    return tuple(sorted(set(re.findall(r"[a-z0-9][a-z0-9.+-]+", re.sub(r"\(.*?\)", "", text)))))


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a way to a state: s of the wall, and s of the host's processors, which its other work does not change."""

    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s:.0f} s, {self.cpu_s:.0f} s of processor time"


class Stage:
    """deb: the package under test. Its folder holds all that the guests write, until `close`."""

    def __init__(self, deb: Path) -> None:
        self.deb = deb
        self.disk = roots.disk(depends(deb))
        self.folder = Path(tempfile.mkdtemp(prefix="edge-agent-vm-"))
        self.parcel = roots.parcel(self.folder / "parcel.tar", {"edge-agent.deb": deb})
        self.times: dict[str, Cost] = {}
        self._installed: Frozen | None = None
        self._count = 0

    def close(self) -> None:
        shutil.rmtree(self.folder)

    @contextmanager
    def guest(
        self, frozen: Frozen, *, slow: float = 1.0, parcel: Path | None = None, disks: Sequence[Path] = ()
    ) -> Iterator[Guest]:
        """A guest that goes on from `frozen`, or boots from it if it has no memory; gone at the end.

        parcel: another second disk (`roots.parcel`, `unpack`). disks: more of them, qcow2, for one that boots.
        """
        self._count += 1
        folder = self.folder / str(self._count)
        running = Machine(folder, self.disk.kernel, frozen, parcel or self.parcel, slow=slow, disks=disks)
        try:
            guest = Guest(running)
            if frozen.memory is None:
                guest.wait_until_up(BOOT_S * slow)
            yield guest
        finally:
            running.kill()
            (folder / "disk.qcow2").unlink(missing_ok=True)

    def booted(self) -> Frozen:
        """Debian, booted, nothing of ours."""
        disk, memory = self.disk.folder / "booted.qcow2", self.disk.folder / "booted.memory"
        if memory.exists():
            return Frozen(disk, memory)
        began = time.monotonic()
        with self.guest(Frozen(self.disk.image)) as guest:
            guest.run("systemctl is-system-running --wait", limit_s=BOOT_S)
            self.times["boot"] = Cost(time.monotonic() - began, guest.machine.cpu_s)
            made = guest.freeze("booted")
        assert made.memory is not None
        shutil.move(made.disk, disk)
        shutil.move(made.memory, memory)  # last: it is what says that both are there
        return Frozen(disk, memory)

    def installed(self) -> Frozen:
        """The package installed as a user does; READY as it came, then again with its card named."""
        kept = self._kept()
        if self._installed is None and kept is not None and kept[1].exists():
            self._installed = Frozen(*kept)
        if self._installed is None:
            booted = self.booted()
            began = time.monotonic()
            with self.guest(booted, slow=SLOW) as guest:
                install(guest)
                guest.await_ready(READY_S)
                self.times["install"] = Cost(time.monotonic() - began, guest.machine.cpu_s)
                guest.put("/etc/edge-agent/edge-agent.toml", CONFIGURATION)
                before = guest.cursor()
                guest.run("systemctl restart edge-agent", limit_s=READY_S)
                guest.await_journal("sound: microphone", after=before)
                self.times["restart"] = Cost(time.monotonic() - began, guest.machine.cpu_s)
                self._installed = made = guest.freeze("installed")
            if kept is not None and made.memory is not None:
                shutil.move(made.disk, kept[0])
                shutil.move(made.memory, kept[1])
                self._installed = Frozen(*kept)
        return self._installed

    def preinstalled(self) -> Frozen:
        """The package in a root that has not booted yet, as an image's builder installs it."""
        made = self.folder / "preinstalled.img"
        if not made.exists():
            roots.preinstalled(roots.root(depends(self.deb)), self.deb, CONFIGURATION, made)
        return Frozen(made)

    def _kept(self) -> tuple[Path, Path] | None:
        """Where a developer keeps the installed guest from run to run ($EDGE_AGENT_VM_KEEP), named by its package."""
        if not os.environ.get("EDGE_AGENT_VM_KEEP"):
            return None
        name = f"installed-{hashlib.sha256(self.deb.read_bytes()).hexdigest()[:12]}"
        return self.disk.folder / f"{name}.qcow2", self.disk.folder / f"{name}.memory"


def unpack(guest: Guest) -> None:
    """The parcel's files into /root. What the kernel knew of another parcel is forgotten first."""
    guest.run("blockdev --flushbufs /dev/vdb; tar -C /root -xf /dev/vdb")


def install(guest: Guest, name: str = "edge-agent.deb") -> str:
    """What a user says; apt's words."""
    unpack(guest)
    done = guest.run(
        f"cd /root && DEBIAN_FRONTEND=noninteractive apt-get -q -y update && "
        f"DEBIAN_FRONTEND=noninteractive apt-get -q -y install ./{name}",
        limit_s=INSTALL_S,
    )
    return done.out + done.err
