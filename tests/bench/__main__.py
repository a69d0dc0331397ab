"""`python -m tests.bench [--json FILE] [--only GROUP ...]`: measure, print a line a row, write the rows down.

Law: which groups there are, and what becomes of their rows; nothing is measured here. A group that cannot run (a voice
that is not installed) is named on stderr with its reason, the others run, and the exit code is 1. No thread count of a
numerical library is set: the daemon sets none either, and what their pools cost is in the figures.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.row import Row, Table

GROUPS = {  # name -> module and function; imported only when it runs, so that no group measures another's imports
    "echo": ("hearing", "echo"),
    "wake": ("hearing", "wake"),
    "vad": ("hearing", "vad"),
    "listener": ("hearing", "listener"),
    "sound": ("sound", "rows"),
    "dialogue": ("talk", "dialogue"),
    "session": ("talk", "session"),
    "light": ("talk", "light"),
    "journal": ("talk", "journal"),
    "simulation": ("run", "simulation"),
    "threads": ("run", "threads"),
    "memory": ("memory", "memory"),
    "start": ("memory", "start"),
    "server": ("server", "rows"),
    "daemon": ("daemon", "rows"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """0: everything was measured. 1: a group could not run. 2: usage."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="What each stage costs.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there, as a list")
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="GROUP", help=f"of {', '.join(GROUPS)}")
    arguments = parser.parse_args(argv)
    table, measured, failed = Table(), [], False
    print(table.head(), flush=True)
    for name in arguments.only or GROUPS:
        try:
            for row in rows(name):
                print(table.line(row), flush=True)
                measured.append(row)
        except Exception as error:  # whatever ails one group, the others have their say
            print(f"{name}: left out: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            failed = True
    if arguments.json:
        arguments.json.write_text(json.dumps([row.as_json() for row in measured], indent=1) + "\n")
    return 1 if failed else 0


def rows(group: str) -> Iterator[Row]:
    module, function = GROUPS[group]
    found: Iterator[Row] = getattr(importlib.import_module(f"tests.bench.{module}"), function)()
    return found


if __name__ == "__main__":
    sys.exit(main())
