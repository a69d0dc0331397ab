"""When a client that plays what it is sent will have played it all.

Law: pure bookkeeping over the events that the session gives out; it decides nothing. Times are seconds of the session's
clock. A server over a WebSocket cannot know what is played: as in the protocol, a reply is taken to sound from its
response.done on, for as long as its audio lasts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from edge_agent.local.realtime.wire_audio import wire_format

_NEVER = float("inf")


@dataclass(slots=True)
class _Given:
    """One response. sound: when each delta is due, and its bytes.  done: when response.done is."""

    bytes_per_s: int
    sound: list[tuple[float, int]] = field(default_factory=list)
    done: float = _NEVER

    @property
    def ends(self) -> float:
        """When it has been played; what would have come after a cancel does not count."""
        return self.done + sum(size for due, size in self.sound if due <= self.done) / self.bytes_per_s


class Playback:
    def __init__(self) -> None:
        self._given: dict[str, _Given] = {}

    @property
    def over_at(self) -> float:
        """When the last reply has been played; infinite before the first and while one is being given."""
        return max((response.ends for response in self._given.values()), default=_NEVER)

    def is_given(self, now: float) -> bool:
        """Whether a response is in progress."""
        return any(response.done > now for response in self._given.values())

    def observe(self, events: Iterable[tuple[float, dict[str, Any]]]) -> None:
        for due, event in events:
            match event["type"]:
                case "response.created":
                    self._begin(event["response"], due)
                case "response.output_audio.delta":
                    self._given[event["response_id"]].sound.append((due, len(event["delta"]) // 4 * 3))
                case "response.done":
                    self._given[event["response"]["id"]].done = due

    def _begin(self, response: dict[str, Any], due: float) -> None:
        self._given = {name: past for name, past in self._given.items() if past.ends > due}
        self._given[response["id"]] = _Given(1000 * wire_format(response["audio"]["output"]["format"]).bytes_per_ms)
