"""The disk image: four partitions on an MBR, made from folders without loop devices.

Law: pure texts and Debian's mkfs; nothing is mounted. MBR, because the boot ROM of a Pi 3 and a Zero 2 W knows no
other. 1 FAT, with Pi firmware, kernel and the file for a person; 2 the root, read-only; 3 as large and empty, for the
next one; 4 data, small, grown at the first boot. The firmware finds kernel, initramfs and command line of root A in
`a/` (os_prefix): an update writes root B and `b/`, and changes one line.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from image.debian_root import RootError
from image.flash.root import kernel_of

SIGNATURE = "ed6ea6e7"  # of the MBR: what the partitions are called by, wherever the card is put in
FIRMWARE, ROOT_A, ROOT_B, DATA = (f"PARTUUID={SIGNATURE}-0{number}" for number in (1, 2, 3, 4))
MIB = 1 << 20
FIRMWARE_MIB, ROOT_MIB, DATA_MIB = 256, 1536, 128
TEMPLATE = Path(__file__).parents[2] / "edge_agent/field/edge-agent-card.toml"

CONFIG = """\
# The Raspberry Pi's firmware reads this file. Settings of edge-agent do not belong here: edge-agent.toml has them.
arm_64bit=1
enable_uart=1
# Debian's kernel: device trees under their upstream names.
upstream_kernel=1
# Root A. An update writes the other one and b/, and changes this line.
os_prefix=a/
kernel=vmlinuz
initramfs initrd.img
"""
COMMAND_LINE = (
    f"console=tty0 console=ttyS1,115200 root={ROOT_A} rootfstype=ext4 rootwait ro data={DATA} net.ifnames=0"
    " systemd.ssh_auto=no systemd.getty_auto=no panic=10 quiet\n"
)
FSTAB = f"""\
# / and /data are mounted by the initramfs (usr/share/initramfs-tools/scripts/local-bottom/edge-agent)
{ROOT_A} / ext4 ro,noatime 0 0
{FIRMWARE} /boot/firmware vfat ro,noatime,umask=0077,nofail,x-systemd.device-timeout=60s 0 2
"""
GENIMAGE = f"""\
image card.img {{
    hdimage {{ partition-table-type = "mbr" disk-signature = 0x{SIGNATURE} align = 4M }}
    partition firmware {{ partition-type = 0xC bootable = true image = "firmware.vfat" }}
    partition root-a {{ partition-type = 0x83 image = "root.ext4" }}
    partition root-b {{ partition-type = 0x83 size = {ROOT_MIB}M }}
    partition data {{ partition-type = 0x83 image = "data.ext4" }}
}}
"""


def build(root: Path, folder: Path) -> Path:
    """`folder`/card.img, sparse, from the root's folder; FAT and ext4 beside it while it is made. Raises RootError."""
    (root / "etc/fstab").write_text(FSTAB)
    _firmware(root, folder / "firmware", folder / "firmware.vfat")
    kernel = kernel_of(root)
    for boot in ("vmlinuz", "initrd.img"):  # they lie on the FAT partition
        (root / "boot" / f"{boot}-{kernel}").unlink()
    _ext4(folder / "root.ext4", ROOT_MIB, "root-a", "-d", str(root))
    _ext4(folder / "data.ext4", DATA_MIB, "data")
    (folder / "genimage.cfg").write_text(GENIMAGE)
    (folder / "empty").mkdir()
    places = ("--rootpath", "empty", "--tmppath", "tmp", "--inputpath", ".", "--outputpath", "out")
    _run("genimage", "--config", "genimage.cfg", *places, folder=folder)
    image = folder / "card.img"
    (folder / "out/card.img").replace(image)
    for left in ("firmware.vfat", "root.ext4", "data.ext4"):
        (folder / left).unlink()
    return image


def _firmware(root: Path, content: Path, image: Path) -> None:
    """The FAT partition: what Debian's raspi-firmware and kernel bring, our boot files and the file for a person."""
    kernel = kernel_of(root)
    shutil.copytree(root / "usr/lib/raspi-firmware", content)
    slot = content / "a"
    slot.mkdir()
    shutil.copy(root / "boot" / f"vmlinuz-{kernel}", slot / "vmlinuz")
    shutil.copy(root / "boot" / f"initrd.img-{kernel}", slot / "initrd.img")
    for tree in sorted((root / "usr/lib" / f"linux-image-{kernel}" / "broadcom").glob("bcm*.dtb")):
        shutil.copy(tree, slot)
    shutil.move(content / "overlays", slot / "overlays")
    (slot / "cmdline.txt").write_text(COMMAND_LINE)
    (content / "config.txt").write_text(CONFIG)
    (content / "edge-agent.toml").write_text(TEMPLATE.read_text().replace("\n", "\r\n"), newline="")
    _run("mkfs.vfat", "-C", "-F", "32", "-n", "EDGE-AGENT", str(image), str(FIRMWARE_MIB * 1024), folder=content)
    _run("mcopy", "-i", str(image), "-s", *sorted(p.name for p in content.iterdir()), "::", folder=content)
    shutil.rmtree(content)


def _ext4(image: Path, mib: int, label: str, *content: str) -> None:
    options = ("-q", "-b", "4096", "-L", label, "-m", "1", "-E", "lazy_itable_init=0,lazy_journal_init=0")
    _run("mke2fs", "-t", "ext4", *options, *content, str(image), f"{mib}M", folder=image.parent)


def pack(image: Path, target: Path) -> tuple[Path, Path]:
    """`target`.img.zst and its block map, which bmaptool finds by its name. Raises RootError."""
    packed, blocks = (target.with_name(f"{target.name}.img.{kind}") for kind in ("zst", "bmap"))
    _run("bmaptool", "create", "-o", str(blocks), str(image), folder=image.parent)
    _run("zstd", "-q", "-f", "-T0", "-10", str(image), "-o", str(packed), folder=image.parent)
    packed.chmod(0o644)  # genimage's own mode is 0600, and zstd keeps it
    return packed, blocks


def _run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr)[-2000:]
        raise RootError(f"{' '.join(command[:4])} ... ended with {done.returncode}:\n{said}")
