"""`edge-agent lab wake`: what wakes the appliance in a recording, when, and with which score.

Law: `examine` runs the daemon's own wake engine over files and returns plain data; `report` prints it. Nothing is
judged here: whether a detection is right is for whoever knows what was said. Each model is judged alone, so that one
word's refractory time hides no other's detection. Units: seconds of the recording; scores in [0, 1].
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from edge_agent.audio.format import BLOCK_MS, BLOCKS_PER_S, HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.audio.wav import read_at
from edge_agent.hearing.models import WORDS, wake_head
from edge_agent.hearing.wake_openwakeword import OpenWakeWord

_LEAD_S = 0.5  # silence before, so that a word in the first instant has a beginning
_TAIL_S = 1.0  # silence behind, so that a word in the last instant is heard out


@dataclass(frozen=True, slots=True)
class Detection:
    """score: the highest within the refractory time.  time_s: when it woke."""

    file: str
    model: str
    score: float
    time_s: float


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest score of one model in one file, detected or not, and the score that counts."""

    file: str
    model: str
    peak: float
    threshold: float
    licence: str


@dataclass(frozen=True, slots=True)
class Examined:
    """One file's results; a peak for every model."""

    file: str
    detections: tuple[Detection, ...]
    peaks: tuple[Peak, ...]


def examine(
    files: Iterable[str | Path],
    models: Sequence[str] = WORDS,
    *,
    threshold: float | None = None,
    patience: int = 1,
    refractory_s: float = 2.0,
) -> Iterator[Examined]:
    """Each file in turn, under each model (names of `models.WORDS` or paths of .onnx heads). Any WAV rate.

    threshold: None takes each model's own.

    Raises ModelError before the first file, WavError at a file that cannot be read.
    """
    heads = [wake_head(model) for model in models]
    engines = [
        OpenWakeWord([model], threshold=threshold, patience=patience, refractory_s=refractory_s) for model in models
    ]
    for file in files:
        blocks = _blocks(read_at(file, HEARING_RATE))
        detections: list[Detection] = []
        peaks: list[Peak] = []
        for engine, head in zip(engines, heads, strict=True):
            found, peak = _listen(engine, blocks, round(refractory_s * BLOCKS_PER_S), str(file))
            detections += found
            counts = head.threshold if threshold is None else threshold
            peaks.append(Peak(str(file), head.name, round(peak, 4), counts, head.licence))
        detections.sort(key=lambda detection: detection.time_s)
        yield Examined(str(file), tuple(detections), tuple(peaks))


def report(results: Iterable[Examined], out: TextIO, *, as_json: bool) -> None:
    """Print each file as soon as it is examined.

    as_json: an object a line: {"file", "model", "score", "time_s"} for each detection, then {"file", "model", "peak",
    "threshold", "licence"} for each model. Otherwise a table, and the thresholds and licences under it.
    """
    told: dict[str, str] = {}
    for result in results:
        told |= {peak.model: f"threshold {peak.threshold:g}, licence {peak.licence}" for peak in result.peaks}
        if as_json:
            rows: tuple[Detection | Peak, ...] = (*result.detections, *result.peaks)
            for row in rows:
                print(json.dumps(asdict(row)), file=out, flush=True)
        else:
            _print_table(result, out)
    if not as_json:
        for model, facts in told.items():
            print(f"{model}: {facts}", file=out)


def _print_table(result: Examined, out: TextIO) -> None:
    print(result.file, file=out)
    for found in result.detections:
        print(f"  woke at {found.time_s:7.2f} s  {found.model:<16} score {found.score:.3f}", file=out)
    if not result.detections:
        print("  nothing woke it", file=out)
    peaks = "  ".join(f"{peak.model} {peak.peak:.3f}" for peak in result.peaks)
    print(f"  peaks: {peaks}", file=out, flush=True)


def _blocks(samples: Samples) -> Samples:
    """The recording between its two silences, shape (n, 160)."""
    lead, tail = round(_LEAD_S * HEARING_RATE), round(_TAIL_S * HEARING_RATE)
    padded = np.zeros(-(-(lead + len(samples) + tail) // HEARING_BLOCK) * HEARING_BLOCK, np.float32)
    padded[lead : lead + len(samples)] = samples
    return padded.reshape(-1, HEARING_BLOCK)


def _listen(engine: OpenWakeWord, blocks: Samples, refractory: int, file: str) -> tuple[list[Detection], float]:
    """What woke the engine's only word, and the highest score. refractory: in blocks."""
    engine.reset()
    (word,) = engine.scores
    found: list[Detection] = []
    peak, ends = 0.0, 0
    for number, block in enumerate(blocks, start=1):
        woken = engine.hear(block)
        score = engine.scores[word]
        peak = max(peak, score)
        if woken is not None:
            time_s = max(round(number * BLOCK_MS / 1000 - _LEAD_S, 2), 0.0)
            found.append(Detection(file, word, round(woken.score, 4), time_s))
            ends = number + refractory
        elif number < ends and score > found[-1].score:
            found[-1] = replace(found[-1], score=round(score, 4))
    return found, peak
