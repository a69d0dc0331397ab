"""What one response is to be like: the session's configuration with the response's own wishes on top of it.

Law: pure; both are checked already (`session_fields`), here they are laid over each other, and what contradicts itself
only then is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge_agent.audio.wire import WireFormat
from edge_agent.local.realtime.mind import Answer, Call
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.shape import unsupported
from edge_agent.local.realtime.wire_audio import wire_format


@dataclass(frozen=True, slots=True)
class Offer:
    """The functions of one response.

    names: those that may be called.  must_call: one of them has to be.  parallel: several may be.  plain: the only one
    there is to call, if it needs no arguments, or "".
    """

    names: frozenset[str] = frozenset()
    must_call: bool = False
    parallel: bool = True
    plain: str = ""

    def kept(self, answer: Answer) -> Answer | None:
        """What of an answer may be given. None: a call was required and none was made.

        A required call that nobody made is made here only if it says nothing that nobody meant: there is a single
        function to call, and it needs no arguments.
        """
        calls = [part for part in answer if isinstance(part, Call)]
        if self.must_call and not any(call.name in self.names for call in calls):
            return (Call(self.plain, "{}"),) if self.plain else None
        surplus = set() if self.parallel else set(map(id, calls[1:]))
        return [part for part in answer if id(part) not in surplus]


@dataclass(frozen=True, slots=True)
class Wish:
    """instructions: the response's own, or "".  longest: tokens, None without a limit."""

    modalities: list[str]
    instructions: str
    offer: Offer
    fmt: WireFormat
    described_format: dict[str, Any]
    voice: str
    voice_speed: float
    longest: int | None
    metadata: dict[str, str] | None
    truncation: Any  # as in the session
    prompt: str  # all that is billed as text beside the items: instructions and functions


def wish_of(config: Mapping[str, Any], response: Mapping[str, Any]) -> Wish:
    """config: the session's.  response: of response.create; absent and null fields leave the session's in force.

    Raises Refused.
    """
    asked = {key: value for key, value in response.items() if value is not None}
    output = {**config["audio"]["output"], **asked.get("audio", {}).get("output", {})}
    tools = asked.get("tools", config["tools"])
    functions = [tool for tool in tools if tool["type"] == "function"]
    choice = asked.get("tool_choice", config["tool_choice"])
    parallel = asked.get("parallel_tool_calls", config.get("parallel_tool_calls"))
    longest = asked.get("max_output_tokens", config["max_output_tokens"])
    described = json.dumps(functions) if functions else ""
    return Wish(
        modalities=asked.get("output_modalities", config["output_modalities"]),
        instructions=asked.get("instructions", ""),
        offer=_offer(functions, choice, parallel is not False),
        fmt=wire_format(output["format"]),
        described_format=output["format"],
        voice=voice_name(output["voice"]),
        voice_speed=output["speed"],
        longest=None if longest == "inf" else longest,
        metadata=asked.get("metadata"),
        truncation=config["truncation"],
        prompt=asked.get("instructions", config["instructions"]) + described,
    )


def voice_name(voice: Any) -> str:
    """Of a `voice`, which is a name or an object with an id."""
    return str(voice if isinstance(voice, str) else voice["id"])


def _offer(functions: Sequence[Mapping[str, Any]], choice: Any, parallel: bool) -> Offer:
    """choice: `tool_choice`. Raises Refused."""
    if choice in ("auto", "none"):
        return Offer(frozenset() if choice == "none" else _names(functions), parallel=parallel)
    named = functions
    if choice != "required":
        if choice["type"] == "mcp":
            raise unsupported("tool_choice", "this server cannot reach an MCP server; choose a function")
        named = [function for function in functions if function["name"] == choice["name"]]
    if not named:
        wanted = "any function" if choice == "required" else f"the function {choice['name']!r}"
        raise Refused(
            f"Tool choice asks for {wanted}, found none in 'tools'.", code="invalid_value", param="tool_choice"
        )
    required = (named[0].get("parameters") or {}).get("required")
    plain = named[0]["name"] if len(named) == 1 and not required else ""
    return Offer(_names(named), must_call=True, parallel=parallel, plain=plain)


def _names(functions: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(function["name"] for function in functions)
