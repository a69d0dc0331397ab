"""What many scenes of playback say together: rates by the hour, shares, times by SER, which goals are met, the worst.

Law: counting, no judging; every figure has its interval (`confidence.py`). All of it is the same from run to run but
`speed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from edge_agent.sim.confidence import Proportion, Rate, quantile
from edge_agent.sim.finding import clock
from edge_agent.sim.playback_distribution import AGREES, EACH, NOISY, SCENE
from edge_agent.sim.playback_judge import DISTRACTING, ITSELF, Attempt, Scene

WORST = 12  # with a picture each
CRASH_WEIGHT = 1000
BANDS = (-10, -5, 0, 5, 10, 15)  # dB SER, each to half way to its neighbours, the last one open
SLOW_MS = 700  # to silence: a person has begun to say it again
CAUGHT_SHARE, SILENCE_MS, STOPS_PER_HOUR = 0.98, 350, 1.0  # the goals
GOAL_BAND = 0  # dB SER, of the times
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that went wrong at a moment of a scene. weight: for the order of the worst."""

    at_ms: int
    why: str
    weight: int


@dataclass(frozen=True, slots=True)
class SceneReport:
    """One scene. crash: a traceback, or empty.  picture: SVG of its worst moment.  speed: as `speed.py` has it."""

    number: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    scene: Scene = field(default_factory=lambda: Scene(0, 0, 0, 0, "none"))
    crash: str = ""
    picture: str = ""
    speed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def troubles(self) -> list[Trouble]:
        """The worst first."""
        return sorted(_troubles(self.scene), key=lambda trouble: (-trouble.weight, trouble.at_ms))

    @property
    def weight(self) -> int:
        return CRASH_WEIGHT * bool(self.crash) + max((trouble.weight for trouble in self.troubles), default=0)


def _troubles(scene: Scene) -> Iterable[Trouble]:
    for stop in scene.stops:
        first = ", in the first reply" if stop.first else ""
        if stop.cause == ITSELF:
            yield Trouble(stop.at_ms, f"it stopped itself at {clock(stop.at_ms)}{first} ({stop.by or 'unknown'})", 100)
        else:
            who = f"the {stop.cause}" if stop.cause in DISTRACTING else f"somebody who {stop.cause}"
            yield Trouble(stop.at_ms, f"{who} stopped it at {clock(stop.at_ms)}", 30 if stop.cause == AGREES else 40)
    for at_ms in scene.wakes_ms:
        yield Trouble(at_ms, f"it heard a wake word at {clock(at_ms)} that nobody said", 90)
    for at_ms in scene.pauses_ms:
        yield Trouble(at_ms, f"it fell silent for a moment at {clock(at_ms)}, with nobody there", 50)
    for attempt in scene.attempts:
        when = f"at {clock(attempt.onset_ms)} at {attempt.ser_db:+.1f} dB"
        if not attempt.caught:
            yield Trouble(attempt.onset_ms, f"missed who {attempt.what} {when}", 60 + round(attempt.ser_db))
        elif attempt.silence_ms is not None and attempt.silence_ms > SLOW_MS:
            yield Trouble(attempt.onset_ms, f"{attempt.silence_ms} ms to silence for who {attempt.what} {when}", 20)


def enough(reports: Iterable[SceneReport], hours: float) -> list[SceneReport]:
    """The first scenes, in the order of their numbers and without a gap, that hold so much playback; all if fewer do.

    So a survey does not depend on how many scenes were in work at a time."""
    found: list[SceneReport] = []
    for report in sorted(reports, key=lambda report: report.number):
        if report.number != len(found) + 1 or hours_of(found) >= hours:
            break
        found.append(report)
    return found


def hours_of(reports: Iterable[SceneReport]) -> float:
    return sum(report.scene.played_ms for report in reports) / _HOUR_MS


def worst(reports: Iterable[SceneReport]) -> list[SceneReport]:
    return sorted((report for report in reports if report.weight), key=lambda r: (-r.weight, r.number))


