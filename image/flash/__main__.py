"""`python3 -m image.flash`: the image of a card, from the package in dist/ (as root: it unpacks a root's owners)."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from image.debian_root import CACHE, RootError
from image.flash import disk, root
from image.flash.base import ARCHITECTURE, SUITE, base_root

PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "genimage": "genimage",
    "mcopy": "mtools",
    "mkfs.vfat": "dosfstools",
    "mke2fs": "e2fsprogs",
    "zstd": "zstd",
    "bmaptool": "bmap-tools",
    "qemu-aarch64-static": "qemu-user-static",
    "arch-test": "arch-test",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m image.flash", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("dist"), metavar="DIR", help="where the image goes")
    parser.add_argument("--package", type=Path, metavar="FILE.deb", help="instead of the newest in the same folder")
    parser.add_argument("--fresh", action="store_true", help="fetch Debian's packages anew")
    arguments = parser.parse_args()
    try:
        package = arguments.package or _package(arguments.out)
        _demand()
        packed, blocks = make(package.resolve(), arguments.out.resolve(), fresh=arguments.fresh)
    except RootError as error:
        print(f"image: {error}", file=sys.stderr)
        return 1
    for made in (packed, blocks):
        print(f"{made}  {made.stat().st_size / 1e6:.1f} MB")
    return 0


def make(package: Path, out: Path, *, fresh: bool = False) -> tuple[Path, Path]:
    """The packed image and its block map, named as the package. Raises RootError."""
    steps = _Steps()
    tarball = base_root(fresh=fresh)
    steps.done("Debian's packages")
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".image-", dir=CACHE))
    try:
        root.build(tarball, package, folder / "root")
        steps.done("root file system")
        image = disk.build(folder / "root", folder)
        steps.done("disk")
        made = disk.pack(image, out / package.name.removesuffix(".deb"))
        steps.done("packed")
    finally:
        shutil.rmtree(folder)
    return made


class _Steps:
    def __init__(self) -> None:
        self._began = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        print(f"{what}: {now - self._began:.0f} s", flush=True)
        self._began = now


def _package(folder: Path) -> Path:
    wanted = f"edge-agent_*_{ARCHITECTURE}.deb"
    found = sorted(folder.glob(wanted), key=lambda p: p.stat().st_mtime)
    if not found:
        raise RootError(f"{folder}: found no {wanted}, expected the package for {SUITE}; say: make deb-arm64")
    return found[-1]


def _demand() -> None:
    missing = sorted(package for program, package in PROGRAMS.items() if shutil.which(program) is None)
    if missing:
        raise RootError(f"not installed: {' '.join(missing)}; run: apt-get install {' '.join(missing)}")
    if os.geteuid() != 0:
        raise RootError("found an ordinary user, expected root (its files have many owners); say: sudo make image")


if __name__ == "__main__":
    sys.exit(main())
