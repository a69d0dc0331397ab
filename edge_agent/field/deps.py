"""`edge-agent deps`: what this installation stands on, with versions and licences: packages, system libraries, models.

Law: `examine` looks at what is really installed and returns plain data; `report` prints it. Nothing is fetched, nothing
is judged but one thing: whether a model's licence allows commercial use, and where that is not plain the answer is
"ask". What is missing is told, never raised.
"""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TextIO

from edge_agent.config import Settings
from edge_agent.field.packages import LEFT_OUT, UNKNOWN, Absent, Package, installed
from edge_agent.hearing.models import Model, speech_model, wake_features, wake_head
from edge_agent.hearing.wake import ModelError
from edge_agent.local.speech import engines
from edge_agent.local.speech.voice import SpeechError

ROOT = "edge-agent"
NOT_FOUND = "not found"
FREE = frozenset({"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "cc0-1.0", "cc-by-4.0", "unlicense"})
_NON_COMMERCIAL = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)
_PROGRAM_S = 5.0  # a program that does not tell its version in this time has none for us


@dataclass(frozen=True, slots=True)
class Network:
    """A model in use. commercial: yes, no, or ask (whoever made it)."""

    use: str
    name: str
    licence: str
    commercial: str
    source: str
    path: str


@dataclass(frozen=True, slots=True)
class Deps:
    packages: tuple[Package, ...]
    left_out: tuple[Absent, ...]
    missing: tuple[Absent, ...]
    system: tuple[Package, ...]
    models: tuple[Network, ...]


def examine(settings: Settings) -> Deps:
    packages, absent = installed(ROOT)
    left_out = tuple(one for one in absent if one.name in LEFT_OUT)
    missing = tuple(one for one in absent if one.name not in LEFT_OUT)
    return Deps(packages, left_out, missing, tuple(_system()), tuple(_networks(settings)))


# --- the system -----------------------------------------------------------------------------------------------------


def _system() -> Iterator[Package]:
    yield Package("libasound", _of_library("libasound.so.2", "snd_asoundlib_version"), "LGPL-2.1-or-later")
    yield Package("libportaudio", _of_library("libportaudio.so.2", "Pa_GetVersionText"), "MIT")
    yield Package("espeak-ng", _of_program("espeak-ng", "--version"), "GPL-3.0-or-later")
    yield Package("systemd", _of_program("systemctl", "--version"), "LGPL-2.1-or-later")


def _of_library(file: str, function: str) -> str:
    """file, function: a shared library and its function without arguments that returns the version as a text."""
    try:
        tell = getattr(ctypes.CDLL(file), function)
    except (OSError, AttributeError):
        return NOT_FOUND
    tell.restype = ctypes.c_char_p
    return _version((tell() or b"").decode(errors="replace"))


def _version(text: str) -> str:
    found = re.search(r"\d+(?:\.\d+)*", text)
    return found[0] if found else UNKNOWN


def _of_program(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_PROGRAM_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return NOT_FOUND
    return _version(done.stdout)


# --- models ---------------------------------------------------------------------------------------------------------


def _networks(settings: Settings) -> Iterator[Network]:
    wake, session = settings.wake, settings.session
    for use, words in (("wake word", wake.words), ("stop word", wake.stop_words)):
        for word in words:
            try:
                yield _network(use, wake_head(word))
            except ModelError as error:
                yield Network(use, word, UNKNOWN, "ask", str(error), "")
    try:
        for shared in wake_features():
            yield _network("wake words' features", shared)
        yield _network("speech detection", speech_model())
    except ModelError as error:
        yield Network("hearing", NOT_FOUND, UNKNOWN, "ask", str(error), "")
    if session.provider != "openai" and not session.url:
        yield from _offline(session.local_recogniser, session.local_voice, settings.system.language)


def _offline(recogniser: str, voice: str, language: str) -> Iterator[Network]:
    """What the embedded server hears and speaks with here, and why with that."""
    ears = ("hears", engines.chosen_recogniser, recogniser)
    for verb, choice, wanted in (ears, ("speaks", engines.chosen_voice, voice)):
        use = f"{verb} without a network"
        try:
            engine = choice(wanted, language)
            found = engines.weights(engine.name)
        except SpeechError as error:
            yield Network(use, NOT_FOUND, UNKNOWN, "ask", str(error), "")
            continue
        source = f"{found.source}: {engine.reason}"
        yield _network(use, Model(found.name, found.path, found.licence, source))


def _network(use: str, model: Model) -> Network:
    return Network(use, model.name, model.licence, commercial(model.licence), model.source, str(model.path))


def commercial(licence: str) -> str:
    """Whether a model under this licence may be used commercially: yes, no, or ask."""
    if licence.strip().lower() in FREE:
        return "yes"
    return "no" if _NON_COMMERCIAL.search(licence) and " OR " not in licence.upper() else "ask"


# --- telling --------------------------------------------------------------------------------------------------------


def report(deps: Deps, out: TextIO, *, as_json: bool) -> None:
    """A table for each kind, or one object with the fields of Deps."""
    if as_json:
        print(json.dumps(asdict(deps), indent=1, ensure_ascii=False), file=out)
        return
    titles = ("Python packages", "left out on purpose", "missing", "system", "models in use")
    for title, f in zip(titles, fields(deps), strict=True):
        if rows := [asdict(row) for row in getattr(deps, f.name)]:
            _table(title, [[name.replace("_", " ") for name in rows[0]], *(list(row.values()) for row in rows)], out)


def _table(title: str, lines: Sequence[Sequence[str]], out: TextIO) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(title, file=out)
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"  {'  '.join(cells)}".rstrip(), file=out)
    print(file=out)
