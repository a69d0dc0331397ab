"""The fields of a conversation's items, as a client may describe them: types, ranges and names in the GA protocol.

Law: pure checks; what becomes of an item is `items.py`'s business. Items of MCP servers are taken so that a
conversation held elsewhere can be replayed; this server makes none but the list of tools that it could not get.
"""

from __future__ import annotations

from typing import Any

from edge_agent.local.realtime.shape import (
    Check,
    boolean,
    list_of,
    mapping,
    number,
    one_of,
    or_null,
    record,
    tagged,
    text,
    unsupported,
    wrong_value,
)

LONGEST_TEXT = 65_536  # characters


def _own_id(value: Any, name: str) -> Any:
    if value in ("", "root"):
        raise wrong_value(name, value, "an id of your own; 'root' means the conversation's beginning")
    return text(64)(value, name)


_ID = or_null(_own_id)
_STATUS = one_of("completed", "incomplete", "in_progress")
_OBJECT = or_null(one_of("realtime.item"))
_COMMON: dict[str, Check] = {"id": _ID, "type": text(), "object": _OBJECT, "status": or_null(_STATUS)}


def _no_image(value: Any, name: str) -> Any:
    raise unsupported(name, "this server cannot see images; send input_text or input_audio")


_LONG = text(LONGEST_TEXT)
_INPUT_TEXT = record({"type": text(), "text": _LONG}, required=("text",))
_INPUT_AUDIO = record({"type": text(), "audio": text(), "transcript": or_null(_LONG)}, required=("audio",))
_CONTENT: dict[str, Check] = {
    "user": tagged({"input_text": _INPUT_TEXT, "input_audio": _INPUT_AUDIO, "input_image": _no_image}),
    "system": tagged({"input_text": _INPUT_TEXT}),
    "assistant": tagged({"output_text": record({"type": text(), "text": _LONG}, required=("text",))}),
}
_MESSAGE = tagged(
    {
        role: record({**_COMMON, "role": text(), "content": list_of(content, 64)}, required=("content",))
        for role, content in _CONTENT.items()
    },
    tag="role",
)
_CALL = record(
    {**_COMMON, "call_id": or_null(text(64)), "name": text(64), "arguments": _LONG}, required=("name", "arguments")
)
_OUTPUT = record({**_COMMON, "call_id": text(64), "output": _LONG}, required=("call_id", "output"))

# --- of MCP servers: without object and status ------------------------------------------------------------------------

_LABELLED: dict[str, Check] = {"id": _ID, "type": text(), "server_label": text(64)}
_ASKED: dict[str, Check] = {**_LABELLED, "name": text(128), "arguments": _LONG}
_TOOL = record(
    {"name": text(128), "description": or_null(_LONG), "input_schema": mapping, "annotations": or_null(mapping)},
    required=("name", "input_schema"),
)
_CODE = number(-1_000_000, 1_000_000, whole=True)
_ERROR = tagged(
    {
        "tool_execution_error": record({"type": text(), "message": _LONG}, ("message",)),
        "protocol_error": record({"type": text(), "code": _CODE, "message": _LONG}, ("code", "message")),
        "http_error": record({"type": text(), "code": _CODE, "message": _LONG}, ("code", "message")),
    }
)
_MCP: dict[str, Check] = {
    "mcp_list_tools": record({**_LABELLED, "tools": list_of(_TOOL, 128)}, ("server_label", "tools")),
    "mcp_call": record(
        {
            **_ASKED,
            "approval_request_id": or_null(text(64)),
            "output": or_null(_LONG),
            "error": or_null(_ERROR),
        },
        ("server_label", "name", "arguments"),
    ),
    "mcp_approval_request": record(_ASKED, ("server_label", "name", "arguments")),
    "mcp_approval_response": record(
        {"id": _ID, "type": text(), "approval_request_id": text(64), "approve": boolean, "reason": or_null(_LONG)},
        ("approval_request_id", "approve"),
    ),
}
MCP_ITEMS = frozenset(_MCP)
ITEM = tagged({"message": _MESSAGE, "function_call": _CALL, "function_call_output": _OUTPUT, **_MCP})
INDEX = number(0, 0, whole=True)  # an item of ours has one content part
