"""The story of a run: what happened, when, in which turn. One line an event, in the kinds of `events.jsonl`.

`t_ms` counts audio time (blocks of the sound card x 10), so a story is the same in lock step and in real time.
The daemon writes it to the journal; the simulator also to a file. Nothing spoken is in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol


class Timeline(Protocol):
    def note(self, kind: str, turn: int = 0, /, **data: Any) -> None:
        """Record `kind` now. Callable from any thread."""


@dataclass(frozen=True, slots=True)
class Happening:
    t_ms: int
    turn: int
    kind: str
    data: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        return json.dumps({"t_ms": self.t_ms, "turn": self.turn, "kind": self.kind, "data": self.data})


class AudioClock:
    """The sound card's own time: the number of the block in work, set by the wiring once a block."""

    def __init__(self) -> None:
        self.block = 0

    @property
    def ms(self) -> int:
        return self.block * 10


class Recorder:
    """Tells every happening to its listeners, on the thread that noted it, and keeps nothing: a daemon runs for months.

    clock: audio time in ms. A simulation that wants the whole story listens with a list's `append`, which is atomic.
    """

    def __init__(self, clock: Callable[[], int], *listeners: Callable[[Happening], None]) -> None:
        self._clock = clock
        self._listeners = list(listeners)

    def listen(self, listener: Callable[[Happening], None]) -> None:
        self._listeners.append(listener)

    def note(self, kind: str, turn: int = 0, /, **data: Any) -> None:
        self.record(Happening(self._clock(), turn, kind, data))

    def record(self, happening: Happening) -> None:
        """Record something whose own time is known better than now (the simulated air)."""
        for listener in self._listeners:
            listener(happening)
