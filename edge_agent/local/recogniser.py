"""The built-in ears: pocketsphinx with a closed grammar, and the courage to say that nothing was understood.

Law: the only file that knows pocketsphinx. It holds the GIL for as long as a sentence takes, so it lives in a worker
process. Every recording starts from the same state (features are normalised over the recording itself), so an answer
never depends on what was heard before. Samples are float32 in [-1, 1] at RECOGNISER_RATE; scores are natural logarithms
a frame of 10 ms, 0 the best.

Rejection: with `compallsen` pocketsphinx scores each frame against the best of all its senones, so the acoustic score
of a sentence is itself a likelihood ratio against "any sound at all". Words, the worst word and what was left over as
silence are weighed by a logistic regression (EVIDENCE).
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pocketsphinx

from edge_agent.local.grammar import Grammar

RECOGNISER_RATE = 16_000  # Hz: what the acoustic model was trained on
# Fitted on 255 reverberant sentences of five synthetic voices, 155 of them in the grammar; tests/local measures others.
EVIDENCE = {"bias": 20.5, "speech": 3.18, "worst_word": 0.83, "silence": 2.77, "frames": 0.17}
ENOUGH_FRAMES = 60  # of 10 ms: more of them are no more evidence
SHORTEST_S = 0.2  # no sentence is shorter
# The library's own beams lose short last words in a reverberant room; its lattice search forgets that a grammar ends.
_SEARCH = {"beam": 1e-90, "pbeam": 1e-90, "wbeam": 1e-70, "bestpath": False, "cmn": "batch", "compallsen": True}
_SCORE_UNIT = 1024  # acoustic scores are kept divided by 2**10
KEYPHRASE_THRESHOLD = 1e-28  # "repeat after me" against any phones
KEYPHRASE_WITHIN_S = 3.0  # it opens the sentence, behind at most a wake phrase
FREE_WORDS = 5_000  # commonest words of the language model: the free part stays quick, and rarer words are no loss
FREE_LANGUAGE_WEIGHT = 9.0  # language against sound; the library's 6.5 is for a near microphone


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What fits best, and how well. speech: mean of the words' frames.  silence: of the frames beside them."""

    text: str
    speech: float
    worst_word: float
    silence: float
    frames: int

    @property
    def evidence(self) -> float:
        """Log odds that this was said rather than something else."""
        return (
            EVIDENCE["bias"]
            + EVIDENCE["speech"] * self.speech
            + EVIDENCE["worst_word"] * self.worst_word
            + EVIDENCE["silence"] * self.silence
            + EVIDENCE["frames"] * min(self.frames, ENOUGH_FRAMES)
        )


