"""What must never be shown: the key that an endpoint's headers carry, wherever a server echoes it.

Law: pure; text or JSON in, the same without the secrets out. Who writes down or tells what a server said uses this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_agent.session.link import Endpoint

MASK = "***"
SHORTEST = (
    4  # characters; anything shorter is a dummy that a local server wants, and would blacken half of each message
)
CUT = 12  # characters of a secret's beginning that give it away at the end of a text


class Secrets:
    """Of the endpoints that were added; empty at first."""

    def __init__(self, *endpoints: Endpoint) -> None:
        self._values: list[str] = []
        for endpoint in endpoints:
            self.add(endpoint)

    def add(self, endpoint: Endpoint) -> None:
        """Each header's value, and what stands behind its scheme (`Bearer ...`)."""
        found = {part for value in endpoint.headers.values() for part in (value, value.rpartition(" ")[2])}
        known = found.union(self._values)
        self._values = sorted(
            (value for value in known if len(value) >= SHORTEST), key=lambda value: (-len(value), value)
        )

    def masked(self, text: str) -> str:
        for value in self._values:
            text = text.replace(value, MASK)
        for value in self._values:  # long messages arrive cut off: what begins a secret at the very end is one
            for length in range(len(value) - 1, CUT - 1, -1):
                if text.endswith(value[:length]):
                    return text[:-length] + MASK
        return text

    def masked_json(self, value: Any) -> Any:
        """A JSON value with all its strings masked, names included. Raises RecursionError if it is nested absurdly."""
        match value:
            case str():
                return self.masked(value)
            case Mapping():
                return {self.masked(str(name)): self.masked_json(inner) for name, inner in value.items()}
            case list() | tuple():
                return [self.masked_json(inner) for inner in value]
        return value
