"""`python -m tests.bench.endpoints [--half dev] [--quick] [--json FILE] [--picture FILE]`: measure and print.

Law: which tables there are, and what becomes of their rows; measuring is `trial`'s, arithmetic `figures`'. Whatever is
tuned is tuned on `--half dev`; the figures that count are those of `judge`, which is the default.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.debian import CorpusError
from tests.bench.endpoints.corpus import talkers, turns
from tests.bench.endpoints.curve import picture
from tests.bench.endpoints.figures import LIMIT, REPLY_MS, Summary, by_talker, share, summary
from tests.bench.endpoints.silence import beginnings_an_hour
from tests.bench.endpoints.talkers import DEV, JUDGE, PERSON
from tests.bench.endpoints.trial import (
    FIXED_MS,
    GROUPS,
    HESITATING,
    OURS,
    PAUSING,
    SPEECH_DBFS,
    Turn,
    Verdict,
    endpointers,
    judge,
)
from tests.bench.row import Row

COMMAND = "python -m tests.bench.endpoints"
Table = Mapping[str, Mapping[str, Summary]]  # group -> endpointer -> figures


def main(argv: Sequence[str] | None = None) -> int:
    """0: measured. 1: the recordings cannot be had. 2: usage."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Cut-offs, added wait, and speech detection.")
    parser.add_argument("--half", choices=(DEV, JUDGE), default=JUDGE, help="of the talkers; tune on dev only")
    parser.add_argument("--quick", action="store_true", help="a few talkers, a few turns")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speech-dbfs", type=float, default=SPEECH_DBFS, help="level of speech; noise is 20 dB below")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there, as a list")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also draw cut-offs against wait (SVG)")
    told = parser.parse_args(argv)
    try:
        chosen = talkers(told.half, every=6 if told.quick else 1)
        heard = list(turns(chosen, 8 if told.quick else 40, told.seed, told.speech_dbfs))
        false = list(beginnings_an_hour(told.seed, part=0.1 if told.quick else 1.0))
    except CorpusError as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return 1
    people = sum(talker.kind == PERSON for talker in chosen)
    print(f"{told.half}: {people} people and {len(chosen) - people} synthetic voices, {len(heard)} turns")
    verdicts = {name: [judge(turn, one) for turn in heard] for name, one in endpointers().items()}
    table = tables(verdicts)
    print_ends(table)
    print_talkers(verdicts[OURS])
    rows = [*detection_rows(heard, false), *end_rows(table)]
    print_detection(rows)
    if told.json:
        told.json.write_text(json.dumps([as_json(row) for row in rows], indent=1) + "\n")
    if told.picture:
        told.picture.write_text(drawn(table, told.half, len(chosen)))
    return 0


def tables(verdicts: Mapping[str, Sequence[Verdict]]) -> dict[str, dict[str, Summary]]:
    found: dict[str, dict[str, Summary]] = {}
    for group, kinds in GROUPS.items():
        for name, all_of_them in verdicts.items():
            these = [verdict for verdict in all_of_them if verdict.turn.group in kinds]
            if these:
                found.setdefault(group, {})[name] = summary(these)
    return found


def print_ends(table: Table) -> None:
    print(f"\nanswered: cut off, and not heard to go on within {REPLY_MS} ms; limits (95 %) over talkers")
    for group, summaries in table.items():
        print(f"\n{group}: {next(iter(summaries.values())).turns} turns")
        print(
            f"{'':<11} {'cut off':<20} {'a pause':<20} {'not in a pause':<17} {'answered':<18} {'wait, p95':<11} never"
        )
        for name, one in summaries.items():
            waits = f"{one.wait_ms:.0f}, {one.wait_p95_ms:.0f}"
            print(
                f"{name:<11} {one.cut!s:<20} {one.cut_a_pause!s:<20} {one.cut_elsewhere!s:<17} {one.answered!s:<18} "
                f"{waits:<11} {one.never}   worst: {one.worst[0]} {one.worst[1]:.0f} %"
            )


def print_talkers(verdicts: Sequence[Verdict]) -> None:
    print(f"\n{OURS}, share of turns cut off, by talker (of so many turns): {', '.join(GROUPS)}")
    shares = []
    for kinds in GROUPS.values():
        these = [verdict for verdict in verdicts if verdict.turn.group in kinds]
        shares.append(by_talker([one.turn.talker.name for one in these], [one.is_cut for one in these]))
    for name in dict.fromkeys(verdict.turn.talker.name for verdict in verdicts):
        told = (f"{found[name][0]:3.0f} % ({found[name][1]})" if name in found else "-" for found in shares)
        print(f"{name:<26} " + " ".join(f"{text:<12}" for text in told))


def detection_rows(heard: Sequence[Turn], false: Sequence[tuple[str, float, float]]) -> Iterator[Row]:
    who = [turn.talker.name for turn in heard]
    late = [turn.late_ms for turn in heard if turn.late_ms is not None]
    missed = share(who, [not turn.began for turn in heard])
    lost = share(who, [turn.first_sound_lost for turn in heard])
    every = "all turns"
    yield Row("speech.missed", missed.value, "%", 100.0, every)
    yield Row("speech.first_sound_lost", lost.value, "%", 100.0, every)
    for name, quantile in (("median", 50), ("p95", 95)):
        yield Row(f"speech.late_{name}", float(np.percentile(late, quantile)), "ms", 150.0, "the speech asked for")
    for what, hours, found in false:
        yield Row(f"speech.false_in_{what}", found / hours, "an hour", 1 / hours, f"one in {60 * hours:.0f} minutes")


def print_detection(rows: Sequence[Row]) -> None:
    print("\nspeech detection")
    for row in rows:
        if row.group == "speech":
            print(f"{row.name:<26} {row.value:8.2f} {row.unit}")


def end_rows(table: Table) -> Iterator[Row]:
    for group, summaries in table.items():
        for name, one in summaries.items():
            yield Row(f"ends.{group}.{name}.cut_off", one.cut.value, "%", LIMIT, "the limit")
            yield Row(f"ends.{group}.{name}.answered", one.answered.value, "%", LIMIT, "the limit")
            ours = summaries[OURS].wait_ms
            yield Row(f"ends.{group}.{name}.wait_median", one.wait_ms, "ms", ours, "as shipped")
            yield Row(f"ends.{group}.{name}.wait_p95", one.wait_p95_ms, "ms", ours, "the median as shipped")


def as_json(row: Row) -> dict[str, Any]:
    return {**row.as_json(), "command": COMMAND}


def drawn(table: Table, half: str, count: int) -> str:
    groups = [group for group in (HESITATING, PAUSING, "spoken") if group in table]
    lines = {group: [(str(ms), table[group][f"fixed_{ms}"]) for ms in FIXED_MS] for group in groups}
    marked = {group: table[group][OURS] for group in groups}
    return picture(f"Turns cut off, by the silence waited for ({half}: {count} talkers)", lines, marked)


if __name__ == "__main__":
    sys.exit(main())
