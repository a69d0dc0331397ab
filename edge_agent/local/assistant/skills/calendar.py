"""The time and the date.

Law: local time, as it stands in the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_agent.local.assistant.skills.skill import Asked
from edge_agent.local.realtime.mind import Call, Say


class Calendar:
    intents = frozenset({"time", "date"})
    tools: frozenset[str] = frozenset()

    def begin(self, asked: Asked) -> Say | Call:
        language, now = asked.language, asked.now
        if asked.meaning.intent == "time":
            return Say(language.TEXTS.time_is.format(language.clock(now)))
        return Say(language.TEXTS.today_is.format(language.day(now), now.year))

    def go_on(self, asked: Asked, tool: str, result: Mapping[str, Any]) -> Say | Call:
        """It calls nothing."""
        return self.begin(asked)
