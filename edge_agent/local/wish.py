"""What one response is to be like: the session's configuration with the response's own wishes on top of it.

Law: pure; both are checked already (`session_config`), here they are only laid over each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge_agent.audio.wire import WireFormat
from edge_agent.local.wire_audio import wire_format


@dataclass(frozen=True, slots=True)
class Wish:
    """instructions: the response's own, or "".  tools: names of the functions that may be called.

    longest: tokens, None without a limit.  items: the context instead of the conversation, or None.
    """

    modalities: list[str]
    instructions: str
    tools: frozenset[str]
    fmt: WireFormat
    described_format: dict[str, Any]
    voice: str
    voice_speed: float
    longest: int | None
    metadata: dict[str, str] | None
    items: list[dict[str, Any]] | None
    prompt: str  # all that is billed as text beside the items: instructions and tools


def wish_of(config: Mapping[str, Any], response: Mapping[str, Any], items: list[dict[str, Any]] | None = None) -> Wish:
    """config: the session's.  response: of response.create; absent and null fields leave the session's in force."""
    asked = {key: value for key, value in response.items() if value is not None}
    output = {**config["audio"]["output"], **asked.get("audio", {}).get("output", {})}
    tools = asked.get("tools", config["tools"])
    choice = asked.get("tool_choice", config["tool_choice"])
    longest = asked.get("max_output_tokens", config["max_output_tokens"])
    voice = output["voice"]
    return Wish(
        modalities=asked.get("output_modalities", config["output_modalities"]),
        instructions=asked.get("instructions", ""),
        tools=frozenset() if choice == "none" else frozenset(tool["name"] for tool in tools),
        fmt=wire_format(output["format"]),
        described_format=output["format"],
        voice=voice if isinstance(voice, str) else voice["id"],
        voice_speed=output["speed"],
        longest=None if longest == "inf" else longest,
        metadata=asked.get("metadata"),
        items=items,
        prompt=asked.get("instructions", config["instructions"]) + "".join(map(str, tools)),
    )
