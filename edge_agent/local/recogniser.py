"""The built-in ears: pocketsphinx with a closed grammar, and the courage to say that nothing was understood.

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

from edge_agent.local.grammar import Grammar

RECOGNISER_RATE = 16_000  # Hz: what the acoustic model was trained on
# Fitted on 255 reverberant sentences of five synthetic voices, 155 of them in the grammar; tests/local measures others.
EVIDENCE = {"bias": 20.5, "speech": 3.18, "worst_word": 0.83, "silence": 2.77, "frames": 0.17}
ENOUGH_FRAMES = 60  # of 10 ms: more of them are no more evidence
SHORTEST_S = 0.2  # no sentence is shorter
LONGEST_S = 15.0  # none is longer, not even one to be repeated; what comes later would only cost time
END_S = 0.6  # kept of the silence behind the sentence
FLOOR_DB = 30.0  # that of an ordinary room heard from 1.5 m
QUIETEST_DBFS = -75.0  # of the speech: below lies nothing but a converter's own noise
_FRAME = RECOGNISER_RATE // 50  # 20 ms: the grid on which speech is told from pauses
_CLICK_FRAMES = 5  # the loudest 0.1 s may be a knock
_ACTIVE_BELOW_LOUDEST_DB = 25.0  # a frame this far below the loudest is a pause
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
        self._jsgf = grammar.jsgf("sentence")
        words = grammar.words() | set(free_after.split())
        self._entries = _pronounced(_entries(words - set(pronunciations)), pronunciations)
        self._free_entries: list[str] = []  # read when first needed: most conversations never repeat anything
        self._floor = _pink(round(LONGEST_S * RECOGNISER_RATE))

    def recognise(self, samples: npt.NDArray[np.float32]) -> str:
        """samples: (n,) at RECOGNISER_RATE. Returns lower-case words, or "" for: nothing that can be understood."""
        pcm = self._prepared(samples)
        if not pcm:
            return ""
        decoder = self._sentence_decoder()
        found = self._hypothesis(decoder, pcm)
        if found is not None and found.evidence > 0 and self._grammar.parse(found.text):
            return self._grammar.bare(found.text)
        return self._repeated(decoder, pcm)

    def hypothesis(self, samples: npt.NDArray[np.float32]) -> Hypothesis | None:
        """The sentence of the grammar that fits best, however badly; None if none fits at all."""
        pcm = self._prepared(samples)
        return self._hypothesis(self._sentence_decoder(), pcm) if pcm else None

    def _prepared(self, samples: npt.NDArray[np.float32]) -> bytes:
        """16-bit PCM with the floor under it, or nothing: it is too short or too quiet for a sentence."""
        level = _speech_level(samples)
        if len(samples) < SHORTEST_S * RECOGNISER_RATE or level < 10 ** (QUIETEST_DBFS / 20):
            return b""
        kept = _without_long_end(samples[: len(self._floor)], level)
        return _pcm16(kept + self._floor[: len(kept)] * np.float32(level * 10 ** (-FLOOR_DB / 20)))

    def _sentence_decoder(self) -> Any:
        with _dictionary(self._entries) as dictionary:
            decoder = _decoder(lm=None, dict=dictionary, kws_threshold=KEYPHRASE_THRESHOLD, **_SEARCH)
        decoder.add_jsgf_string("sentence", self._jsgf)
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


def _speech_level(samples: npt.NDArray[np.float32]) -> float:
    """RMS of the active parts, a short knock left out; 0 for silence or for less than a knock."""
    count = len(samples) // _FRAME
    if count <= _CLICK_FRAMES:
        return 0.0
    power = np.sort(np.square(samples[: count * _FRAME].reshape(count, _FRAME)).mean(axis=1))[:-_CLICK_FRAMES]
    active = power[power >= power[-1] * 10 ** (-_ACTIVE_BELOW_LOUDEST_DB / 10)]
    return float(np.sqrt(active.mean()))


def _without_long_end(samples: npt.NDArray[np.float32], level: float) -> npt.NDArray[np.float32]:
    """What follows the sentence, cut to END_S: how long a person was waited for must not change what was heard."""
    count = len(samples) // _FRAME
    power = np.square(samples[: count * _FRAME].reshape(count, _FRAME)).mean(axis=1)
    active = np.flatnonzero(power >= level**2 * 10 ** (-_ACTIVE_BELOW_LOUDEST_DB / 10))
    return samples[: (int(active[-1]) + 1) * _FRAME + round(END_S * RECOGNISER_RATE)] if len(active) else samples


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
