"""Python environments of their own for the programs that are tested against us: made on demand, kept in the cache.

Law: nothing of theirs gets into this project's environment or lock. What cannot be installed skips its tests, with the
installer's reason. An environment is named after all that is in it: another version is another folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

INSTALL_S = 1_200.0  # for gigabytes over a home's line
_WORDS_KEPT = 300  # characters of the installer's last words


def environment(name: str, requirements: Sequence[str], *, without: Sequence[str] = ()) -> Path:
    """The folder of an environment that holds these packages. without: packages that they demand and that are left
    out."""
    made_of = json.dumps([sorted(requirements), sorted(without), sys.version_info[:2]])
    folder = _cache() / f"{name}-{hashlib.sha256(made_of.encode()).hexdigest()[:10]}"
    ready = folder / ".ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv = _uv()
        _run(uv, "--no-config", "venv", "--python", sys.executable, str(folder))
        left_out = folder / "left-out.txt"
        left_out.write_text("".join(f"{package}; sys_platform == 'never'\n" for package in without))
        python = str(folder / "bin/python")
        _run(uv, "--no-config", "pip", "install", "--python", python, "--overrides", str(left_out), *requirements)
        ready.touch()
    return folder


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "edge-agent" / "clients"


def _uv() -> str:
    found = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        pytest.skip("uv is not there to install it; `make setup` brings uv")
    return found


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"cannot be installed within {INSTALL_S:.0f} s")
    if done.returncode:
        pytest.skip(f"cannot be installed: {' '.join(done.stderr.split())[-_WORDS_KEPT:]}")
