"""What sounds beside a reply: earcons, sentences of the device's own, the alarm.

Law: counting and fading only; no volume, no clock, one short lock. Earcons sound at once and together. A sentence waits
until they are over, there is one at a time, and it can be stopped; so can the alarm. None of it belongs to a turn, so
nothing of it is ever counted as heard of a reply. 24 kHz, float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import numpy as np

from edge_agent.audio.earcon import synthesise
from edge_agent.audio.format import WIRE_BLOCK, WIRE_RATE, Samples

HUSH_MS = 40  # a word that is cut off in less sounds like a fault, and a reply is not kept waiting by more
ALARM = "alarm"

_HUSH = (0.5 + 0.5 * np.cos(np.pi * np.linspace(0.0, 1.0, HUSH_MS * WIRE_RATE // 1000))).astype(np.float32)


@dataclass(frozen=True, slots=True)
class CueBlock:
    """10 ms of it, in pieces of at most a block. voiced: what follows the loudspeaker's volume.  alarm: what does not.

    speaking: a sentence of our own, or the fade of one, is among them.  said: sentences that end with this block.
    """

    voiced: list[Samples]
    alarm: Samples | None
    speaking: bool
    said: list[str]


NOTHING = CueBlock([], None, speaking=False, said=[])


@dataclass(slots=True)
class _Sentence:
    name: str
    left: Samples
    begun: bool = False


class Cues:
    """earcons: whether short sounds are played at all; the alarm and sentences always are.

    Everything but `next` may be called from any thread.
    """

    def __init__(self, *, earcons: bool = True) -> None:
        self._sounds = synthesise()
        self._with_earcons = earcons
        self._phrases: dict[str, Samples] = {}
        self._lock = Lock()
        # under the lock:
        self._earcons: list[Samples] = []  # what is still to be played of each
        self._alarm: Samples | None = None
        self._sentence: _Sentence | None = None
        self._fading: list[Samples] = []  # sentences that were stopped, to the end of their fade
        self._said: list[str] = []

    @property
    def busy(self) -> bool:
        return bool(self._earcons or self._alarm is not None or self._sentence or self._fading or self._said)

    def earcon(self, name: str) -> None:
        """Play a short sound at once, over anything. Raises KeyError for a name that `earcon.py` does not have."""
        sound = self._sounds[name]
        if self._with_earcons:
            with self._lock:
                self._earcons.append(sound)

    def learn(self, phrase: str, samples: Samples) -> None:
        """Give a sentence of our own its sound, samples (n,). They must not be changed afterwards."""
        self._phrases[phrase] = samples

    def say(self, phrase: str) -> None:
        """After the earcons, in the place of the sentence before. One that has no sound is said at once."""
        sound = self._phrases.get(phrase)
        with self._lock:
            self._hush()
            if sound is None:
                self._said.append(phrase)
            else:
                self._sentence = _Sentence(phrase, sound)

    def hush(self) -> None:
        """Stop the sentence within HUSH_MS. It is not reported as said."""
        with self._lock:
            self._hush()

    def ring(self) -> None:
        """The alarm's sound, once, from its beginning."""
        with self._lock:
            self._alarm = self._sounds[ALARM]

    def end_ring(self) -> None:
        """Silence the alarm within HUSH_MS."""
        with self._lock:
            if self._alarm is not None:
                self._alarm = _faded(self._alarm)

    def next(self) -> CueBlock:
        """The next 10 ms. Audio thread."""
        if not self.busy:
            return NOTHING
        with self._lock:
            earcons_sound = bool(self._earcons)
            self._earcons, voiced = _advanced(self._earcons)
            self._fading, words = _advanced(self._fading)
            if not earcons_sound or (self._sentence is not None and self._sentence.begun):
                words += self._next_of_sentence()
            alarm = self._next_of_alarm()
            said, self._said = self._said, []
        return CueBlock(voiced + words, alarm, bool(words), said)

    # --- under the lock ---

    def _hush(self) -> None:
        sentence, self._sentence = self._sentence, None
        if sentence is not None and sentence.begun:
            self._fading.append(_faded(sentence.left))

    def _next_of_sentence(self) -> list[Samples]:
        sentence = self._sentence
        if sentence is None:
            return []
        piece, sentence.left, sentence.begun = sentence.left[:WIRE_BLOCK], sentence.left[WIRE_BLOCK:], True
        if not len(sentence.left):
            self._said.append(sentence.name)
            self._sentence = None
        return [piece]

    def _next_of_alarm(self) -> Samples | None:
        if self._alarm is None:
            return None
        piece, rest = self._alarm[:WIRE_BLOCK], self._alarm[WIRE_BLOCK:]
        self._alarm = rest if len(rest) else None
        return piece


def _advanced(sounds: list[Samples]) -> tuple[list[Samples], list[Samples]]:
    """What is left of each, and the pieces for this block."""
    return [s[WIRE_BLOCK:] for s in sounds if len(s) > WIRE_BLOCK], [s[:WIRE_BLOCK] for s in sounds]


def _faded(sound: Samples) -> Samples:
    head = sound[: len(_HUSH)]
    faded: Samples = head * _HUSH[: len(head)]
    return faded
