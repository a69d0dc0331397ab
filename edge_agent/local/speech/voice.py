"""The built-in voice: what every voice is, and what is done to the sound of all of them.

Law: no engine here, each has a file of its own (`voice_espeak.py`, `voice_hibari.py`); which one is taken is decided
in `engines.py`. PCM is 16-bit little-endian mono at WORK_RATE; levels are dBFS RMS of the active parts.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge_agent.local.speech.work import WORK_RATE

LEVEL_DBFS = -20.0  # of the active parts: what cloud voices come at, so that switching does not change the loudness
PEAK = 0.97  # never clipped
_FRAME = WORK_RATE // 50  # 20 ms: the grid on which speech is told from pauses
_ACTIVE_BELOW_LOUDEST_DB = 25.0  # a frame this far below the loudest is a pause


class SpeechError(Exception):
    """The voice or the ears cannot be used; the text names what is missing and how to install it (exit 5)."""


class Voice(Protocol):
    """The same words sound the same every time."""

    def speak(self, text: str, speed: float = 1.0) -> bytes:
        """speed: of the voice's own pace, 0.25 to 1.5. Nothing to say is no sound. Raises SpeechError."""
        ...


def pcm(samples: npt.NDArray[np.float32]) -> bytes:
    """samples: (n,) at WORK_RATE, of any level."""
    return _pcm16(_levelled(samples))


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
