"""The rows of a turn: the daemon's figures beside the plain client's, and the goals that were set for them.

Law: which figure is told, against what, and how good it shall be; nothing is measured or reckoned here. Each story is
told once in a run of the bench. Goals are the issue's ("The bench", 5); where they speak of a buffer it is the card's.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tests.bench.row import NO_LESS, Row
from tests.bench.turns import figures as f
from tests.bench.turns.story import tell
from tests.bench.turns.trace import Trace
from tests.daemon import pulse

TURNS, TRIALS, LINES, DEATHS, CARD_TURNS = 20, 22, 20, 2, 8
SEED = 4
SHORT_S, LONG_S, BURST_S = 0.6, 6.0, 30.0  # replies
QUOTA_TURNS, QUOTA_TRIALS = 5, 5
PLAIN = "a plain client (openai SDK)"
SAME_END = f"{PLAIN}, given the same end of speech"
SAME_STOP = f"{PLAIN}, told to stop when the daemon knew"
MEANS = {
    "wake_to_first_byte": "from the decision that it was the wake word to the first sound on the wire",
    "end_to_commit": "from the decision to ask for an answer to the commit on the wire",
    "delta_to_card": "from the delta that fills the prebuffer*) until its first sample is given to the card",
    "first_delta_to_air": "from the first delta*) to the first sound at the loudspeaker",
    "decision_to_air": "from the decision that the sentence is over to the first sound of the reply",
    "speech_end_to_air": "from the person's last sound to the first of the reply, the decision's patience included",
    "onset_to_duck": "from the person's first sound until the reply is quieter at the loudspeaker",
    "onset_to_silence": "from the person's first sound to the reply's last",
    "line_lost_to_ready": "from the loss of the line to a session that is configured; a pause of 0.5 s is policy",
    "server_killed_to_ready": "from the server's death to a session that is configured; its restart is in it",
}
FREE = "the same without a quota"
PI_4, ZERO_2_W = 0.5, 0.15  # of one core of this machine


@functools.cache
def _talk(share: float = 1.0, count: int = TURNS) -> Trace:
    return tell("daemon", "talk", count, seed=SEED, reply_s=SHORT_S, share=share)


@functools.cache
def _interrupted(share: float = 1.0, count: int = TRIALS) -> Trace:
    return tell("daemon", "interrupt", count, seed=SEED, reply_s=LONG_S, share=share)


@functools.cache
def _plain() -> Trace:
    """Replies long enough to be stopped in the middle."""
    return tell("plain", "talk", TRIALS, seed=SEED, reply_s=LONG_S, given=_moments(TRIALS))


def _moments(count: int) -> list[dict[str, float]]:
    """For the plain client: how long somebody talks, and when in the reply it is to stop."""
    chance = random.Random(SEED)
    return [{"talks_s": 0.3, "stop_s": chance.uniform(0.3, 0.6)} for _ in range(count)]


def turns() -> Iterator[Row]:
    ours, plain = _talk(), _plain()
    buffer_ms = ours.latency_ms
    yield from _both("wake_to_first_byte", f.wake_to_first_byte, ours, plain, None)
    yield from _both("end_to_commit", f.end_to_commit, ours, plain, 5.0)
    yield from _both("delta_to_card", f.delta_to_card, ours, plain, 15.0)
    yield from _both("first_delta_to_air", f.first_delta_to_air, ours, plain, buffer_ms + 40.0)
    yield from _both("decision_to_air", f.decision_to_air, ours, plain, None)
    figure, waited = f.speech_end_to_air(ours), _waited(ours)
    theirs = [ms + wait for ms, wait in zip(f.decision_to_air(plain).ms, waited, strict=False)]
    yield from _two("turns", "speech_end_to_air", figure, theirs, SAME_END, 1000.0)


def card() -> Iterator[Row]:
    """Real sound calls, on the same sinks for both."""
    if pulse.missing():
        raise RuntimeError(f"not installed: {pulse.missing()}")
    ours = tell("daemon", "talk", CARD_TURNS, seed=SEED, reply_s=SHORT_S, sinks=True)
    plain = tell("plain", "talk", CARD_TURNS, seed=SEED, reply_s=LONG_S, sinks=True, given=_moments(CARD_TURNS))
    for name, reckon, goal in (
        ("end_to_commit", f.end_to_commit, 5.0),
        ("first_delta_to_air", f.first_delta_to_air, ours.latency_ms + 40.0),
        ("decision_to_air", f.decision_to_air, None),
    ):
        yield from _two("card", name, reckon(ours), reckon(plain).ms, SAME_END, goal)


def interruption() -> Iterator[Row]:
    trials = f.interruptions(_interrupted())
    duck, silence = f.onset_to_duck(trials), f.onset_to_silence(trials)
    delays = [(t.decided_s - t.onset_s) * 1000 for t in trials if t.decided_s is not None]
    theirs = f.told_to_stop(_plain(), delays).ms
    noticed = 100 * len(silence.ways) / max(1, len(trials))
    # one that is not noticed is never silent: with fewer than 95 in 100, no p95 of the others means anything
    yield Row("interruption.noticed", noticed, "% of trials", 100.0, f"all {len(trials)}", 95.0, NO_LESS)
    worst = [_worst(trials, lambda t: t.ducked_s), _worst(trials, lambda t: t.silent_s)]
    yield from _two("interruption", "onset_to_duck", duck, theirs, f"{SAME_STOP}: its silence", 150.0, worst[0])
    yield from _two("interruption", "onset_to_silence", silence, theirs, SAME_STOP, 350.0, worst[1])


def reconnect() -> Iterator[Row]:
    for story, name, count in (("lose", "line_lost_to_ready", LINES), ("kill", "server_killed_to_ready", DEATHS)):
        ours = f.lost_to_ready(tell("daemon", story, count, seed=SEED), "ready")
        theirs = f.lost_to_ready(tell("plain", story, count, seed=SEED), "session.updated")
        yield from _two("reconnect", name, ours, theirs.ms, f"{PLAIN}, trying again after 0.1 s", None)


def burst() -> Iterator[Row]:
    ours = tell("daemon", "burst", 1, seed=SEED, reply_s=BURST_S)
    plain = tell("plain", "burst", 1, seed=SEED, reply_s=BURST_S)
    theirs = f.while_bursting(plain, plain.audio_late_ms)
    for thread, late_ms in (("audio", ours.audio_late_ms), ("hearing", ours.hearing_late_ms)):
        inside = f.while_bursting(ours, late_ms)
        for told, share in (("median", 0.5), ("p99", 0.99), ("worst", 1.0)):
            value, baseline = _quantile(inside, share), _quantile(theirs, share)
            yield Row(f"burst.{thread}_thread_{told}", value, "ms late", baseline, f"{PLAIN}: its audio thread")
    yield Row("burst.gaps_in_the_reply", ours.gaps, "gaps", 0.0, "none")


def quota_50() -> Iterator[Row]:
    yield from _under(PI_4, "quota_50")


def quota_15() -> Iterator[Row]:
    yield from _under(ZERO_2_W, "quota_15")


def _under(share: float, group: str) -> Iterator[Row]:
    """The figures of a turn under a quota, beside those of this machine as it is."""
    talk, free = _talk(share, QUOTA_TURNS), _talk()
    cut, cut_free = _interrupted(share, QUOTA_TRIALS), _interrupted()
    answered = [
        100 * len(f.decision_to_air(trace).ways) / count for trace, count in ((talk, QUOTA_TURNS), (free, TURNS))
    ]
    yield Row(f"{group}.answered", answered[0], "% of turns", answered[1], FREE)
    for name, reckon, goal in (
        ("wake_to_first_byte", f.wake_to_first_byte, None),
        ("end_to_commit", f.end_to_commit, 5.0),
        ("delta_to_card", f.delta_to_card, 15.0),
        ("speech_end_to_air", f.speech_end_to_air, 1000.0),
    ):
        yield from _two(group, name, reckon(talk), reckon(free).ms, FREE, goal)
    trials = f.interruptions(cut)
    silence = f.onset_to_silence(trials)
    yield Row(f"{group}.noticed", 100 * len(silence.ways) / max(1, len(trials)), "% of trials", 100.0, "all")
    if silence.ways:
        untroubled = f.onset_to_silence(f.interruptions(cut_free)).ms
        yield from _two(group, "onset_to_silence", silence, untroubled, FREE, 350.0)
    for name, late, means in (
        ("audio_thread_p99", "audio_late_ms", "how late the audio thread began a block"),
        ("hearing_thread_p99", "hearing_late_ms", "until a block was heard; at rest 70 ms are let gather"),
    ):
        values = (_quantile([ms for ms in getattr(trace, late) if ms >= 0], 0.99) for trace in (talk, free))
        yield Row(f"{group}.{name}", *_beside(values, "ms late"), FREE, means=means)
    empty = _beside((_per_minute(t) for t in (talk, free)), "a minute")
    yield Row(f"{group}.underruns", *empty, FREE, means="a card with the usual buffer of 60 ms would have run empty")
    unheard = (100 * t.unheard_ms / (1000 * t.wall_s) for t in (talk, free))
    yield Row(f"{group}.sound_not_heard", *_beside(unheard, "% of time"), FREE)
    for name, clock in (("cpu_with_the_room", "cpu_s"), ("cpu_of_the_room", "room_cpu_s")):
        used = (100 * getattr(t, clock) / t.wall_s for t in (talk, free))
        yield Row(f"{group}.{name}", *_beside(used, "% of a core"), FREE)


# --- forms of a row -------------------------------------------------------------------------------------------------


def _both(
    name: str, reckon: Callable[[Trace], f.Figure], ours: Trace, plain: Trace, goal: float | None
) -> Iterator[Row]:
    against = f"{PLAIN}, told when to begin" if name.startswith("wake") else SAME_END
    yield from _two("turns", name, reckon(ours), reckon(plain).ms, against, goal)


def _two(
    group: str,
    name: str,
    figure: f.Figure,
    theirs: Sequence[float],
    against: str,
    goal: float | None,
    worst: tuple[str, ...] = (),
) -> Iterator[Row]:
    """Median and p95, beside the baseline's; the goal is the p95's."""
    means = MEANS[name]
    yield Row(f"{group}.{name}", figure.quantile(0.5), "ms", _quantile(theirs, 0.5), against, means=f"{means}; median")
    yield Row(
        f"{group}.{name}_p95",
        figure.quantile(0.95),
        "ms",
        _quantile(theirs, 0.95),
        against,
        goal,
        parts=figure.parts(),
        means=f"{means}; p95 of {len(figure.ways)}",
        worst=worst,
    )


def _worst(trials: Sequence[f.Interruption], instant: Callable[[f.Interruption], float | None]) -> tuple[str, ...]:
    """Those that were never noticed, and the slowest: five in all."""
    late = [(float("inf") if (at_s := instant(t)) is None else (at_s - t.onset_s) * 1000, t.who) for t in trials]
    slowest = sorted(late, reverse=True)[:5]
    return tuple(f"{who}: {'never' if math.isinf(ms) else f'{ms:.0f} ms'}" for ms, who in slowest)


def _beside(values: Iterator[float], unit: str) -> tuple[float, str, float]:
    ours, theirs = values
    return ours, unit, theirs


def _waited(trace: Trace) -> list[float]:
    """How long after the person's last sound it was decided that the sentence is over, turn by turn."""
    return [(turn.end_s - turn.person_s) * 1000 for turn in f.turns(trace) if turn.person_s is not None]


def _per_minute(trace: Trace) -> float:
    return (trace.ran_empty + trace.gaps) * 60 / trace.wall_s


def _quantile(values: Sequence[float], share: float) -> float:
    """Raises RuntimeError: there is nothing to compare with."""
    if not len(values):
        raise RuntimeError("nothing was measured to compare with: no trial got that far")
    return float(np.quantile(values, share))
