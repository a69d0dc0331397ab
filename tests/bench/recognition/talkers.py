"""Who says the sentences: synthesisers that took no part when thresholds were fitted, and one person's prompts.

Law: text in, samples out; a talker that cannot be had raises (VoiceError, SpeechError, OSError,
SubprocessError). Samples are float32 at 16 kHz.
Fitted were flite:rms, flite:awb, espeak-ng:en-us+m3 and espeak-ng:en-gb, and a quarter of the prompts.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import soxr

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.local.speech import engines
from edge_agent.local.speech.work import WORK_RATE
from edge_agent.sim.voice import recording, synthesise
from tests.bench.debian import CACHE, CorpusError, unpacked
from tests.bench.endpoints.recordings import decode
from tests.bench.recognition.texts import PROMPTS, PROMPTS_PACKAGE
from tests.bench.wake_words import neural

Say = Callable[[str], Samples]
ROBOTS = ("flite:slt", "flite:kal16", "espeak-ng:en-gb-scotland", "espeak-ng:en-us+f2")
SECONDS = 120.0


def prompts() -> list[tuple[str, Samples]]:
    """(words, recording) of one person. Raises CorpusError."""
    root = next(unpacked(PROMPTS_PACKAGE).glob("usr/share/asterisk/sounds/*"), None)
    if root is None:
        raise CorpusError(f"{PROMPTS_PACKAGE}: found no sounds in it; the package has changed")
    paths = {name: root / f"{name}.g722" for name in PROMPTS}
    there = {name: decode(path.read_bytes(), ("-f", "g722")) for name, path in paths.items() if path.is_file()}
    return [(PROMPTS[name], pcm.astype(np.float32) / np.float32(32768)) for name, pcm in there.items()]


def _each(say: Say) -> Callable[[Sequence[str]], list[Samples]]:
    return lambda texts: [say(text) for text in texts]


def _robot(name: str) -> Say:
    return lambda text: np.asarray(synthesise(name, text), np.float32)


def _festival(voice: str) -> Say:
    def say(text: str) -> Samples:
        with tempfile.TemporaryDirectory(prefix="edge-agent-") as folder:
            wav = Path(folder) / "speech.wav"
            command = ["text2wave", "-eval", f"(voice_{voice})", "-o", str(wav)]
            subprocess.run(command, input=text, text=True, capture_output=True, timeout=SECONDS, check=True)
            return recording(wav)

    return say


def hibari(texts: Sequence[str]) -> list[Samples]:
    """The better voice. Raises SpeechError: not installed."""
    voice = engines.new_voice(engines.chosen_voice(engines.HIBARI).name)
    spoken = (np.frombuffer(voice.speak(text), "<i2").astype(np.float32) / np.float32(32768) for text in texts)
    return [np.asarray(soxr.resample(one, WORK_RATE, HEARING_RATE), np.float32) for one in spoken]


def piper(texts: Sequence[str]) -> list[Samples]:
    """Piper's Joe, in the environment of `make bench-wake`, where that has made it. Raises OSError."""
    python = CACHE / "voices" / "bin" / "python"
    with tempfile.TemporaryDirectory(prefix="edge-agent-") as folder:
        paths = [Path(folder) / f"{number}.wav" for number in range(len(texts))]
        wanted = [
            {"voice": "piper:joe", "word": text, "speed": 1.0, "wav": str(path)}
            for text, path in zip(texts, paths, strict=True)
        ]
        command = [str(python), str(Path(neural.__file__))]
        subprocess.run(command, input=json.dumps(wanted), text=True, capture_output=True, timeout=SECONDS, check=True)
        return [recording(path) for path in paths]


TALKERS: Mapping[str, Callable[[Sequence[str]], list[Samples]]] = {
    **{name: _each(_robot(name)) for name in ROBOTS},
    "festival:slt_hts": _each(_festival("cmu_us_slt_arctic_hts")),
    "hibari": hibari,
    "piper:joe": piper,
}
