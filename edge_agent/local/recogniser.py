"""The built-in ears: pocketsphinx with a closed grammar, and the courage to say that nothing was understood.

Law: the only file that knows pocketsphinx. It holds the GIL for as long as a sentence takes, so it lives in a worker
process. Every recording starts from the same state: features are normalised over the recording itself (batch CMN), so an
answer never depends on what was heard before.

Rejection: with `compallsen` pocketsphinx scores every frame against the best of all senones, so a sentence's acoustic score
per frame is itself a likelihood ratio against "any sound at all" (natural log, 0 the best). Sentences of the grammar lie
near -5, foreign speech pressed into it below -6.4; a hypothesis must also be a whole sentence of the grammar, and what it
leaves over as silence must score like silence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

RECOGNISER_RATE = 16_000  # Hz: what the acoustic model was trained on
SPEECH_FLOOR = -6.4  # mean log likelihood ratio a frame of the words: below it, it was something else
WORD_FLOOR = -9.8  # of the worst word: a sentence with one impossible word in it was another sentence
SILENCE_FLOOR = -3.2  # of what was taken for silence: below it, the grammar left speech over
SHORT_WORDS_FLOOR = -5.6  # of sentences of less than SHORT_FRAMES: there is less evidence in them
SHORT_FRAMES = 50  # of 10 ms
SHORTEST_S = 0.2  # no sentence is shorter
KEYPHRASE_THRESHOLD = 1e-22  # of "repeat after me" against any phones; chosen on the voices of flite
TAIL_MARGIN_S = 0.05  # the key phrase's end is known to a few frames
FREE_WORDS = 6_000  # commonest words of the language model: the free part stays quick, and rarer words are not missed
LM_WEIGHT = 8.0  # language against sound in the free part; more than the default 6.5, for a far microphone


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What fits best, and how well (natural log a frame, 0 is best). silence: of the frames beside the words."""

    text: str
    speech: float
    worst_word: float
    silence: float
    frames: int

    def credible(self) -> bool:
        floor = SHORT_WORDS_FLOOR if self.frames < SHORT_FRAMES else SPEECH_FLOOR
        return (
            bool(self.text) and self.speech > floor and self.worst_word > WORD_FLOOR and self.silence > SILENCE_FLOOR
        )
