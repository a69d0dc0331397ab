"""Better ears: Moonshine takes dictation, and weighs the sentences of the grammar against it.

Law: what a hypothesis is worth and what is made of it; the network is in `moonshine.py`, the search in
`sentence_search.py`. First what anybody might have said, then the likeliest sentence of the grammar: where the network
finds that one likely by itself it was said, however the dictation spells it. What begins nearly as well with the key
phrase as without it begins with it. Everything else stays the dictation it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_BLOCK
from edge_agent.hearing.vad_silero import SileroVad
from edge_agent.local.assistant.grammar import Grammar
from edge_agent.local.speech.moonshine import Listening, Moonshine
from edge_agent.local.speech.recogniser import RECOGNISER_RATE, sentence
from edge_agent.local.speech.sentence_search import Heard, SentenceSearch, freely
from edge_agent.local.speech.word_graph import WordGraph

LOUDEST = 0.5  # peak of what the network gets, whatever the microphone's gain
PIECES_A_SECOND, PIECES_AT_LEAST = 7, 8  # more is a loop: people say at most five a second
# Fitted on 544 sentences of four robots' voices and 256 of a person's prompts, 3 m away, noise 20 and 10 dB below;
# tests/bench/recognition measures other voices and other prompts.
LIKELY = -1.6  # mean log probability of a piece, above which a sentence of the grammar was said
LIKELY_BEHIND = -1.1  # the same behind the rest of a wake phrase, which fits anything
DEAREST = -1.6  # what a piece of that rest costs at most
OPENING_LIKELY = -8.0  # log likelihood ratio of a dictation that begins with the key phrase to any other
SPEECH, SPEECH_BLOCKS = 0.5, 10  # probability, and blocks of 10 ms of it, without which nobody said anything
_NO_WORDS = re.compile(r"[^\w\s']|_")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """free: anything.  best: of the grammar.  likely: how likely a piece of that must be."""

    free: Heard
    best: Heard
    likely: float

    @property
    def is_of_grammar(self) -> bool:
        """The sentence of the grammar was said rather than something else."""
        return self.best.pieces > 0 and self.best.score / self.best.pieces > self.likely


class Dictation:
    """spellings: see `word_graph.py`.  free_after: the key phrase. Raises OSError: `weights` is not whole; ModelError:
    the speech detector is not there."""

    def __init__(
        self, weights: Path, grammar: Grammar, spellings: Mapping[str, Sequence[str]], free_after: str
    ) -> None:
        self._network = Moonshine(weights)
        self._speech = SileroVad()
        self._grammar, self._free_after = grammar, free_after
        plain, behind = (
            WordGraph(grammar.patterns(), grammar.slots, spellings, before) for before in ((), grammar.before)
        )
        self._search = SentenceSearch(plain, self._network.pieces)
        self._search_behind = SentenceSearch(behind, self._network.pieces, DEAREST)

    def recognise(self, samples: npt.NDArray[np.float32]) -> str:
        """As the protocol has it."""
        listening, most = self._listen(samples)
        if listening is None:
            return ""
        found = self._hypothesis(listening, most)
        if found.is_of_grammar:
            return self._grammar.bare(found.best.text)
        opening = f" {self._free_after.capitalize()}"
        repeated = freely(listening, self._network.pieces, most, opening)
        is_repeated = repeated.score - found.free.score > OPENING_LIKELY
        return _plain(repeated.text if is_repeated else found.free.text)

    def hypothesis(self, samples: npt.NDArray[np.float32]) -> Hypothesis | None:
        """What was said, and the sentence of the grammar that fits best, however badly; None: nobody said anything."""
        listening, most = self._listen(samples)
        return None if listening is None else self._hypothesis(listening, most)

    def _hypothesis(self, listening: Listening, most: int) -> Hypothesis:
        free = freely(listening, self._network.pieces, most)
        plain = Hypothesis(free, self._search.best(listening), LIKELY)
        return plain if plain.is_of_grammar else Hypothesis(free, self._search_behind.best(listening), LIKELY_BEHIND)

    def _listen(self, samples: npt.NDArray[np.float32]) -> tuple[Listening | None, int]:
        """And the most pieces a dictation of it may have."""
        kept, _ = sentence(samples)
        if not len(kept) or not self._is_speech(kept):
            return None, 0
        most = max(PIECES_AT_LEAST, round(PIECES_A_SECOND * len(kept) / RECOGNISER_RATE))
        return self._network.listen(kept * np.float32(LOUDEST / np.abs(kept).max())), most

    def _is_speech(self, samples: npt.NDArray[np.float32]) -> bool:
        """The network makes a "thank you" of any noise."""
        self._speech.reset()
        blocks = samples[: len(samples) // HEARING_BLOCK * HEARING_BLOCK].reshape(-1, HEARING_BLOCK)
        return sum(self._speech.hear(block) > SPEECH for block in blocks) >= SPEECH_BLOCKS


def _plain(text: str) -> str:
    """Lower case, without punctuation; notes for music are no words either."""
    return " ".join(_NO_WORDS.sub(" ", text.lower().replace("’", "'")).split())
