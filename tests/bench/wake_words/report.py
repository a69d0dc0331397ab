"""The study in words and tables, a section at a time.

Law: form only; every figure comes from `study.py`. Shares come with their 95 % limits and the count they stand on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from tests.bench.wake_words import confidence
from tests.bench.wake_words.decision import Policy
from tests.bench.wake_words.false_wakes import Heard, hours
from tests.bench.wake_words.phrase import Kind
from tests.bench.wake_words.recall import DISTANCES_M, HEADLINE, RT60S_S, SNRS_DB, heard
from tests.bench.wake_words.study import Study, grouped, heard_by
from tests.bench.wake_words.tradeoff import (
    FALSE_GOAL_H,
    GRIDS,
    PATIENCES,
    RECALL_GOAL,
    THRESHOLDS,
    Point,
    at,
    recommended,
    share,
)

NATURAL = (Kind.PERSON, Kind.NEURAL)
SYNTHETIC = (Kind.NEURAL, Kind.ROBOT)  # the noise of a person's recording hides where the phrase ends
_WORST = 6
_GROUPS = {"people": (Kind.PERSON,), "neural": (Kind.NEURAL,), "robots": (Kind.ROBOT,)}


def sections(study: Study) -> Iterator[str]:
    """One after the other, so that a long one shows what is ready."""
    yield _title("What was listened to", _sources(study))
    yield _title("Recall as shipped, by place (heard/of)", _recall_by_place(study))
    yield _title("Recall as shipped, 3 m and 20 dB, by whose voice, accent and voice", _recall_by_voice(study))
    if study.heard:
        yield _title("False wakes as shipped", _false_by_source(study))
    yield _title("From the end of the phrase to the decision (its frame's end), 20 dB, ms", _delays(study))
    if study.heard:
        yield _title("Threshold by threshold, patience 1: heard at 3 m and 20 dB, false wakes an hour", _curves(study))
        yield _title("Patience, and a second grid of frames 40 ms later", _variants(study))
        yield _title(
            "A second opinion: speech (Silero) within 1.2 s before the decision, threshold 0.3", _second(study)
        )
        yield _title("What follows", _findings(study))


def counted(pair: tuple[int, int]) -> str:
    """A share with its limits and its count."""
    if not pair[1]:
        return "-"
    low, high = confidence.share(*pair)
    return f"{share(pair):6.1%} [{low:.1%}, {high:.1%}] of {pair[1]}"


def rated(wakes: int, of_hours: float) -> str:
    low, high = confidence.rate(wakes, of_hours)
    return f"{wakes / of_hours:.2f}/h [{low:.2f}, {high:.2f}] ({wakes} in {of_hours:.1f} h)"


def quantiles_ms(delays: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return float(np.median(delays)), float(np.percentile(delays, 95))


def _title(title: str, lines: Iterator[str]) -> str:
    return "\n".join([f"## {title}", "", *lines, ""])


def _sources(study: Study) -> Iterator[str]:
    phrases = {(one.presentation.phrase.voice, one.presentation.phrase.kind) for one in study.said}
    for group, kinds in _GROUPS.items():
        names = sorted({voice for voice, kind in phrases if kind in kinds})
        yield f"{group}: {len(names)} voices: {', '.join(names)}"
    yield f"{len(study.said)} presentations of {', '.join(study.words)}"
    if study.heard:
        speech, music = hours(study.heard, music=False), hours(study.heard, music=True)
        by_language: dict[str, float] = {}
        for one in study.heard:
            by_language[one.source.language] = by_language.get(one.source.language, 0.0) + one.hours
        spoken = ", ".join(f"{name} {h:.2f}" for name, h in sorted(by_language.items()))
        yield f"nobody says them in {speech:.2f} h of speech and {music:.2f} h of music ({spoken})"
    for reason in study.missing:
        yield f"left out: {reason}"


def _recall_by_place(study: Study) -> Iterator[str]:
    yield f"{'place':<26}" + "".join(f"{word:>30}" for word in study.words)
    for distance_m, rt60_s, snr_db in product(DISTANCES_M, RT60S_S, SNRS_DB):
        for label, kinds in (("people+neural", NATURAL), ("robots", (Kind.ROBOT,))):
            cells = [_cell(study, word, kinds, (distance_m, rt60_s, snr_db)) for word in study.words]
            if any(cells):
                yield f"{distance_m:g} m {rt60_s:g} s {snr_db:g} dB {label:<12}" + "".join(f"{c:>30}" for c in cells)
    for snr_db in SNRS_DB:
        cells = []
        for word in study.words:
            crowd = study.of(word, Kind.PERSON, in_a_room=True)
            found = [one for one in crowd if one.presentation.place.snr_db == snr_db]
            cells.append(counted(heard(found, study.shipped[word])))
        if any(cell != "-" for cell in cells):
            yield f"{f'own room, {snr_db:g} dB people':<26}" + "".join(f"{cell:>30}" for cell in cells)


def _cell(study: Study, word: str, kinds: tuple[Kind, ...], at: tuple[float, float, float]) -> str:
    places = [(o, o.presentation.place) for o in study.of(word, *kinds)]
    found = [one for one, place in places if (place.distance_m, place.rt60_s, place.snr_db) == at]
    return counted(heard(found, study.shipped[word])) if found else ""


def _recall_by_voice(study: Study) -> Iterator[str]:
    for word, policy in study.shipped.items():
        yield f"{word} (threshold {policy.threshold:g}, patience {policy.patience})"
        for group, kinds in _GROUPS.items():
            found = study.headline(word, *kinds)
            if not found:
                continue
            yield f"  {group:<8} {counted(heard(found, policy))}"
            accents = heard_by(grouped(found, lambda one: one.presentation.phrase.accent), policy)
            yield "    by accent: " + ", ".join(f"{name} {a}/{b}" for name, (a, b) in accents.items())
            voices = heard_by(grouped(found, lambda one: one.presentation.phrase.name), policy)
            worst = [f"{name} {a}/{b}" for name, (a, b) in voices.items() if a < b][:_WORST]
            yield "    worst: " + (", ".join(worst) or "none missed")


def _false_by_source(study: Study) -> Iterator[str]:
    yield f"{'source':<40}{'hours':>7}" + "".join(f"{word:>13}" for word in study.words)
    for one in study.heard:
        cells = [len(study.false_wakes(word, policy, [one])) for word, policy in study.shipped.items()]
        yield f"{one.source.name:<40}{one.hours:>7.2f}" + "".join(f"{cell:>13}" for cell in cells)
    for word, policy in study.shipped.items():
        parts = []
        for label, music in (("speech", False), ("music", True)):
            part: list[Heard] = [one for one in study.heard if one.source.is_music is music]
            if part:
                parts.append(f"{label} {rated(len(study.false_wakes(word, policy, part)), hours(part))}")
        whole = rated(len(study.false_wakes(word, policy)), hours(study.heard))
        yield f"{word:<12} threshold {policy.threshold:g}: {whole}; {'; '.join(parts)}"


def _delays(study: Study) -> Iterator[str]:
    for word, policy in study.shipped.items():
        for label, kinds in (("neural", (Kind.NEURAL,)), ("robots", (Kind.ROBOT,))):
            cells = []
            for distance_m in DISTANCES_M:
                places = [(one, one.presentation.place) for one in study.of(word, *kinds)]
                found = [o for o, place in places if (place.distance_m, place.snr_db) == (distance_m, HEADLINE[1])]
                if delays := study.delays_ms(found, policy):
                    median, p95 = quantiles_ms(delays)
                    cells.append(f"{distance_m:g} m: median {median:4.0f}, 95 % {p95:4.0f} ({len(delays)} heard)")
            yield f"{word:<12} {label:<8} " + "; ".join(cells)


def _curves(study: Study) -> Iterator[str]:
    yield "people+neural, robots, false wakes an hour"
    yield f"{'threshold':<10}" + "".join(f"{word:>26}" for word in study.words)
    for threshold in THRESHOLDS:
        points = [at(study.curves[word][1], threshold) for word in study.words]
        cells = [f"{p.recall:7.1%} {share(p.robots):7.1%} {p.false_h:7.2f}" for p in points]
        yield f"{threshold:<10g}" + "".join(f"{cell:>26}" for cell in cells)


def _variants(study: Study) -> Iterator[str]:
    for word in study.words:
        for patience in PATIENCES:
            yield f"{word:<12} patience {patience}: {_best(study.curves[word][patience])}"
        for name in GRIDS:
            curve = study.grid(word, name)
            yield f"{word:<12} {name} ({curve[0].hours:.1f} h): {_at(curve, study.shipped[word])}; {_best(curve)}"


def _best(curve: Sequence[Point]) -> str:
    """The most that is heard with no more false wakes than the goal allows."""
    allowed = [point for point in curve if point.false_h <= FALSE_GOAL_H]
    if not allowed:
        return f"more than {FALSE_GOAL_H:g} false an hour at every threshold"
    best = max(allowed, key=lambda point: (point.recall, -point.false_h))
    return f"at best {best.recall:.1%} with {best.false_h:.2f} false an hour, at {best.policy.threshold:g}"


def _at(curve: Sequence[Point], policy: Policy) -> str:
    point = at(curve, policy.threshold)
    return f"{point.recall:.1%} and {point.wakes} false at {policy.threshold:g}"


def _second(study: Study) -> Iterator[str]:
    for word in study.words:
        wakes, spoken = study.second_stage(word)
        yield f"{word:<12} keeps {wakes.kept} of {wakes.of} false wakes and {spoken.kept} of {spoken.of} phrases"


def _findings(study: Study) -> Iterator[str]:
    for word in study.words:
        goal = f">= {RECALL_GOAL:.0%} at 3 m and 20 dB with <= {FALSE_GOAL_H:g} false an hour"
        yield f"{word:<12} {goal}: {_reached(study, word, natives=False)}"
        yield f"{'':<12} the same, native voices only: {_reached(study, word, natives=True)}"
        for patience in PATIENCES[:2]:
            best = recommended(study.curves[word][patience])
            groups = {"people": best.people, "neural": best.neural, "native": best.native, "robots": best.robots}
            recalls = ", ".join(f"{name} {counted(pair)}" for name, pair in groups.items())
            threshold = f"patience {patience}, recommended {best.policy.threshold:g}"
            yield f"{'':<12} {threshold}: {recalls}, {rated(best.wakes, best.hours)}"


def _reached(study: Study, word: str, *, natives: bool) -> str:
    """Between which thresholds the goal is reached, by patience."""
    found = []
    for patience, curve in study.curves[word].items():
        good = [p.policy.threshold for p in curve if (p.reaches_it_for_natives if natives else p.reaches_the_goal)]
        if good:
            found.append(f"patience {patience}, thresholds {min(good):g} to {max(good):g}")
    return "; ".join(found) or "at no threshold"
