"""Hours of speech and music in which nobody says a wake word: what Debian's packages carry.

Law: which packages, whose language, and where the sound lies on disk; nothing is scored here. Packages are downloaded
with apt-get and unpacked below the cache folder, never installed. Each becomes one recording, kept as int16 at 16 kHz:
the files one after the other with a pause between, active parts at -26 dBFS, over a microphone's own noise; one file in
three as heard at two metres in a room with noise 20 dB below.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.voice import at_level
from tests.bench.debian import CorpusError, unpacked
from tests.bench.wake_words.acoustics import Place, clipped, noise
from tests.bench.wake_words.decoding import clips

LEVEL_DBFS = -26.0
_FLOOR_DBFS = -75.0  # a microphone is never silent
_PAUSE_S = 0.4
_IN_A_ROOM = 3  # one clip in so many
_LONGEST_S = 600.0  # longer pieces are left dry: their transform would be huge


@dataclass(frozen=True, slots=True)
class Source:
    """package: Debian's name.  language: what is spoken, or "music".  files: a glob below its root.  most_h: of it."""

    package: str
    language: str
    files: str
    most_h: float = 10.0

    @property
    def name(self) -> str:
        return self.package if self.language == "music" else f"{self.package} {self.language}"

    @property
    def is_music(self) -> bool:
        return self.language == "music"


def _asterisk(language: str) -> Source:
    return Source(f"asterisk-core-sounds-{language}-g722", language, "**/*.g722")


_TUXPAINT = ("ro", "ca", "bg", "el")
SOURCES = (
    *(_asterisk(language) for language in ("en", "es", "fr", "it", "ru")),
    Source("asterisk-prompt-es-co", "es", "**/*.gsm"),
    Source("asterisk-prompt-fr-armelle", "fr", "**/*.gsm"),
    Source("asterisk-prompt-it-menardi-wav", "it", "**/*.wav"),
    Source("flight-of-the-amazon-queen", "en", "**/queen.1c"),
    Source("fillets-ng-data-cs", "cs", "**/*.ogg", 0.3),
    Source("fillets-ng-data-nl", "nl", "**/*.ogg", 0.3),
    *(Source("tuxpaint-stamps-default", language, f"**/*_desc_{language}.ogg", 0.1) for language in _TUXPAINT),
    Source("ktuberling-data", "many", "**/sounds/**/*.[ow][gap][guv]*", 0.2),
    Source("asterisk-moh-opsound-g722", "music", "**/*.g722"),
    Source("wesnoth-1.16-music", "music", "**/*.ogg", 0.8),
    Source("warzone2100-music", "music", "**/*.opus", 0.4),
    Source("singularity-music", "music", "**/*.ogg", 0.2),
)


def stream(source: Source, cache: Path) -> npt.NDArray[np.int16]:
    """The whole recording, from the cache where it was made before. Raises CorpusError."""
    path = cache / "streams" / f"{source.name.replace(' ', '.')}.npy"
    if not path.exists():
        if shutil.which("ffmpeg") is None:
            raise CorpusError("the program ffmpeg is not installed; install the Debian package ffmpeg")
        path.parent.mkdir(parents=True, exist_ok=True)
        root = unpacked(source.package, cache)
        made = list(_placed(source, root))
        if not made:
            raise CorpusError(f"{source.package}: found no file like {source.files}; the package has changed")
        part = path.with_suffix(".part.npy")
        np.save(part, np.concatenate(made))
        part.rename(path)
    recording: npt.NDArray[np.int16] = np.load(path, mmap_mode="r")
    return recording[: round(source.most_h * 3600.0 * HEARING_RATE)]


def _placed(source: Source, root: Path) -> Iterator[npt.NDArray[np.int16]]:
    """The clips in their order, as the microphone hears them, each with its pause."""
    pause = np.zeros(round(_PAUSE_S * HEARING_RATE), np.float32)
    files = sorted(path for path in root.glob(source.files) if path.is_file())
    for number, clip in enumerate(clip for clip in clips(files) if np.any(clip)):
        yield _pcm(_heard(np.append(clip, pause), number))


def _heard(clip: Samples, number: int) -> Samples:
    if number % _IN_A_ROOM == 0 and len(clip) < _LONGEST_S * HEARING_RATE:
        return Place(2.0, 0.4, 20.0, LEVEL_DBFS, number % 8).heard(clip, lead_s=0.0, tail_s=0.0)
    return clipped(at_level(clip, LEVEL_DBFS) + noise(len(clip), _FLOOR_DBFS, number))


def _pcm(samples: Samples) -> npt.NDArray[np.int16]:
    return np.round(samples * 32767.0).astype(np.int16)
