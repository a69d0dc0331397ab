"""Small ears: pocketsphinx with a closed grammar, and the courage to say that nothing was understood.

Law: the only file that knows pocketsphinx. It holds the GIL for as long as a sentence takes, so it lives in a worker
process. Every recording gets a decoder of its own, because the library carries its estimate of the noise from one to
the next: an answer never depends on what was heard before. Samples are float32 in [-1, 1] at RECOGNISER_RATE; scores
are natural logarithms a frame of 10 ms, 0 the best.

Floor: a recording without any noise (a gate, a synthesiser, an anechoic voice) fits the acoustic model badly. Each one
is given the same faint pink noise, FLOOR_DB below its speech, so that what is scored is always about as noisy.

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

from edge_agent.local.assistant.grammar import Grammar
from edge_agent.local.speech.recogniser import LONGEST_S, RECOGNISER_RATE, SHORTEST_S, sentence

# Fitted on 255 reverberant sentences of five synthetic voices, 155 of them in the grammar; tests/local measures others.
EVIDENCE = {"bias": 20.5, "speech": 3.18, "worst_word": 0.83, "silence": 2.77, "frames": 0.17}
ENOUGH_FRAMES = 60  # of 10 ms: more of them are no more evidence
FLOOR_DB = 30.0  # that of an ordinary room heard from 1.5 m
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


class PocketSphinx:
    """Sentences of a grammar, and free speech behind one key phrase.

    pronunciations: of words that are in no dictionary, in ARPAbet; a second one of a word is its "word(2)".
    free_after: the key phrase, or "": there is no free speech, because the language is not the model's.
    doubt: evidence that a sentence must have.
    """

    def __init__(
        self, grammar: Grammar, pronunciations: Mapping[str, str], free_after: str, doubt: float = 0.0
    ) -> None:
        self._grammar, self._doubt = grammar, doubt
        self._free_after = free_after
        self._jsgf = grammar.jsgf("sentence")
        words = grammar.words() | set(free_after.split())
        self._entries = _pronounced(_entries(words - set(pronunciations)), pronunciations)
        self._free_entries: list[str] = []  # read when first needed: most conversations never repeat anything
        self._floor = _pink(round(LONGEST_S * RECOGNISER_RATE))

    def recognise(self, samples: npt.NDArray[np.float32]) -> str:
        """As the protocol has it; outside the grammar only what follows the key phrase is taken down."""
        pcm = self._prepared(samples)
        if not pcm:
            return ""
        decoder = self._sentence_decoder()
        found = self._hypothesis(decoder, pcm)
        if found is not None and found.evidence > self._doubt and self._grammar.parse(found.text):
            return self._grammar.bare(found.text)
        return self._repeated(decoder, pcm) if self._free_after else ""

    def hypothesis(self, samples: npt.NDArray[np.float32]) -> Hypothesis | None:
        """The sentence of the grammar that fits best, however badly; None if none fits at all."""
        pcm = self._prepared(samples)
        return self._hypothesis(self._sentence_decoder(), pcm) if pcm else None

    def _prepared(self, samples: npt.NDArray[np.float32]) -> bytes:
        """16-bit PCM with the floor under it, or nothing: it is too short or too quiet for a sentence."""
        kept, level = sentence(samples)
        if not len(kept):
            return b""
        return _pcm16(kept + self._floor[: len(kept)] * np.float32(level * 10 ** (-FLOOR_DB / 20)))

    def _sentence_decoder(self) -> Any:
        with _dictionary(self._entries) as dictionary:
            decoder = _decoder(lm=None, dict=dictionary, kws_threshold=KEYPHRASE_THRESHOLD, **_SEARCH)
        decoder.add_jsgf_string("sentence", self._jsgf)
        if self._free_after:
            decoder.add_keyphrase("key", self._free_after)
        return decoder

    def _hypothesis(self, decoder: Any, pcm: bytes) -> Hypothesis | None:
        self._decode(decoder, "sentence", pcm)
        best = decoder.hyp()
        if best is None:
            return None
        words: list[tuple[float, int]] = []
        rest: list[tuple[float, int]] = []
        for segment in decoder.seg():
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

    def _repeated(self, decoder: Any, pcm: bytes) -> str:
        """The key phrase and what follows it, or "" without the key phrase."""
        self._decode(decoder, "key", pcm)
        if decoder.hyp() is None:
            return ""
        ends = [segment.end_frame for segment in decoder.seg()]
        end_s = min(ends) / 100
        if end_s > KEYPHRASE_WITHIN_S:
            return ""
        tail = pcm[2 * round(end_s * RECOGNISER_RATE) :]
        return f"{self._free_after} {self._freely(tail)}".strip()

    def _freely(self, pcm: bytes) -> str:
        if len(pcm) < 2 * SHORTEST_S * RECOGNISER_RATE:
            return ""
        self._free_entries = self._free_entries or _commonest(FREE_WORDS)
        with _dictionary(self._free_entries) as dictionary:
            decoder = _decoder(dict=dictionary, cmn="batch", lw=FREE_LANGUAGE_WEIGHT)
        self._decode(decoder, "_default", pcm)
        best = decoder.hyp()
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


def _pink(count: int) -> npt.NDArray[np.float32]:
    """Noise with the spectrum of a quiet room, RMS 1, always the same."""
    spectrum = np.fft.rfft(np.random.default_rng(7).standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RECOGNISER_RATE)
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 30.0)), count)  # 30 Hz: speech has nothing below
    return np.asarray(noise / noise.std(), np.float32)


def _pcm16(samples: npt.NDArray[np.float32]) -> bytes:
    return np.asarray(np.clip(samples, -1.0, 1.0) * 32767, dtype="<i2").tobytes()


def _model(name: str) -> Path:
    return Path(pocketsphinx.get_model_path("en-us")) / name


def _entries(words: Iterable[str]) -> list[str]:
    """The big dictionary's lines for these words, other pronunciations included. Raises KeyError: one is missing."""
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


def _pronounced(entries: Iterable[str], more: Mapping[str, str]) -> list[str]:
    return [*entries, *(f"{word} {phones}" for word, phones in more.items())]


@contextmanager
def _dictionary(entries: Iterable[str]) -> Iterator[str]:
    """The path of a temporary dictionary; a decoder has read it by the time it is gone."""
    with tempfile.NamedTemporaryFile("w", prefix="edge-agent-", suffix=".dict", encoding="utf-8") as file:
        file.write("\n".join(sorted(entries)) + "\n")
        file.flush()
        yield file.name
