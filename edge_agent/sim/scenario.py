"""A scenario file: the room, the people in it, what they press, what breaks, and what must have happened in the end.

Times in seconds, levels in dB relative to full scale, distances in metres. A cue happens at `at_s`, or `delay_s` after the
first event of kind `after` (a kind of `events.jsonl`) that comes later than the cue before it in the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RoomSettings:
    rt60_s: float = 0.4
    speaker_m: float = 0.25
    talker_m: float = 1.5
    noise_dbfs: float = -60.0
    clipping: float = 0.0
    drift_ppm: float = 0.0
    delay_ms: float = 40.0
    mics: int = 1


@dataclass(frozen=True, slots=True)
class Cue:
    """When something happens: at_s, or delay_s after the next event of kind `after`."""

    at_s: float | None = None
    after: str | None = None
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Talk:
    cue: Cue
    text: str = ""
    voice: str = "flite:slt"
    wav: Path | None = None
    level_dbfs: float = -26.0  # of the speech's active parts, at the microphone


@dataclass(frozen=True, slots=True)
class Press:
    cue: Cue
    button: str = "talk"
    hold_s: float = 0.1


@dataclass(frozen=True, slots=True)
class Mute:
    cue: Cue
    on: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """kind: drop, stall, delay, error, expire, offline.  In real time `drop` kills the server's process."""

    cue: Cue
    kind: str = "drop"
    for_s: float = 3.0
    value: float | str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """One step of the story and how it is judged; `check` names a check of `sim/verdict.py`."""

    name: str
    check: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    reply_wav: Path | None = None
    model_delay_ms: float = 500.0


@dataclass(frozen=True, slots=True)
class Scenario:
    path: Path
    seed: int = 1
    duration_s: float = 40.0
    ends_after: str = ""  # a kind: the run ends 2 s after its next event once every cue has happened, if before duration_s
    room: RoomSettings = field(default_factory=RoomSettings)
    provider: ProviderSettings = field(default_factory=ProviderSettings)
    cues: tuple[Talk | Press | Mute | Fault, ...] = ()  # in the order of the file
    expectations: tuple[Expectation, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