def tally(reports: Sequence[SceneReport]) -> dict[str, Any]:
    """For summary.json. passed: no scene crashed, and in none did it stop itself or hear a wake word of its own."""
    scenes = [report.scene for report in reports if not report.crash]
    hard = sum(stop.cause == ITSELF for scene in scenes for stop in scene.stops)
    hard += sum(len(scene.wakes_ms) for scene in scenes)
    times = _times([attempt for scene in scenes for attempt in scene.attempts])
    shares, rates = _shares(scenes), _rates(scenes)
    return {
        "passed": bool(scenes) and not hard and not any(report.crash for report in reports),
        "scenes": len(reports),
        "crashed": [report.number for report in reports if report.crash],
        "hours": round(hours_of(reports), 3),
        "hours_alone": round(sum(scene.alone_ms for scene in scenes) / _HOUR_MS, 3),
        "hours_over_background": round(sum(scene.over_background_ms for scene in scenes) / _HOUR_MS, 3),
        "replies": sum(scene.replies for scene in scenes),
        "goals": _goals(rates, shares, times),
        "rates": rates,
        "shares": shares,
        "times": times,
        "worst": [_bad(report) for report in worst(reports)],
        "distribution": [
            {"factor": item.name, "meaning": item.meaning, "law": item.chance.words, "why": item.why}
            for item in (*SCENE, *EACH)
        ],
    }


def _rates(scenes: Sequence[Scene]) -> list[dict[str, Any]]:
    """Events by the hour of playback."""
    played = sum(scene.played_ms for scene in scenes) / _HOUR_MS
    alone = sum(scene.alone_ms for scene in scenes) / _HOUR_MS
    stops = [stop for scene in scenes for stop in scene.stops]
    ducks, pauses = sum(len(scene.ducks_ms) for scene in scenes), sum(len(scene.pauses_ms) for scene in scenes)
    aloud, wakes = sum(scene.ducks_aloud for scene in scenes), sum(len(scene.wakes_ms) for scene in scenes)
    found = [
        _rate("itself", "It stopped itself", sum(stop.cause == ITSELF for stop in stops), played),
        _rate("own_wakes", "It heard a wake word that nobody said", wakes, played),
        _rate("pauses", "It fell silent for a moment with nobody there", pauses, alone),
        _rate("ducks", "It ducked with nobody there", ducks, alone),
        _rate("ducks_aloud", "of these while its voice was sounding, not in a pause", aloud, alone),
    ]
    for kind in DISTRACTING:
        over = sum(scene.over_background_ms for scene in scenes if scene.background == kind) / _HOUR_MS
        stopped = sum(stop.cause == kind for stop in stops)
        found.append(_rate(kind, f"{_OVER[kind]} stopped it, by the hour of playback over it", stopped, over))
    noises = sum(stop.cause in NOISY for stop in stops)
    found.append(_rate("noises", "Coughs, claps, doors and dishes stopped it", noises, played))
    found.append(_rate("agreement", "A backchannel stopped it", sum(stop.cause == AGREES for stop in stops), played))
    meant = sum(stop.cause != AGREES for stop in stops)
    found.append(_rate("false_stops_but_agreement", "False stops but those by backchannels", meant, played))
    found.append(_rate("false_stops", "False stops, all of these together", len(stops), played))
    return found


_OVER = {"tv": "A television", "music": "Music"}


def _rate(key: str, title: str, count: int, hours: float) -> dict[str, Any]:
    rate = Rate(count, hours)
    lo, hi = rate.interval
    per_hour = None if rate.per_hour is None else round(rate.per_hour, 3)
    within = {"lo": round(lo, 3), "hi": round(hi, 3)} if hours > 0.0 else {"lo": None, "hi": None}
    return {"key": key, "title": title, "count": count, "hours": round(hours, 3), "per_hour": per_hour, **within}


