"""`edge-agent board`: the commands about boards, what may be said and who is called for it.

Law: as in `commands.py`: nothing is done here; the board's room is imported when its command runs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

FINE, FOUND = 0, 1


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `board` and what belongs to it among the commands."""
    board = commands.add_parser("board", help="which board this is, and what is known of boards")
    boards = board.add_subparsers(required=True, metavar="WHAT")

    text = "which board this is and why, what is missing, and what to write into edge-agent.toml"
    detect = boards.add_parser("detect", help=text, description=f"W{text[1:]}. Exit code 0: one was found.")
    detect.add_argument("--json", action="store_true")
    detect.add_argument("--root", type=Path, metavar="DIR", help="a recorded tree of /proc, /sys and /dev, instead")
    detect.add_argument(
        "--probe", action="store_true", help="ask the header's I2C bus for codecs that no driver holds (empty writes)"
    )
    detect.set_defaults(command=_detect, usage_error=detect.error)

    listing = boards.add_parser("list", help="the boards that there are profiles for")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(command=_list)

    show = boards.add_parser("show", help="the profile of a board as its file, to copy and change")
    show.add_argument("name", metavar="NAME", help="as in `board list`, or a file of one's own")
    show.set_defaults(command=_show)


def _detect(arguments: argparse.Namespace) -> int:
    from edge_agent.board import detect, detect_text, machine, profile

    if arguments.probe and arguments.root:
        arguments.usage_error("--probe: found it with --root, expected it on the machine itself only")
    seen = machine.look(arguments.root or machine.ROOT, probe=detect.PROBED if arguments.probe else None)
    detection = detect.detect(seen, profile.load_all())
    print(detect_text.as_json(detection) if arguments.json else detect_text.text(detection))
    return FINE if detection.found else FOUND


def _list(arguments: argparse.Namespace) -> int:
    from edge_agent.board import profile_text
    from edge_agent.board.profile import load_all

    print(profile_text.as_json(load_all()) if arguments.json else profile_text.table(load_all()))
    return FINE


def _show(arguments: argparse.Namespace) -> int:
    from edge_agent.board import profile

    print(profile.load(arguments.name).path.read_text(encoding="utf-8"), end="")
    return FINE
