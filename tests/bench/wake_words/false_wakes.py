"""How often the words are heard in hours of sound in which nobody says them.

Law: the corpus through the networks once, the scores kept below the cache folder; how often a policy would have woken
is counted from them. A word said within the corpus after all would be counted as a false wake: none is taken out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from tests.bench.debian import CorpusError
from tests.bench.wake_words.corpus import Source, stream
from tests.bench.wake_words.decision import Policy, Scores
from tests.bench.wake_words.scores import FRAME_S, SHIFT, Networks, ends_at

_SHIFTED_SHARE = 0.15  # of every source: a second pass of the networks over all of it would be long


@dataclass(frozen=True, slots=True)
class Heard:
    """One source's scores: (frames, words) on the engine's grid, and for its first part on the one 40 ms earlier."""

    source: Source
    scores: Scores
    shifted: Scores

    @property
    def hours(self) -> float:
        return len(self.scores) * FRAME_S / 3600.0


@dataclass(frozen=True, slots=True)
class Event:
    """A false wake, frames from its source's start."""

    source: Source
    frame: int
    score: float


def heard(sources: Iterable[Source], cache: Path, networks: Networks, missing: list[str]) -> list[Heard]:
    """What can be had; each source that cannot goes to `missing`, with its reason."""
    found = []
    for source in sources:
        try:
            scores, shifted = (_scores(source, cache, networks, shift) for shift in (0, SHIFT))
        except CorpusError as error:
            missing.append(f"{source.name}: {error}")
            continue
        found.append(Heard(source, scores, shifted))
    return found


def events(found: Sequence[Heard], word: int, policy: Policy, grid: Callable[[Heard], Scores]) -> list[Event]:
    """Every false wake of the word numbered `word`, on the scores that `grid` chooses."""
    result = []
    for one in found:
        scores = grid(one)[:, word]
        result += [Event(one.source, frame, float(scores[frame])) for frame in policy.wakes(scores)]
    return result


def hours(found: Sequence[Heard], *, music: bool | None = None) -> float:
    return sum(one.hours for one in found if music is None or one.source.is_music is music)


def sound_before(event: Event, cache: Path, seconds: float) -> Samples:
    """What was heard up to the decision."""
    end = ends_at(event.frame)
    piece = stream(event.source, cache)[max(0, end - round(seconds * HEARING_RATE)) : end]
    return piece.astype(np.float32) / np.float32(32768.0)


def _scores(source: Source, cache: Path, networks: Networks, shift: int) -> Scores:
    path = cache / "scores" / f"{source.name.replace(' ', '.')}.{shift}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        recording = stream(source, cache)
        if shift:
            recording = recording[: round(len(recording) * _SHIFTED_SHARE)]
        print(f"scoring {source.name}, {len(recording) / HEARING_RATE / 3600:.2f} h", file=sys.stderr, flush=True)
        made = networks.scores(recording.astype(np.float32) / np.float32(32768.0), shift)
        part = path.with_suffix(".part.npy")
        np.save(part, made.astype(np.float16))
        part.rename(path)
    scores: Scores = np.load(path).astype(np.float32)
    return scores
