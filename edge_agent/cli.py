"""The program's entrance: a command line in, an exit code out, one for each kind of failure. The commands themselves
are in `commands.py`.

Exit codes: 0 fine, 1 a check found something wrong, 2 usage, 3 configuration, 4 sound or GPIO device, 5 wake or speech
model, 6 network or provider, 7 credential, 8 a demo or scenario step did not happen, 70 a bug; 128 and the signal's
number where one stopped a demo or a simulation (130 Ctrl-C, 143 SIGTERM).
"""

from __future__ import annotations

import sys

INTERRUPTED = 130  # 128 and the number of SIGINT, as a shell counts

try:
    import argparse
    import contextlib
    import errno
    import io
    import os
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from edge_agent import commands
    from edge_agent.audio.device import DeviceError
    from edge_agent.audio.wav import WavError
    from edge_agent.board.board import BoardError
    from edge_agent.config import ConfigError
    from edge_agent.hearing.echo.engine import EngineError
    from edge_agent.hearing.wake import ModelError
    from edge_agent.local.speech.speech import SpeechError
    from edge_agent.output import OutputError
    from edge_agent.sim.scenario import ScenarioError
    from edge_agent.sim.voice import VoiceError
    from edge_agent.stopping import Stopped
    from edge_agent.system.credentials import CredentialError
except KeyboardInterrupt:  # Ctrl-C while the libraries load
    sys.exit(INTERRUPTED)

FINE, FOUND, USAGE, CONFIGURATION, DEVICE, MODEL, NETWORK, CREDENTIAL, STEP, BUG = 0, 1, 2, 3, 4, 5, 6, 7, 8, 70

FAILURES: dict[type[Exception], int] = {
    ConfigError: CONFIGURATION,
    ScenarioError: CONFIGURATION,
    DeviceError: DEVICE,
    BoardError: DEVICE,
    EngineError: CONFIGURATION,
    ModelError: MODEL,
    SpeechError: MODEL,
    VoiceError: MODEL,
    WavError: USAGE,
    OutputError: USAGE,
    ConnectionError: NETWORK,
    CredentialError: CREDENTIAL,
}


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)  # of a stream: it takes nothing more


def main(argv: Sequence[str] | None = None) -> int:
    sys.stdout, sys.stderr = _usable(sys.stdout), _usable(sys.stderr)
    try:
        arguments = commands.parser().parse_args(argv)
    except SystemExit as ended:  # --help, --version, or a usage error
        raise SystemExit(_flushed(int(ended.code or FINE))) from None
    return _flushed(_exit_code(arguments))


def _exit_code(arguments: argparse.Namespace) -> int:
    """Carry the command out; a failure becomes a line and the exit code of its kind."""
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except Stopped as stopped:
        _complain(f"stopped at {stopped.t_ms // 60_000}:{stopped.t_ms // 1000 % 60:02d}")
        return 128 + stopped.number
    except KeyboardInterrupt:
        return FINE if command is commands.run else INTERRUPTED
    except BrokenPipeError:  # a ConnectionError, but of our reader, who has seen enough (`| head`)
        return FINE
    except tuple(FAILURES) as error:
        _complain(f"edge-agent: {error}")
        return next(code for kind, code in FAILURES.items() if isinstance(error, kind))
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and error.errno in FULL:
            _complain(f"edge-agent: standard output: {error.strerror}")
            return USAGE
        import logging

        logging.getLogger("edge_agent").exception("a bug ended edge-agent: please report the lines below")
        return BUG


def _usable(stream: TextIO | None) -> TextIO:
    """A standard stream that takes any text: none at all (`>&-`) is /dev/null, a letter it lacks is a question mark."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream


def _flushed(code: int) -> int:
    """The exit code once all that was printed has arrived, or cannot."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # or Python tries again as it ends, and complains
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError) and code == FINE:
            _complain(f"edge-agent: standard output: {error.strerror}")
            return USAGE
    return code


def _complain(text: str) -> None:
    with contextlib.suppress(OSError):  # there is nowhere left to say it
        print(text, file=sys.stderr)
