"""From what a run left behind to durations: which instant of a turn belongs to which, and how long it was between them.

Law: arithmetic on times, the same for the daemon and the plain client; nothing is measured here, and a trial that has
no such instant has no such figure. Durations are ms, in the order of the trials.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tests.bench.row import Part
from tests.bench.turns.card import Voice
from tests.bench.turns.trace import Trace
from tests.bench.turns.wire import DELTA

APPEND, COMMIT = "input_audio_buffer.append", "input_audio_buffer.commit"
PREBUFFER_BYTES = 60 * 48  # 60 ms of PCM16 at 24 kHz: what the daemon's playback waits for
SOON_S = 0.5  # a commit follows its decision within this, on the slowest machine
TOO_LATE_S = 1.5  # after a person's last sound: what is decided then was not about them


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one trial: instants in order, each with the name of the stretch that ends there."""

    begins_s: float
    stops: tuple[tuple[str, float], ...]

    @property
    def ms(self) -> float:
        return (self.stops[-1][1] - self.begins_s) * 1000

    def stretches(self) -> list[float]:
        at = [self.begins_s, *(stop for _, stop in self.stops)]
        return [(after - before) * 1000 for before, after in pairwise(at)]


@dataclass(frozen=True, slots=True)
class Figure:
    ways: tuple[Way, ...]

    @property
    def ms(self) -> list[float]:
        return [way.ms for way in self.ways]

    def quantile(self, share: float) -> float:
        """Raises RuntimeError: there was no such trial."""
        if not self.ways:
            raise RuntimeError("nothing was measured: no trial got that far")
        return float(np.quantile(self.ms, share))

    def parts(self) -> tuple[Part, ...]:
        names = [name for name, _ in self.ways[0].stops] if self.ways else []
        table = np.array([way.stretches() for way in self.ways])
        return tuple(
            Part(name, float(np.median(column)), float(np.quantile(column, 0.95)))
            for name, column in zip(names, table.T, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """What is known of one turn; None where it did not come.  end_s: when it was decided that the sentence is over.
    asked_s: what made the commit: that decision, or the pause before it, after which the daemon asks on suspicion.
    """

    end_s: float
    asked_s: float | None
    wake_s: float | None
    byte_s: float | None
    person_s: float | None  # the person's last sound
    commit_s: float | None
    first_delta_s: float | None
    filled_s: float | None  # enough has arrived for the prebuffer
    decoded_s: float | None  # the first delta has been read by the daemon's session
    voice: Voice | None


def turns(trace: Trace) -> list[Turn]:
    """One for each sentence that ended."""
    ends = sorted(trace.of("ended") + trace.of("end"))
    starts = [0.0, *ends[:-1]]
    return [_turn(trace, since_s, end_s) for since_s, end_s in zip(starts, ends, strict=True)]


def _turn(trace: Trace, since_s: float, end_s: float) -> Turn:
    commits = [p.at_s for p in trace.passed if p.up and p.kind == COMMIT]
    commit_s = _last(at for at in commits if since_s + SOON_S < at < end_s + SOON_S)
    asking = trace.of("paused") + trace.of("ended") + trace.of("end")
    asked_s = _last(at for at in asking if commit_s and since_s < at <= commit_s)
    until_s = _first(at for at in commits if commit_s and at > max(commit_s, end_s)) or float("inf")
    deltas = [p for p in trace.passed if p.kind == DELTA and commit_s and commit_s <= p.at_s < until_s]
    first_s = deltas[0].at_s if deltas else None
    filled = int(np.searchsorted(np.cumsum([p.audio_bytes for p in deltas]), PREBUFFER_BYTES))
    wake_s = _last(at for at in trace.of("wake") + trace.of("begin") if since_s < at < (asked_s or end_s))
    return Turn(
        end_s,
        asked_s,
        wake_s,
        _first(p.at_s for p in trace.passed if wake_s and p.up and p.kind == APPEND and p.at_s >= wake_s),
        _last(said.ends_s for said in trace.said if since_s < said.ends_s <= (asked_s or end_s)),
        commit_s,
        first_s,
        deltas[min(filled, len(deltas) - 1)].at_s if deltas else None,
        _first(n.at_s for n in trace.noted if first_s and n.kind == "first_delta" and n.at_s >= first_s),
        next((voice for voice in trace.voices if first_s and first_s < voice.handed_s < until_s), None),
    )


def wake_to_first_byte(trace: Trace) -> Figure:
    return _figure(
        (
            turn.wake_s,
            ("from the hearing thread to the loop", _noted(trace, "wake", turn.wake_s)),
            ("the next block, and to the wire", turn.byte_s),
        )
        for turn in turns(trace)
    )


def end_to_commit(trace: Trace) -> Figure:
    return _figure(
        (
            turn.asked_s,
            ("from the hearing thread to the loop", _noted(trace, ("speech_paused", "speech_ended"), turn.asked_s)),
            ("through session and socket", turn.commit_s),
        )
        for turn in turns(trace)
    )


def delta_to_card(trace: Trace) -> Figure:
    """From the delta that filled the prebuffer, or the end of the sentence, until its first sample was given."""
    return _figure(
        (_later(turn.filled_s, turn.end_s), ("to the card", turn.voice.handed_s if turn.voice else None))
        for turn in turns(trace)
    )


def first_delta_to_air(trace: Trace) -> Figure:
    return _figure(
        (
            _later(turn.first_delta_s, turn.end_s),
            ("read and decoded", _later(turn.decoded_s or turn.first_delta_s, turn.end_s)),
            ("until the audio thread took it", turn.voice.handed_s if turn.voice else None),
            _to_the_air(turn),
        )
        for turn in turns(trace)
    )


def decision_to_air(trace: Trace) -> Figure:
    return _figure(
        (turn.end_s, ("to the card", turn.voice.handed_s if turn.voice else None), _to_the_air(turn))
        for turn in turns(trace)
    )


def speech_end_to_air(trace: Trace) -> Figure:
    return _figure(
        (
            turn.person_s,
            ("until an answer was asked for", turn.asked_s),
            ("to the commit on the wire", turn.commit_s),
            ("until the server's first delta", turn.first_delta_s),
            ("to the card, once the sentence was surely over", turn.voice.handed_s if turn.voice else None),
            _to_the_air(turn),
        )
        for turn in turns(trace)
    )


def _to_the_air(turn: Turn) -> tuple[str, float | None]:
    return "through the card and its buffer", turn.voice.first_s if turn.voice else None


# --- interruptions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interruption:
    """who: and what they said.  onset_s: the first sound at the microphone.  decided_s: when the daemon knew and paused
    the reply, if it ended it later.  silent_s: the reply's last sound at the air."""

    who: str
    onset_s: float
    suspected_s: float | None
    decided_s: float | None
    ducked_s: float | None
    silent_s: float | None


def interruptions(trace: Trace) -> list[Interruption]:
    """One for each that somebody uttered into a reply."""
    found = []
    for said in trace.said:
        voice = next((v for v in reversed(trace.voices) if v.first_s < said.begins_s), None)
        if said.what != "interruption" or voice is None:
            continue
        window = (said.begins_s, said.ends_s + TOO_LATE_S)
        confirmed = _within(trace.of("confirmed"), window) is not None
        decided_s = _within(trace.of("speaks"), window) if confirmed else None
        suspected_s = _within(trace.of("suspected"), window)
        first_s = min((at for at in (suspected_s, decided_s) if at is not None), default=None)
        ducked_s = None if first_s is None else trace.air_s[repr(first_s)]
        silent_s = None if decided_s is None else voice.last_s
        who = f'{said.voice} "{said.text}"'
        found.append(Interruption(who, said.begins_s, first_s, decided_s, ducked_s, silent_s))
    return found


def onset_to_duck(trials: Sequence[Interruption]) -> Figure:
    return _figure(
        (t.onset_s, ("until somebody was suspected", t.suspected_s), ("to the air", t.ducked_s)) for t in trials
    )


def onset_to_silence(trials: Sequence[Interruption]) -> Figure:
    return _figure(
        (
            trial.onset_s,
            ("until somebody was suspected", trial.suspected_s),
            ("until it was certain", trial.decided_s),
            ("to the air", trial.silent_s),
        )
        for trial in trials
    )


def told_to_stop(trace: Trace, delays_ms: Sequence[float]) -> Figure:
    """The plain client's: each time it was told to stop, so long after somebody began."""
    stops, ways = trace.of("stop"), []
    for stop_s, delay_ms in zip(stops, delays_ms, strict=False):
        voice = next((v for v in reversed(trace.voices) if v.first_s < stop_s), None)
        if voice is not None and voice.last_s >= stop_s:
            ways.append((stop_s - delay_ms / 1000, ("until it was told", stop_s), ("to the air", voice.last_s)))
    return _figure(ways)


# --- lines and threads ----------------------------------------------------------------------------------------------


def lost_to_ready(trace: Trace, ready: str) -> Figure:
    """From each loss of the line until the session was configured again."""
    readies = [note.at_s for note in trace.noted if note.kind == ready]
    return _figure((lost_s, ("until ready", _first(at for at in readies if at > lost_s))) for lost_s in trace.lost_s)


def while_bursting(trace: Trace, late_ms: Sequence[float]) -> list[float]:
    """Of those values, a block each, the ones in the two seconds from each burst's first delta on."""
    inside: list[float] = []
    deltas = [p.at_s for p in trace.passed if p.kind == DELTA]
    for number, at_s in enumerate(deltas):
        if number == 0 or at_s - deltas[number - 1] > 1.0:
            first = bisect_left(trace.block_s, at_s)
            inside += late_ms[first : bisect_left(trace.block_s, at_s + 2.0)]
    return inside


# --- inside ---------------------------------------------------------------------------------------------------------


def _figure(ways: Iterable[tuple[float | tuple[str, float | None] | None, ...]]) -> Figure:
    """Only the trials of which every instant is known."""
    whole = []
    for begins_s, *stops in ways:
        known = tuple((stop[0], stop[1]) for stop in stops if isinstance(stop, tuple) and stop[1] is not None)
        if isinstance(begins_s, float) and len(known) == len(stops):
            whole.append(Way(begins_s, known))
    return Figure(tuple(whole))


def _later(at_s: float | None, than_s: float) -> float | None:
    return None if at_s is None else max(at_s, than_s)


def _noted(trace: Trace, kinds: str | tuple[str, ...], since_s: float | None) -> float | None:
    """When the daemon's loop took it up; a client that notes nothing has no such stretch."""
    if since_s is None:
        return None
    return _first(note.at_s for note in trace.noted if note.kind.startswith(kinds) and note.at_s >= since_s) or since_s


def _first(times: Iterable[float]) -> float | None:
    return min(times, default=None)


def _last(times: Iterable[float]) -> float | None:
    return max(times, default=None)


def _within(times: Iterable[float], window: tuple[float, float]) -> float | None:
    return _first(at for at in times if window[0] <= at <= window[1])
