"""One QEMU process: a guest that is booted from a disk or goes on from a frozen moment, slowed down if it is asked.

Law: QEMU is started, spoken to (QMP) and killed here and nowhere else; it dies with the process that started it. A
guest may live `slow` times slower than the wall (libfaketime turns the clock that QEMU sees): emulated code takes 70 to
140 times as long as real code, so in real time the guest would have no processor for its sound. The guest does not
notice: its timers, its sound cards and its clock go together; that it does not count cycles instead is what the
kernel's command line is for.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
PROGRAMS = ("qemu-system-x86_64", "qemu-img", "setpriv")
# The cycle counter is the host's own and would run away from a slowed clock; the HPET is QEMU's. Timer interrupts come
# late on a busy host, which the kernel would take for broken hardware.
KERNEL = "console=ttyS0 panic=-1 mitigations=off tsc=unstable clocksource=hpet no_timer_check loglevel=4"
MEMORY_MB = 1024
START_S = 60.0  # wall; QEMU itself, before the guest runs


class MachineError(Exception):
    """QEMU did not start, ended, or refused an order; the text has its last words."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A guest at a moment: its disk (a qcow2 that nothing may write any more) and, if it ran, its memory."""

    disk: Path
    memory: Path | None = None


@dataclass(frozen=True, slots=True)
class Kernel:
    image: Path
    initramfs: Path


def missing() -> str:
    """What this host lacks to run a guest, or nothing."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    if not FAKETIME.exists():
        lacking.append("faketime")
    return ", ".join(lacking)


class Machine:
    """A running QEMU, from construction to `kill`.

    directory: for its disk, sockets and logs, of its own. slow: how many seconds of the wall a second of the guest
    takes. parcel: its second disk, read-only, always of one size (`roots.parcel`). disks: more of them, qcow2,
    for one that boots. append: more for the kernel's
    command line. agent: the connected socket of the guest's agent.
    """

    def __init__(
        self,
        directory: Path,
        kernel: Kernel,
        frozen: Frozen,
        parcel: Path,
        *,
        slow: float = 1.0,
        disks: Sequence[Path] = (),
        append: str = "",
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.slow = slow
        self.disk = directory / "disk.qcow2"
        self.serial = directory / "serial.log"
        if not self.disk.exists():
            overlay(frozen.disk, self.disk)
        listener = _listen(directory / "agent")
        command = ["setpriv", "--pdeathsig", "KILL", *_qemu(directory, parcel, disks, kernel, append)]
        if frozen.memory is not None:
            command += ["-incoming", f"exec:zstd -dc {frozen.memory}"]
        env = dict(os.environ)
        if slow != 1.0:
            env |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"+0d x{1 / slow:.6f}", "FAKETIME_NO_CACHE": "1"}
        self._log = (directory / "qemu.log").open("ab")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=env, cwd=directory
        )
        try:
            self.agent = self._accepted(listener)
            self._qmp = _connected(directory / "qmp", self)
            self._lines = self._qmp.makefile("rw", encoding="utf-8")
            self._lines.readline()  # its greeting
            self.order("qmp_capabilities")
            if frozen.memory is not None:
                self._go_on()
        except BaseException:
            self.kill()
            raise
        finally:
            listener.close()

    def order(self, command: str, **arguments: Any) -> Any:
        """QMP's answer to `command`. Raises MachineError."""
        self._lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._lines.flush()
        for line in self._lines:
            reply = json.loads(line)
            if "error" in reply:
                raise MachineError(f"{command}: {reply['error']['desc']}")
            if "return" in reply:
                return reply["return"]
        raise MachineError(f"{command}: QEMU is gone:\n{self.words()}")

    def freeze(self, disk: Path, memory: Path) -> Frozen:
        """End the guest here; what it is can be gone on with from the files, by any number of machines."""
        self.order("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        self.order("stop")
        self.order("migrate", uri=f"exec:zstd -q -1 > {memory}")
        while (state := self.order("query-migrate"))["status"] not in ("completed", "failed"):
            time.sleep(0.1)
        if state["status"] == "failed":
            raise MachineError(f"the guest's memory could not be kept:\n{self.words()}")
        self.order("quit")
        self.process.wait(START_S)
        self.kill()
        self.disk.replace(disk)
        return Frozen(disk, memory)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def cpu_s(self) -> float:
        """What it has cost the host so far, s; the same on a busy host."""
        user, system = (Path("/proc") / str(self.process.pid) / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def ended(self, wall_s: float) -> None:
        """Wait until the guest has switched itself off. Raises MachineError."""
        try:
            self.process.wait(wall_s)
        except subprocess.TimeoutExpired:
            raise MachineError(f"the guest still runs after {wall_s:.0f} s:\n{self.words()}") from None
        self.kill()

    def kill(self) -> None:
        """As a plug is pulled: what the guest had not yet written to its disk is lost."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._log.close()
        for name in ("agent", "_lines", "_qmp"):
            if (stream := getattr(self, name, None)) is not None:
                stream.close()

    def words(self) -> str:
        """The last that QEMU and the guest's console said."""
        texts = [(self.directory / name) for name in ("qemu.log", "serial.log")]
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in texts if path.exists()
        )

    def _go_on(self) -> None:
        """It was frozen while it stood still, so it has to be told to run again."""
        while (state := self.order("query-status")["status"]) == "inmigrate":
            time.sleep(0.02)
        if state != "paused":
            raise MachineError(f"the guest did not come back, it is {state}:\n{self.words()}")
        self.order("cont")

    def _accepted(self, listener: socket.socket) -> socket.socket:
        listener.settimeout(0.2)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.alive:
            try:
                return listener.accept()[0]
            except TimeoutError:
                continue
        raise MachineError(f"QEMU did not start:\n{self.words()}")


def overlay(base: Path, made: Path) -> None:
    """An empty qcow2 at `made` over the disk at `base`."""
    kind = "qcow2" if base.suffix == ".qcow2" else "raw"
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", kind, str(made)]
    subprocess.run(command, check=True, capture_output=True)


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)
    return listener


