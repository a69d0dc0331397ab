"""The volume: louder, quieter, as loud as this, and how loud it is.

Law: percent. A change starts with asking how loud it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_agent.local.assistant.skills.skill import Asked, call, number_in
from edge_agent.local.realtime.mind import Call, Say

STEP = 15  # what "louder" means; less is hardly heard
_STEPS = {"volume_up": STEP, "volume_down": -STEP}


class Volume:
    intents = frozenset({"volume_up", "volume_down", "volume_set", "volume_get"})
    tools = frozenset({"get_volume", "set_volume"})

    def begin(self, asked: Asked) -> Say | Call:
        texts = asked.language.TEXTS
        if asked.meaning.intent == "volume_set":
            if "set_volume" not in asked.tools:
                return Say(texts.no_volume)
            return call("set_volume", percent=asked.language.PERCENT[asked.slot("percent")])
        if "get_volume" not in asked.tools:
            return Say(texts.volume_unknown if "set_volume" in asked.tools else texts.no_volume)
        return call("get_volume")

    def go_on(self, asked: Asked, tool: str, result: Mapping[str, Any]) -> Say | Call:
        texts = asked.language.TEXTS
        found = number_in(result, "percent")
        if found is None:
            return Say(texts.failed)
        percent = round(min(100.0, max(0.0, found)))
        if tool == "set_volume":
            return Say(texts.volume_set.format(asked.language.number(percent)))
        step = _STEPS.get(asked.meaning.intent)
        if step is None or "set_volume" not in asked.tools:
            return Say(texts.volume_is.format(asked.language.number(percent)))
        return call("set_volume", percent=min(100, max(0, percent + step)))
