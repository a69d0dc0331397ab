"""Does a session's speech work: `perform`, one synchronous verb, for a worker process or in place.

Law: never raises; what cannot be done comes back as `Failed` with the reason. The recogniser is built on first use and
kept for the life of the process: a fresh answer each time comes from the recogniser itself, not from a new one.
"""

from __future__ import annotations

import functools
import os

import numpy as np
import soxr

from edge_agent.local import language_en as language
from edge_agent.local.espeak import SpeechError, speak
from edge_agent.local.recogniser import RECOGNISER_RATE, Recogniser
from edge_agent.local.work import Failed, Recognised, Result, Spoken, Work

__all__ = ["SpeechError", "perform", "recogniser", "warm"]


def perform(work: Work) -> Result:
    """Recognise a recording or speak a sentence. Takes about 0.2 s a second of sound on a desktop core."""
    try:
        if isinstance(work.payload, bytes):
            return Recognised(_heard(work.payload, work.rate))
        return Spoken(speak(work.payload, work.speed))
    except Exception as error:  # whatever it was, the session tells its client, and the worker lives on
        return Failed(f"{work.kind}: {error}" if isinstance(error, SpeechError) else f"{work.kind}: {error!r}")


def warm() -> int:
    """Load what the first sentence would have to wait for, in this process. Returns the process's number."""
    recogniser().recognise(np.zeros(RECOGNISER_RATE // 2, np.float32))
    perform(Work("warm", "speak", "ready"))
    return os.getpid()


@functools.cache
def recogniser() -> Recogniser:
    """This process's ears."""
    return Recogniser(language.GRAMMAR, language.PRONUNCIATIONS, language.REPEAT_AFTER_ME)


def _heard(pcm: bytes, rate: int) -> str:
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
    return recogniser().recognise(np.asarray(soxr.resample(samples, rate, RECOGNISER_RATE), np.float32))
