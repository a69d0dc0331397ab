"""What a guest is made of: Debian's root with a stock kernel, the packages it may install, a disk and an initramfs.

Law: made once and kept under the cache, named by their ingredients; nothing here starts a guest. The guest has no
network: what `apt-get install ./edge-agent.deb` wants beyond the root lies in a local archive on its disk, with an
index, so that apt resolves and installs as it would anywhere.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from image.debian_root import debian_root
from tests.vm import guest_agent
from tests.vm.initramfs import initramfs
from tests.vm.machine import Kernel

SUITE = "trixie"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edge-agent" / "vm"
# What a Debian with systemd has, as far as the daemon meets it; Python because the agent is written in it. Certificates
# and espeak-ng because to configure them costs the guest minutes; libportaudio2 and what it needs is left for apt.
PACKAGES = (
    "alsa-utils",
    "busybox-static",
    "ca-certificates",
    "dbus",
    "espeak-ng",
    "kmod",
    "python3",
    "systemd-sysv",
    "udev",
)
DISK_MODULES = ("virtio_pci", "virtio_blk", "ext4", "crc32c_generic")  # without them there is no root to load more from
MODULES = (*("virtio_console", "virtio_rng", "snd_aloop", "snd_dummy", "configfs", "overlay", "autofs4", "spidev"),)
DISK_MB = 4096  # sparse
PARCEL_MB = 1024  # sparse too
# Debian's kernel package wants an initramfs generator and a boot loader; only its files are needed. The modules are
# unpacked because unpacking them costs the guest more than reading them.
KERNEL = """chroot "$1" sh -ec '
mkdir /run/kernel && cd /run/kernel
package=$(apt-cache depends linux-image-amd64 | sed -n "s/.*Depends: \\(linux-image-[0-9].*\\)/\\1/p" | head -n 1)
version=${package#linux-image-}
apt-get -q -o APT::Sandbox::User=root download "$package"
dpkg-deb -x "$package"_*.deb . && rm ./*.deb
depmod -b usr "$version"
kept=/usr/lib/modules/$version
mkdir -p "$kept"
cp boot/vmlinuz-"$version" /boot/vmlinuz
echo "$version" >/boot/version
for module in DISK; do modprobe -d /run/kernel/usr -S "$version" -D "$module" || :; done |
  sed -n "s,^insmod /run/kernel/usr/lib/modules/,,p" | cut -d " " -f 1 | awk "!seen[\\$0]++" >/boot/disk-modules
for module in ALL; do modprobe -d /run/kernel/usr -S "$version" -D "$module" || :; done |
  sed -n "s,^insmod /run/kernel/usr/lib/modules/,,p" | cut -d " " -f 1 | sort -u |
  while read -r file; do
    mkdir -p "/usr/lib/modules/${file%/*}" && busybox unxz -c "usr/lib/modules/$file" >"/usr/lib/modules/${file%.xz}"
  done
sed -i "s/[.]xz\\$//" /boot/disk-modules
cp usr/lib/modules/"$version"/modules.order usr/lib/modules/"$version"/modules.builtin* "$kept"/
depmod "$version"
cd / && rm -r /run/kernel
'"""
ARCHIVE = """chroot "$1" sh -ec '
apt-get clean; mkdir -p /srv/archive
apt-get -q -y -o APT::Sandbox::User=root install --download-only WANTED
cp /var/cache/apt/archives/*.deb /srv/archive/ || :
cd /srv/archive
for package in ./*.deb; do
  [ -e "$package" ] || continue
  dpkg-deb -f "$package"
  echo "Filename: $package"
  echo "Size: $(stat -c %s "$package")"
  echo "SHA256: $(sha256sum "$package" | cut -d " " -f 1)"
  echo
done >Packages
'"""
SETTLE = """chroot "$1" sh -ec '
echo "deb [trusted=yes] file:/srv/archive ./" >/etc/apt/sources.list
rm -f /etc/apt/sources.list.d/*
echo guest >/etc/hostname
systemctl mask proc-sys-fs-binfmt_misc.automount systemd-binfmt.service getty.target serial-getty@ttyS0.service
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer
systemctl enable vm-agent.service
echo snd-aloop >/etc/modules-load.d/sound.conf
echo "options snd-aloop index=0" >/etc/modprobe.d/sound.conf
'"""
# No kernel of Debian's has the GPIO simulator; its source has, and one line of it names a function that modules may not
# call.
GPIO_SIM = """chroot "$1" sh -ec '
mkdir /run/gpio-sim && cd /run/gpio-sim
tar --strip-components=3 -xf /usr/src/linux-source-6.12.tar.xz --wildcards \
  "*/drivers/gpio/gpio-sim.c" "*/kernel/irq/irq_sim.c"
sed -i "s/irq_to_desc(\\(.*\\))/irq_data_to_desc(irq_get_irq_data(\\1))/" irq_sim.c
echo "obj-m := gpio-simulator.o
gpio-simulator-y := gpio-sim.o irq_sim.o" >Makefile
make -C /usr/src/linux-headers-VERSION M="$PWD" modules
cp gpio-simulator.ko /gpio-simulator.ko
cd / && rm -r /run/gpio-sim /usr/src/* /usr/lib/gcc /usr/libexec/gcc
'"""
AGENT_UNIT = """[Unit]
Description=The tests' hand in the guest
DefaultDependencies=no
Requires=dev-virtio\\x2dports-vm.agent.device
After=dev-virtio\\x2dports-vm.agent.device multi-user.target
[Service]
ExecStart=/usr/bin/python3 /usr/local/lib/vm-agent.py
Restart=always
OOMScoreAdjust=-1000
[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, slots=True)
class Disk:
    """image: raw. version: of the kernel, as `uname -r` says it. folder: where more that belongs to it may be kept."""

    image: Path
    kernel: Kernel
    version: str

    @property
    def folder(self) -> Path:
        return self.image.parent


def root(wanted: Sequence[str]) -> Path:
    """The tarball of the guest's root. wanted: dependencies (without versions) that are to be in its archive. Raises
    RootError."""
    hooks = [_kernel()]
    if wanted:
        hooks.append(ARCHIVE.replace("WANTED", " ".join(sorted(wanted))))
    return debian_root(SUITE, "amd64", PACKAGES, hooks=hooks)


def disk(wanted: Sequence[str]) -> Disk:
    """The guest's disk, with nothing of ours installed, and what boots it. Raises RootError."""
    tarball = root(wanted)
    agent = Path(guest_agent.__file__).read_text()
    mark = hashlib.sha256("\n".join([tarball.name, agent, AGENT_UNIT, SETTLE]).encode()).hexdigest()[:12]
    folder = CACHE / mark
    kernel = Kernel(folder / "vmlinuz", folder / "initramfs.cpio")
    made = folder / "base.img"
    if not made.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with _unpacked(tarball) as tree:
            shutil.copy(tree / "boot/vmlinuz", kernel.image)
            shutil.copy(tree / "boot/version", folder / "version")
            kernel.initramfs.write_bytes(initramfs(tree))
            _settle(tree)
            filesystem(tree, made, DISK_MB)
    return Disk(made, kernel, (folder / "version").read_text().strip())


def preinstalled(tarball: Path, deb: Path, configuration: str, made: Path) -> None:
    """The guest's disk with the package on it, installed by this host's processor (which runs the root's programs)."""
    with _unpacked(tarball) as tree:
        _settle(tree)
        shutil.copy(deb, tree / "root/edge-agent.deb")
        install = "apt-get -q -y update && apt-get -q -y install /root/edge-agent.deb"
        subprocess.run(
            ["chroot", tree, "sh", "-ec", install],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
            check=True,
            capture_output=True,
        )
        (tree / "etc/edge-agent/edge-agent.toml").write_text(configuration)
        filesystem(tree, made, DISK_MB)


def gpio_sim(version: str) -> Path:
    """The GPIO simulator for the kernel of that version (`Disk.version`), a module to insert. Raises RootError."""
    packages = [f"linux-headers-{version}", "linux-source-6.12", "gcc", "libc6-dev", "make", "xz-utils"]
    tarball = debian_root(SUITE, "amd64", packages, hooks=[GPIO_SIM.replace("VERSION", version)])
    module = tarball.with_suffix(".gpio-simulator.ko")
    if not module.exists():
        with tarfile.open(tarball) as members:
            found = members.extractfile("./gpio-simulator.ko")
            assert found is not None
            module.write_bytes(found.read())
    return module


def parcel(made: Path, files: Mapping[str, Path | bytes]) -> Path:
    """A disk that holds a tar of these files, by the names they will have in the guest; its size is always the same."""
    with tarfile.open(made, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            data = content.read_bytes() if isinstance(content, Path) else content
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    if made.stat().st_size > PARCEL_MB << 20:
        raise ValueError(f"{made}: {made.stat().st_size >> 20} MB, a parcel has {PARCEL_MB} MB")
    os.truncate(made, PARCEL_MB << 20)
    return made


def filesystem(tree: Path, made: Path, size_mb: int) -> None:
    """An ext4 in a file, with what is in `tree`."""
    making = made.with_suffix(".making")
    making.unlink(missing_ok=True)
    command = ["mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=0", "-d", str(tree), str(making), f"{size_mb}M"]
    subprocess.run(command, check=True, capture_output=True)
    making.replace(made)


def _kernel() -> str:
    return KERNEL.replace("in DISK", f"in {' '.join(DISK_MODULES)}").replace(
        "in ALL", f"in {' '.join((*DISK_MODULES, *MODULES))}"
    )


def _settle(tree: Path) -> None:
    """Our agent, the local archive as apt's only source, the sound card's module at boot."""
    (tree / "usr/local/lib/vm-agent.py").write_text(Path(guest_agent.__file__).read_text())
    (tree / "etc/systemd/system/vm-agent.service").write_text(AGENT_UNIT)
    subprocess.run(["sh", "-ec", SETTLE, "sh", str(tree)], check=True, capture_output=True)


@contextmanager
def _unpacked(tarball: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=CACHE, prefix=".tree-") as folder:
        tree = Path(folder)
        subprocess.run(["tar", "-C", folder, "--numeric-owner", "-xpf", str(tarball)], check=True)
        yield tree
