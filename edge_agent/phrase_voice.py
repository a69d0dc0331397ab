"""The device's own sentences put into sound by espeak-ng, once, and handed to who plays them.

Law: it may be slow (a Zero 2 W takes a second or two), so the daemon runs it beside everything else; a program is
started for each sentence, so nothing of it stays. Where that does not work, it is told once and the sentences stay
silent: the earcons say as much as a beep can. 24 kHz, float32.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

import numpy as np

from edge_agent.audio.format import WIRE_RATE, Samples
from edge_agent.local.speech.voice import SpeechError
from edge_agent.local.speech.voice_espeak import Espeak
from edge_agent.phrases import SENTENCES, VOICES

AUDIBLE = 0.003  # -50 dBFS
EDGE = WIRE_RATE // 50  # 20 ms: a consonant is softer than what is audible

log = logging.getLogger("edge_agent")


def learn_phrases(language: str, learn: Callable[[str, Samples], None]) -> None:
    """Call `learn` with the name and the sound (n,) of each sentence. Blocks; never raises."""
    try:
        for name, sentence in SENTENCES[language].items():
            learn(name, _spoken(sentence, VOICES[language]))
    except SpeechError as error:
        log.warning("the device says nothing by itself, it only beeps: %s", error)


@functools.cache
def _spoken(sentence: str, voice: str) -> Samples:
    """Without the silence before and after: while it sounds nobody is listened to."""
    samples = np.frombuffer(Espeak(voice).speak(sentence), "<i2").astype(np.float32) / np.float32(32768)
    loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
    if len(loud):
        samples = samples[max(0, loud[0] - EDGE) : loud[-1] + EDGE]
    samples.setflags(write=False)
    return samples
