"""Debian packages as corpora: fetched once, unpacked once, and the one archive among them that needs a key.

Law: packages to files, nothing is decoded here. Nothing is installed, and no root is needed: `apt-get download` and
`dpkg-deb -x` into a cache of our own.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

CACHE = Path.home() / ".cache" / "edge-agent" / "corpus"
_TIMEOUT_S = 600.0


class CorpusError(Exception):
    """Recordings cannot be had; the text says which, and what to do."""


def unpacked(package: str, cache: Path = CACHE) -> Path:
    """The package's files, fetched the first time. Raises CorpusError."""
    folder = cache / "unpacked" / package
    if folder.exists():
        return folder
    debs = cache / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    if not any(debs.glob(f"{package}_*.deb")):
        _run(["apt-get", "download", "-qq", package], debs)
    part = folder.with_name(f"{package}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    _run(["dpkg-deb", "-x", str(next(debs.glob(f"{package}_*.deb"))), str(part)], cache)
    part.rename(folder)
    return folder


def queen_table(archive: bytes) -> Iterator[tuple[str, int, int]]:
    """The contents of Flight of the Amazon Queen's `queen.1c`, (name, offset, size) each; spoken lines end in .SB, MP3.

    After 13 bytes a count, then entries of 21: a name of 12, a bundle's number, offset and size, big-endian.
    """
    (count,) = struct.unpack_from(">H", archive, 13)
    for number in range(count):
        name, _, offset, size = struct.unpack_from(">12sBII", archive, 15 + 21 * number)
        yield name.rstrip(b"\0").decode("ascii", "replace"), offset, size


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except FileNotFoundError as error:
        raise CorpusError(f"the program {command[0]} is not there: this corpus needs a Debian system") from error
    except subprocess.TimeoutExpired as error:
        raise CorpusError(f"{' '.join(command)}: not done after {_TIMEOUT_S:.0f} s; is the archive reached?") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise CorpusError(f"{' '.join(command)}: {said[-1] if said else done.returncode}; run `apt-get update`")
