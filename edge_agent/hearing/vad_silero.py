"""Speech detection with Silero VAD 6 on ONNX Runtime.

Law: a block in, the latest probability out; what a probability means is `endpointing`'s, `onset`'s and `barge_in`'s
business. Samples are float32 in [-1, 1] at 16 kHz. The network sees 512 new samples (32 ms) after the 64 before them
and carries its state (2, 1, 128); it runs in the 4th, 7th, 10th, 13th and 16th of every 16 blocks. (`wake_features`
chooses its own blocks so that the two never fall together, and `speech_watch` keeps them in step after a sleep.)
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.hearing.models import session, speech_model

_WINDOW = 512  # samples: the only window the network was trained for at 16 kHz
_CONTEXT = 64  # samples of the window before, in front of it


class SileroVad:
    """Implements SpeechDetector. Raises ModelError when the model is missing or broken."""

    def __init__(self) -> None:
        self._network = session(speech_model())
        self._rate = np.array(HEARING_RATE, np.int64)
        # Room for one block more than a window: 512 is no multiple of 160, so what is left over waits at the end.
        self._samples = np.zeros((1, _CONTEXT + _WINDOW + HEARING_BLOCK), np.float32)
        self._state = np.zeros((2, 1, 128), np.float32)
        self._filled = 0
        self._probability = 0.0

    def hear(self, block: Samples) -> float:
        """block: (160,). Returns the probability of the last full window, in [0, 1]; 0 before the first."""
        start = _CONTEXT + self._filled
        self._samples[0, start : start + HEARING_BLOCK] = block
        self._filled += HEARING_BLOCK
        if self._filled >= _WINDOW:
            self._infer()
        return self._probability

    @property
    def memory(self) -> Samples:
        """(128,): what the network keeps of what it heard; `finality` reads it."""
        kept: Samples = self._state[0, 0]
        return kept

    def reset(self) -> None:
        """Forget the past: the next block starts a new recording."""
        self._samples.fill(0.0)
        self._state = np.zeros((2, 1, 128), np.float32)
        self._filled = 0
        self._probability = 0.0

    def refresh(self) -> None:
        """Forget what was heard, and go on in the same recording."""
        self._state = np.zeros((2, 1, 128), np.float32)

    def _infer(self) -> None:
        window = self._samples[:, : _CONTEXT + _WINDOW]
        output, self._state = self._network.run(None, {"input": window, "state": self._state, "sr": self._rate})
        self._probability = float(output[0, 0])
        left = self._filled - _WINDOW
        kept = _CONTEXT + left
        self._samples[0, :kept] = self._samples[0, _WINDOW : _WINDOW + kept].copy()
        self._filled = left
