"""What many scenarios say together: how often each thing went well, how long it took, where it failed, what was worst.

Law: counting, no judging; every scenario counts once in a figure, and every figure has its interval (`confidence.py`).
All of it is the same from run to run but `speed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from edge_agent.sim.confidence import Proportion, quantile
from edge_agent.sim.distribution import FACTORS
from edge_agent.sim.outcome_kinds import KINDS, TIMES, Outcome

WORST = 12  # with a picture each
CRASH_WEIGHT = 1000
SPLIT_BY_KIND = ("background", "voice", "opening", "then", "clocks", "mics", "fault", "distortion")
SPLIT_IN_THREE = ("rt60_s", "snr_db", "talker_m", "own_voice_db", "delay_ms", "pause_s")
OF_INTEREST = (
    *("woke", "noticed", "end_noticed", "understood", "answered"),
    *("interruption_noticed", "not_self_interrupted", "people_only"),
)
ONLY_WITH = {"pause_s": ("hesitates", "yes")}  # a factor that plays no part in the other scenarios


@dataclass(frozen=True, slots=True)
class Report:
    """One scenario. crash: a traceback, or empty.  picture: SVG, where something failed.  speed: as `speed.py` has it,
    and with it nothing that repeats."""

    number: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)
    crash: str = ""
    picture: str = ""
    speed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        return [key for key, outcome in self.outcomes.items() if outcome.good is False]

    @property
    def weight(self) -> int:
        return CRASH_WEIGHT * bool(self.crash) + sum(KINDS[key].weight for key in self.failed)

    @property
    def broke(self) -> bool:
        """Whether something happened that must not, in any room."""
        return bool(self.crash) or any(KINDS[key].hard for key in self.failed)

    def told(self) -> dict[str, Any]:
        """For its own outcome.json."""
        judged = {key: asdict(outcome) for key, outcome in self.outcomes.items()}
        return {
            "number": self.number,
            "facts": dict(self.facts),
            "outcomes": judged,
            "times": dict(self.times),
            "crash": self.crash,
        }


def worst(reports: Iterable[Report]) -> list[Report]:
    """Those in which something went wrong, the worst first; of equals the slower answer, then the lower number."""
    bad = [report for report in reports if report.weight]
    return sorted(bad, key=lambda r: (-r.weight, -r.times.get("answer_ms", 0), r.number))


def tally(reports: Sequence[Report]) -> dict[str, Any]:
    """For summary.json. passed: no scenario crashed, and nothing happened that must not."""
    judged = [report for report in reports if not report.crash]
    return {
        "passed": bool(reports) and not any(report.broke for report in reports),
        "scenarios": len(reports),
        "crashed": [report.number for report in reports if report.crash],
        "all_well": sum(not report.weight for report in reports),
        "outcomes": [_outcome(key, judged) for key in KINDS],
        "times": [_time(key, judged) for key in TIMES],
        "factors": _factors(judged),
        "worst": [_bad(report) for report in worst(reports)],
        "distribution": [
            {"factor": item.name, "meaning": item.meaning, "law": item.chance.words, "why": item.why}
            for item in FACTORS
        ],
    }


def proportion(key: str, reports: Iterable[Report]) -> Proportion:
    """How often an outcome was good, of the scenarios that had occasion for it."""
    found = [outcome.good for report in reports if (outcome := report.outcomes[key]).good is not None]
    return Proportion(sum(found), len(found))


def _outcome(key: str, reports: Sequence[Report]) -> dict[str, Any]:
    kind, count = KINDS[key], proportion(key, reports)
    failing = [report.number for report in reports if key in report.failed]
    return {
        "key": key,
        "title": kind.title,
        "whose": kind.whose,
        "hard": kind.hard,
        **_counted(count),
        "failed_in": failing,
    }


def _counted(count: Proportion) -> dict[str, Any]:
    lo, hi = count.interval
    share = None if count.share is None else round(count.share, 4)
    return {"good": count.hits, "of": count.trials, "share": share, "lo": round(lo, 4), "hi": round(hi, 4)}


def _time(key: str, reports: Sequence[Report]) -> dict[str, Any]:
    values = [report.times[key] for report in reports if key in report.times]
    found = {"median": asdict(quantile(values, 0.5)), "p95": asdict(quantile(values, 0.95))} if values else {}
    return {"key": key, "title": TIMES[key], "of": len(values), **found}


def _factors(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """For every factor its groups, and in each how often the outcomes of interest were good. apart: those whose
    interval has nothing in common with that of all other groups together."""
    found = []
    for factor in (*SPLIT_IN_THREE, *SPLIT_BY_KIND):
        split = _in_three(factor, reports) if factor in SPLIT_IN_THREE else _by_kind(factor, reports)
        groups = []
        for name, inside in split.items():
            outside = [report for report in reports if report not in inside]
            counts = {key: (proportion(key, inside), proportion(key, outside)) for key in OF_INTEREST}
            cells = {key: {**_counted(mine), "apart": mine.apart(rest)} for key, (mine, rest) in counts.items()}
            groups.append({"group": name, "scenarios": len(inside), **cells})
        if len(groups) > 1:
            found.append({"factor": factor, "groups": groups})
    return found


def _in_three(factor: str, reports: Sequence[Report]) -> dict[str, list[Report]]:
    """Thirds of the scenarios, by the factor's value."""
    only, value = ONLY_WITH.get(factor, ("", None))
    ordered = sorted((r for r in reports if not only or r.facts[only] == value), key=lambda r: float(r.facts[factor]))
    groups = {}
    for third in range(3):
        inside = ordered[third * len(ordered) // 3 : (third + 1) * len(ordered) // 3]
        if inside:
            lo, hi = inside[0].facts[factor], inside[-1].facts[factor]
            groups[f"{lo:g} to {hi:g}"] = inside
    return groups


def _by_kind(factor: str, reports: Sequence[Report]) -> dict[str, list[Report]]:
    groups: dict[str, list[Report]] = {}
    for report in reports:
        groups.setdefault(_kind(factor, report.facts), []).append(report)
    return dict(sorted(groups.items()))


def _kind(factor: str, facts: Mapping[str, Any]) -> str:
    if factor == "distortion":
        return "none" if not facts["clipping"] and not facts["excursion"] else "some"
    if factor == "fault":
        return str(facts["fault"]).partition(",")[0]
    return str(facts[factor])


def _bad(report: Report) -> dict[str, Any]:
    why = [report.crash.strip().splitlines()[-1]] if report.crash else []
    why += [report.outcomes[key].why for key in report.failed]
    return {
        "number": report.number,
        "failed": report.failed,
        "why": why,
        "broke": report.broke,
        "crashed": bool(report.crash),
    }
