"""The fields of a session and of a single response: their types, ranges and names in the GA protocol.

Law: pure checks; what a valid change does is `session_config.py`'s business. Beside the GA names stand those of the
retired beta protocol, so that a client that still writes them is told where they went.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_agent.local.realtime.shape import (
    Check,
    boolean,
    either,
    list_of,
    mapping,
    matching,
    metadata,
    missing,
    number,
    one_of,
    or_null,
    record,
    tagged,
    text,
    unsupported,
    wrong_value,
)

LONGEST_INSTRUCTIONS = 65_536  # characters; the service's own limit is 16,384 tokens
LARGEST_CONTEXT = 128_000  # tokens: of the largest model there is
CONNECTORS = ("dropbox", "gmail", "googlecalendar", "googledrive", "microsoftteams", "outlookcalendar", "outlookemail")
_EFFORT = ("minimal", "low", "medium", "high", "xhigh")
_REACHED_BY = ("server_url", "connector_id", "tunnel_id")  # an MCP server, by one of them
_LANGUAGE = matching(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", "a language code like 'en' (ISO 639-1)")
_NAME = matching(r"[a-zA-Z0-9_-]{1,64}", "1 to 64 letters, digits, '_' or '-'")

# What the retired beta protocol called it, and where that is now.
_GONE_FROM_BOTH = {
    "modalities": "use 'output_modalities', which is ['audio'] or ['text']",
    "voice": "use 'audio.output.voice'",
    "output_audio_format": "use 'audio.output.format', an object like {'type': 'audio/pcm', 'rate': 24000}",
    "max_response_output_tokens": "use 'max_output_tokens'",
    "temperature": "it has no successor; leave it out",
}
GONE_FROM_A_SESSION = {
    **_GONE_FROM_BOTH,
    "speed": "use 'audio.output.speed'",
    "input_audio_format": "use 'audio.input.format', an object like {'type': 'audio/pcm', 'rate': 24000}",
    "input_audio_transcription": "use 'audio.input.transcription'",
    "input_audio_noise_reduction": "use 'audio.input.noise_reduction'",
    "turn_detection": "use 'audio.input.turn_detection'",
}
GONE_FROM_A_RESPONSE = _GONE_FROM_BOTH


def _null_only(why: str) -> Check:
    def check(value: Any, name: str) -> Any:
        if value is not None:
            raise unsupported(name, why)

    return check


# --- sound ------------------------------------------------------------------------------------------------------------

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
        "language": or_null(_LANGUAGE),
        "languages": or_null(list_of(_LANGUAGE, 16)),
        "prompt": or_null(text(4096)),
        "keywords": or_null(list_of(text(128))),
        "delay": or_null(one_of(*_EFFORT)),
    }
)
_NOISE_REDUCTION = record({"type": one_of("near_field", "far_field"), "strength": number(0, 1)})
_FLAGS: dict[str, Check] = {"type": text(), "create_response": boolean, "interrupt_response": boolean}
_TURN_DETECTION = tagged(
    {
        "server_vad": record(
            {
                **_FLAGS,
                "threshold": number(0, 1),
                "prefix_padding_ms": number(0, 5_000, whole=True),
                "silence_duration_ms": number(50, 10_000, whole=True),
                "idle_timeout_ms": or_null(number(5_000, 30_000, whole=True)),
            }
        ),
        "semantic_vad": record({**_FLAGS, "eagerness": one_of("low", "medium", "high", "auto")}),
    }
)
_INPUT = record(
    {
        "format": _FORMAT,
        "transcription": or_null(_TRANSCRIPTION),
        "noise_reduction": or_null(_NOISE_REDUCTION),
        "turn_detection": or_null(_TURN_DETECTION),
    }
)
_VOICE = either(record({"id": text(128)}, ("id",)), text(64))  # any name: the service's list grows, and here it is one

# --- tools ------------------------------------------------------------------------------------------------------------

_FUNCTION = record(
    {"type": text(), "name": _NAME, "description": or_null(text(4096)), "parameters": or_null(mapping)},
    required=("name",),
)
_NAMES = list_of(text(128))
_FILTER = record({"read_only": boolean, "tool_names": _NAMES})
_MCP = record(
    {
        "type": text(),
        "server_label": text(64),
        "server_url": or_null(text(2048)),
        "connector_id": or_null(one_of(*(f"connector_{name}" for name in (*CONNECTORS, "sharepoint")))),
        "tunnel_id": or_null(text(256)),
        "server_description": or_null(text(4096)),
        "authorization": or_null(text(8192)),
        "headers": or_null(mapping),
        "allowed_tools": or_null(either(_NAMES, _FILTER)),
        "allowed_callers": or_null(list_of(one_of("direct", "programmatic"), 2)),
        "require_approval": or_null(either(record({"always": _FILTER, "never": _FILTER}), one_of("always", "never"))),
        "defer_loading": or_null(boolean),
    },
    required=("server_label",),
)


def _mcp(value: Any, name: str) -> Any:
    """Well-formed it is taken; that the server cannot be reached from here is told by mcp_list_tools.failed."""
    tool = _MCP(value, name)
    if not any(tool.get(way) for way in _REACHED_BY):
        raise missing(f"{name}.server_url")
    for key, header in (tool.get("headers") or {}).items():
        text(8192)(header, f"{name}.headers.{key}")
    return tool


_TOOL = tagged({"function": _FUNCTION, "mcp": _mcp})
_TOOL_CHOICE = either(
    one_of("auto", "none", "required"),
    tagged(
        {
            "function": record({"type": text(), "name": _NAME}, ("name",)),
            "mcp": record({"type": text(), "server_label": text(64), "name": or_null(text(64))}, ("server_label",)),
        }
    ),
)


def _modalities(value: Any, name: str) -> Any:
    if value not in (["audio"], ["text"]):
        raise wrong_value(name, value, "['audio'] (with its transcript) or ['text']")
    return list(value)


# --- the whole --------------------------------------------------------------------------------------------------------

_PROMPT = _null_only("stored prompts are gone since 2026-11-30; send instructions")
_OF_BOTH: dict[str, Check] = {  # a session's, and a single response's
    "instructions": or_null(text(LONGEST_INSTRUCTIONS)),
    "output_modalities": _modalities,
    "max_output_tokens": or_null(either(one_of("inf"), number(1, 4096, whole=True))),
    "tools": or_null(list_of(_TOOL, 128)),
    "tool_choice": or_null(_TOOL_CHOICE),
    "parallel_tool_calls": or_null(boolean),
    "reasoning": or_null(record({"effort": or_null(one_of(*_EFFORT))})),
    "prompt": _PROMPT,
}
_TRUNCATION = either(
    one_of("auto", "disabled"),
    record(
        {
            "type": one_of("retention_ratio"),
            "retention_ratio": number(0, 1),
            "token_limits": or_null(record({"post_instructions": number(0, LARGEST_CONTEXT, whole=True)})),
        },
        required=("type", "retention_ratio"),
    ),
)
_TRACING = either(
    one_of("auto"), record({"workflow_name": text(256), "group_id": text(256), "metadata": or_null(metadata)})
)
_INCLUDE = or_null(list_of(one_of("item.input_audio_transcription.logprobs"), 1))
_OF_A_REALTIME_SESSION: Mapping[str, Check] = {
    **_OF_BOTH,
    "type": one_of("realtime"),
    "model": text(128),
    "truncation": or_null(_TRUNCATION),
    "tracing": or_null(_TRACING),
    "include": _INCLUDE,
    "audio": record(
        {"input": _INPUT, "output": record({"format": _FORMAT, "voice": _VOICE, "speed": number(0.25, 1.5)})}
    ),
}
_OF_A_TRANSCRIPTION_SESSION: Mapping[str, Check] = {
    "type": one_of("transcription"),
    "include": _INCLUDE,
    "audio": record({"input": _INPUT}),
}
SESSION: Mapping[str, Check] = {
    "realtime": record(_OF_A_REALTIME_SESSION, ("type",), gone=GONE_FROM_A_SESSION),
    "transcription": record(_OF_A_TRANSCRIPTION_SESSION, ("type",), gone=GONE_FROM_A_SESSION),
}
RESPONSE_FIELDS: dict[str, Check] = {
    **_OF_BOTH,
    "metadata": or_null(metadata),
    "conversation": or_null(text(64)),
    "audio": record({"output": record({"format": _FORMAT, "voice": _VOICE})}),
}
