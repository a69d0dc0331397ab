"""The least that finds the root: busybox, the disk's modules and a script, as a cpio archive (newc).

Law: a pure function of a root's tree; no compression, the archive is small and the guest is slow.
"""

from __future__ import annotations

import stat
from pathlib import Path

INIT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for module in $(/bin/busybox cat /order); do /bin/busybox insmod "/modules/$module"; done
until /bin/busybox [ -b /dev/vda ]; do /bin/busybox sleep 0.05; done
/bin/busybox mount -t ext4 -o noinit_itable /dev/vda /root
exec /bin/busybox switch_root /root /sbin/init
"""


def initramfs(tree: Path) -> bytes:
    """tree: a root with busybox-static and /boot/disk-modules (paths below /usr/lib/modules, in order)."""
    modules = (tree / "boot/disk-modules").read_text().split()
    archive = [_entry(name, stat.S_IFDIR | 0o755) for name in ("bin", "dev", "modules", "root")]
    archive.append(_entry("bin/busybox", stat.S_IFREG | 0o755, (tree / "usr/bin/busybox").read_bytes()))
    for module in modules:
        data = (tree / "usr/lib/modules" / module).read_bytes()
        archive.append(_entry(f"modules/{Path(module).name}", stat.S_IFREG | 0o644, data))
    order = " ".join(Path(module).name for module in modules)
    archive.append(_entry("order", stat.S_IFREG | 0o644, order.encode()))
    archive.append(_entry("init", stat.S_IFREG | 0o755, INIT.encode()))
    archive.append(_entry("TRAILER!!!", 0))
    return b"".join(archive)


def _entry(name: str, mode: int, data: bytes = b"") -> bytes:
    """inode, mode, uid, gid, links, mtime, size, 4 of the device, length of the name, checksum: 8 hex digits each."""
    numbers = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + name.encode() + b"\0"
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
