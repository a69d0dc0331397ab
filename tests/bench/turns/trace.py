"""What a run left behind, as plain values that cross from the process that ran it to the one that reckons.

Law: form only. Times are seconds of `time.monotonic`, durations ms.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tests.bench.turns.card import Voice
from tests.bench.turns.people import Person, Said
from tests.bench.turns.wire import Passed


class Decided(NamedTuple):
    """kind: wake, paused, ended, suspected, speaks, confirmed (the daemon's ear); begin, end, stop (told the other)."""

    at_s: float
    kind: str


class Witness(Protocol):
    """What a card knows when the run is over."""

    back_s: list[float]
    room_cpu_s: float

    @property
    def late_ms(self) -> list[float]: ...
    @property
    def ran_empty(self) -> int: ...
    @property
    def latency_ms(self) -> float: ...
    def voices(self) -> list[Voice]: ...


class Noted(NamedTuple):
    """A line of the daemon's timeline, and when it was written."""

    at_s: float
    turn: int
    kind: str


@dataclass
class Trace:
    """latency_ms: of the card.  ran_empty: how often a real card would have.  gaps: in a voice, for want of sound.
    unheard_ms: what the hearing thread was too late for.  audio_late_ms: a value a block; hearing_late_ms: from a
    block's coming back from the card until it had been heard.  block_s: when each block came back.  cpu_s: of the
    process, room_cpu_s of which the simulated room took.
    """

    decided: list[Decided] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    voices: list[Voice] = field(default_factory=list)
    air_s: dict[str, float] = field(default_factory=dict)  # what was decided when (as text), and when it was in the air
    block_s: list[float] = field(default_factory=list)
    audio_late_ms: list[float] = field(default_factory=list)
    hearing_late_ms: list[float] = field(default_factory=list)
    latency_ms: float = 0.0
    ran_empty: int = 0
    gaps: int = 0
    unheard_ms: int = 0
    cpu_s: float = 0.0
    room_cpu_s: float = 0.0
    wall_s: float = 0.0
    passed: list[Passed] = field(default_factory=list)
    lost_s: list[float] = field(default_factory=list)

    def saw(self, card: Witness, person: Person) -> None:
        """What the room knows when the run is over."""
        self.said, self.voices = person.said, card.voices()
        self.block_s = card.back_s
        self.audio_late_ms = [round(ms, 3) for ms in card.late_ms]
        self.latency_ms, self.ran_empty, self.room_cpu_s = card.latency_ms, card.ran_empty, card.room_cpu_s

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    def of(self, kind: str) -> list[float]:
        return [decided.at_s for decided in self.decided if decided.kind == kind]


def read(path: Path) -> Trace:
    raw: dict[str, Any] = json.loads(path.read_text())
    shapes: dict[str, Any] = {"decided": Decided, "noted": Noted, "voices": Voice, "passed": Passed}
    lists: dict[str, Any] = {name: [shape(*item) for item in raw.pop(name)] for name, shape in shapes.items()}
    said = [Said(**item) for item in raw.pop("said")]
    return Trace(said=said, **lists, **raw)
