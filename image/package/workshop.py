"""Where a package is made: on this machine for itself, or in a root of another release or architecture.

Law: one script for both. What is made lies in `folder`; a path is told to a program by `inside`, since in a root the
same folder has another name. A root is unpacked only when a program of it is first needed: most of a package that was
made before comes out of the cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from image.debian_root import CACHE, NATIVE, debian_root
from image.package.release import BUILD_DEPENDS, FOREIGN_DEPENDS, TRIPLETS, PackageError, Release

NETWORK = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
_OF_PIP = ("PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


class Workshop:
    """A folder and the programs that work on it. release: whose Python they use.  native: this machine is
    the workshop.  root: where it is not.
    """

    def __init__(self, release: Release, architecture: str, folder: Path, root: Path | None) -> None:
        self.release = release
        self.architecture = architecture
        self._root = root
        self.native = root is None
        self.folder = folder if root is None else root / "work"
        self.folder.mkdir(parents=True, exist_ok=True)

    def inside(self, path: Path) -> str:
        """`path`, which lies in the folder, as programs of the workshop see it."""
        return str(path) if self._root is None else f"/{path.relative_to(self._root)}"

    def run(self, *command: str, environment: Mapping[str, str] = {}) -> None:
        """Run a program of the workshop's Debian. Raises PackageError with what it said last."""
        told = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp", "LC_ALL": "C.UTF-8", **environment}
        told |= {name: text for name, text in os.environ.items() if name.startswith(_OF_PIP)}
        if self._root is not None:
            self._open(self._root)
            mount = 'mount -t proc proc /proc; exec "$@"'
            space = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "chroot", str(self._root))
            command = (*space, "/bin/sh", "-c", mount, "sh", *command)
        done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PackageError(
                f"{' '.join(command)}: ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}"
            )

    def _open(self, root: Path) -> None:
        if (root / "usr").exists():
            return
        tarball = self._tarball()
        subprocess.run(["tar", "-C", root, "--exclude=./proc/*", "-xf", tarball], check=True)
        for name in filter(os.path.exists, NETWORK):
            shutil.copy(name, root / name[1:])

    def _tarball(self) -> Path:
        if self.architecture == NATIVE:
            return debian_root(self.release.suite, NATIVE, BUILD_DEPENDS)
        wanted = " ".join(f"{name}:{self.architecture}" for name in FOREIGN_DEPENDS)
        install = f"apt-get install --yes --no-install-recommends {wanted}"
        hook = f'chroot "$1" sh -ec "dpkg --add-architecture {self.architecture}; apt-get update; {install}"'
        compiler = f"gcc-{TRIPLETS[self.architecture].replace('_', '-')}"
        return debian_root(self.release.suite, NATIVE, (*BUILD_DEPENDS, compiler), hooks=[hook])


def crossing(release: Release, architecture: str) -> dict[str, str]:
    """What tells Python's build tools that they make a library for another machine: nothing, for this one's."""
    if architecture == NATIVE:
        return {}
    triplet = TRIPLETS[architecture]
    return {
        "_PYTHON_HOST_PLATFORM": f"linux-{triplet.partition('-')[0]}",
        "_PYTHON_SYSCONFIGDATA_NAME": f"_sysconfigdata__{triplet}",
        "PKG_CONFIG_LIBDIR": f"/usr/lib/{triplet}/pkgconfig:/usr/share/pkgconfig",
        "CC": f"{triplet}-gcc",
    }


@contextmanager
def workshop(release: Release, architecture: str, *, native: bool) -> Iterator[Workshop]:
    """A workshop and all that lies in it, gone afterwards. Raises PackageError."""
    if not native and os.geteuid() != 0:
        raise PackageError("a package for another system is made in a root of it, which takes root; use sudo")
    CACHE.mkdir(parents=True, exist_ok=True)
    # Not /tmp: on Debian 13 that is memory, and a small board has less of it than this takes.
    with tempfile.TemporaryDirectory(prefix=".package-", dir=CACHE) as name:
        place = Path(name)
        place.chmod(0o755)
        yield Workshop(release, architecture, place, None if native else place)
