"""How good a network is, on talkers, music and rooms it has not learned from.

Law: the product's own path from end to end over scenes of the other half; nothing here is learned from. The figures are
those of the echo stage's score: Silero on the clean tap against Silero on the talker alone, what Silero calls speech
while nobody talks, what is left of the loudspeaker over the room's own sound, and PESQ where the package `pesq` is
installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.hearing.echo.canceller import EchoCanceller
from edge_agent.hearing.echo.engine import EchoEngine
from edge_agent.hearing.echo.neural import NeuralSuppressor
from tests.training.corpus import JUDGE, LEARN, corpus
from tests.training.frames import speech_windows
from tests.training.scene import Scene, scene

_WINDOW_S = 512 / HEARING_RATE
_SETTLED_S = 2.0  # as in the echo stage's score
_ONSET = 16  # windows: a burst must be noticed within half a second
_BURST = 9  # windows: what is shorter than 0.3 s is no burst
_GROUPS = ((-99.0, -5.0, "near -10 dB"), (-5.0, 5.0, "near 0 dB"), (5.0, 99.0, "near +10 dB"))


@dataclass(slots=True)
class Tally:
    """Sums over scenes of one signal-to-echo ratio. pesq: one value a scene."""

    hit: int = 0
    speech: int = 0
    noticed: int = 0
    bursts: int = 0
    pesq: list[float] = field(default_factory=list)
    linear_pesq: list[float] = field(default_factory=list)
    word_right: int = 0
    word_of: int = 0


@dataclass(slots=True)
class Figures:
    """false_s: seconds of false speech; alone_s: in how many. left_db: residue and room over the room alone, dB, a
    value a scene; reduction_db: microphone over the clean tap in the second half."""

    groups: dict[str, Tally] = field(default_factory=dict)
    false_s: float = 0.0
    alone_s: float = 0.0
    left_db: list[float] = field(default_factory=list)
    reduction_db: list[float] = field(default_factory=list)
    first_db: list[float] = field(default_factory=list)
    near_end_false: list[float] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        for name, tally in self.groups.items():
            yield (
                f"{name}: speech noticed {100 * tally.hit / max(1, tally.speech):.1f} % of {tally.speech} windows, "
                f"onsets {tally.noticed}/{tally.bursts}, "
                f"near_end right {100 * tally.word_right / max(1, tally.word_of):.1f} %"
                + (f", PESQ {np.mean(tally.pesq):.2f} (linear {np.mean(tally.linear_pesq):.2f})" if tally.pesq else "")
            )
        yield f"false speech {60 * self.false_s / max(1e-9, self.alone_s):.2f} s/min of {self.alone_s / 60:.1f} min"
        yield f"near_end >= 0.5 while nobody talks {100 * float(np.mean(self.near_end_false)):.2f} %"
        if self.left_db:
            yield (
                f"echo reduction {np.mean(self.reduction_db):.1f} dB, first 2 s {np.mean(self.first_db):.1f} dB; "
                f"left over the room {np.mean(self.left_db):.1f} dB (worst {max(self.left_db):.1f})"
            )


def through(engine: EchoEngine, one: Scene) -> tuple[Samples, Samples, list[float | None]]:
    """(linear tap, clean tap moved back by its 10 ms, near_end per block)."""
    linear, clean, near_end = [], [], []
    for start in range(0, len(one.mic) - HEARING_BLOCK + 1, HEARING_BLOCK):
        block = slice(start, start + HEARING_BLOCK)
        taps = engine.process(one.mic[block], one.ref[block])
        linear.append(taps.linear)
        clean.append(taps.clean)
        near_end.append(taps.near_end)
    late = np.concatenate(clean)
    return np.concatenate(linear), np.append(late[HEARING_BLOCK:], late[:HEARING_BLOCK] * 0), [*near_end[1:], None]


def scenes(count: int, seed: int) -> Iterator[Scene]:
    """Of the talkers and the music that nothing is learned from."""
    for number in range(count):
        yield scene(corpus(JUDGE), np.random.default_rng([seed, JUDGE == LEARN, number]))


def examine(count: int, seed: int, make: Callable[[], EchoEngine]) -> Figures:
    """make: a fresh engine for each scene."""
    figures = Figures({name: Tally() for _, _, name in _GROUPS})
    for one in scenes(count, seed):
        linear, clean, near_end = through(make(), one)
        if one.story.get("room") == "television":
            continue
        if float(np.abs(one.near).max()) < 1e-4:
            _alone(figures, one, clean, near_end)
        elif one.story["near"] != "nobody":
            _talking(figures, one, linear, clean, near_end)
    return figures


def neural(weights: Path) -> Callable[[], EchoEngine]:
    return lambda: EchoCanceller(NeuralSuppressor(weights))


def _db(of: Samples, over: Samples) -> float:
    energy = (float(np.mean(np.square(x, dtype=np.float64))) + 1e-12 for x in (of, over))
    return 10 * float(np.log10(next(energy) / next(energy)))


def _alone(figures: Figures, one: Scene, clean: Samples, near_end: list[float | None]) -> None:
    settled = int(_SETTLED_S * HEARING_RATE)
    said = speech_windows(clean) & ~speech_windows(one.kept)
    figures.false_s += float(said[int(_SETTLED_S / _WINDOW_S) :].sum()) * _WINDOW_S
    figures.alone_s += len(clean) / HEARING_RATE - _SETTLED_S
    figures.near_end_false += [float(word >= 0.5) for word in near_end[200:] if word is not None]
    half = len(clean) // 2
    figures.reduction_db.append(_db(one.mic[half:-HEARING_BLOCK], clean[half:-HEARING_BLOCK]))
    on = int(np.argmax(np.abs(one.mic) > 0.3 * np.abs(one.mic).max()))
    figures.first_db.append(_db(one.mic[on : on + settled], clean[on : on + settled]))
    figures.left_db.append(_db(clean[half:-HEARING_BLOCK], one.kept[half:-HEARING_BLOCK]))


def _talking(figures: Figures, one: Scene, linear: Samples, clean: Samples, near_end: list[float | None]) -> None:
    ratio = float(one.story["near_db"]) - float(one.story["echo_db"])
    name = next(name for low, high, name in _GROUPS if low <= ratio < high)
    tally = figures.groups[name]
    wanted = speech_windows(one.near) & speech_windows(one.kept)  # what the room's noise leaves to be noticed
    found = speech_windows(clean)
    tally.hit += int((wanted & found).sum())
    tally.speech += int(wanted.sum())
    edges = np.flatnonzero(np.diff(np.r_[0, wanted.astype(int), 0]))
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        if end - first >= _BURST:
            tally.bursts += 1
            tally.noticed += bool(found[first : first + _ONSET].any())
    words = np.array([np.nan if word is None else word for word in near_end])
    at = np.minimum(np.arange(len(words)) * HEARING_BLOCK // 512, len(wanted) - 1)
    known = ~np.isnan(words)
    tally.word_right += int(((words[known] >= 0.5) == wanted[at][known]).sum())
    tally.word_of += int(known.sum())
    if one.story["near"] != "one burst":
        first = int(np.argmax(np.abs(one.near) > 1e-3))
        if len(one.near) - first > 3 * HEARING_RATE:
            tally.pesq += _pesq(one.near[first:], clean[first:])
            tally.linear_pesq += _pesq(one.near[first:], linear[first:])


def _pesq(wanted: Samples, found: Samples) -> list[float]:
    """One value, or none where the package is not installed or finds no speech."""
    try:
        from pesq import NoUtterancesError, pesq  # type: ignore[import-not-found]
    except ImportError:
        return []
    try:
        return [float(pesq(HEARING_RATE, wanted, found, "wb"))]
    except NoUtterancesError:
        return []
