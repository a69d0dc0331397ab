"""A skill: some intents, and the tools of the client with which they are done.

Law: pure; a skill keeps nothing. It begins with a sentence of the person's, and goes on when a tool has answered; the
sentence is still known then. It calls only what is offered, and says so where that is not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from edge_agent.local.assistant.grammar import Meaning
from edge_agent.local.assistant.language import Language
from edge_agent.local.realtime.mind import Call, Say


@dataclass(frozen=True, slots=True)
class Asked:
    """now: the local time.  tools: what may be called."""

    meaning: Meaning
    language: Language
    now: datetime
    tools: frozenset[str]

    def slot(self, name: str) -> str:
        return self.meaning.slots.get(name, "")


class Skill(Protocol):
    """intents: those it answers.  tools: those it calls."""

    @property
    def intents(self) -> frozenset[str]: ...

    @property
    def tools(self) -> frozenset[str]: ...

    def begin(self, asked: Asked) -> Say | Call: ...

    def go_on(self, asked: Asked, tool: str, result: Mapping[str, Any]) -> Say | Call:
        """result: the tool's answer (`result_of`)."""
        ...


def call(name: str, **arguments: object) -> Call:
    return Call(name, json.dumps(arguments, ensure_ascii=False))


def result_of(output: object) -> Mapping[str, Any]:
    """A tool's answer: a JSON object, with "error" where it failed. What is none is {"text": ...}."""
    text = output if isinstance(output, str) else ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {"text": text}
    return found if isinstance(found, dict) else {"text": text}


def number_in(result: Mapping[str, Any], name: str) -> float | None:
    """A finite number of a tool's answer."""
    value = result.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -1e12 < value < 1e12 else None
