"""`edge-agent calibrate`: what may be said of it on the command line, and who is called for it.

Law: as in `commands.py`: nothing is done here; rooms are imported when the command runs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_agent.field.calibration.examination import Setting

FINE, FOUND = 0, 1
CARD, SIMULATED = "card", "simulated"


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    whole: Callable[[int, int], Callable[[str], int]],
    number: Callable[[float, float], Callable[[str], float]],
) -> None:
    """Put it among the commands. whole, number: types of values within limits."""
    text = "play sweeps and measure delay, echo, drift, clipping and noise; which tier the hardware is, what to mend"
    calibrate = commands.add_parser(
        "calibrate", help=text, description=f"P{text[1:]}. Exit code 1: something is beyond what is allowed."
    )
    calibrate.add_argument("--config", type=Path, metavar="FILE", help="instead of /etc/edge-agent/edge-agent.toml")
    calibrate.add_argument(
        "--device", choices=(CARD, SIMULATED), default=CARD, help="the sound card, or a room that is arithmetic"
    )
    calibrate.add_argument(
        "--room", type=Path, metavar="SCENARIO.toml", help="with --device simulated: the room of this scenario"
    )
    calibrate.add_argument("--volume", type=whole(1, 100), metavar="N", help="percent, instead of [audio] volume")
    calibrate.add_argument(
        "--seconds", type=number(20, 180), default=34.0, metavar="S", help="how long it sounds; longer is more exact"
    )
    calibrate.add_argument("--yes", action="store_true", help="play without asking")
    calibrate.add_argument("--show", action="store_true", help="measure nothing, tell what was kept")
    calibrate.add_argument("--json", action="store_true")
    calibrate.set_defaults(command=_calibrate, usage_error=calibrate.error)


def _calibrate(arguments: argparse.Namespace) -> int:
    from edge_agent import calibration
    from edge_agent.config_file import load
    from edge_agent.field.calibration.report import text

    if arguments.room and arguments.device != SIMULATED:
        arguments.usage_error(f"--room: found it without --device {SIMULATED}, expected it with it only")
    settings = load(arguments.config, env=os.environ).settings
    volume = settings.audio.volume if arguments.volume is None else arguments.volume
    if arguments.device == SIMULATED:
        rig = calibration.of_room(calibration.room(arguments.room), settings, volume)
    else:
        rig = calibration.of_cards(settings, volume)
    if arguments.show:
        return _show(rig.setting, arguments.volume, as_json=arguments.json)
    asks = sys.stdin.isatty() and not arguments.yes
    if rig.sounds:
        print(calibration.announcement(rig, arguments.seconds), file=sys.stderr)
        if not arguments.yes:
            if not asks:
                arguments.usage_error("--yes: found neither it nor a terminal, expected one: it will be heard")
            if not calibration.confirmed():
                return FINE
    one = calibration.calibrate(rig, arguments.seconds, asks=asks, screen=sys.stderr, wall=lambda: datetime.now(UTC))
    print(json.dumps(one, indent=1) if arguments.json else text(one))
    calibration.keep(one, sys.stderr)
    return FINE if one["fine"] else FOUND


def _show(setting: Setting, volume: int | None, *, as_json: bool) -> int:
    """What was kept of this board and these cards: all of it, or what is nearest to a volume."""
    from edge_agent.field.calibration.kept import Kept
    from edge_agent.field.calibration.report import text

    kept = Kept(os.environ)
    found = kept.of(setting.board, setting.input_card, setting.output_card)
    if volume is not None:
        found = sorted(found, key=lambda one: abs(int(one["volume"]) - volume))[:1]
    if as_json:
        print(json.dumps(found, indent=1))
    elif found:
        print("\n\n".join(text(one) for one in found))
    else:
        print(f"nothing was calibrated for board {setting.board} ({kept.file}): edge-agent calibrate")
    return FINE if found else FOUND
