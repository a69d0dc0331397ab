"""The session's configuration: what it is at the start, what may be changed, and what it is afterwards.

Law: pure; a change is checked as a whole and applied as a whole, or refused with the name of the field. Absent fields
stay as they are, null clears. Names and ranges are those of the GA protocol; what the built-in assistant has no use for
(reasoning, truncation, tracing, noise reduction ...) is checked, kept and shown, and changes nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from edge_agent.local.refusal import Refused
from edge_agent.local.shape import (
    Check,
    boolean,
    either,
    list_of,
    mapping,
    metadata,
    number,
    one_of,
    or_null,
    record,
    tagged,
    text,
    unsupported,
    wrong_value,
)

MODEL = "edge-agent-local"
VOICE = "marin"  # a name only: there is one voice
LONGEST_INSTRUCTIONS = 65_536  # characters; the service's own limit is 16,384 tokens
_EFFORT = ("minimal", "low", "medium", "high", "xhigh")

SERVER_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
SEMANTIC_VAD = {"type": "semantic_vad", "eagerness": "auto", "create_response": True, "interrupt_response": True}


def _null_only(why: str) -> Check:
    def check(value: Any, name: str) -> Any:
        if value is not None:
            raise unsupported(name, why)

    return check


_TYPE = one_of("realtime")
_PCM = record({"type": text(), "rate": number(24_000, 24_000, whole=True)})
_FORMAT = tagged(
    {
        "audio/pcm": lambda value, name: {"rate": 24_000, **_PCM(value, name)},
        "audio/pcmu": record({"type": text()}),
        "audio/pcma": record({"type": text()}),
    }
)
_TRANSCRIPTION = record(
    {
        "model": text(128),
        "language": text(16),
        "languages": list_of(text(16)),
        "prompt": text(4096),
        "keywords": list_of(text(128)),
        "delay": one_of(*_EFFORT),
    }
)
_NOISE_REDUCTION = record({"type": one_of("near_field", "far_field"), "strength": number(0, 1)}, required=("type",))
_TURN_DETECTION = tagged(
    {
        "server_vad": record(
            {
                "type": text(),
                "threshold": number(0, 1),
                "prefix_padding_ms": number(0, 5_000, whole=True),
                "silence_duration_ms": number(50, 10_000, whole=True),
                "idle_timeout_ms": _null_only("this server never speaks unasked; leave it out"),
                "create_response": boolean,
                "interrupt_response": boolean,
            }
        ),
        "semantic_vad": record(
            {
                "type": text(),
                "eagerness": one_of("low", "medium", "high", "auto"),
                "create_response": boolean,
                "interrupt_response": boolean,
            }
        ),
    }
)
_FUNCTION = record(
    {"type": text(), "name": text(64), "description": text(4096), "parameters": mapping}, required=("name",)
)


def _no_mcp(value: Any, name: str) -> Any:
    raise unsupported(name, "this server has no network to reach an MCP server with; offer functions instead")


_TOOL = tagged({"function": _FUNCTION, "mcp": _no_mcp})
_TOOL_CHOICE = either(
    one_of("auto", "none", "required"), tagged({"function": record({"type": text(), "name": text(64)}, ("name",))})
)


def _modalities(value: Any, name: str) -> Any:
    if value not in (["audio"], ["text"]):
        raise wrong_value(name, value, "['audio'] (with its transcript) or ['text']")
    return list(value)


_MAX_TOKENS = either(one_of("inf"), number(1, 4096, whole=True))
_REASONING = record({"effort": one_of(*_EFFORT)})
_VOICE = either(text(64), record({"id": text(128)}, ("id",)))
_TRUNCATION = either(
    one_of("auto", "disabled"),
    record(
        {
            "type": one_of("retention_ratio"),
            "retention_ratio": number(0, 1),
            "token_limits": record({"post_instructions": number(0, 1_000_000, whole=True)}),
        },
        required=("type", "retention_ratio"),
    ),
)
_INPUT = record(
    {
        "format": _FORMAT,
        "transcription": or_null(_TRANSCRIPTION),
        "noise_reduction": or_null(_NOISE_REDUCTION),
        "turn_detection": or_null(_TURN_DETECTION),
    }
)
_OUTPUT = record({"format": _FORMAT, "voice": _VOICE, "speed": number(0.25, 1.5)})
_OF_BOTH: dict[str, Check] = {  # a session's, and a single response's
    "instructions": or_null(text(LONGEST_INSTRUCTIONS)),
    "output_modalities": _modalities,
    "max_output_tokens": or_null(_MAX_TOKENS),
    "tools": or_null(list_of(_TOOL, 128)),
    "tool_choice": or_null(_TOOL_CHOICE),
    "parallel_tool_calls": or_null(boolean),
    "reasoning": or_null(_REASONING),
}
_SESSION = record(
    {
        **_OF_BOTH,
        "type": _TYPE,
        "model": text(128),
        "truncation": or_null(_TRUNCATION),
        "tracing": or_null(
            either(
                one_of("auto"),
                record({"workflow_name": text(256), "group_id": text(256), "metadata": metadata}),
            )
        ),
        "include": or_null(list_of(one_of("item.input_audio_transcription.logprobs"))),
        "prompt": _null_only("stored prompts are gone since 2026-11-30; send instructions"),
        "audio": record({"input": _INPUT, "output": _OUTPUT}),
    },
    required=("type",),
)
RESPONSE_FIELDS: dict[str, Check] = {
    **_OF_BOTH,
    "metadata": or_null(metadata),
    "conversation": or_null(text(64)),
    "audio": record({"output": record({"format": _FORMAT, "voice": _VOICE})}),
}
_WHEN_NULL: dict[str, Any] = {"instructions": "", "max_output_tokens": "inf", "tools": [], "tool_choice": "auto"}


def initial(*, session_id: str, model: str, expires_at: int, detects: bool) -> dict[str, Any]:
    """What a session is before its first update. detects: whether there is a speech detector for turn detection."""
    pcm = {"type": "audio/pcm", "rate": 24_000}
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "expires_at": expires_at,
        "output_modalities": ["audio"],
        "instructions": "",
        "max_output_tokens": "inf",
        "tools": [],
        "tool_choice": "auto",
        "truncation": "auto",
        "tracing": None,
        "include": None,
        "audio": {
            "input": {
                "format": dict(pcm),
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": dict(SERVER_VAD) if detects else None,
            },
            "output": {"format": dict(pcm), "voice": VOICE, "speed": 1.0},
        },
    }


def shown(config: Mapping[str, Any]) -> dict[str, Any]:
    """The whole of it for an event, which must not change with it."""
    return copy.deepcopy(dict(config))


def updated(config: Mapping[str, Any], change: Any, *, detects: bool, has_spoken: bool) -> dict[str, Any]:
    """The configuration after a session.update's `session`. Raises Refused, and then nothing has changed."""
    checked = _SESSION(change, "session")
    new: dict[str, Any] = copy.deepcopy(dict(config))
    if checked.get("model", new["model"]) != new["model"]:
        raise Refused(
            "Cannot update a conversation's model after the connection was made.",
            code="cannot_update_model",
            param="session.model",
        )
    audio = checked.pop("audio", {})
    new.update({key: _WHEN_NULL.get(key) if value is None else value for key, value in checked.items()})
    new["audio"]["input"].update(_detecting(audio.get("input", {}), detects))
    voice = audio.get("output", {}).get("voice", new["audio"]["output"]["voice"])
    if has_spoken and voice != new["audio"]["output"]["voice"]:
        raise Refused(
            "Cannot update a conversation's voice once it has spoken.",
            code="cannot_update_voice",
            param="session.audio.output.voice",
        )
    new["audio"]["output"].update(audio.get("output", {}))
    return new


def _detecting(change: dict[str, Any], detects: bool) -> dict[str, Any]:
    detection = change.get("turn_detection")
    if detection is None:
        return change
    if not detects:
        raise unsupported(
            "session.audio.input.turn_detection", "this server runs without a speech detector; send null and commit"
        )
    defaults = SERVER_VAD if detection["type"] == "server_vad" else SEMANTIC_VAD
    return {**change, "turn_detection": {**defaults, **detection}}
