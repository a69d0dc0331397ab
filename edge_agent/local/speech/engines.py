"""Which ears and which voice: the engines there are, what of them is installed, and who is taken.

Law: names and rules; an engine is imported when it is made, never before. "auto" takes the better one where it is
installed and the board has the memory for it, else the small one that is always there; which one, and why, is told in
words (`reason`) and logged by whoever starts the worker: the choice is never silent.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from edge_agent.local.assistant.grammar import Grammar
from edge_agent.local.assistant.language import ENGLISH
from edge_agent.local.speech.recogniser import Recogniser
from edge_agent.local.speech.voice import SpeechError, Voice

AUTO = "auto"
MOONSHINE, POCKETSPHINX = "moonshine", "pocketsphinx"
HIBARI, ESPEAK = "hibari", "espeak-ng"
ENGLISH_ONLY = (MOONSHINE, HIBARI)  # their weights in the registries
RECOGNISERS = (MOONSHINE, POCKETSPHINX)  # the better one first
VOICES = (HIBARI, ESPEAK)
EXTRA = "`make speech` installs it"
ROOM_MB = 900  # of memory in the board: a worker with the better engines takes 280 MB, with the small ones 50


@dataclass(frozen=True, slots=True)
class Engine:
    """name: one of RECOGNISERS or VOICES.  reason: why this one, for a person."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Weights:
    """What an engine stands on. licence: of the weights, as SPDX.  source: the package."""

    name: str
    path: Path
    licence: str
    source: str


def weights(engine: str) -> Weights:
    """Of an engine that is installed."""
    match engine:
        case "moonshine":
            return Weights("tiny-en", _inside("moonshine_voice", "assets/tiny-en"), "MIT", "moonshine-voice")
        case "pocketsphinx":
            return Weights("en-us", _inside("pocketsphinx", "model/en-us"), "BSD-2-Clause", "pocketsphinx")
        case "hibari":
            return Weights("heart", _inside("hibari", "assets/hibari.onnx"), "Apache-2.0", "hibari-tts")
    return Weights("en-us", Path(shutil.which("espeak-ng") or ""), "GPL-3.0-or-later", "espeak-ng (Debian)")


def chosen_recogniser(wanted: str = AUTO, language: str = ENGLISH) -> Engine:
    """wanted: a name of RECOGNISERS, or "auto". Raises SpeechError: unknown, of another language, or wanted and not
    installed."""
    return _choice("recogniser", wanted, RECOGNISERS, language)


def chosen_voice(wanted: str = AUTO, language: str = ENGLISH) -> Engine:
    """wanted: a name of VOICES, or "auto". Raises SpeechError: unknown, of another language, or not installed."""
    return _choice("voice", wanted, VOICES, language)


def is_installed(name: str) -> bool:
    """Whether this engine can be made here."""
    match name:
        case "moonshine":
            from edge_agent.local.speech.moonshine import folder

            return folder() is not None
        case "hibari":
            from edge_agent.local.speech import voice_hibari

            return voice_hibari.is_installed()
        case "espeak-ng":
            return shutil.which("espeak-ng") is not None
    return name == POCKETSPHINX  # a dependency


def new_recogniser(
    name: str,
    grammar: Grammar,
    pronunciations: Mapping[str, str],
    spellings: Mapping[str, tuple[str, ...]],
    key: str,
    doubt: float = 0.0,
) -> Recogniser:
    """pronunciations, spellings, doubt: of the language pack.  key: behind it comes free speech, or "".

    Raises SpeechError.
    """
    if name == MOONSHINE:
        from edge_agent.local.speech.moonshine import folder
        from edge_agent.local.speech.recogniser_moonshine import Dictation

        where = folder()
        if where is None:
            raise SpeechError(_missing(name))
        return Dictation(where, grammar, spellings, key)
    from edge_agent.local.speech.recogniser_pocketsphinx import PocketSphinx

    return PocketSphinx(grammar, pronunciations, key, doubt)


def new_voice(name: str, variant: str = "") -> Voice:
    """variant: espeak-ng's voice, of the language pack; "" is English. Raises SpeechError."""
    if name == HIBARI:
        from edge_agent.local.speech.voice_hibari import Hibari

        return Hibari()
    from edge_agent.local.speech.voice_espeak import Espeak

    return Espeak(variant) if variant else Espeak()


def _choice(what: str, wanted: str, there_are: tuple[str, str], language: str) -> Engine:
    better, small = there_are
    if wanted not in (AUTO, *there_are):
        raise SpeechError(f"{what}: found {wanted!r}, expected {', '.join((AUTO, *there_are))}")
    if language != ENGLISH and wanted in ENGLISH_ONLY:
        raise SpeechError(f"{what}: found {wanted!r}, which is English only; for {language!r} choose {AUTO} or {small}")
    if wanted != AUTO:
        if not is_installed(wanted):
            raise SpeechError(_missing(wanted))
        return Engine(wanted, "as configured")
    if language != ENGLISH and better in ENGLISH_ONLY and is_installed(small):
        return Engine(small, f"{better} is English only")
    if not is_installed(better):
        if not is_installed(small):
            raise SpeechError(_missing(small))
        return Engine(small, f"{better} is not installed; {EXTRA}")
    room_mb = os.sysconf("SC_PAGESIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6
    if room_mb < ROOM_MB and is_installed(small):
        return Engine(small, f"{room_mb:.0f} MB of memory are too little for {better}")
    return Engine(better, "the better one")


def _inside(package: str, path: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SpeechError(f"{package}: not installed; {EXTRA}")
    return Path(spec.origin).parent / path


def _missing(name: str) -> str:
    if name == ESPEAK:
        return "espeak-ng: not found on PATH; install the Debian package espeak-ng"
    return f"{name}: not installed; {EXTRA}"
