"""`python -m tests.bench.wake_words [--quick] [--json FILE] [--svg FILE] [--cache FOLDER]`: recall, false wakes, delay.

Law: what is measured with which settings, and what becomes of the figures; nothing is counted here. The policies are
those the product ships. `--quick`: the people's recordings and one robot in one place, no corpus, nothing installed or
downloaded: a check that the script works, its figures stand for nothing. The whole takes about forty minutes the first
time (one core; downloads of 0.7 GB from Debian and 0.2 GB from PyPI), a minute when its cache is warm.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.config import WakeWord
from edge_agent.hearing.models import WORDS, wake_head
from tests.bench.debian import CACHE
from tests.bench.row import Row, Table
from tests.bench.wake_words import corpus, false_wakes, picture, recall, report, voices
from tests.bench.wake_words.decision import Policy
from tests.bench.wake_words.phrase import Kind
from tests.bench.wake_words.scores import Networks
from tests.bench.wake_words.study import Study
from tests.bench.wake_words.tradeoff import FALSE_GOAL_H, RECALL_GOAL, share

COMMAND = "python -m tests.bench.wake_words"
SVG = Path(__file__).parent / "tradeoff.svg"
DELAY_GOAL_MS = 100.0  # median, of issue 3


@dataclass(frozen=True, slots=True)
class Figure(Row):
    """A row of this script: its baseline is the goal."""

    @property
    def command(self) -> str:
        return COMMAND


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description="How well the wake words are heard.")
    parser.add_argument("--quick", action="store_true", help="a small part, under a minute; no figure to go by")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there, as a list")
    parser.add_argument("--svg", type=Path, metavar="FILE", help=f"the picture (default {SVG.name} beside the script)")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", default=CACHE, help=f"default {CACHE}")
    arguments = parser.parse_args(argv)
    began = time.monotonic()
    study = measured(arguments.cache, quick=arguments.quick)
    print(Table().head().splitlines()[0], end="\n\n")
    for section in report.sections(study):
        print(section, flush=True)
    rows = list(figures(study))
    for row in rows:
        print(Table().line(row))
    if study.heard:
        (arguments.svg or SVG).write_text(picture.svg(study.curves, study.shipped, caption(study)))
    if arguments.json:
        arguments.json.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    print(f"\n{COMMAND}: {time.monotonic() - began:.0f} s")
    return 0


def measured(cache: Path, *, quick: bool) -> Study:
    words = WORDS[:2] if quick else WORDS
    networks = Networks(words)
    chorus = voices.chorus(words, cache, quick=quick)
    missing = list(chorus.missing)
    wanted = list(recall.presentations(chorus.phrases, quick=quick))
    print(f"{len(wanted)} presentations of {len(chorus.phrases)} phrases", file=sys.stderr, flush=True)
    said = recall.said(wanted, networks, None if quick else cache)
    heard = [] if quick else false_wakes.heard(corpus.SOURCES, cache, networks, missing)
    return Study(shipped(words), said, heard, cache, missing)


def shipped(words: Sequence[str]) -> dict[str, Policy]:
    """What a device does that was told nothing."""
    wake = WakeWord()
    found = {}
    for word in words:
        threshold = wake.thresholds.get(word, wake.threshold or wake_head(word).threshold)
        found[word] = Policy(threshold, wake.patience, wake.refractory_s)
    return found


def figures(study: Study) -> Iterator[Figure]:
    for word, policy in study.shipped.items():
        counted = recall.heard(study.headline(word, *report.NATURAL), policy)
        yield Figure(f"wake_words.{word}_recall", share(counted), "of 1", RECALL_GOAL, "the goal, 3 m and 20 dB")
        delays = study.delays_ms(study.headline(word, *report.SYNTHETIC), policy)
        if delays:
            median, p95 = report.quantiles_ms(delays)
            yield Figure(f"wake_words.{word}_delay", median, "ms", DELAY_GOAL_MS, "the goal for the median")
            yield Figure(f"wake_words.{word}_delay_p95", p95, "ms", DELAY_GOAL_MS, "the goal for the median")
        if study.heard:
            wakes = len(study.false_wakes(word, policy)) / false_wakes.hours(study.heard)
            yield Figure(f"wake_words.{word}_false", wakes, "an hour", FALSE_GOAL_H, "the goal, speech and music")


def caption(study: Study) -> str:
    phrases = {one.presentation.phrase.voice: one.presentation.phrase for one in study.said}.values()
    people, neural, robots = (
        [phrase for phrase in phrases if phrase.kind is kind and not phrase.is_in_a_room] for kind in Kind
    )
    foreign = sum(not phrase.is_native for phrase in neural)
    return (
        f"{len(people)} people's recordings and {len(neural)} neural voices, {foreign} of them not native (solid), "
        f"{len(robots)} robots (dashed); {false_wakes.hours(study.heard, music=False):.1f} h of speech, "
        f"{false_wakes.hours(study.heard, music=True):.1f} h of music"
    )


if __name__ == "__main__":
    sys.exit(main())
