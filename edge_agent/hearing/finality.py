"""Does it sound finished? Read from what the speech detector remembers, a moment after the last sound.

Law: a readout of 128 numbers, no network of its own and no samples. Silero VAD carries a recurrent memory; it was
trained for "speech or not", but what it keeps of the last words tells a sentence's end from a pause within one, on the
bench's recordings better than a model of 8 MB made for that (Smart Turn 3.2). So the question costs one product of two
short vectors a pause, on any board, and no language is spoken here: it was learned from four (Dutch, English, Italian,
Spanish prompts and plays; `python -m tests.bench.endpoints.learn`) and is judged on other people, who also speak Czech,
French and Russian (`python -m tests.bench.endpoints`). It is a hint, not a verdict: of an end and a pause it takes the
wrong one for the end once in five times, so that it bends a silence and never replaces it. A synthetic voice broken off
in the middle of a word tells it nothing.

The weights belong to one detector's network, whose sum they carry: with another network there is no opinion, and a
sentence ends after a fixed silence as it would without this file.

Units: log odds (natural logarithm), 0: as likely finished as not.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

from edge_agent.audio.format import Samples
from edge_agent.hearing.models import speech_model

WEIGHTS = Path(__file__).with_name("finality.npz")  # weights (128,), bias (1,), network: the sum it was learned on
_MOST = 6.0  # a memory such as was never seen is no certainty


class Remembers(Protocol):
    """A speech detector that lets its memory be read."""

    @property
    def memory(self) -> Samples:
        """(128,): of everything heard so far, the latest window's sounds most."""
        ...


class Finality:
    """One call a pause, 200 ms after its beginning: the log odds that the sentence is over."""

    def __init__(self, detector: Remembers) -> None:
        self._detector = detector
        self._weights, self._bias = _learned()

    def __call__(self) -> float:
        odds = float(np.dot(self._weights, self._detector.memory)) + self._bias
        return min(max(odds, -_MOST), _MOST)


def finality(detector: Remembers) -> Finality | None:
    """None: the detector's network is not the one it was learned on. Raises ModelError when that is missing."""
    with np.load(WEIGHTS) as learned:
        return Finality(detector) if str(learned["network"]) == network_sum() else None


@cache
def network_sum() -> str:
    """Of the speech detector's network. Raises ModelError."""
    return hashlib.sha256(speech_model().path.read_bytes()).hexdigest()


def _learned() -> tuple[Samples, float]:
    with np.load(WEIGHTS) as learned:
        return learned["weights"], float(learned["bias"])
