"""Passages in turn, whatever was said, for measurements of what goes on while a device speaks.

Law: a `Mind` that does not listen.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from edge_agent.local.realtime.mind import Answer, Question, Say


class Recital:
    """passages: text, and the sound of it (PCM at WORK_RATE); after the last one comes the first."""

    def __init__(self, passages: Sequence[tuple[str, bytes]]) -> None:
        self._passages = itertools.cycle([Say(text, pcm) for text, pcm in passages])

    def answer(self, question: Question) -> Answer:
        return (next(self._passages),)
