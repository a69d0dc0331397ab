"""The root file system of the card: Debian's part, our package, our files; then nothing in it that is one device's own.

Law: everything happens in a folder, as root, and by programs of Debian; foreign ones run under qemu-user. What is slow
there (the initramfs) is kept by what went into it. Afterwards the folder is the read-only root: /var goes to the data
partition at the first boot, so the package database moves to /usr, with the files that it describes.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from image.debian_root import CACHE, RootError

CARD = Path(__file__).with_name("card")
INITRAMFS_PARTS = ("etc/initramfs-tools", "usr/share/initramfs-tools")

ON = ("edge-agent", "edge-agent-first-boot", "edge-agent-grow", "edge-agent-host-key", "ssh", "systemd-networkd")
ON_TOO = ("systemd-resolved", "systemd-timesyncd", "fstrim.timer")
# Off: logins that nobody can use, and what writes on a root that is read-only.
OFF = ("getty@tty1", "ssh.socket", "sshd-keygen", "wpa_supplicant", "e2scrub_reap", "systemd-networkd-wait-online")
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer")
FORGOTTEN = (
    "var/lib/apt/lists",
    "var/cache/apt",
    "var/cache/debconf",
    "var/log",
    "var/lib/systemd/random-seed",
    "var/lib/systemd/credential.secret",
    "boot/firmware",
    "usr/share/man",
    "usr/share/locale",
)


def build(tarball: Path, package: Path, folder: Path) -> None:
    """Make `folder` the root of the card. Raises RootError."""
    folder.mkdir(parents=True)
    _run("tar", "-xpf", tarball, "-C", folder, "--numeric-owner")
    _install(package, folder)
    shutil.copytree(CARD, folder, dirs_exist_ok=True)
    _initramfs(tarball, folder)
    _switch_units(folder)
    _tidy(folder)
    _refuse_secrets(folder)


def _install(package: Path, folder: Path) -> None:
    """Our package, from its file; what of Debian's it needs is in the base root (base.PRODUCT), or dpkg complains."""
    daemons = folder / "usr/sbin/policy-rc.d"
    daemons.write_text("#!/bin/sh\nexit 101\n")  # Debian's way to say that none is to be started
    daemons.chmod(0o755)
    shutil.copy(package, folder / "tmp" / package.name)
    with _kernel_in(folder):
        _run("chroot", folder, "dpkg", "--install", f"/tmp/{package.name}")
    (folder / "tmp" / package.name).unlink()
    daemons.unlink()


def _initramfs(tarball: Path, folder: Path) -> None:
    """Made once for these scripts and this kernel; a minute under emulation."""
    kernel = kernel_of(folder)
    parts = [p for part in INITRAMFS_PARTS for p in sorted((CARD / part).rglob("*")) if p.is_file()]
    made_of = hashlib.sha256(tarball.name.encode() + b"".join(p.read_bytes() for p in parts)).hexdigest()[:12]
    kept = CACHE / f"initrd-{kernel}-{made_of}"
    target = folder / "boot" / f"initrd.img-{kernel}"
    if not kept.exists():
        with _kernel_in(folder):
            _run("chroot", folder, "mkinitramfs", "-o", f"/boot/{target.name}", kernel)
        making = kept.with_name(f".{kept.name}")
        shutil.copy(target, making)
        making.replace(kept)
    shutil.copy(kept, target)


def kernel_of(folder: Path) -> str:
    """The kernel's release, as its files are named."""
    kernels = sorted((folder / "boot").glob("vmlinuz-*"))
    if len(kernels) != 1:
        raise RootError(f"{folder}: found {len(kernels)} kernels, expected one")
    return kernels[0].name.removeprefix("vmlinuz-")


def _switch_units(folder: Path) -> None:
    for verb, units in (("enable", ON + ON_TOO), ("disable", OFF), ("mask", MASKED)):
        names = [unit if unit.endswith((".timer", ".socket")) else f"{unit}.service" for unit in units]
        _run("systemctl", f"--root={folder}", "--quiet", verb, *names)


def _tidy(folder: Path) -> None:
    """Nothing stays that a device makes for itself: machine-id (empty: made at the first boot), host keys, logs."""
    for name in FORGOTTEN:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
            path.mkdir()
        else:
            path.unlink(missing_ok=True)
    for host_key in (folder / "etc/ssh").glob("ssh_host_*"):
        host_key.unlink()
    (folder / "etc/machine-id").write_text("")
    (folder / "etc/resolv.conf").unlink(missing_ok=True)
    (folder / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    (folder / "etc/hostname").write_text("edge-agent\n")
    (folder / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost ip6-localhost\n")
    database = folder / "var/lib/dpkg"
    (folder / "usr/lib/sysimage").mkdir(exist_ok=True)
    shutil.move(database, folder / "usr/lib/sysimage/dpkg")
    database.symlink_to("../../usr/lib/sysimage/dpkg")
    (folder / "data").mkdir()
    (folder / "boot/firmware").mkdir(exist_ok=True)


def _refuse_secrets(folder: Path) -> None:
    """An image is copied to many cards: whatever could let somebody in is a fault of the build. Raises RootError."""
    for line in (folder / "etc/shadow").read_text().splitlines():
        user, password = line.split(":")[:2]
        if password[:1] not in ("!", "*"):
            raise RootError(f"etc/shadow: {user}: found a password, expected none")
    found = [*(folder / "etc/ssh").glob("ssh_host_*"), *(folder / "etc/credstore").glob("*")]
    if found:
        raise RootError(f"{found[0]}: a secret in an image, where every card would have the same")


@contextmanager
def _kernel_in(folder: Path) -> Iterator[None]:
    """/proc, /sys and /dev as programs expect them, while they run in the folder."""
    mounts = (("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"))
    mounted: list[Path] = []
    try:
        for kind, name in mounts:
            _run("mount", "-t", kind, kind, folder / name)
            mounted.append(folder / name)
        yield
    finally:
        for place in reversed(mounted):
            _run("umount", place)


def _run(*command: str | Path) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr)[-2000:]
        raise RootError(f"{' '.join(words[:6])} ... ended with {done.returncode}:\n{said}")
