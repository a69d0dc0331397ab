"""The degraded state: the daemon does not run, and the device still says so, by light, voice and journal.

Law: a composition root of its own, for `edge-agent-fault.service` (systemd/README.md). It must work when the daemon's
configuration, models, key, or most of its libraries are what is broken: no network, no model, nothing of numpy where it
can be had without; whatever of it fails is told, and the rest goes on. It decides nothing about why the daemon failed
(`system/failure.py`) and nothing about the words (`fault_words.py`).

It ends with 0 after its time, and systemd then tries the daemon again; asked to end, with 143. The light shows the
fault throughout. The sentence is spoken at the start, unless the same one was within the last twelve hours (nobody
wants to hear it all night, every ten minutes), and at each press of the button.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.board.board import Board
from edge_agent.config import Settings
from edge_agent.config_salvage import salvage
from edge_agent.config_text import quoted
from edge_agent.dialogue.indication import Indication
from edge_agent.fault_voice import FaultVoice
from edge_agent.fault_words import SENTENCES
from edge_agent.phrases import VOICES
from edge_agent.stopping import Stopped, Stopping
from edge_agent.system import codes, journal
from edge_agent.system.failure import Failure, failure
from edge_agent.system.journal import fields

if TYPE_CHECKING:
    from edge_agent.board.facts import Profile

REMIND_S = 12 * 3600.0
MINUTES = 10.0

log = logging.getLogger("edge_agent")


class Told:
    """What was spoken last, and when, in a folder that outlives this process but not the machine's run.

    clock: seconds, the same clock in each process (monotonic)."""

    def __init__(self, directory: Path, clock: Callable[[], float]) -> None:
        self._file, self._clock = directory / "told", clock

    def lately(self, code: str) -> bool:
        """Whether this code was spoken within REMIND_S."""
        with suppress(OSError, ValueError):
            last, at = self._file.read_text(encoding="ascii").split()
            return last == code and 0 <= self._clock() - float(at) < REMIND_S
        return False

    def note(self, code: str) -> None:
        with suppress(OSError):  # then it is said again
            self._file.write_text(f"{code} {self._clock():.0f}\n", encoding="ascii")


class Degraded:
    """say: speaks a sentence and returns when it is over: empty, or why it could not.  pressed: set by the button."""

    def __init__(
        self,
        why: Failure,
        *,
        sentence: str,
        say: Callable[[str], str],
        told: Told,
        pressed: threading.Event,
        clock: Callable[[], float],
    ) -> None:
        self._why, self._sentence, self._say = why, sentence, say
        self._told, self._pressed, self._clock = told, pressed, clock

    def stay(self, seconds: float, *, aloud: bool) -> None:
        """Tell it, and again at each press, for so long. aloud: also at the start."""
        until = self._clock() + seconds
        trouble = codes.BY_CODE[self._why.code]
        log.error(
            "%s: %s; remedy: journalctl -x, or /usr/share/doc/edge-agent/systemd.md",
            self._why.code,
            trouble.subject[0].lower() + trouble.subject[1:],
            extra=fields(
                code=self._why.code,
                result=self._why.result,
                status=self._why.status,
                invocation=self._why.invocation,
            ),
        )
        if aloud and not self._told.lately(self._why.code):
            self._speak()
        while (left := until - self._clock()) > 0:
            if self._pressed.wait(left):
                self._speak()
                self._pressed.clear()  # after it: whoever pressed while it was speaking has heard it
        log.warning("trying edge-agent again", extra=fields(code=codes.AGAIN, fault=self._why.code))

    def _speak(self) -> None:
        if reason := self._say(self._sentence):
            log.warning("the fault cannot be spoken: %s", reason, extra=fields(code=codes.NO_VOICE, reason=reason))
        else:
            self._told.note(self._why.code)


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] = os.environ) -> int:
    """The process: 0 when its time is over, 143 (or another signal's number and 128) when it was asked to end."""
    parser = argparse.ArgumentParser(prog="python -m edge_agent.fault", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=MINUTES, metavar="M", help="then it ends (default 10)")
    minutes = parser.parse_args(argv).minutes
    written = journal.set_up("info", env=env)
    pressed = threading.Event()
    settings = salvage(env)
    board: Board | None = None
    try:
        with Stopping():
            profile, wrong = known_board(settings)
            board = _lit(settings, profile, wrong, pressed.set)
            degraded(failure(env), settings, profile, env, pressed).stay(minutes * 60, aloud=settings.audio.words)
    except Stopped as stopped:
        return 128 + stopped.number
    finally:
        if board is not None:
            board.close()
        written.close()
    return 0


def known_board(settings: Settings) -> tuple[Profile | None, str]:
    """The board's profile, as the daemon would choose it, and what was wrong with it. Each look goes to the log."""
    try:
        from edge_agent.board.chosen import chosen

        return chosen(settings.board.profile), ""
    except Exception as error:  # the profile, its folder, the reading of either: any of it may be what is broken
        return None, str(error) or type(error).__name__


def degraded(
    why: Failure, settings: Settings, profile: Profile | None, env: Mapping[str, str], pressed: threading.Event
) -> Degraded:
    """Put together for this machine. Without systemd's folder (by hand) it makes one, which only we can write to."""
    language = settings.system.language
    directory = Path(env.get("RUNTIME_DIRECTORY") or tempfile.mkdtemp(prefix="edge-agent-fault-"))
    card = settings.audio.output_card or (profile.audio.output_card if profile else "")
    voice = FaultVoice(voice=VOICES[language], card=card, volume=settings.audio.volume, directory=directory)

    def say(sentence: str) -> str:
        if profile and card and settings.board.mixer:
            _set_mixer(profile, card)
        return voice.say(sentence)

    return Degraded(
        why,
        sentence=SENTENCES[language][why.code],
        say=say,
        told=Told(directory, time.monotonic),
        pressed=pressed,
        clock=time.monotonic,
    )


def _set_mixer(profile: Profile, card: str) -> None:
    """The loudspeaker's levels as the daemon sets them when it opens the card: some codecs are silent until then."""
    try:
        from edge_agent.board.mixer import Mixer

        Mixer(profile, input_card="", output_card=card).set()
    except Exception as error:  # most cards are heard without it
        log.warning("the mixer is not set: %s", error or type(error).__name__)


def _lit(settings: Settings, profile: Profile | None, wrong: str, pressed: Callable[[], None]) -> Board | None:
    """The board, showing the fault; None where there is none, or it cannot be used. wrong: with the profile."""
    reason = wrong or f"no light is known ([board] profile = {quoted(settings.board.profile)})"
    try:
        if profile and profile.has_panel:
            from edge_agent.board.gpio import GpioBoard

            board = GpioBoard(profile, pin_factory=settings.board.pin_factory, brightness=settings.board.brightness)
            board.open(pressed, lambda on: None)
            board.show(Indication.FAULT)
            return board
    except Exception as error:  # gpiozero, its factory, the pins: any of it may be what is broken
        reason = str(error) or type(error).__name__
    log.warning("the fault cannot be shown by the light: %s", reason, extra=fields(code=codes.NO_LIGHT, reason=reason))
    return None


if __name__ == "__main__":
    sys.exit(main())
