"""The better voice: Hibari, a small network that speaks American English at the wire's rate.

Law: the only file that knows Hibari. A sentence in, PCM out; the one voice whose weights the wheel carries is used, so
nothing is ever fetched (its other voices would be). The noise in it is drawn from one seed: the same every time.
PCM is 16-bit little-endian mono at WORK_RATE.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from edge_agent.local.speech.voice import SpeechError, pcm
from edge_agent.local.speech.work import WORK_RATE

PACKAGE = "hibari"
VOICE = "heart"  # the one in the wheel
SLOWEST = 0.5  # of its own pace: below it sounds broken
_SEED = 1
_AUDIBLE = 0.003  # of full scale: below it nothing has begun
_LEAD = WORK_RATE // 50  # kept before the first sound: a soft consonant; the rest of its silence is only waiting


def is_installed() -> bool:
    return find_spec(PACKAGE) is not None


class Hibari:
    """Loads in half a second. Raises SpeechError: not installed, or not what it was."""

    def __init__(self) -> None:
        try:
            self._network: Any = import_module(PACKAGE).Hibari(VOICE)
        except (ImportError, OSError, RuntimeError) as error:
            raise SpeechError(f"hibari: {error}; `make speech` installs it") from None
        if self._network.sample_rate != WORK_RATE:
            raise SpeechError(f"hibari: found {self._network.sample_rate} Hz, expected {WORK_RATE}; another release?")

    def speak(self, text: str, speed: float = 1.0) -> bytes:
        """As the protocol has it; what it cannot pronounce is left out."""
        if not any(character.isalnum() for character in text):
            return b""  # of dots alone it would make a sound
        samples = np.asarray(self._network(text, speed=max(SLOWEST, speed), seed=_SEED), np.float32)
        loud = np.flatnonzero(np.abs(samples) > _AUDIBLE)
        return pcm(samples[max(0, loud[0] - _LEAD) :]) if loud.size else b""
