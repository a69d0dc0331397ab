"""What the environment consists of: the packages of uv.lock, by name, version and hash, and nothing resolved anew.

Law: uv reads its own lock and installs wheels; what it installed is never asked of an index again. Two things stand
outside the lock, in files of the same form: `board.txt` (lgpio) and `build.txt` (what makes our own wheel). Renewed by
`uv pip compile --universal --generate-hashes --no-annotate --python-version 3.11`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from image.package.release import PLATFORMS, Release

REPOSITORY = Path(__file__).resolve().parents[2]
BOARD = Path(__file__).with_name("board.txt")
BUILD = Path(__file__).with_name("build.txt")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One package of the lock. text: its lines, as uv and pip read them, with hashes."""

    name: str
    text: str


def requirements(export: str) -> tuple[Requirement, ...]:
    """The packages in a requirements file with hashes; comments fall away."""
    lines = [line for line in export.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    blocks = re.split(r"\n(?=\S)", "\n".join(lines)) if lines else []
    return tuple(Requirement(re.split(r"[=\s]", block, maxsplit=1)[0], block) for block in blocks)


class Uv:
    """The uv that the Makefile names. program: its path.  cache: where a uv that is not there yet is put."""

    def __init__(self, cache: Path) -> None:
        found = re.search(r"^UV_VERSION := (\S+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
        assert found, "the Makefile names the version of uv"
        self.version = found[1]
        self.program = cache / "uv" / self.version / "bin" / "uv"
        if not self.program.exists():
            pip = [_python_with_pip(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, f"--target={self.program.parents[1]}", f"uv=={self.version}"], check=True)

    def locked(self) -> tuple[Requirement, ...]:
        """Every package that uv.lock has for the program itself, on every Python and machine."""
        return requirements(
            self._say("export", "--frozen", "--no-dev", "--no-emit-project", "--no-annotate", "--quiet")
        )

    def install(self, wanted: Iterable[Requirement], target: Path, release: Release, architecture: str) -> None:
        """Put the wheels of `wanted` for that system into the folder `target`, whatever this machine is."""
        system = (f"--python-version={release.python}", f"--python-platform={PLATFORMS[architecture]}")
        listed = target.parent / f"{target.name}.requirements.txt"
        listed.write_text("".join(f"{one.text}\n" for one in wanted))
        exact = ("--require-hashes", "--no-deps", "--only-binary=:all:", "--link-mode=copy", "--quiet")
        self._say("pip", "install", *exact, *system, f"--target={target}", "-r", str(listed))
        listed.unlink()

    def own_wheel(self, folder: Path) -> Path:
        """The project itself as a wheel, made in `folder`."""
        pinned = (f"--build-constraints={BUILD}", "--require-hashes")
        self._say("build", "--wheel", "--quiet", *pinned, f"--out-dir={folder}", str(REPOSITORY))
        return next(folder.glob("edge_agent-*.whl"))

    def _say(self, *command: str) -> str:
        done = subprocess.run([self.program, *command], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout


def _python_with_pip() -> str:
    own = REPOSITORY / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable
