"""The people in the room: speech from a synthesiser's command line, or from a WAV file, at a level.

Law: text or file in, samples out; what is said when is `script.py`'s, how it sounds at the microphone is `room.py`'s.
A voice is SYNTHESISER:NAME; a synthesiser is a function of `_SPEAKERS` and its packages, and nothing else knows it.
Samples are float32 mono at 16 kHz; levels are dBFS (0 = RMS of a full-scale square wave) of the speech's active parts.
The synthesisers run as processes of their own: they hold the interpreter for seconds otherwise.
"""

from __future__ import annotations

import functools
import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.audio.wav import WavError, read_at
from edge_agent.sim.noises import noise_of
from edge_agent.sim.scenario import Talk
from edge_agent.sim.scenario_sound import EXPECTED_VOICE

_FRAME = HEARING_RATE // 50  # 20 ms, the grid on which speech is told from pauses
_MARGIN_DB = 15.9  # ITU-T P.56: speech is active down to this far below its own active level
_EDGE_DBFS = -55.0  # quieter than this at a synthesiser's edges is its own padding: the person has not begun
_TIMEOUT_S = 60.0
_PROGRAMS = {  # synthesiser: its program, and where that comes from
    "flite": ("flite", "the Debian package flite"),
    "espeak-ng": ("espeak-ng", "the Debian package espeak-ng"),
    "festival": ("text2wave", "the Debian packages festival and festvox-*"),
    "piper": ("piper", "the PyPI package piper-tts, and a voice"),
    "pico": ("pico2wave", "the Debian package libttspico-utils (non-free)"),
}


class VoiceError(Exception):
    """A voice or a recording cannot be had; the text names it, and what to install or change."""


def speech_of(talk: Talk) -> Samples:
    """What this talker says, or does, at its level. Raises VoiceError."""
    if talk.sound:
        dry = noise_of(talk.sound, talk.seed)
    else:
        dry = recording(talk.wav) if talk.wav is not None else synthesise(talk.voice, talk.text)
    return at_level(dry, talk.level_dbfs)


@functools.cache
def synthesise(voice: str, text: str) -> Samples:
    """Speak `text` with a voice SYNTHESISER:NAME; read-only, kept in memory. Raises VoiceError."""
    tool, _, name = voice.partition(":")
    if tool not in _PROGRAMS:
        raise VoiceError(f'voice "{voice}": found no such synthesiser, expected {EXPECTED_VOICE}')
    program, source = _PROGRAMS[tool]
    if shutil.which(program) is None:
        raise VoiceError(f'voice "{voice}": the program {program} is not installed; install {source}')
    if not text.strip():
        raise VoiceError(f'voice "{voice}": found nothing to say; give it words')
    with tempfile.TemporaryDirectory(prefix="edge-agent-voice-") as folder:
        wav = Path(folder) / "speech.wav"
        _SPEAKERS[tool](name, text, wav)
        if not wav.is_file():
            raise VoiceError(f'voice "{voice}": {program} gave no sound: it has no such voice; they come with {source}')
        samples = recording(wav)
    samples = _without_padding(samples)
    samples.setflags(write=False)
    return samples


def _flite(name: str, text: str, wav: Path) -> None:
    known = _voices_of_flite()
    if name not in known:  # flite itself would fall back to another voice, silently, or fetch a URL
        raise VoiceError(
            f'voice "flite:{name}": flite has no such voice, only {", ".join(known)}; '
            "choose one of them (they are in the Debian package flite)"
        )
    _run(["flite", "-voice", name, "-t", text, "-o", str(wav)], f"flite:{name}")


@functools.cache
def _voices_of_flite() -> tuple[str, ...]:
    listed = _run(["flite", "-lv"], "flite").partition(":")[2].split()
    return tuple(sorted(set(listed)))


def _espeak(name: str, text: str, wav: Path) -> None:
    package = f"mbrola-{name.removeprefix('mb-')}" if name.startswith("mb-") else "espeak-ng-data"
    hint = f"`espeak-ng --voices` lists what is there; voices come with the Debian package {package}"
    _run(["espeak-ng", "-v", name, "-w", str(wav), "--stdin"], f"espeak-ng:{name}", stdin=text, hint=hint)


