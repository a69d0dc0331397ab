"""What the network learns from: people, synthesisers and music that Debian carries, each decoded once.

Law: recordings in, 16 kHz mono out; what is mixed of them is `scene.py`'s business. A talker or a piece of music is
either learned from or judged with, never both; the half is a property of its line below. What the echo stage is scored
with (the talkers of asterisk-core-sounds-{en,it,fr,ru}, the music of extremetuxracer and frozen-bubble, everything in
../shared/audio) is in neither half; Spanish of the same series is left out as well, its talker is the English one's.

Units: int16 in the cache (~/.cache/edge-agent/corpus/training), float32 in [-1, 1] outside.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.voice import VoiceError, synthesise
from tests.bench.debian import CACHE, CorpusError, queen_table, unpacked
from tests.bench.endpoints.recordings import decode
from tests.bench.endpoints.talkers import DRASCULA, GSM, QUEEN, QUEEN_ROLES, SENTENCES

FOLDER = CACHE / "training"
LEARN, JUDGE = "learn", "judge"
SPEECH, MUSIC = "speech", "music"

_MUSIC_FROM_S, _MUSIC_S = "15", "75"  # of each piece: past its fade-in
_SHORTEST_S = 0.35
_EDGE = 0.02  # of the loudest 20 ms, below which a recording's edge is silence: -34 dB
_WINDOW = HEARING_RATE // 50
_JOBS = 2
_VOICES = ("flite", "espeak-ng")


@dataclass(frozen=True, slots=True)
class Source:
    """One talker, or one game's music. pattern: a glob in the package's files; of the game `QUEEN` a regular expression
    on the names in its archive; of a synthesiser its voice. decode: what ffmpeg must be told."""

    name: str
    kind: str
    half: str
    package: str
    pattern: str
    decode: tuple[str, ...] = ()
    most: int = 220  # recordings: no talker has much more to say than another


def _stamps(language: str, half: str = LEARN) -> Source:
    return Source(f"stamps-{language}", SPEECH, half, "tuxpaint-stamps-default", f"**/*_desc_{language}.ogg")


def _potato(language: str, half: str = LEARN) -> Source:
    return Source(f"potato-{language}", SPEECH, half, "ktuberling-data", f"**/sounds/{language}/*.*")


def _fish(language: str, side: str, half: str = LEARN) -> Source:
    return Source(f"fish-{language}-{side}", SPEECH, half, f"fillets-ng-data-{language}", f"**/*-{side}-*.ogg")


def _drascula(role: str, pattern: str, half: str = LEARN) -> Source:
    return Source(f"drascula-{role}", SPEECH, half, "drascula", f"**/en/{pattern}.ALS", DRASCULA, 80)


def _queen(role: str, pattern: str, half: str = LEARN) -> Source:
    return Source(f"queen-{role}", SPEECH, half, QUEEN, pattern, (), 80)


def _music(package: str, pattern: str, told: tuple[str, ...] = ()) -> Source:
    """Whole pieces go to one half or the other: `_half_of`."""
    return Source(package, MUSIC, "", package, pattern, told)


SOURCES = (
    Source("menardi-it", SPEECH, LEARN, "asterisk-prompt-it-menardi-wav", "**/*.wav"),
    Source("colombia-es", SPEECH, LEARN, "asterisk-prompt-es-co", "**/*.gsm", GSM),
    Source("armelle-fr", SPEECH, LEARN, "asterisk-prompt-fr-armelle", "**/*.gsm", GSM),
    *(_stamps(language) for language in ("fr", "ru", "ro", "bg", "es", "be", "el", "lt", "nl")),
    *(_stamps(language, JUDGE) for language in ("ca", "da")),
    *(_potato(language) for language in ("fr", "nn", "lt", "ru", "da", "de", "el", "en", "gl", "sl", "wa")),
    _potato("uk", JUDGE),
    _fish("cs", "m"),
    _fish("cs", "v"),
    _fish("nl", "m"),
    _fish("nl", "v", JUDGE),
    _drascula("john", "[0-9]*"),
    _drascula("count", "D[0-9]*"),
    _drascula("bj", "BJ[0-9]*"),
    _drascula("igor", "I[0-9]*"),
    _drascula("wolf", "L[0-9]*"),
    _drascula("innkeeper", "T[0-9]*"),
    _drascula("braun", "VB[0-9]*", JUDGE),
    *(_queen(role, rf"{role}\d{{4}}P\d") for role in QUEEN_ROLES),
    _queen("joe", r"\d\d\d{4}J\d", JUDGE),
    *(Source(f"flite-{name}", SPEECH, LEARN, "flite", name) for name in ("awb", "kal16", "rms")),
    Source("flite-slt", SPEECH, JUDGE, "flite", "slt"),
    *(
        Source(f"espeak-{name}", SPEECH, LEARN, "espeak-ng", name)
        for name in ("en-us", "en-us+f3", "en-gb-scotland+m3", "de+f2", "fr+m2", "es+f4", "it+m1", "en-029")
    ),
    _music("warzone2100-music", "**/*.opus"),
    _music("wesnoth-1.16-music", "**/*.ogg"),
    _music("singularity-music", "**/*.ogg"),
    _music("asterisk-moh-opsound-g722", "**/*.g722", ("-f", "g722")),
)
_MUSIC_JUDGES = 6  # every sixth piece


@dataclass(frozen=True, slots=True)
class Corpus:
    """One half. talkers: by name, the recordings of each; music: pieces. All int16, 16 kHz."""

    talkers: dict[str, list[np.ndarray[tuple[int], np.dtype[np.int16]]]]
    music: list[np.ndarray[tuple[int], np.dtype[np.int16]]]


@cache
def corpus(half: str) -> Corpus:
    """All of one half, decoded the first time (some minutes). Raises CorpusError."""
    talkers = {source.name: list(_kept(source).values()) for source in SOURCES if source.half == half}
    pieces: list[np.ndarray[tuple[int], np.dtype[np.int16]]] = []
    for source in SOURCES:
        if source.kind == MUSIC:
            for number, piece in enumerate(_kept(source).values()):
                if (JUDGE if number % _MUSIC_JUDGES == 0 else LEARN) == half:
                    pieces.append(piece)
    return Corpus({name: said for name, said in talkers.items() if said}, pieces)


def _kept(source: Source) -> dict[str, np.ndarray[tuple[int], np.dtype[np.int16]]]:
    path = FOLDER / f"{source.name}.npz"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        np.savez(part, **dict(_decoded(source)))  # type: ignore[arg-type]
        part.rename(path)
    with np.load(path) as sounds:
        return {name: sounds[name] for name in sorted(sounds.files)}


def _decoded(source: Source) -> Iterator[tuple[str, np.ndarray[tuple[int], np.dtype[np.int16]]]]:
    if source.package in _VOICES:
        for number, sentence in enumerate(SENTENCES):
            yield f"{number:04d}", _int16(synthesise(f"{source.package}:{source.pattern}", sentence))
        return
    files = sorted(_files(source))
    if source.kind == SPEECH:
        random.Random(source.name).shuffle(files)
        files = files[: source.most]
    told = source.decode
    if source.kind == MUSIC:
        told = (*told, "-ss", _MUSIC_FROM_S, "-t", _MUSIC_S)
    with ThreadPoolExecutor(_JOBS) as pool:
        for number, samples in enumerate(pool.map(lambda file: _try_decode(file[1], told), files)):
            whole = samples if source.kind == MUSIC else trimmed(samples)
            if len(whole) >= _SHORTEST_S * HEARING_RATE:
                yield f"{number:04d}", whole


def _try_decode(place: tuple[Path, int, int], told: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    path, offset, size = place
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(size if size else -1)
    try:
        return np.asarray(decode(data, told))
    except CorpusError:
        return np.zeros(0, np.int16)  # a text file among the sounds


def _int16(samples: Samples) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


def trimmed(
    samples: np.ndarray[tuple[int], np.dtype[np.int16]],
) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Without the silence before and after; empty where nothing sounds."""
    frames = samples[: len(samples) // _WINDOW * _WINDOW].reshape(-1, _WINDOW).astype(np.float32)
    if len(frames) == 0:
        return samples[:0]
    level = np.sqrt(np.mean(frames * frames, axis=1))
    loud = np.flatnonzero(level > max(_EDGE * float(level.max()), 10.0))
    if len(loud) == 0:
        return samples[:0]
    return samples[max(loud[0] - 2, 0) * _WINDOW : (loud[-1] + 3) * _WINDOW]


def _files(source: Source) -> Iterator[tuple[str, tuple[Path, int, int]]]:
    """(name, (file, offset, size)); size 0 means the whole file."""
    folder = unpacked(source.package)
    if source.package == QUEEN:
        (archive,) = folder.glob("**/queen.1c")
        for name, offset, size in queen_table(archive.read_bytes()):
            if re.fullmatch(source.pattern + r"\.SB", name):
                yield name, (archive, offset, size)
        return
    for path in folder.glob(source.pattern):
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(folder)), (path, 0, 0)


__all__ = ["JUDGE", "LEARN", "SOURCES", "Corpus", "Source", "VoiceError", "corpus", "trimmed"]
