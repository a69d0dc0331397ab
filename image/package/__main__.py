"""`python3 -m image.package`: the Debian package for this machine, or for another release or architecture."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from image.debian_root import CACHE as ROOTS
from image.debian_root import NATIVE, RootError
from image.package import slimming
from image.package.archive import archive, file_name
from image.package.contents import DOC, lay
from image.package.copyright import copyright_text
from image.package.environment import Environment
from image.package.locked import REPOSITORY, Uv
from image.package.release import (
    BUILD_DEPENDS,
    PLATFORMS,
    RELEASES,
    PackageError,
    Release,
    release,
    this_machine,
)
from image.package.workshop import workshop

CACHE = ROOTS.parent


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 made (with --name, --needs: told), 1 not made, and why on stderr."""
    parser = argparse.ArgumentParser(prog="python3 -m image.package", description=__doc__)
    parser.add_argument("--suite", choices=sorted(RELEASES), help="of which Debian; with --arch, else this machine")
    parser.add_argument("--arch", choices=sorted(PLATFORMS))
    parser.add_argument("--out", type=Path, default=REPOSITORY / "dist", help="the folder for the .deb (dist)")
    parser.add_argument("--name", action="store_true", help="print the path this would make; make nothing")
    parser.add_argument("--needs", action="store_true", help="print the Debian packages that making it takes here")
    asked = parser.parse_args(arguments)
    if (asked.suite is None) != (asked.arch is None):
        parser.error("--suite and --arch go together")
    if asked.needs:
        print(*BUILD_DEPENDS)
        return 0
    try:
        native = asked.suite is None
        wanted, architecture = this_machine() if native else (release(asked.suite), asked.arch)
        if asked.name:
            print(asked.out.absolute() / file_name(wanted, architecture, upstream()))
        else:
            print(build(wanted, architecture, asked.out, native=native))
    except (PackageError, RootError) as error:
        print(f"no package: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"no package: {' '.join(map(str, error.cmd))} ended with {error.returncode}", file=sys.stderr)
        return 1
    return 0


def build(wanted: Release, architecture: str, out: Path, *, native: bool) -> Path:
    """The package's path. Says on stderr how large it is and how long it took."""
    begun = time.monotonic()
    epoch = commit_time()
    with workshop(wanted, NATIVE, native=native) as place:
        environment = Environment(place, architecture, Uv(CACHE), CACHE)
        environment.build()
        lay(environment.tree, debian=wanted.number)
        (environment.tree / DOC / "copyright").write_text(copyright_text(environment.site), encoding="utf-8")
        installed = slimming.size(environment.tree)
        made = archive(environment.tree, out, wanted, architecture, upstream(), epoch)
    left_out = f", {environment.saved / 1e6:.0f} MB left out" if environment.saved else ""
    size = f"{made.stat().st_size / 1e6:.1f} MB, {installed / 1e6:.0f} MB installed{left_out}"
    print(f"{made.name}: {size}, {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return made


def upstream() -> str:
    """The version that pyproject.toml states."""
    found = re.search(r'^version = "([^"]+)"$', (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)
    assert found, "pyproject.toml states a version"
    return found[1]


def commit_time() -> int:
    """Seconds since 1970: $SOURCE_DATE_EPOCH, else when the last commit was made, else the change log's own time."""
    if told := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(told)
    git = ("git", "-C", str(REPOSITORY), "log", "-1", "--format=%ct")
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 else int((REPOSITORY / "CHANGELOG.md").stat().st_mtime)


if __name__ == "__main__":
    sys.exit(main())
