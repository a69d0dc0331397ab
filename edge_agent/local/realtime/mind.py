"""Who answers: from the conversation's items to sentences and function calls; who does is in `local/assistant/`.

Law: no clock, no sound, no wire; whoever answers is asked once a response.
Items are the protocol's JSON objects, oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """items: what is to be answered, with all that was said before.  now: the local time.

    instructions: those given with this response, or "".  tools: names of the functions that may be called; with
    `tool_choice` "none" there are none, and with a named one it is the only one.  must_call: one of them has to be
    called, an answer without a call will not be given.  most_calls: of one answer, None for any number; what is over
    is dropped.
    """

    items: Sequence[Item]
    now: datetime
    instructions: str = ""
    tools: frozenset[str] = frozenset()
    must_call: bool = False
    most_calls: int | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence or several.  pcm: the sound itself at WORK_RATE where it is known already; empty: to be spoken."""

    text: str
    pcm: bytes = b""


@dataclass(frozen=True, slots=True)
class Call:
    """A function to be called.  name: one of the question's tools.  arguments: a JSON object, as text."""

    name: str
    arguments: str


Answer = Sequence[Say | Call]
"""All of one response, in the order in which it is given: each part becomes an item of its own. Empty: nothing is said.

What is said before a call is heard before the call is made, so it should be short. The calls of one answer are
independent of each other; the next question comes when the client has put their results into the conversation.
"""


class Mind(Protocol):
    """Whoever answers. Total: there is an answer to everything, at once, and nothing is raised."""

    def answer(self, question: Question) -> Answer: ...
