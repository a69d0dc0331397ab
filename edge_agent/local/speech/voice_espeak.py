"""The small voice: espeak-ng as a program, its sound brought to the wire's rate and to one level.

Law: a sentence in, PCM out; no network, no state. PCM is 16-bit little-endian mono at WORK_RATE.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from edge_agent.local.speech.voice import SpeechError, pcm
from edge_agent.local.speech.work import WORK_RATE

VOICE = "en-us+f3"
WORDS_PER_MINUTE = 165  # espeak's 175 is a little hasty for a story
TIMEOUT_S = 20.0  # a minute of speech takes a Zero 2 W about two seconds


@dataclass(frozen=True, slots=True)
class Espeak:
    """The Debian package espeak-ng. name: the voice's, with its variant; `espeak-ng --voices` tells them."""

    name: str = VOICE

    def speak(self, text: str, speed: float = 1.0) -> bytes:
        """As the protocol has it."""
        if shutil.which("espeak-ng") is None:
            raise SpeechError("espeak-ng: not found on PATH; install the Debian package espeak-ng")
        if not text.strip():
            return b""  # espeak-ng would write nothing, not even a header
        pace = str(max(80, round(WORDS_PER_MINUTE * speed)))  # espeak-ng knows no slower
        command = ["espeak-ng", "--stdin", "--stdout", "-v", self.name, "-s", pace]
        try:
            done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=TIMEOUT_S, check=True)
        except subprocess.TimeoutExpired:
            raise SpeechError(f"espeak-ng: no sound after {TIMEOUT_S:.0f} s; is the machine out of memory?") from None
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", b"") or b""
            raise SpeechError(f"espeak-ng: {error}: {said.decode(errors='replace').strip()[:200]}") from None
        return pcm(_samples(done.stdout))


def _samples(recording: bytes) -> npt.NDArray[np.float32]:
    """A WAV stream to samples at WORK_RATE. The header of a stream does not know its length: what is there counts."""
    try:
        with wave.open(io.BytesIO(recording)) as wav:
            rate, sound = wav.getframerate(), wav.readframes(wav.getnframes())
    except (wave.Error, EOFError) as error:
        raise SpeechError(
            f"espeak-ng: it wrote no WAV file ({str(error) or 'it ends too soon'}); try `espeak-ng --stdout hello`"
        ) from None
    samples = np.frombuffer(sound[: len(sound) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
    return np.asarray(soxr.resample(samples, rate, WORK_RATE), np.float32)
