"""A sentence into the air with nothing of ours in the way: espeak-ng makes a file, aplay plays it.

Law: two programs and a file, no numpy, no PortAudio, no configuration of our own: this speaks when those are broken.
Nothing raises; what did not work comes back as a reason. The card is the configured one and no other; only where none
is configured is a card looked for.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

PROC = Path("/proc/asound")
SPEAK_S, PLAY_S = 20.0, 40.0  # a Zero 2 W makes such a sentence in about two seconds; the longest lasts eight
WORDS_PER_MINUTE = "150"
LOUDEST, SOFTEST = 160, 40  # espeak-ng's amplitude at 100 %; and what is never gone below: a fault is to be heard

Run = Callable[[Sequence[str], float], str]


def run(command: Sequence[str], limit_s: float) -> str:
    """Run a program: empty if it succeeded, else why not, in one line."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit_s, stdin=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        return f"{command[0]} is not installed"
    except subprocess.TimeoutExpired:
        return f"{command[0]} did not end within {limit_s:.0f} s"
    except OSError as error:
        return f"{command[0]}: {error.strerror or error}"
    said = " ".join(done.stderr.decode(errors="replace").split())[:200]
    return "" if done.returncode == 0 else said or f"{command[0]} ended with {done.returncode}"


def devices(card: str, proc: Path = PROC) -> list[str]:
    """The names for `aplay -D` to be tried, in order. card: as [audio] output_card has it, empty for none."""
    if card.startswith("pcm:"):
        return [card.removeprefix("pcm:")]
    if card:
        name, _, device = card.partition(",")
        return [f"plughw:CARD={name},DEV={device or 0}"]
    return ["default", *_players(proc)]


class FaultVoice:
    """voice: espeak-ng's name of one. volume: percent. directory: for the file; ours alone."""

    def __init__(self, *, voice: str, card: str, volume: int, directory: Path, run: Run = run) -> None:
        self._voice, self._card, self._run = voice, card, run
        self._amplitude = max(SOFTEST, round(LOUDEST * volume / 100))
        self._file = directory / "sentence.wav"

    def say(self, sentence: str) -> str:
        """Speak it; returns when it has been heard: empty, or why it could not be."""
        make = ["espeak-ng", "-v", self._voice, "-s", WORDS_PER_MINUTE, "-a", str(self._amplitude)]
        if trouble := self._run([*make, "-w", str(self._file), sentence], SPEAK_S):
            return trouble
        reasons = []
        for device in devices(self._card):
            trouble = self._run(["aplay", "-q", "-D", device, str(self._file)], PLAY_S)
            if not trouble:
                return ""
            reasons.append(f"{device}: {trouble}")
        return "; ".join(reasons)


def _players(proc: Path) -> list[str]:
    """Every card that can play, by its id: `00-01: Name : Name : playback 1` is device 1 of card 0."""
    try:
        table = (proc / "pcm").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found = []
    for number, device in re.findall(r"^(\d+)-(\d+):.*\bplayback\b", table, re.MULTILINE):
        try:
            name = (proc / f"card{int(number)}" / "id").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            name = str(int(number))
        found.append(f"plughw:CARD={name},DEV={int(device)}")
    return found
