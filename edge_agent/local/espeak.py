"""The built-in voice: espeak-ng as a program, its sound brought to the wire's rate and to one level.

Law: a sentence in, PCM out; no network, no state. PCM is 16-bit little-endian mono at WORK_RATE; levels are dBFS RMS.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave

import numpy as np
import numpy.typing as npt
import soxr

from edge_agent.local.work import WORK_RATE

VOICE = "en-us+f3"
WORDS_PER_MINUTE = 165  # espeak's 175 is a little hasty for a story
LEVEL_DBFS = -20.0  # of the active parts: what cloud voices come at, so that switching does not change the loudness
PEAK = 0.97  # never clipped
TIMEOUT_S = 20.0  # a minute of speech takes a Zero 2 W about two seconds
_FRAME = WORK_RATE // 50  # 20 ms: the grid on which speech is told from pauses
_ACTIVE_BELOW_LOUDEST_DB = 25.0  # a frame this far below the loudest is a pause


class SpeechError(Exception):
    """The voice or the ears cannot be used; the text names what is missing and how to install it (exit 5)."""


def speak(text: str, speed: float = 1.0) -> bytes:
    """speed: of the voice's own pace, 0.25 to 1.5. Nothing to say is no sound. Raises SpeechError without espeak-ng."""
    if shutil.which("espeak-ng") is None:
        raise SpeechError("espeak-ng: not found on PATH; install the Debian package espeak-ng")
    if not text.strip():
        return b""  # espeak-ng would write nothing, not even a header
    pace = str(max(80, round(WORDS_PER_MINUTE * speed)))  # espeak-ng knows no slower
    command = ["espeak-ng", "--stdin", "--stdout", "-v", VOICE, "-s", pace]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=TIMEOUT_S, check=True)
    except subprocess.TimeoutExpired:
        raise SpeechError(f"espeak-ng: no sound after {TIMEOUT_S:.0f} s; is the machine out of memory?") from None
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or b""
        raise SpeechError(f"espeak-ng: {error}: {said.decode(errors='replace').strip()[:200]}") from None
    return _pcm16(_levelled(_samples(done.stdout)))


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


def _levelled(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Bring the active parts to LEVEL_DBFS, or as near as the peaks allow."""
    count = len(samples) // _FRAME
    power = np.square(samples[: count * _FRAME].reshape(count, _FRAME)).mean(axis=1)
    if not count or power.max() == 0:
        return samples
    active = power[power > power.max() * 10 ** (-_ACTIVE_BELOW_LOUDEST_DB / 10)].mean()
    gain = min(10 ** (LEVEL_DBFS / 20) / np.sqrt(active), PEAK / np.abs(samples).max())
    return samples * np.float32(gain)


def _pcm16(samples: npt.NDArray[np.float32]) -> bytes:
    return np.asarray(np.clip(np.rint(samples * 32768), -32768, 32767), dtype="<i2").tobytes()