def _shares(scenes: Sequence[Scene]) -> list[dict[str, Any]]:
    """How often a real interruption was caught, by SER; how often what is none stopped a reply."""
    attempts = [attempt for scene in scenes for attempt in scene.attempts]
    found = [_share("caught", "Real interruptions caught", [attempt.caught for attempt in attempts])]
    first = [attempt.caught for attempt in attempts if attempt.first]
    found.append(_share("caught_first", "of these in the first reply after start", first))
    for band in BANDS:
        caught = [attempt.caught for attempt in attempts if band_of(attempt.ser_db) == band]
        found.append(_share(f"caught_{band}", f"of these at {band:+d} dB SER", caught))
    for what in (AGREES, *NOISY):
        stopped = sum(stop.cause == what for scene in scenes for stop in scene.stops)
        occasions = max(stopped, sum(scene.others.get(what, 0) for scene in scenes))
        spared = [True] * (occasions - stopped) + [False] * stopped
        found.append(_share(f"spared_{what}", f"Replies that go on though somebody {what}", spared))
    return found


def band_of(ser_db: float) -> int:
    return min(BANDS, key=lambda band: abs(band - ser_db))


def _share(key: str, title: str, good: Sequence[bool]) -> dict[str, Any]:
    count = Proportion(sum(good), len(good))
    lo, hi = count.interval
    share = None if count.share is None else round(count.share, 4)
    counted = {"good": count.hits, "of": count.trials, "share": share, "lo": round(lo, 4), "hi": round(hi, 4)}
    return {"key": key, "title": title, **counted}


def _times(attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    """Of those that were caught: by SER, and all together (band None)."""
    caught = [attempt for attempt in attempts if attempt.caught]
    bands: list[tuple[int | None, list[Attempt]]] = [
        (band, [attempt for attempt in caught if band_of(attempt.ser_db) == band]) for band in BANDS
    ]
    return [
        {
            "band": band,
            "of": len(inside),
            "duck_ms": _quantiles(inside, lambda attempt: attempt.duck_ms),
            "decided_ms": _quantiles(inside, lambda attempt: attempt.decided_ms),
            "silence_ms": _quantiles(inside, lambda attempt: attempt.silence_ms),
        }
        for band, inside in (*bands, (None, caught))
    ]


def _quantiles(attempts: Sequence[Attempt], of: Callable[[Attempt], int | None]) -> dict[str, Any]:
    values = [value for attempt in attempts if (value := of(attempt)) is not None]
    return {"median": asdict(quantile(values, 0.5)), "p95": asdict(quantile(values, 0.95))} if values else {}


def _goals(
    rates: Sequence[Mapping[str, Any]], shares: Sequence[Mapping[str, Any]], times: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """met: None where there was no occasion."""
    rate = {item["key"]: item for item in rates}
    caught, silence = shares[0], next(item for item in times if item["band"] == GOAL_BAND)["silence_ms"]
    late = silence["p95"]["value"] if silence else None
    stops = rate["false_stops"]["per_hour"]
    return [
        {"goal": "it never stops itself", "found": rate["itself"]["count"], "met": rate["itself"]["count"] == 0},
        {
            "goal": f"catches {CAUGHT_SHARE:.0%} of real interruptions",
            "found": caught["share"],
            "met": None if caught["share"] is None else caught["share"] >= CAUGHT_SHARE,
        },
        {
            "goal": f"silent within {SILENCE_MS} ms of the onset at {GOAL_BAND} dB SER, in 95 of 100",
            "found": late,
            "met": None if late is None else late <= SILENCE_MS,
        },
        {
            "goal": f"at most {STOPS_PER_HOUR:g} false stop an hour",
            "found": stops,
            "met": None if stops is None else stops <= STOPS_PER_HOUR,
        },
    ]


def _bad(report: SceneReport) -> dict[str, Any]:
    why = [report.crash.strip().splitlines()[-1]] if report.crash else []
    why += [trouble.why for trouble in report.troubles]
    return {"number": report.number, "why": why, "weight": report.weight, "crashed": bool(report.crash)}
