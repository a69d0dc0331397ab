"""Who may know whom: the import rules of the rooms, kept by walking the imports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "edge_agent"

# A room may import: itself, and of ours only what begins with one of these; and never these modules of others.
RULES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "dialogue": ((), ("asyncio", "threading", "time", "datetime", "numpy", "logging", "socket", "os")),
    "audio": ((), ("asyncio", "websockets", "logging")),
    "hearing": (
        ("edge_agent.audio.format", "edge_agent.dialogue.attention"),
        ("asyncio", "threading", "time", "websockets"),
    ),
    "session": (("edge_agent.dialogue", "edge_agent.timeline"), ("numpy",)),
    "board": (("edge_agent.dialogue.indication", "edge_agent.toml_table"), ("asyncio", "numpy")),
    "system": (("edge_agent.dialogue", "edge_agent.durable", "edge_agent.timeline"), ("numpy",)),
    "timers": (
        ("edge_agent.dialogue.events", "edge_agent.durable", "edge_agent.session.tools", "edge_agent.timeline"),
        ("asyncio", "numpy"),
    ),
    "local": (
        ("edge_agent.audio.format", "edge_agent.audio.wire", "edge_agent.audio.wav", "edge_agent.hearing.vad"),
        (),
    ),
    "sim": (
        (
            "edge_agent.audio",
            "edge_agent.board",
            "edge_agent.config",
            "edge_agent.dialogue",
            "edge_agent.ear",
            "edge_agent.interpreter",
            "edge_agent.local",
            "edge_agent.mouth",
            "edge_agent.session.link",
            "edge_agent.timeline",
            "edge_agent.toml_table",
        ),
        (),
    ),
    "field": (
        (
            "edge_agent.audio",
            "edge_agent.config",
            "edge_agent.durable",
            "edge_agent.hearing",
            "edge_agent.local.speech.engines",
            "edge_agent.local.speech.voice",
            "edge_agent.system",
        ),
        ("asyncio",),
    ),
}
# Who may know the twins and the adapters: the places that put things together.
COMPOSERS = {"app", "calibration", "simulation", "survey", "playback_survey", "fault", "cli", "commands", "__main__"}
ADAPTERS = ("edge_agent.audio.portaudio", "edge_agent.session.client", "edge_agent.board.gpio", "edge_agent.sim")


def imports(path: Path) -> set[str]:
    """Every module a file imports, by its full name; `from edge_agent.x import y` counts as edge_agent.x.y if that is
    a module.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports of ours are written in full"
            for alias in node.names:
                deeper = ROOT.parent / Path(*node.module.split("."), f"{alias.name}.py")
                found.add(f"{node.module}.{alias.name}" if deeper.exists() else node.module)
    return found


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


class TestARoom:
    @pytest.mark.parametrize("room", sorted(RULES))
    def test_knows_only_whom_it_may(self, room: str) -> None:
        allowed, _ = RULES[room]
        for path in files(room):
            strangers = {
                name
                for name in imports(path)
                if name.startswith("edge_agent.") and not name.startswith((f"edge_agent.{room}", *allowed))
            }
            assert not strangers, f"{path.relative_to(ROOT)} imports {sorted(strangers)}"

    @pytest.mark.parametrize("room", sorted(RULES))
    def test_keeps_away_from_what_is_not_its_business(self, room: str) -> None:
        _, forbidden = RULES[room]
        for path in files(room):
            found = {name for name in imports(path) if name.split(".")[0] in forbidden}
            assert not found, f"{path.relative_to(ROOT)} imports {sorted(found)}"

    def test_is_named_in_the_rules(self) -> None:
        rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
        assert rooms == set(RULES)


class TestAdapters:
    def test_are_known_to_the_composition_root_only(self) -> None:
        for path in sorted(ROOT.rglob("*.py")):
            home = path.parent.name
            if path.stem in COMPOSERS or home == "sim":
                continue
            found = {
                name
                for name in imports(path)
                if name.startswith(ADAPTERS) and not name.startswith(f"edge_agent.{home}.")
            }
            assert not found, f"{path.relative_to(ROOT)} imports {sorted(found)}"


class TestEveryFile:
    @pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
    def test_opens_with_its_law_and_stays_small(self, path: Path) -> None:
        source = path.read_text()
        assert ast.get_docstring(ast.parse(source)), "a module opens with what may live in it"
        longest = 400 if path.stem.startswith("language_") else 320  # a language is one file, of words
        assert len(source.splitlines()) <= longest, "two nouns, perhaps"
