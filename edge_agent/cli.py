"""The commands, and the exit code of each kind of failure. Nothing is done here: each command calls whoever does it.

Exit codes: 0 fine, 1 a check found something wrong, 2 usage, 3 configuration, 4 sound or GPIO device, 5 wake or speech
model, 6 network or provider, 7 credential, 8 a demo or scenario step did not happen, 70 a bug.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from edge_agent import __version__
from edge_agent.audio.device import DeviceError
from edge_agent.audio.wav import WavError
from edge_agent.board.board import BoardError
from edge_agent.config import ConfigError
from edge_agent.hearing.wake import ModelError
from edge_agent.local.speech import SpeechError
from edge_agent.sim.scenario import ScenarioError
from edge_agent.sim.voice import VoiceError
from edge_agent.system.credentials import CredentialError

FINE, FOUND, USAGE, CONFIGURATION, DEVICE, MODEL, NETWORK, CREDENTIAL, STEP, BUG = 0, 1, 2, 3, 4, 5, 6, 7, 8, 70

FAILURES: dict[type[Exception], int] = {
    ConfigError: CONFIGURATION,
    ScenarioError: CONFIGURATION,
    DeviceError: DEVICE,
    BoardError: DEVICE,
    ModelError: MODEL,
    SpeechError: MODEL,
    VoiceError: MODEL,
    WavError: USAGE,
    ConnectionError: NETWORK,
    CredentialError: CREDENTIAL,
}


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except tuple(FAILURES) as error:
        print(f"edge-agent: {error}", file=sys.stderr)
        return next(code for kind, code in FAILURES.items() if isinstance(error, kind))
    except KeyboardInterrupt:
        return FINE
    except BrokenPipeError:  # the reader has seen enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except Exception:
        import logging

        logging.getLogger("edge_agent").exception("a bug ended edge-agent: please report the lines below")
        return BUG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge-agent", description="A voice appliance for a Raspberry Pi.")
    parser.add_argument("--version", action="version", version=f"edge-agent {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = _command(commands, "run", _run, "the daemon, on this machine's microphone and loudspeaker")
    run.add_argument("--config", type=Path, metavar="FILE", help="instead of /etc/edge-agent/edge-agent.toml")

    demo = _command(commands, "demo", _demo, "a whole conversation in a simulated room, in real time")
    demo.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR", help="where the page goes")

    simulate = _command(commands, "simulate", _simulate, "the daemon in a simulated room, as a scenario file says")
    simulate.add_argument("scenario", type=Path, metavar="SCENARIO.toml")
    simulate.add_argument("--out", type=Path, required=True, metavar="DIR", help="where events, sound and page go")
    simulate.add_argument("--realtime", action="store_true", help="in real time, the server in a process of its own")
    simulate.add_argument("--json", action="store_true", help="print the summary as JSON")
    simulate.add_argument("--seed", type=int, metavar="N", help="instead of the scenario's own")

    local = _command(commands, "local-server", _local_server, "the embedded Realtime server")
    local.add_argument("--host", default="127.0.0.1")
    local.add_argument("--port", type=int, default=0, help="0 takes a free one; the first line printed names it")

    lab = _command(commands, "lab", _lab, "measure the wake word or the echo stage on recordings")
    labs = lab.add_subparsers(required=True, metavar="WHAT")
    wake = _command(labs, "wake", _lab_wake, "what wakes it, when, with which score")
    wake.add_argument("file", nargs="+", type=Path, metavar="FILE")
    wake.add_argument("--model", action="append", metavar="NAME|PATH", help="instead of all bundled ones; may repeat")
    wake.add_argument("--json", action="store_true")
    echo = _command(labs, "echo", _lab_echo, "run an echo engine over a folder of scenes")
    echo.add_argument("scenes", type=Path, metavar="SCENES")
    echo.add_argument("out", type=Path, metavar="OUT")
    echo.add_argument("--engine", default="kalman", choices=("kalman", "off"))

    config = _command(commands, "config", _config_check, "check or show the configuration")
    configs = config.add_subparsers(required=True, metavar="WHAT")
    check = _command(configs, "check", _config_check, "tell all that is wrong with it")
    show = _command(configs, "show", _config_show, "print it")
    show.add_argument("--effective", action="store_true", help="every key, defaults included")
    show.add_argument("--origin", action="store_true", help="where each value came from")
    show.add_argument("--json", action="store_true")
    for sub in (check, show):
        sub.add_argument("--config", type=Path, metavar="FILE", help="instead of /etc/edge-agent/edge-agent.toml")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(command=run)
    return parser
