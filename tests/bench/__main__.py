"""`python -m tests.bench [--json FILE] [--html FILE] [--only GROUP ...]`: measure, print a line a row, write it down.

Law: what becomes of the rows; nothing is measured here. A group that cannot run (a voice that is not installed, no
control groups) is named on stderr with its reason, the others run, and the exit code is 1; a goal that is missed is
told and changes nothing. No thread count of a numerical library is set: the daemon sets none either, and what their
pools cost is in the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tests.bench.groups import GROUPS
from tests.bench.page import Measured, page
from tests.bench.row import Row, Table, machine


def main(argv: Sequence[str] | None = None) -> int:
    """0: everything was measured. 1: a group could not run. 2: usage."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="What each stage costs, and a turn takes."
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there, as a list")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write them there, as a page")
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="GROUP", help=f"of {', '.join(GROUPS)}")
    arguments = parser.parse_args(argv)
    measured = Measured(datetime.now(), machine())
    table, began = Table(), time.monotonic()
    print(table.head(), flush=True)
    for name in arguments.only or GROUPS:
        began_group = time.monotonic()
        try:
            for row in GROUPS[name].rows():
                print(table.line(row), flush=True)
                measured.rows.append(row)
        except Exception as error:  # whatever ails one group, the others have their say
            measured.failures[name] = f"{type(error).__name__}: {error}"
            print(f"{name}: left out: {measured.failures[name]}", file=sys.stderr, flush=True)
        measured.took_s[name] = time.monotonic() - began_group
    measured.total_s = time.monotonic() - began
    _write(measured, arguments.json, arguments.html)
    print(f"\n{_verdict(measured.rows)}; it took {measured.total_s / 60:.1f} minutes")
    return 1 if measured.failures else 0


def _write(measured: Measured, json_file: Path | None, html_file: Path | None) -> None:
    for file in (json_file, html_file):
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
    if json_file is not None:
        json_file.write_text(json.dumps([row.as_json() for row in measured.rows], indent=1) + "\n")
    if html_file is not None:
        html_file.write_text(page(measured))


def _verdict(rows: Sequence[Row]) -> str:
    asked = [row for row in rows if row.goal is not None]
    missed = [row.name for row in asked if not row.met]
    return f"{len(asked) - len(missed)} of {len(asked)} goals met" + (
        f"; missed: {', '.join(missed)}" if missed else ""
    )


if __name__ == "__main__":
    sys.exit(main())
