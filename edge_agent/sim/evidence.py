"""What a run left behind for its judge: recordings, the log of the wire, happenings.

Law: collected by parties other than the daemon wherever possible (the simulated room records, the simulated network or
a proxy counts); nothing here judges.
Units: recordings float32 16 kHz mono, sample 0 at t_ms 0, all on the clock of the simulated sound card.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.loudness import Levels, cut, levels_of
from edge_agent.sim.story import Story
from edge_agent.timeline import Happening

INCOMING_AUDIO = ("response.output_audio.delta", "response.audio.delta")  # the only server events that carry sound
CLOCK_MS = 60  # the socket's log and the sound card's clock agree to about this
_MOMENTS = ("from_ms", "to_ms", "since_ms", "last_ms", "wake_end_ms")  # in a happening's data
LATE_MS = 250  # what was on its way when the sentence ended, or the mute switch was thrown


class WireRecord(NamedTuple):
    """One event that crossed the socket. kind: the event's type.  pcm_bytes: of decoded audio in it, 0 for most."""

    t_ms: float
    kind: str
    pcm_bytes: int

    @property
    def outgoing(self) -> bool:
        return self.kind not in INCOMING_AUDIO


@dataclass(frozen=True)
class Evidence:
    """mic: what the microphone heard (room.wav, left).  air: what the loudspeaker played (room.wav, right).
    clean: the suppressed tap, as long as `mic`; empty where it was not recorded.
    wire: every event that crossed the socket, in order.
    sent: turn to the sound that was decoded from the socket, resampled to 16 kHz.
    """

    happenings: Sequence[Happening]
    mic: Samples
    air: Samples
    clean: Samples
    wire: Sequence[WireRecord] = ()
    sent: Mapping[int, Samples] = field(default_factory=dict)

    @cached_property
    def story(self) -> Story:
        return Story(self.happenings)

    @cached_property
    def air_levels(self) -> Levels:
        return levels_of(self.air)

    @cached_property
    def mic_levels(self) -> Levels:
        return levels_of(self.mic)

    @property
    def duration_ms(self) -> int:
        return max(len(self.mic), len(self.air)) * 1000 // HEARING_RATE

    def pcm_bytes_sent(self, from_ms: float, to_ms: float) -> int:
        """PCM bytes that left the device in [from_ms, to_ms)."""
        return pcm_bytes(record for record in self.wire if from_ms <= record.t_ms < to_ms)


def pcm_bytes(records: Iterable[WireRecord]) -> int:
    """PCM bytes of the person's sound among these records."""
    return sum(record.pcm_bytes for record in records if record.outgoing)


def excerpt(evidence: Evidence, from_ms: int, to_ms: int) -> Evidence:
    """What lies between two moments, its times counted from the first; what began before begins with it."""
    kept = [happening for happening in evidence.happenings if from_ms <= happening.t_ms < to_ms]
    begun = [happening for happening in evidence.happenings if happening.t_ms < from_ms]
    ongoing = [happening for happening in begun if happening.kind == "talk" and happening.data["to_ms"] > from_ms]
    ongoing += [happening for happening in begun if happening.kind == "state"][-1:]
    ongoing += _of_the_reply_then(begun)
    return Evidence(
        [_later(happening, -from_ms) for happening in (*ongoing, *kept)],
        cut(evidence.mic, from_ms, to_ms),
        cut(evidence.air, from_ms, to_ms),
        cut(evidence.clean, from_ms, to_ms),
        [record._replace(t_ms=record.t_ms - from_ms) for record in evidence.wire if from_ms <= record.t_ms < to_ms],
    )


def _of_the_reply_then(begun: Sequence[Happening]) -> list[Happening]:
    """What makes the reply that is still being heard, if one is."""
    playing = [happening.turn for happening in begun if happening.kind == "playing"][-1:]
    ended = [happening.turn for happening in begun if happening.kind in ("drained", "flushed")]
    return [
        happening
        for happening in begun
        if happening.kind in ("playing", "first_sample", "caption")
        and happening.turn in playing
        and happening.turn not in ended
    ]


def _later(happening: Happening, by_ms: int) -> Happening:
    data = {key: value + by_ms if key in _MOMENTS else value for key, value in happening.data.items()}
    return replace(happening, t_ms=max(0, happening.t_ms + by_ms), data=data)
