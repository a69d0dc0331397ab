"""The boards' table in hardware/README.md, made from the profiles: `python -m tests.board.write_table` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from edge_agent.board.profile import load_all
from edge_agent.board.profile_text import markdown

README = Path(__file__).parents[2] / "hardware" / "README.md"


def written(text: str) -> str:
    return re.sub(
        r"^\| profile \|.*?\n\n", lambda _: markdown(load_all()) + "\n\n", text, flags=re.DOTALL | re.MULTILINE
    )


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