class Recogniser:
    """Sentences of a grammar, and free speech behind one key phrase.

    pronunciations: of words that are in no dictionary, in ARPAbet.
    """

    def __init__(self, grammar: Grammar, pronunciations: Mapping[str, str], free_after: str) -> None:
        self._grammar = grammar
        self._free_after = free_after
        words = grammar.words() | set(free_after.split())
        with _dictionary(_entries(words - set(pronunciations)), pronunciations) as dictionary:
            self._decoder = _decoder(lm=None, dict=dictionary, kws_threshold=KEYPHRASE_THRESHOLD, **_SEARCH)
        self._decoder.add_jsgf_string("sentence", grammar.jsgf("sentence"))
        self._decoder.add_keyphrase("key", free_after)
        self._free: Any = None  # the large vocabulary is read when it is first needed: most conversations never do

    def recognise(self, samples: npt.NDArray[np.float32]) -> str:
        """samples: (n,) at RECOGNISER_RATE. Returns lower-case words, or "" for: nothing that can be understood."""
        if len(samples) < SHORTEST_S * RECOGNISER_RATE:
            return ""
        pcm = _pcm16(samples)
        found = self.hypothesis(pcm)
        if found is not None and found.evidence > 0 and self._grammar.parse(found.text):
            return self._grammar.bare(found.text)
        return self._repeated(pcm)

    def hypothesis(self, pcm: bytes) -> Hypothesis | None:
        """The sentence of the grammar that fits best, however badly; None if none fits at all."""
        self._decode(self._decoder, "sentence", pcm)
        best = self._decoder.hyp()
        if best is None:
            return None
        words: list[tuple[float, int]] = []
        rest: list[tuple[float, int]] = []
        for segment in self._decoder.seg():
            if segment.word == "(NULL)":
                continue
            frames = segment.end_frame - segment.start_frame + 1
            score = _SCORE_UNIT * math.log(max(segment.ascore, 1e-300))
            (rest if segment.word.startswith("<") else words).append((score, frames))
        if not words:
            return None
        return Hypothesis(
            best.hypstr,
            _mean(words),
            min(score / frames for score, frames in words),
            _mean(rest),
            sum(frames for _, frames in words),
        )

    def _repeated(self, pcm: bytes) -> str:
        """The key phrase and what follows it, or "" without the key phrase."""
        self._decode(self._decoder, "key", pcm)
        if self._decoder.hyp() is None:
            return ""
        ends = [segment.end_frame for segment in self._decoder.seg()]
        end_s = min(ends) / 100
        if end_s > KEYPHRASE_WITHIN_S:
            return ""
        tail = pcm[2 * round(end_s * RECOGNISER_RATE) :]
        return f"{self._free_after} {self._freely(tail)}".strip()

    def _freely(self, pcm: bytes) -> str:
        if len(pcm) < 2 * SHORTEST_S * RECOGNISER_RATE:
            return ""
        if self._free is None:
            with _dictionary(_commonest(FREE_WORDS), {}) as dictionary:
                self._free = _decoder(dict=dictionary, cmn="batch", lw=FREE_LANGUAGE_WEIGHT)
        self._decode(self._free, "_default", pcm)
        best = self._free.hyp()
        return "" if best is None else str(best.hypstr)

    @staticmethod
    def _decode(decoder: Any, search: str, pcm: bytes) -> None:
        decoder.activate_search(search)
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()


def _decoder(**options: Any) -> Any:
    return pocketsphinx.Decoder(loglevel="FATAL", **options)


def _mean(scored: list[tuple[float, int]]) -> float:
    frames = sum(count for _, count in scored)
    return sum(score for score, _ in scored) / frames if frames else 0.0


def _pcm16(samples: npt.NDArray[np.float32]) -> bytes:
    return np.asarray(np.clip(samples, -1.0, 1.0) * 32767, dtype="<i2").tobytes()


def _model(name: str) -> Path:
    return Path(pocketsphinx.get_model_path("en-us")) / name


def _entries(words: Iterable[str]) -> list[str]:
    """The lines of the big dictionary for these words, other pronunciations included. Raises KeyError: one is missing."""
    wanted = set(words)
    lines = []
    found = set()
    with _model("cmudict-en-us.dict").open(encoding="utf-8") as dictionary:
        for line in dictionary:
            word = line.partition(" ")[0].partition("(")[0]
            if word in wanted:
                lines.append(line.rstrip())
                found.add(word)
    if wanted - found:
        raise KeyError(f"no pronunciation of {sorted(wanted - found)}: add it to the language pack's PRONUNCIATIONS")
    return lines


def _commonest(count: int) -> list[str]:
    """The lines of the big dictionary for the language model's commonest words."""
    config = pocketsphinx.Config()
    model = pocketsphinx.NGramModel(config, pocketsphinx.LogMath(), str(_model("en-us.lm.bin")))
    with _model("cmudict-en-us.dict").open(encoding="utf-8") as dictionary:
        words = {line.partition(" ")[0] for line in dictionary}
    plain = sorted(word for word in words if word.replace("'", "").isalpha())
    return _entries(sorted(plain, key=lambda word: -model.prob([word]))[:count])


@contextmanager
def _dictionary(entries: Iterable[str], more: Mapping[str, str]) -> Iterator[str]:
    """The path of a temporary dictionary; a decoder has read it by the time it is gone."""
    lines = sorted([*entries, *(f"{word} {phones}" for word, phones in more.items())])
    with tempfile.NamedTemporaryFile("w", prefix="edge-agent-", suffix=".dict", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        yield file.name
