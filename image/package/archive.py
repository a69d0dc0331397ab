"""The .deb: control files, sums, owners, modes and times, and `dpkg-deb`.

Law: nothing of the machine or the hour it was made on: every file is root's, every time is the commit's, every mode is
one of two.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from image.package.release import Release

SCRIPTS = Path(__file__).with_name("scripts")
MAINTAINER_SCRIPTS = ("postinst", "prerm", "postrm")
MAINTAINER = "edge-agent authors <edge-agent@localhost>"
SUMMARY = "voice appliance daemon: wake word, conversation, interruption"
DESCRIPTION = """\
 It hears its wake word, talks with a Realtime speech model of a provider or
 with its own embedded server, lets itself be interrupted, and shows what it
 does with its lights. A systemd service of a user of its own; configured in
 /etc/edge-agent/edge-agent.toml.
 .
 Its Python packages travel along in /opt/edge-agent, at the versions it was
 tested with. The wake word models are licensed CC BY-NC-SA 4.0: not for
 commercial use; see /usr/share/doc/edge-agent/copyright.
"""


def control(release: Release, architecture: str, upstream: str, installed_kib: int) -> str:
    """The fields that dpkg reads."""
    return (
        "Package: edge-agent\n"
        f"Version: {release.version(upstream)}\n"
        f"Architecture: {architecture}\n"
        f"Maintainer: {MAINTAINER}\n"
        f"Installed-Size: {installed_kib}\n"
        f"Depends: {', '.join(release.depends)}\n"
        "Recommends: udev\n"
        "Suggests: flite\n"
        "Section: sound\n"
        "Priority: optional\n"
        f"Description: {SUMMARY}\n{DESCRIPTION}"
    )


def file_name(release: Release, architecture: str, upstream: str) -> str:
    """As Debian names a package's file."""
    return f"edge-agent_{release.version(upstream)}_{architecture}.deb"


def archive(tree: Path, target: Path, release: Release, architecture: str, upstream: str, epoch: int) -> Path:
    """Pack `tree` into `target`, a folder. Returns the package's path."""
    _settle(tree)
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    told = tree / "DEBIAN"
    told.mkdir()
    kib = sum(-(-path.stat().st_size // 1024) for path in files) + sum(1 for path in tree.rglob("*") if path.is_dir())
    (told / "control").write_text(control(release, architecture, upstream, kib))
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files]
    (told / "md5sums").write_text("".join(sums))
    for name in MAINTAINER_SCRIPTS:
        (told / name).write_bytes((SCRIPTS / name).read_bytes())
    _settle(told, executable=MAINTAINER_SCRIPTS)
    for path in (tree, *tree.rglob("*")):
        os.utime(path, (epoch, epoch), follow_symlinks=False)
    target.mkdir(parents=True, exist_ok=True)
    made = target / file_name(release, architecture, upstream)
    making = made.with_suffix(".making")
    # xz: half the download of gzip. dpkg-deb sorts nothing: the order of a folder's names is the file system's.
    command = ("dpkg-deb", "--root-owner-group", "--threads-max=1", "-Zxz", "--build", str(tree), str(making))
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    making.replace(made)
    return made


def _settle(folder: Path, executable: tuple[str, ...] = ()) -> None:
    """0755 for folders and programs, 0644 for all else; a shared library is no program."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if path.is_symlink():
            continue
        program = path.is_dir() or path.name in executable or path.parent.name == "bin"
        path.chmod(0o755 if program else 0o644)
