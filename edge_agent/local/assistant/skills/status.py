"""How the device is: its connection, its warmth, how long it has been on.

Law: it tells what the device tells, and what the device leaves out it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_agent.local.assistant.skills.skill import Asked, call, number_in
from edge_agent.local.assistant.skills.spoken import duration, whole
from edge_agent.local.realtime.mind import Call, Say


class Status:
    intents = frozenset({"status_network", "status_warm", "status_uptime"})
    tools = frozenset({"device_status"})

    def begin(self, asked: Asked) -> Say | Call:
        return call("device_status") if "device_status" in asked.tools else Say(asked.language.TEXTS.no_status)

    def go_on(self, asked: Asked, tool: str, result: Mapping[str, Any]) -> Say | Call:
        texts = asked.language.TEXTS
        if "error" in result or "text" in result:
            return Say(texts.no_status)
        match asked.meaning.intent:
            case "status_warm":
                degrees = number_in(result, "temperature_c")
                warm = None if degrees is None else texts.warm.format(whole(asked.language, degrees))
                return Say(warm or texts.no_status)
            case "status_uptime":
                seconds = number_in(result, "uptime_s")
                return Say(
                    texts.no_status if seconds is None else texts.uptime.format(duration(asked.language, seconds))
                )
            case "status_network":
                if "network" not in result:
                    return Say(texts.no_status)
                return Say(texts.connected if result["network"] == "ready" else texts.not_connected)
        return Say(texts.done)
