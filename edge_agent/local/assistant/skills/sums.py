"""Sums: two numbers, and one of the four operations.

Law: what comes out, to two places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_agent.local.assistant.skills.skill import Asked
from edge_agent.local.assistant.skills.spoken import decimal
from edge_agent.local.realtime.mind import Call, Say


class Sums:
    intents = frozenset({"sum"})
    tools: frozenset[str] = frozenset()

    def begin(self, asked: Asked) -> Say | Call:
        language = asked.language
        first, second = (language.NUMBERS[asked.slot(name)] for name in ("first", "second"))
        match language.OPERATORS[asked.slot("operator")]:
            case "+":
                result: float = first + second
            case "-":
                result = first - second
            case "*":
                result = first * second
            case "/" if second:
                result = first / second
            case _:
                return Say(language.TEXTS.by_zero)
        return Say(language.TEXTS.result.format(decimal(language, result)))

    def go_on(self, asked: Asked, tool: str, result: Mapping[str, Any]) -> Say | Call:
        """It calls nothing."""
        return self.begin(asked)
