"""How often a word that is said is heard: every phrase in every place, through the networks once.

Law: which places there are, and the scores of each presentation; how many of them a policy hears, and when, is counted
from them. A presentation begins with 1.3 s of the room's noise, in which nothing may wake. Where in the 80 ms frame the
phrase falls comes from a seed; so does the direction in which the talker stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from tests.bench.wake_words.acoustics import Place
from tests.bench.wake_words.decision import Policy, Scores
from tests.bench.wake_words.phrase import Kind, Phrase
from tests.bench.wake_words.scores import FRAME, SHIFT, Networks, ends_at

DISTANCES_M = (1.0, 3.0, 5.0)
RT60S_S = (0.3, 0.6)
SNRS_DB = (20.0, 10.0)
HEADLINE = 3.0, 20.0  # metres and dB that the goal is set for
# Of a voice that is kept up: indoors it falls by less than 6 dB with each doubling of the distance.
LEVELS_DBFS = {0.0: -30.0, 1.0: -26.0, 3.0: -32.0, 5.0: -35.0}
_LEAD_S, _TAIL_S = 1.3, 0.9
_TIMES = {Kind.PERSON: 4, Kind.NEURAL: 1, Kind.ROBOT: 1}  # there are few recordings of people: each is heard often
_HEADLINE_TIMES = {Kind.PERSON: 8, Kind.NEURAL: 3, Kind.ROBOT: 1}


@dataclass(frozen=True, slots=True)
class Presentation:
    """A phrase in a place, begun `late` samples into a frame."""

    phrase: Phrase
    place: Place
    late: int

    def sound(self) -> Samples:
        return self.place.heard(self.phrase.samples, lead_s=_LEAD_S, tail_s=_TAIL_S, late=self.late)

    @property
    def end(self) -> int:
        """Samples from the start to the end of the phrase, as it leaves the mouth."""
        return round(_LEAD_S * HEARING_RATE) + self.late + len(self.phrase.samples)

    @property
    def begin(self) -> int:
        return self.end - len(self.phrase.samples)

    @property
    def is_headline(self) -> bool:
        """Three metres, 20 dB: what the goal is set for."""
        return (self.place.distance_m, self.place.snr_db) == HEADLINE


@dataclass(frozen=True, slots=True)
class Said:
    """A presentation and the scores of its word, (frames,), on the engine's grid and on the one 40 ms earlier.

    Elsewhere than in the headline's places the second grid is not looked at: it repeats the first.
    """

    presentation: Presentation
    scores: Scores
    shifted: Scores

    def decided_ms(self, policy: Policy, grid: Callable[[Said], Scores] | None = None) -> float | None:
        """From the end of the phrase to the end of the frame in which it is decided; None where it is missed."""
        scores = grid(self) if grid else self.scores
        for frame in policy.wakes(scores):
            if ends_at(frame) > self.presentation.begin:
                return (ends_at(frame) - self.presentation.end) * 1000.0 / HEARING_RATE
        return None


def presentations(phrases: Iterable[Phrase], *, quick: bool = False) -> Iterator[Presentation]:
    """quick: three metres, 0.3 s and 20 dB only, once each."""
    for number, phrase in enumerate(phrases):
        for distance_m, rt60_s, snr_db in _places(phrase, quick):
            times = _HEADLINE_TIMES if (distance_m, snr_db) == HEADLINE else _TIMES
            for time in range(1 if quick else times[phrase.kind]):
                random = np.random.default_rng([number, time, round(distance_m), round(rt60_s * 10), round(snr_db)])
                seed, late = (int(random.integers(limit)) for limit in (8, FRAME))
                yield Presentation(phrase, Place(distance_m, rt60_s, snr_db, LEVELS_DBFS[distance_m], seed), late)


def _places(phrase: Phrase, quick: bool) -> list[tuple[float, float, float]]:
    if phrase.is_in_a_room:
        return [(0.0, 0.0, snr_db) for snr_db in SNRS_DB]
    return [(*HEADLINE[:1], 0.3, *HEADLINE[1:])] if quick else list(product(DISTANCES_M, RT60S_S, SNRS_DB))


def said(wanted: Sequence[Presentation], networks: Networks, cache: Path | None) -> list[Said]:
    """Every presentation's scores, from the cache (where one is given) if they were made before."""
    digest = hashlib.sha256()
    for one in wanted:
        digest.update(f"{one.phrase.word} {one.place} {one.late}".encode() + one.phrase.samples.tobytes())
    path = cache / "scores" / f"said.{digest.hexdigest()[:16]}.npz" if cache else None
    if path is None or not path.exists():
        made = [_scores(one, networks) for one in wanted]
        if path:
            _keep(made, path)
    else:
        with np.load(path) as kept:
            made = np.split(kept["scores"], np.cumsum(kept["lengths"])[:-1])
    return [Said(one, scores[:, 0], scores[:, 1]) for one, scores in zip(wanted, made, strict=True)]


def _keep(made: Sequence[Scores], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez(part, scores=np.concatenate(made), lengths=[len(scores) for scores in made])
    part.rename(path)


def heard(found: Iterable[Said], policy: Policy, grid: Callable[[Said], Scores] | None = None) -> tuple[int, int]:
    """How many of them were heard, of how many."""
    decided = [one.decided_ms(policy, grid) is not None for one in found]
    return sum(decided), len(decided)


def _scores(one: Presentation, networks: Networks) -> Scores:
    """(frames, 2): the word's score on both grids."""
    word, sound = networks.words.index(one.phrase.word), one.sound()
    scores = networks.scores(sound)[:, word]
    shifted = networks.scores(sound, SHIFT)[: len(scores), word] if one.is_headline else scores
    return np.stack([scores, shifted], axis=1)
