"""What the talkers said: fetched from Debian's archive, decoded to 16 kHz mono, kept in a cache.

Law: files in, labelled samples out; which of them are used is drawn from a seed. `apt-get download` and `dpkg -x` into
~/.cache/edge-agent/corpus (shared with the other benches; nothing is installed, nothing deleted); ffmpeg decodes.
Recordings of 0.8 to 12 s of speech, whose level tells speech from silence, are used; the others are passed over.
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.voice import synthesise
from tests.bench.debian import CACHE, CorpusError, queen_table, unpacked
from tests.bench.endpoints.labels import Labels, label
from tests.bench.endpoints.talkers import QUEEN, SENTENCES, VOICE, Talker

SHORTEST_MS, LONGEST_MS = 800, 12_000
EDGE_MS = 100  # kept before and after the speech
TRIED = 4  # files looked at for each one wanted: prompts of one word are passed over
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Recording:
    talker: Talker
    name: str
    samples: Samples
    labels: Labels


def recordings(talker: Talker, wanted: int, seed: int) -> list[Recording]:
    """Up to `wanted` labelled recordings, up to half of them with pauses of the talker's own; the same for the same
    seed. Raises CorpusError."""
    usable = [found for found in (_cut(talker, *sound) for sound in _sounds(talker, wanted, seed)) if found]
    pausing = [recording for recording in usable if recording.labels.pauses][: wanted // 2]
    fluent = [recording for recording in usable if not recording.labels.pauses][: wanted - len(pausing)]
    return pausing + fluent


def _cut(talker: Talker, name: str, samples: Samples) -> Recording | None:
    """The speech and a little before and after it; None where there is too little or too much, or no telling."""
    labels = label(samples)
    if labels is None or not SHORTEST_MS <= labels.end_ms - labels.start_ms <= LONGEST_MS:
        return None
    first = max(labels.start_ms - EDGE_MS, 0)
    per_ms = HEARING_RATE // 1000
    piece = samples[first * per_ms : (labels.end_ms + EDGE_MS) * per_ms]
    return Recording(talker, name, piece, labels.later(-first))


def _sounds(talker: Talker, wanted: int, seed: int) -> Iterator[tuple[str, Samples]]:
    if talker.kind == VOICE:
        for sentence in SENTENCES[:wanted]:
            yield sentence, _padded(synthesise(f"{talker.package}:{talker.pattern}", sentence))
        return
    kept = CACHE / "endpoints" / f"{talker.name}-{wanted}-{seed}.npz"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        decoded = dict(_decoded(talker, wanted, seed))
        part = kept.with_suffix(".part.npz")
        np.savez(part, **decoded)  # type: ignore[arg-type]
        part.rename(kept)
    with np.load(kept) as sounds:
        yield from ((name, sounds[name].astype(np.float32) / 32768) for name in sounds.files)


def _padded(samples: Samples) -> Samples:
    """A synthesiser's digital silence has no floor: the labeller wants a little of it."""
    edge = np.zeros(EDGE_MS * HEARING_RATE // 1000, np.float32)
    whole = np.concatenate([edge, samples, edge])
    return whole + np.random.default_rng(len(whole)).normal(0, 1e-4, len(whole)).astype(np.float32)


def _decoded(talker: Talker, wanted: int, seed: int) -> Iterator[tuple[str, Samples]]:
    files = sorted(_files(talker))
    random.Random(f"{seed} {talker.name}").shuffle(files)
    for name, data in ((name, _bytes(source)) for name, source in files[: wanted * TRIED]):
        yield name, decode(data, talker.decode)


def decode(data: bytes, told: tuple[str, ...] = ()) -> Samples:
    """int16, 16 kHz mono. Raises CorpusError."""
    command = ["ffmpeg", "-v", "error", *told, "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", "16000", "pipe:1"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=True)
    except FileNotFoundError as error:
        raise CorpusError("ffmpeg is not installed; install the Debian package ffmpeg") from error
    except subprocess.CalledProcessError as error:
        raise CorpusError(f"ffmpeg cannot read a recording: {error.stderr.decode(errors='replace')[:200]}") from error
    return np.frombuffer(done.stdout, np.int16)


Source = Path | tuple[Path, int, int]  # a file, or a part of one


def _bytes(source: Source) -> bytes:
    if isinstance(source, Path):
        return source.read_bytes()
    path, offset, size = source
    with path.open("rb") as archive:
        archive.seek(offset)
        return archive.read(size)


def _files(talker: Talker) -> Iterator[tuple[str, Source]]:
    folder = unpacked(talker.package)
    if talker.package == QUEEN:
        (archive,) = folder.glob("**/queen.1c")
        for name, offset, size in queen_table(archive.read_bytes()):
            if re.fullmatch(talker.pattern + r"\.SB", name):
                yield name, (archive, offset, size)
        return
    for path in folder.glob(talker.pattern):
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(folder)), path
