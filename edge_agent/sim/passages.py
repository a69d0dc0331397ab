"""How a reply sounds that a scenario spells out: sentences, each with a breath behind it.

Law: text in, PCM out, as the embedded server would send it; who says it when is the server's affair. A sentence sounds
the same every time and is kept: a survey says the same ones again and again, in another order.
"""

from __future__ import annotations

import functools
import re

import numpy as np
import soxr

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.audio.wire import pcm16, samples_from_pcm16
from edge_agent.local.speech import speech
from edge_agent.local.speech.voice import LEVEL_DBFS
from edge_agent.local.speech.work import WORK_RATE
from edge_agent.sim.scenario_provider import OWN_VOICE
from edge_agent.sim.voice import at_level, synthesise

BREATH_S = 0.25  # between two sentences
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_PEAK = np.float32(0.97)


def spoken(passage: str, voice: str) -> bytes:
    """16-bit mono at WORK_RATE, its active parts at the level of all replies. Raises VoiceError, SpeechError."""
    breath = bytes(2 * int(BREATH_S * WORK_RATE))
    return breath.join(_sentence(sentence, voice) for sentence in _SENTENCE.split(passage.strip()))


def heard(passage: str, voice: str) -> Samples:
    """The same at 16 kHz, for whoever needs to know how loud it will be."""
    return np.asarray(soxr.resample(samples_from_pcm16(spoken(passage, voice)), WORK_RATE, HEARING_RATE), np.float32)


@functools.cache
def _sentence(text: str, voice: str) -> bytes:
    if voice == OWN_VOICE:
        return speech.voice().speak(text)
    samples = at_level(synthesise(voice, text), LEVEL_DBFS)
    samples *= _PEAK / max(_PEAK, np.abs(samples).max())
    return pcm16(np.asarray(soxr.resample(samples, HEARING_RATE, WORK_RATE), np.float32))
