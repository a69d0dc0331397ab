"""Debian root file systems, made by mmdebstrap and kept: where packages are built, guests boot and images begin.

Law: a root is named by what went into it (suite, architecture, packages, hooks), so one that is kept is the one that
was asked for; Debian's point releases are had by asking for `fresh`. Foreign architectures run under qemu-user, which
is registered with the kernel here if nobody did. Tarballs, never folders: they keep owners and devices, and are
unpacked where they are needed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edge-agent" / "roots"
NATIVE = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
BINFMT = Path("/proc/sys/fs/binfmt_misc")
INTERPRETERS = {"arm64": "qemu-aarch64", "amd64": "qemu-x86_64"}


class RootError(Exception):
    """A root could not be made; the text says which, and what mmdebstrap said last."""


def debian_root(
    suite: str,
    architecture: str,
    packages: Sequence[str],
    *,
    hooks: Sequence[str] = (),
    before: Sequence[str] = (),
    components: Sequence[str] = ("main",),
    variant: str = "minbase",
    cache: Path = CACHE,
    fresh: bool = False,
) -> Path:
    """The tarball of a root: made, or kept from before. Raises RootError.

    suite: `bookworm`, `trixie`. architecture: `amd64`, `arm64`. hooks: shell lines for mmdebstrap's `--customize-hook`,
    with the root as $1; before: the same for `--essential-hook`, which run before `packages` are installed.
    components: of Debian's archive; firmware lies in `non-free-firmware`.
    """
    ingredients = "\n".join([MIRROR, suite, architecture, variant, *sorted(packages), "--", *hooks])
    if before or tuple(components) != ("main",):
        ingredients = "\n".join([ingredients, "--", *before, "--", *components])
    name = f"{suite}-{architecture}-{hashlib.sha256(ingredients.encode()).hexdigest()[:12]}.tar"
    kept = cache / name
    if kept.exists() and not fresh:
        return kept
    for program in ("mmdebstrap", *(() if architecture == NATIVE else ("arch-test",))):
        if shutil.which(program) is None:
            raise RootError(f"{name}: {program} is not installed; run: apt-get install {program}")
    emulate(architecture)
    cache.mkdir(parents=True, exist_ok=True)
    making = cache / f".{os.getpid()}-{name}"
    command = ["mmdebstrap", "--quiet", f"--variant={variant}", f"--architectures={architecture}"]
    command += [f"--include={','.join(packages)}"] if packages else []
    command += [f"--components={','.join(components)}", *(f"--essential-hook={line}" for line in before)]
    command += [f"--customize-hook={hook}" for hook in hooks]
    try:
        done = subprocess.run([*command, suite, str(making), MIRROR], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RootError(f"{name}: mmdebstrap ended with {done.returncode}:\n{done.stderr[-2000:]}")
        making.replace(kept)
    finally:
        making.unlink(missing_ok=True)
    return kept


def emulate(architecture: str) -> None:
    """Let this kernel run programs of `architecture`, by qemu-user. Needs root where it is not so yet; else nothing."""
    if architecture == NATIVE:
        return
    name = INTERPRETERS[architecture]
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)], check=False)
    if (BINFMT / name).exists():
        return
    rule = Path(f"/usr/lib/binfmt.d/{name}.conf")
    try:
        (BINFMT / "register").write_text(rule.read_text())
    except OSError as error:
        raise RootError(
            f"programs of {architecture} cannot run here ({error}); run as root, with qemu-user-static installed"
        ) from None
