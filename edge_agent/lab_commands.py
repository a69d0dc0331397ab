"""`edge-agent lab`: the commands that measure on recordings, what may be said and who is called for it.

Law: as in `commands.py`: nothing is done here; rooms are imported when the command runs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge_agent.config import ECHO_ENGINES, Settings
from edge_agent.config_file import from_dict

FINE = 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `lab` and what belongs to it among the commands."""
    lab = commands.add_parser("lab", help="measure the wake word or the echo stage on recordings")
    labs = lab.add_subparsers(required=True, metavar="WHAT")

    text = "what wakes it, when, with which score"
    wake = labs.add_parser("wake", help=text, description=f"W{text[1:]}.")
    wake.add_argument("file", nargs="+", type=Path, metavar="FILE")
    wake.add_argument("--model", action="append", metavar="NAME|PATH", help="instead of all bundled ones; may repeat")
    wake.add_argument("--json", action="store_true")
    wake.set_defaults(command=_wake)

    text = "run an echo engine over a folder of scenes"
    echo = labs.add_parser("echo", help=text, description=f"R{text[1:]}.")
    echo.add_argument("scenes", type=Path, metavar="SCENES")
    echo.add_argument("out", type=Path, metavar="OUT")
    echo.add_argument("--engine", default=Settings().echo.engine, choices=ECHO_ENGINES)
    echo.set_defaults(command=_echo)


def _wake(arguments: argparse.Namespace) -> int:
    from edge_agent.field import lab_wake
    from edge_agent.hearing.models import WORDS

    lab_wake.report(lab_wake.examine(arguments.file, arguments.model or WORDS), sys.stdout, as_json=arguments.json)
    return FINE


def _echo(arguments: argparse.Namespace) -> int:
    from edge_agent.app import echo_engine
    from edge_agent.field import lab_echo

    settings = from_dict({"echo": {"engine": arguments.engine}}, "--engine")
    measured = lab_echo.run(arguments.scenes, arguments.out, arguments.engine, lambda: echo_engine(settings))
    lab_echo.report(measured, sys.stdout)
    return FINE
