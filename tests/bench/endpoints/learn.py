"""`python -m tests.bench.endpoints.learn [--quick]`: learns how a finished sentence sounds, and writes the weights.

Law: from `DEV` talkers alone, and from a seed: the bench's recordings and hesitations, but each few of them at another
distance, level and noise. (Learned in rooms like the bench's only, it does better there and tells little elsewhere.)
Each silence of 200 ms that the endpointer hears is an example: what the detector remembered there, and whether the
person had done. A logistic regression with a ridge, by Newton's method; features are
brought to unit spread first and the spread is folded into the weights. Told on the way: how well talkers are judged
whose examples were left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import BLOCK_MS, Samples
from edge_agent.hearing.endpointing import JUDGED_MS, Endpointer
from edge_agent.hearing.facts import SpeechPaused
from edge_agent.hearing.finality import WEIGHTS, network_sum
from edge_agent.hearing.vad_silero import SileroVad
from tests.bench.debian import CorpusError
from tests.bench.endpoints.corpus import talkers
from tests.bench.endpoints.hesitation import hesitating
from tests.bench.endpoints.recordings import recordings
from tests.bench.endpoints.talkers import DEV, Talker
from tests.bench.endpoints.trial import OPEN_MS, THRESHOLD, Place, Turn

COMMAND = "python -m tests.bench.endpoints.learn"
SEED = 1
METRES, LEVEL_DBFS, SNR_DB = (0.5, 3.5), (-40.0, -22.0), (10.0, 30.0)
TOGETHER = 4  # recordings in one place
RIDGE = 100.0  # of 2000 examples: what lies between 30 and 300 judges left-out talkers alike
FOLDS = 4
STEPS = 12  # of Newton's method; it stands still after eight
LONGEST_MS = 3000  # no silence of a turn ends it here: every pause is an example
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """memory: (128,), the detector's, JUDGED_MS into a silence.  over: whether the person had done."""

    talker: str
    memory: Samples
    over: bool


class Remembering(SileroVad):
    """Keeps what it remembered after each block."""

    def reset(self) -> None:
        super().reset()
        self.memories: list[Samples] = []

    def hear(self, block: Samples) -> float:
        probability = super().hear(block)
        self.memories.append(self.memory)
        return probability

    def __init__(self) -> None:
        super().__init__()
        self.memories = []


def examples(quick: bool = False) -> Iterator[Example]:
    """Raises CorpusError."""
    vad = Remembering()
    for turn in placed(talkers(DEV, every=6 if quick else 1), 8 if quick else 40, vad):
        for block in silences(turn):
            over = block * BLOCK_MS >= turn.labels.end_ms
            yield Example(turn.talker.name, vad.memories[block].copy(), over)


def placed(chosen: Sequence[Talker], wanted: int, vad: SileroVad) -> Iterator[Turn]:
    """Each recording as it is and hesitating. Raises CorpusError."""
    random = np.random.default_rng(SEED)
    for talker in chosen:
        for number, recording in enumerate(recordings(talker, wanted, SEED)):
            if number % TOGETHER == 0:
                seed = int(random.integers(1 << 30))
                place = Place(random.uniform(*METRES), seed, random.uniform(*LEVEL_DBFS), random.uniform(*SNR_DB))
            yield place.hear(recording, recording.samples, recording.labels, vad)
            changed = hesitating(recording.samples, recording.labels, random)
            if changed is not None:
                yield place.hear(recording, *changed, vad)


def silences(turn: Turn) -> Iterator[int]:
    """The blocks at which a silence has lasted for JUDGED_MS."""
    endpointer = Endpointer(threshold=THRESHOLD, silence_ms=LONGEST_MS, patience=1.0, pause_ms=JUDGED_MS)
    endpointer.open()
    spoke_at = turn.began[0].block if turn.began else len(turn.probabilities)
    for index in range(OPEN_MS // BLOCK_MS, len(turn.probabilities)):
        if isinstance(endpointer.hear(index, turn.probabilities[index], claimed=index > spoke_at), SpeechPaused):
            yield index


def regression(features: Vector, over: npt.NDArray[np.bool_], ridge: float = RIDGE) -> tuple[Vector, float]:
    """features: (n, d); returns weights (d,) and bias of the log odds that it is over."""
    middle, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    design = np.concatenate([(features - middle) / spread, np.ones((len(features), 1))], axis=1)
    penalty = ridge * np.eye(design.shape[1])
    penalty[-1, -1] = 0.0
    weights = np.zeros(design.shape[1])
    for _ in range(STEPS):
        odds = 1.0 / (1.0 + np.exp(-design @ weights))
        slope = design.T @ (over - odds) - penalty @ weights
        curve = (design * (odds * (1.0 - odds))[:, None]).T @ design + penalty
        weights = weights + np.linalg.solve(curve, slope)
    scaled = weights[:-1] / spread
    return scaled, float(weights[-1] - scaled @ middle)


def told_apart(odds: Vector, over: npt.NDArray[np.bool_]) -> float:
    """How often an end scores higher than a pause: 0.5 is chance, 1 never wrong."""
    ranks = np.empty(len(odds))
    ranks[np.argsort(odds)] = np.arange(len(odds))
    ends, pauses = int(over.sum()), int((~over).sum())
    return float((ranks[over].sum() - ends * (ends - 1) / 2) / (ends * pauses))


def left_out(who: Sequence[str], features: Vector, over: npt.NDArray[np.bool_]) -> Vector:
    """Each example's log odds, from the talkers of the other folds."""
    fold = np.array([sorted(set(who)).index(name) % FOLDS for name in who])
    odds = np.zeros(len(over))
    for number in range(FOLDS):
        here = fold == number
        weights, bias = regression(features[~here], over[~here])
        odds[here] = features[here] @ weights + bias
    return odds


def main(argv: Sequence[str] | None = None) -> int:
    """0: learned. 1: the recordings cannot be had. 2: usage."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="How a finished sentence sounds.")
    parser.add_argument("--quick", action="store_true", help="a few talkers, a few turns; nothing is written")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    told = parser.parse_args(argv)
    try:
        found = list(examples(told.quick))
    except CorpusError as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return 1
    features = np.array([example.memory for example in found], np.float64)
    over = np.array([example.over for example in found])
    odds = left_out([example.talker for example in found], features, over)
    print(f"{len(over)} silences, {over.sum()} of them ends")
    print(f"told apart, talkers left out: {told_apart(odds, over):.3f}")
    weights, bias = regression(features, over)
    if not told.quick:
        np.savez(told.out, weights=weights.astype(np.float32), bias=np.float32(bias), network=network_sum())
    return 0


if __name__ == "__main__":
    sys.exit(main())
