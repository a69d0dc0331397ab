"""The virtual environment at /opt/edge-agent: locked wheels, made wheels, our own, compiled for where they will lie.

Law: it is laid out by hand, as `python3 -m venv --without-pip` would, so that the system it is for need not run: only a
Python of its version compiles, in the workshop, and what it writes is the same on every architecture. Everything but
our own program is kept as a tarball, named by all that went into it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from image.package import slimming
from image.package.compiled import FLAGS, FROM_SOURCE, unpack, wheels
from image.package.locked import BOARD, Uv, requirements
from image.package.workshop import Workshop

HOME = Path("/opt/edge-agent")
ENTRY = """\
#!{home}/bin/python3
import sys

from edge_agent.cli import main

sys.exit(main())
"""


class Environment:
    """Built below `workshop.folder`/tree, for `architecture`, whatever that of the workshop is.

    saved: bytes that slimming left out, 0 when all came from the cache.
    """

    def __init__(self, workshop: Workshop, architecture: str, uv: Uv, cache: Path) -> None:
        self._workshop, self._architecture, self._uv, self._cache = workshop, architecture, uv, cache
        self.tree = workshop.folder / "tree"
        self.home = self.tree / HOME.relative_to("/")
        self.site = self.home / "lib" / f"python{workshop.release.python}" / "site-packages"
        self.saved = 0

    def build(self) -> None:
        """All of it. Raises PackageError, or what uv says."""
        self.site.mkdir(parents=True)
        self._put_libraries()
        self._put_own()
        self._put_programs()

    def _put_libraries(self) -> None:
        wanted = (*self._uv.locked(), *requirements(BOARD.read_text()))
        names = sorted({one.name for one in wanted})
        kept = [one for one in wanted if one.name not in slimming.PACKAGES]
        laws = "\n".join([*(one.text for one in kept), *slimming.FILES, *map(str, FLAGS.items()), self._uv.version])
        place = self._workshop
        system = f"{place.release.suite}-{self._architecture}"
        name = f"{system}-{hashlib.sha256(laws.encode()).hexdigest()[:12]}.tar"
        cached = self._cache / "environments" / name
        if cached.exists():
            subprocess.run(["tar", "-C", self.site, "-xf", cached], check=True)
            return
        unknown = set(slimming.PACKAGES).difference(names)
        assert not unknown, f"slimming.PACKAGES: uv.lock no longer has {', '.join(sorted(unknown))}; take them out"
        binary = [one for one in kept if one.name not in FROM_SOURCE]
        self._uv.install(binary, self.site, place.release, self._architecture)
        made = [one for one in kept if one.name in FROM_SOURCE]
        unpack(wheels(made, place.release, self._architecture, self._cache, native=place.native), self.site)
        self.saved = slimming.slim(self.site)
        self._compile(self.site, self.site)
        cached.parent.mkdir(parents=True, exist_ok=True)
        making = cached.with_suffix(".making")
        subprocess.run(["tar", "-C", self.site, "-cf", making, "."], check=True)
        making.replace(cached)

    def _put_own(self) -> None:
        """Slimmed by itself: the libraries are compiled already, and `slim` takes what is compiled away."""
        made, own = (self._workshop.folder / name for name in ("own-wheel", "own"))
        unpack([self._uv.own_wheel(made)], own)
        slimming.slim(own)
        self._compile(own, self.site)
        shutil.copytree(own, self.site, dirs_exist_ok=True)

    def _compile(self, folder: Path, target: Path) -> None:
        """What lies in `folder`, for `target` in the tree.

        Unchecked: dpkg decides when a file changes, and a start need not look at every source's time. One process and
        no random hashes, for the order in which constants are written depends on them.
        """
        minor = f"/usr/bin/python{self._workshop.release.python}"
        lies = f"-p/{target.relative_to(self.tree)}"
        where = (f"-s{self._workshop.inside(folder)}", lies, "--invalidation-mode=unchecked-hash")
        command = ("-m", "compileall", "-q", "-j1", *where, self._workshop.inside(folder))
        self._workshop.run(minor, *command, environment={"PYTHONHASHSEED": "0"})

    def _put_programs(self) -> None:
        python = self._workshop.release.python
        told = f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}\n"
        told += f"executable = /usr/bin/python{python}\n"
        (self.home / "pyvenv.cfg").write_text(told)
        programs = self.home / "bin"
        programs.mkdir()
        (programs / f"python{python}").symlink_to(f"/usr/bin/python{python}")
        (programs / "python3").symlink_to(f"python{python}")
        (programs / "python").symlink_to("python3")
        entry = programs / "edge-agent"
        entry.write_text(ENTRY.format(home=HOME))
        entry.chmod(0o755)
        link = self.tree / "usr" / "bin" / "edge-agent"
        link.parent.mkdir(parents=True)
        link.symlink_to(HOME / "bin" / "edge-agent")
