"""The wheels that PyPI has not: made from the locked source in the workshop, and kept.

Law: a kept wheel is named by the lines of its requirement, its system and the flags it was made with. The flags leave
no trace of where it was made: no debug information, no build id, so the same source gives the same library.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from zipfile import ZipFile

from image.package.locked import Requirement
from image.package.release import Release
from image.package.workshop import Workshop, crossing, workshop

FROM_SOURCE = ("pyaudio", "systemd-python", "lgpio")
# Last, so that they overrule Debian's own flags: no debug information and no build id, for they name folders.
FLAGS = {"CFLAGS": "-g0", "LDFLAGS": "-Wl,-s -Wl,--build-id=none", "PYPI": "1"}  # PYPI: lgpio brings its C library


def wheels(
    wanted: Sequence[Requirement], release: Release, architecture: str, cache: Path, *, native: bool
) -> list[Path]:
    """The wheels of these requirements: kept from before, or made now, all in one workshop."""
    system = f"{release.suite}-{architecture}"
    kept = {one.name: cache / "wheels" / system / f"{one.name}-{_digest(one, system)}" for one in wanted}
    missing = [one for one in wanted if not kept[one.name].exists()]
    if missing:
        with workshop(release, architecture, native=native) as place:
            for one in missing:
                _make(one, place, kept[one.name])
    return [next(folder.glob("*.whl")) for folder in kept.values()]


def _digest(wanted: Requirement, system: str) -> str:
    ingredients = [wanted.text, system, *(f"{name}={value}" for name, value in FLAGS.items())]
    return hashlib.sha256("\n".join(ingredients).encode()).hexdigest()[:12]


def _make(wanted: Requirement, place: Workshop, kept: Path) -> None:
    made = place.folder / f"wheel-{wanted.name}"
    made.mkdir()
    listed = made / "requirement.txt"
    listed.write_text(wanted.text + "\n")
    exact = ("--no-deps", "--no-build-isolation", "--no-cache-dir", "--require-hashes", "--quiet")
    command = ("-m", "pip", "wheel", *exact, f"--wheel-dir={place.inside(made)}", "-r", place.inside(listed))
    place.run("/usr/bin/python3", *command, environment=FLAGS | crossing(place.release, place.architecture))
    listed.unlink()
    making = kept.with_name(f".{os.getpid()}-{kept.name}")
    shutil.copytree(made, making)
    making.replace(kept)


def unpack(laid: Iterable[Path], site: Path) -> None:
    """Lay wheels into site-packages. Theirs is a flat layout: what they have beside modules is not needed."""
    for one in laid:
        with ZipFile(one) as archive:
            for member in archive.namelist():
                if ".data/" not in member:
                    archive.extract(member, site)