def _connected(path: Path, machine: Machine) -> socket.socket:
    """QEMU makes its monitor's socket before it looks for the agent's, so it is there."""
    stream = socket.socket(socket.AF_UNIX)
    try:
        stream.connect(str(path))
    except OSError as error:
        stream.close()
        raise MachineError(f"{error}:\n{machine.words()}") from None
    return stream


def _qemu(directory: Path, parcel: Path, disks: Sequence[Path], kernel: Kernel, append: str) -> list[str]:
    return [
        *("qemu-system-x86_64", "-M", "pc", "-cpu", "max", "-smp", "2", "-m", str(MEMORY_MB)),
        *("-accel", "tcg,thread=multi", "-nodefaults", "-nographic", "-no-reboot"),
        *("-kernel", str(kernel.image), "-initrd", str(kernel.initramfs), "-append", f"{KERNEL} {append}".strip()),
        *("-drive", f"file={directory / 'disk.qcow2'},format=qcow2,if=virtio,cache=writeback"),
        *("-drive", f"file={parcel},format=raw,if=virtio,readonly=on"),
        *(word for disk in disks for word in ("-drive", f"file={disk},format=qcow2,if=virtio,cache=writeback")),
        *("-object", "rng-random,filename=/dev/urandom,id=rng", "-device", "virtio-rng-pci,rng=rng"),
        *("-chardev", f"socket,id=qmp,path={directory / 'qmp'},server=on,wait=off", "-mon", "chardev=qmp,mode=control"),
        *("-chardev", f"socket,id=agent,path={directory / 'agent'}", "-device", "virtio-serial-pci"),
        *("-device", "virtserialport,chardev=agent,name=vm.agent"),
        *("-serial", f"file:{directory / 'serial.log'}"),
    ]
