"""Does a session's speech work: `perform`, one synchronous verb, for a worker process or in place.

Law: never raises; what cannot be done comes back as `Failed` with the reason. Ears and voice are built on first use and
kept for the life of the process: a fresh answer each time comes from the recogniser itself, not from a new one. Which
engines they are is said once, by `use`, before the first job; else it is "auto".
"""

from __future__ import annotations

import functools
import os

import numpy as np
import soxr

from edge_agent.local.assistant.language import ENGLISH, Language, key_phrase, language
from edge_agent.local.speech import engines
from edge_agent.local.speech.recogniser import RECOGNISER_RATE, Recogniser
from edge_agent.local.speech.voice import SpeechError, Voice
from edge_agent.local.speech.work import Failed, Recognised, Result, Spoken, Work

__all__ = ["SpeechError", "perform", "recogniser", "switch", "use", "voice", "warm"]

_wanted = {"recogniser": engines.AUTO, "voice": engines.AUTO, "language": ENGLISH}


def perform(work: Work) -> Result:
    """Recognise a recording or speak a sentence. Takes about 0.2 s a second of sound on a desktop core."""
    try:
        if isinstance(work.payload, bytes):
            words = _heard(work.payload, work.rate)
            return Recognised(words, is_whole=_pack().GRAMMAR.parse(words) is not None)
        return Spoken(voice().speak(work.payload, work.speed))
    except Exception as error:  # whatever it was, the session tells its client, and the worker lives on
        return Failed(f"{work.kind}: {error}" if isinstance(error, SpeechError) else f"{work.kind}: {error!r}")


def warm() -> int:
    """Load what the first sentence would have to wait for, in this process. Returns the process's number."""
    recogniser().recognise(np.zeros(RECOGNISER_RATE // 2, np.float32))
    perform(Work("warm", "speak", "ready"))
    return os.getpid()


def use(recogniser_name: str, voice_name: str, language_name: str = ENGLISH) -> None:
    """From the next job on. The names are those of `engines.py` and `language.py`."""
    _wanted.update(recogniser=recogniser_name, voice=voice_name, language=language_name)
    recogniser.cache_clear()
    voice.cache_clear()


def switch(language_name: str) -> None:
    """To another language from the next job on; the engines stay those that are wanted."""
    if language_name != _wanted["language"]:
        use(_wanted["recogniser"], _wanted["voice"], language_name)


@functools.cache
def recogniser() -> Recogniser:
    """This process's ears. Raises SpeechError."""
    pack = _pack()
    name = engines.chosen_recogniser(_wanted["recogniser"], pack.NAME).name
    return engines.new_recogniser(name, pack.GRAMMAR, pack.PRONUNCIATIONS, pack.SPELLINGS, key_phrase(pack), pack.DOUBT)


@functools.cache
def voice() -> Voice:
    """This process's voice. Raises SpeechError."""
    pack = _pack()
    return engines.new_voice(engines.chosen_voice(_wanted["voice"], pack.NAME).name, pack.VOICE)


def _pack() -> Language:
    return language(_wanted["language"])


def _heard(pcm: bytes, rate: int) -> str:
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
    return recogniser().recognise(np.asarray(soxr.resample(samples, rate, RECOGNISER_RATE), np.float32))
