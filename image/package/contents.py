"""Which file of the repository lies where on the device.

Law: one table. Units are found by their endings, so that a new one needs no line here; everything else is named, and a
name without a file is an error that says so.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from image.package.locked import REPOSITORY
from image.package.release import PackageError

UNIT_ENDINGS = (".service", ".socket", ".timer", ".target", ".path")
UNITS = "usr/lib/systemd/system"
DOC = "usr/share/doc/edge-agent"
# No conffile of dpkg's: when both the owner and a new version change one, it asks, and an unattended upgrade fails.
# postinst copies it into /etc/edge-agent, where there is none.
SETTINGS = "usr/share/edge-agent/edge-agent.toml"
# Source in the repository -> place on the device.
PLACES = {
    "systemd/edge-agent.sysusers.conf": "usr/lib/sysusers.d/edge-agent.conf",
    "systemd/edge-agent.tmpfiles.conf": "usr/lib/tmpfiles.d/edge-agent.conf",
    "systemd/60-edge-agent.rules": "usr/lib/udev/rules.d/60-edge-agent.rules",
    "systemd/edge-agent.catalog": "usr/lib/systemd/catalog/edge-agent.catalog",
    "systemd/edge-agent.journald.conf": "usr/lib/systemd/journald.conf.d/80-edge-agent.conf",
    "image/package/edge-agent.toml": SETTINGS,
    "image/package/lintian-overrides": "usr/share/lintian/overrides/edge-agent",
    "README.md": f"{DOC}/README.md",
    "systemd/README.md": f"{DOC}/systemd.md",
    "hardware/README.md": f"{DOC}/hardware.md",
    "CHANGELOG.md": f"{DOC}/changelog.gz",
}
# From Debian 13 on: systemd 252 does not know the key in it.
FROM_13 = {"systemd/edge-agent-restart.conf": f"{UNITS}/edge-agent.service.d/restart.conf"}


def places(repository: Path = REPOSITORY, debian: int = 13) -> dict[Path, str]:
    """Every file and its place, units among them. Raises PackageError: a file of the table is not there."""
    wanted = PLACES | (FROM_13 if debian >= 13 else {})
    table = {repository / source: place for source, place in wanted.items()}
    if missing := [str(source.relative_to(repository)) for source in table if not source.is_file()]:
        raise PackageError(f"the package needs {', '.join(missing)}; put it there, or take its line out of {__file__}")
    units = [one for one in sorted((repository / "systemd").iterdir()) if one.suffix in UNIT_ENDINGS]
    return {**table, **{unit: f"{UNITS}/{unit.name}" for unit in units}}


def lay(tree: Path, repository: Path = REPOSITORY, debian: int = 13) -> None:
    """Copy them all into the package's tree; what ends in .gz is compressed, without a time in it."""
    for source, place in places(repository, debian).items():
        target = tree / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".gz":
            target.write_bytes(gzip.compress(source.read_bytes(), 9, mtime=0))
        else:
            shutil.copyfile(source, target)