def _festival(name: str, text: str, wav: Path) -> None:
    if re.fullmatch(r"[A-Za-z0-9_]+", name) is None:  # it becomes a word of festival's own language
        raise VoiceError(f'voice "festival:{name}": expected the name of a voice: letters, digits and _')
    hint = "`ls /usr/share/festival/voices/*` lists what is there; voices come with the Debian packages festvox-*"
    _run(["text2wave", "-eval", f"(voice_{name})", "-o", str(wav)], f"festival:{name}", stdin=text, hint=hint)


def _piper(name: str, text: str, wav: Path) -> None:
    hint = "NAME is a voice that piper finds, or the path of its .onnx file, with the .json beside it"
    _run(["piper", "--model", name, "--output_file", str(wav)], f"piper:{name}", stdin=f"{text}\n", hint=hint)


def _pico(name: str, text: str, wav: Path) -> None:
    hint = "it speaks de-DE, en-GB, en-US, es-ES, fr-FR and it-IT; voices come with libttspico-data (non-free)"
    _run(["pico2wave", "-l", name, "-w", str(wav), "--", text], f"pico:{name}", hint=hint)


_SPEAKERS: dict[str, Callable[[str, str, Path], None]] = {
    "flite": _flite,
    "espeak-ng": _espeak,
    "festival": _festival,
    "piper": _piper,
    "pico": _pico,
}


def _run(command: list[str], voice: str, *, stdin: str = "", hint: str = "") -> str:
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VoiceError(f'voice "{voice}": {command[0]} could not be run: {error}') from error
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or f"exit status {done.returncode}"
        raise VoiceError(f'voice "{voice}": {command[0]} said: {said}' + (f"; {hint}" if hint else ""))
    return done.stdout


def recording(path: Path) -> Samples:
    """A WAV file of any rate and number of channels as 16 kHz mono. Raises VoiceError."""
    try:
        samples = read_at(path, HEARING_RATE)
    except WavError as error:
        raise VoiceError(f"recording: {error}") from error
    if not len(samples):
        raise VoiceError(f"recording: {path}: found no sound in it, expected speech")
    return samples


def _without_padding(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > 10.0 ** (_EDGE_DBFS / 20.0))
    if loud.size == 0:
        raise VoiceError("a synthesiser gave silence: no voice can say this; give it other words")
    return samples[loud[0] : loud[-1] + 1].copy()


def _frame_powers(samples: Samples) -> Samples:
    padded = np.zeros(-(-len(samples) // _FRAME) * _FRAME, np.float32)
    padded[: len(samples)] = samples
    powers: Samples = np.mean(np.square(padded.reshape(-1, _FRAME)), axis=1)
    return powers


def active_level_dbfs(samples: Samples) -> float:
    """RMS level of the active parts, pauses left out (the idea of ITU-T P.56, on 20 ms frames); -inf for silence."""
    powers = _frame_powers(samples)
    level = -math.inf
    active = powers[powers > 0.0]
    while active.size:
        found = 10.0 * math.log10(float(np.mean(active)))
        if found == level:
            break
        level = found
        active = powers[powers > 10.0 ** ((level - _MARGIN_DB) / 10.0)]
    return level


def active_span_ms(samples: Samples) -> tuple[int, int]:
    """Where speech begins and ends inside a recording, ms from its start, to 20 ms; (0, 0) for silence."""
    powers = _frame_powers(samples)
    level = active_level_dbfs(samples)
    if not math.isfinite(level):
        return 0, 0
    active = np.flatnonzero(powers > 10.0 ** ((level - _MARGIN_DB) / 10.0))
    return int(active[0]) * 20, min(int(active[-1] + 1) * 20, len(samples) * 1000 // HEARING_RATE)


def at_level(samples: Samples, level_dbfs: float) -> Samples:
    """The same sound with its active parts at `level_dbfs`; silence stays silence."""
    level = active_level_dbfs(samples)
    gain = 10.0 ** ((level_dbfs - level) / 20.0) if math.isfinite(level) else 0.0
    return samples * np.float32(gain)
