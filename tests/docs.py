"""The parts of the README that are made from the source. `python -m tests.docs` writes them; a test compares."""

from __future__ import annotations

import argparse
import re
import sys
from functools import partial
from pathlib import Path

from edge_agent.board.animation import __doc__ as LIGHTS
from edge_agent.commands import parser
from edge_agent.config_text import reference
from edge_agent.dialogue.chart import chart
from edge_agent.local.faults import fault_text

README = Path(__file__).parents[1] / "README.md"


def commands() -> str:
    """Every command with its line of help."""
    lines = ["```"]
    for words, text in _walk(parser(), "edge-agent"):
        lines.append(f"{words:<28} {text}")
    return "\n".join([*lines, "```"])


def parts() -> dict[str, str]:
    """What stands between `<!-- name -->` and `<!-- /name -->`."""
    lights = "\n".join(line for line in (LIGHTS or "").splitlines() if line.startswith("|"))
    return {
        "lights": lights,
        "config": reference().strip(),
        "commands": commands(),
        "faults": fault_text.markdown().strip(),
        "chart": f"```mermaid\n{chart()}\n```",
    }


def written(text: str) -> str:
    for name, part in parts().items():
        block = f"<!-- {name} -->\n{part}\n<!-- /{name} -->"
        text, count = re.subn(rf"<!-- {name} -->.*?<!-- /{name} -->", partial(_constant, block), text, flags=re.DOTALL)
        if not count:
            sys.exit(f"{README}: no place for <!-- {name} -->")
    return text


def _constant(text: str, _: re.Match[str]) -> str:
    return text


def _walk(parser: argparse.ArgumentParser, words: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, sub in action.choices.items():
                below = _walk(sub, f"{words} {name}")
                found += below or [(f"{words} {name}", texts[name])]
    return found


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
