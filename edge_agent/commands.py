"""The commands: what may be said on the command line, and who is called for it.

Law: nothing is done here; a command translates its arguments, calls a room, and returns its exit code (`cli.py` has
them all). Rooms are imported when their command runs: `edge-agent --help` must not load networks.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_agent import __version__, board_commands, field_commands, lab_commands
from edge_agent.config import ECHO_ENGINES, ConfigError, Settings
from edge_agent.config_file import load
from edge_agent.config_text import show
from edge_agent.local.assistant.language import ENGLISH, LANGUAGES
from edge_agent.local.faults.fault import Fault, FaultError, parsed
from edge_agent.local.faults.fault_text import SYNTAX, help_text
from edge_agent.system.credentials import find_key

if TYPE_CHECKING:
    from edge_agent.sim.scenario import Scenario

FINE, FOUND, STEP = 0, 1, 8


def _whole(lo: int, hi: int) -> Callable[[str], int]:
    return lambda text: _within(int, text, lo, hi, "a whole number")


def _number(lo: float, hi: float) -> Callable[[str], float]:
    return lambda text: _within(float, text, lo, hi, "a number")


def _within(kind: Callable[[str], Any], text: str, lo: float, hi: float, what: str) -> Any:
    """A value of the command line, judged as one from a file is. Raises argparse.ArgumentTypeError."""
    with contextlib.suppress(ValueError):
        value = kind(text)
        if lo <= value <= hi:
            return value
    raise argparse.ArgumentTypeError(f"found {text!r}, expected {what} from {lo} to {hi}")


def _fault(spec: str) -> Fault:
    """A fault of the command line. Raises argparse.ArgumentTypeError."""
    try:
        return parsed(spec)
    except FaultError as error:
        raise argparse.ArgumentTypeError(f"{spec}: {'; '.join(str(error).splitlines())}") from None


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="edge-agent", description="A voice appliance for a Raspberry Pi.")
    top.add_argument("--version", action="version", version=f"edge-agent {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    daemon = _command(commands, "run", run, "the daemon, on this machine's microphone and loudspeaker")
    daemon.add_argument("--config", type=Path, metavar="FILE", help="instead of /etc/edge-agent/edge-agent.toml")
    daemon.add_argument(
        "--wait-for-card", action="store_true", help="without a sound card wait for it, as a service does"
    )

    demo = _command(commands, "demo", _demo, "a whole conversation in a simulated room, in real time")
    demo.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR", help="where the page goes")

    simulate = _command(commands, "simulate", _simulate, "the daemon in a simulated room, as a scenario file says")
    simulate.add_argument("scenario", type=Path, nargs="?", metavar="SCENARIO.toml")
    simulate.add_argument("--out", type=Path, required=True, metavar="DIR", help="where events, sound and page go")
    simulate.add_argument("--realtime", action="store_true", help="in real time, the server in a process of its own")
    simulate.add_argument("--json", action="store_true", help="print the summary as JSON")
    simulate.add_argument("--seed", type=_whole(0, 2**32 - 1), metavar="N", help="instead of the scenario's own")
    simulate.add_argument(
        "--random",
        type=_whole(1, 100_000),
        nargs="?",
        const=0,
        metavar="N",
        help="instead of a file: N scenarios, drawn; how often, where",
    )
    simulate.add_argument(
        "--playback-hours",
        type=_number(0.01, 1000),
        metavar="H",
        help="with --random, in place of N: a device that talks so long, and who stops it",
    )
    simulate.add_argument("--engine", choices=ECHO_ENGINES, help="with --playback-hours: of the echo stage")
    simulate.add_argument(
        "--voices", type=Path, metavar="DIR", help="with --playback-hours: who interrupts, WAV files of people"
    )
    simulate.add_argument("--jobs", type=_whole(1, 256), metavar="J", help="so many at a time; else one a core")
    simulate.set_defaults(usage_error=simulate.error)

    local = _command(commands, "local-server", _local_server, "the embedded Realtime server")
    local.add_argument("--host", default="127.0.0.1")
    local.add_argument(
        "--port", type=_whole(0, 65_535), default=0, help="0 takes a free one; the first line printed names it"
    )
    local.add_argument(
        "--model-delay-ms", type=_number(0, 60_000), default=0.0, metavar="MS", help="wait before each reply's sound"
    )
    local.add_argument("--reply-wav", type=Path, metavar="FILE", help="answer everything with this recording")
    local.add_argument("--until-eof", action="store_true", help="end when standard input does")
    local.add_argument(
        "--idle-exit",
        type=_number(0, 86_400),
        default=0.0,
        metavar="S",
        help="end when nobody was connected for so long",
    )
    local.add_argument(
        "--workers",
        type=_whole(0, 64),
        default=0,
        metavar="N",
        help="speech processes at most; 0: one for each core, up to 4",
    )
    local.add_argument("--language", choices=LANGUAGES, default=ENGLISH, help="what it hears and speaks")
    local.add_argument(
        "--recogniser",
        default="auto",
        metavar="NAME",
        help="auto, moonshine or pocketsphinx; auto is the best there is",
    )
    local.add_argument(
        "--voice", default="auto", metavar="NAME", help="auto, hibari or espeak-ng; auto is the best there is"
    )
    local.add_argument(
        "--fault", type=_fault, action="append", default=[], metavar="SPEC", help=f"may repeat; {SYNTAX}"
    )
    local.formatter_class, local.epilog = argparse.RawDescriptionHelpFormatter, help_text()

    lab_commands.add(commands)
    deps = _command(commands, "deps", _deps, "what it stands on: packages, libraries, models, each with its licence")
    deps.add_argument("--json", action="store_true")

    first = _command(commands, "first-boot", _first_boot, "take in what a person wrote on the card's first partition")
    first.add_argument("--card", type=Path, required=True, metavar="DIR", help="where that partition is mounted")
    first.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="the device's files, if not at /")

    board_commands.add(commands)
    field_commands.add(commands, _whole, _number)
    config = commands.add_parser("config", help="check or show the configuration")
    configs = config.add_subparsers(required=True, metavar="WHAT")
    check = _command(configs, "check", _config_check, "tell all that is wrong with it")
    show = _command(configs, "show", _config_show, "print it")
    show.add_argument("--effective", action="store_true", help="every key, defaults included")
    show.add_argument("--origin", action="store_true", help="where each value came from")
    show.add_argument("--json", action="store_true")
    for sub in (check, show, deps):
        sub.add_argument("--config", type=Path, metavar="FILE", help="instead of /etc/edge-agent/edge-agent.toml")
    return top


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(command=run)
    return parser


def run(arguments: argparse.Namespace) -> int:
    from edge_agent import app
    from edge_agent.system import journal
    from edge_agent.system.systemd import Notifier

    loaded = load(arguments.config, env=os.environ)
    log = journal.set_up(loaded.settings.system.log_level, env=os.environ)
    try:
        app.daemon(loaded.settings, find_key(os.environ), Notifier(), wait_for_card=arguments.wait_for_card).run()
    finally:
        log.close()
    return FINE


def _demo(arguments: argparse.Namespace) -> int:
    from edge_agent.sim import scenario

    with as_file(files("edge_agent.sim") / "scenarios" / "demo.toml") as path:
        outcome = _rehearsal(scenario.load(path), arguments.out, realtime=True, quiet=False)
    print(f"\nLook and listen: {arguments.out / 'index.html'}")
    return FINE if outcome["passed"] else STEP


def _simulate(arguments: argparse.Namespace) -> int:
    from edge_agent.sim import scenario

    if (arguments.scenario is None) == (arguments.random is None):
        arguments.usage_error("expected SCENARIO.toml, or --random N, and not both")
    if arguments.random is not None:
        return _survey(arguments)
    if arguments.playback_hours is not None:
        arguments.usage_error("--playback-hours: found it with SCENARIO.toml, expected it with --random only")
    if arguments.jobs is not None:
        arguments.usage_error("--jobs: found it with SCENARIO.toml, expected it with --random only")
    told = scenario.load(arguments.scenario)
    if arguments.seed is not None:
        told = replace(told, seed=arguments.seed)
    outcome = _rehearsal(told, arguments.out, realtime=arguments.realtime, quiet=arguments.json)
    if arguments.json:
        print(json.dumps(outcome, indent=1))
    return FINE if outcome["passed"] else STEP


def _survey(arguments: argparse.Namespace) -> int:
    from edge_agent.playback_survey import playback_survey
    from edge_agent.survey import survey

    if arguments.realtime:
        arguments.usage_error("--realtime: found it with --random, expected it with SCENARIO.toml only")
    hours = arguments.playback_hours
    if (hours is None) == (arguments.random == 0):
        arguments.usage_error("--random: expected a number of scenarios, or --playback-hours H, and not both")
    if hours is None and (arguments.engine or arguments.voices):
        arguments.usage_error("--engine, --voices: found them with --random N, expected them with --playback-hours H")
    screen = sys.stderr if arguments.json else sys.stdout
    seed, jobs = 1 if arguments.seed is None else arguments.seed, arguments.jobs or os.cpu_count() or 1
    if hours is None:
        told = survey(arguments.random, seed, arguments.out, jobs, screen)
    else:
        people, engine = arguments.voices, arguments.engine or ""
        told = playback_survey(hours, seed, arguments.out, jobs, screen, engine=engine, recordings=people)
    if arguments.json:
        print(json.dumps(told, indent=1))
    return FINE if told["passed"] else STEP


def _rehearsal(scenario: Scenario, out: Path, *, realtime: bool, quiet: bool) -> dict[str, Any]:
    from edge_agent.simulation import rehearse

    screen = io.StringIO() if quiet else sys.stdout
    return rehearse(scenario, Settings(), out, realtime=realtime, screen=screen).report


def _local_server(arguments: argparse.Namespace) -> int:
    from edge_agent.local import service
    from edge_agent.local.assistant.assistant import Brain
    from edge_agent.local.assistant.fixed_reply import FixedReply
    from edge_agent.system import journal

    language = arguments.language
    brain = FixedReply(arguments.reply_wav) if arguments.reply_wav else Brain(language=language)
    life = service.Life(
        arguments.until_eof, arguments.idle_exit, arguments.workers, arguments.recogniser, arguments.voice, language
    )
    log = journal.set_up("warning" if life.until_eof else "info", env=os.environ)  # a child tells what is wrong only
    try:
        delay_ms, faults = arguments.model_delay_ms, arguments.fault
        service.main(arguments.host, arguments.port, brain, model_delay_ms=delay_ms, life=life, faults=faults)
    finally:
        log.close()
    return FINE


def _deps(arguments: argparse.Namespace) -> int:
    from edge_agent.field import deps

    settings = load(arguments.config, env=os.environ).settings
    deps.report(deps.examine(settings), sys.stdout, as_json=arguments.json)
    return FINE


def _first_boot(arguments: argparse.Namespace) -> int:
    from edge_agent.field import first_boot

    outcome = first_boot.run(arguments.card, arguments.root, seal=first_boot.seal_of(arguments.root))
    if outcome.problems:
        raise ConfigError("\n".join(outcome.problems))
    first_boot.set_hostname(arguments.root)
    print(first_boot.status(outcome), end="")
    return FOUND if outcome.warnings else FINE


def _config_check(arguments: argparse.Namespace) -> int:
    from edge_agent.config_check import examine

    loaded = load(arguments.config, env=os.environ)
    if wrong := examine(loaded):
        raise ConfigError("\n".join(wrong))
    print("no errors in " + (", ".join(str(path) for path in loaded.files) or "the defaults (there is no file)"))
    return FINE


def _config_show(arguments: argparse.Namespace) -> int:
    loaded = load(arguments.config, env=os.environ)
    print(show(loaded, effective=arguments.effective, origin=arguments.origin, as_json=arguments.json))
    return FINE
