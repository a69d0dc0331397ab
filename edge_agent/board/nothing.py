"""A board that is not there: disabled is an implementation.

Law: shows nothing, touches nothing, never fails; it keeps what it was asked to show, for whoever looks.
"""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.dialogue.indication import Indication


class NoBoard:
    """pixels: none. shown: the last indication."""

    pixels = 0

    def __init__(self) -> None:
        self.shown = Indication.IDLE

    def open(self, on_talk: Callable[[], None], on_mute: Callable[[bool], None]) -> None:
        """Nothing can be touched, so neither is ever called."""

    def show(self, indication: Indication) -> None:
        self.shown = indication

    def close(self) -> None:
        """There is nothing to let go."""
