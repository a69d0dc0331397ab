"""Which Debian a package is for: its Python, its version's suffix, and what other Debian packages it needs.

Law: facts of Debian and their checks. A package is bound to one release because its environment is bound to one minor
version of Python, and to one architecture because its wheels are.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

OS_RELEASE = Path("/etc/os-release")
PYTHON = Path("/usr/bin/python3")
PLATFORMS = {"amd64": "x86_64-manylinux_2_36", "arm64": "aarch64-manylinux_2_36"}  # 2.36: bookworm's C library

# What making the wheels without a binary on PyPI takes: PyAudio, systemd-python and (on 3.13) lgpio.
BUILD_DEPENDS = (
    "ca-certificates",
    "gcc",
    "libc6-dev",
    "libsystemd-dev",
    "make",
    "pkg-config",
    "portaudio19-dev",
    "python3",
    "python3-dev",
    "python3-pip",
    "python3-setuptools",
    "python3-wheel",
    "swig",
)
# Of the other architecture's, beside the native ones, where a wheel is made for it by a cross compiler.
FOREIGN_DEPENDS = ("libpython3-dev", "libsystemd-dev", "portaudio19-dev")
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}


class PackageError(Exception):
    """The package cannot be made; the text says what was found and what to do."""


@dataclass(frozen=True, slots=True)
class Release:
    """A Debian release. suite: its code name.  number: its version.  python: major.minor.  alsa: the package of
    libasound.so.2.
    """

    suite: str
    number: int
    python: str
    alsa: str

    def version(self, upstream: str) -> str:
        """`0.1.0~deb13`: sorts before an upstream version that is newer, and a newer Debian's sorts after."""
        return f"{upstream}~deb{self.number}"

    @property
    def depends(self) -> tuple[str, ...]:
        major, minor = self.python.split(".")
        return (
            f"python3 (>= {self.python}~)",
            f"python3 (<< {major}.{int(minor) + 1}~)",
            "alsa-utils",
            "ca-certificates",
            "espeak-ng",
            self.alsa,
            "libc6 (>= 2.36)",
            "libgcc-s1",
            "libportaudio2",
            "libstdc++6",
            "libsystemd0",
            "systemd",
        )


RELEASES = {
    "bookworm": Release("bookworm", 12, "3.11", "libasound2"),
    "trixie": Release("trixie", 13, "3.13", "libasound2t64"),
}


def release(suite: str) -> Release:
    """Raises PackageError for a suite that is not known."""
    if suite not in RELEASES:
        raise PackageError(f"{suite or 'this machine'}: packages are built for Debian {' and '.join(RELEASES)} only")
    return RELEASES[suite]


def here(os_release: str, architecture: str, python: str) -> Release:
    """The release of this machine. os_release: the text of /etc/os-release. python: what /usr/bin/python3 says it is.

    Raises PackageError when a package for this machine cannot be built on it.
    """
    if architecture not in PLATFORMS:
        hint = "; install the 64-bit Raspberry Pi OS" if architecture == "armhf" else ""
        raise PackageError(f"architecture {architecture}: the models' runtime exists for {', '.join(PLATFORMS)}{hint}")
    told = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    found = release(told.get("VERSION_CODENAME", "").strip('"'))
    if python != found.python:
        raise PackageError(f"{PYTHON} is Python {python}; Debian {found.suite} has {found.python}: put that one back")
    return found


def this_machine() -> tuple[Release, str]:
    """Release and architecture of this machine, as Debian calls them. Raises PackageError."""
    try:
        architecture = _said("dpkg", "--print-architecture")
        python = _said(str(PYTHON), "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
        return here(OS_RELEASE.read_text(), architecture, python), architecture
    except OSError as error:
        raise PackageError(f"this is no Debian system ({error}); use --suite and --arch on one") from None


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
