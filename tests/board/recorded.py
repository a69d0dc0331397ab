"""Recorded machines: `trees/NAME.toml` unfolded into a tree of files, as `edge-agent board detect --root` reads it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

TREES = Path(__file__).parent / "trees"
NAMES = sorted(path.stem for path in TREES.glob("*.toml"))


def facts(name: str) -> dict[str, Any]:
    return tomllib.loads((TREES / f"{name}.toml").read_text(encoding="utf-8"))


def unfolded(name: str, root: Path) -> Path:
    """The tree of this name below `root`. A text of the device tree gets the zero byte that the kernel gives it."""
    tree = facts(name)
    for path, text in tree["files"].items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + ("\0" if path.startswith("proc/device-tree/") else "\n"), encoding="utf-8")
    for path, target in tree.get("links", {}).items():
        link = root / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    return root
