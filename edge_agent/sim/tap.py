"""Whoever is shown what crosses a line, message by message, as a wire carries it.

Law: a boundary, nothing else. `wire_tap.py` keeps it.
"""

from __future__ import annotations

from typing import Protocol


class Tap(Protocol):
    def outgoing(self, message: str | bytes) -> None: ...
    def incoming(self, message: str | bytes) -> None: ...
