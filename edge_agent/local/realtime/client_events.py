"""The client events: which there are, which fields they take, and how a malformed one is refused.

Law: pure; only the outer shape is checked here, what a value means is its owner's business (`session_config`, `items`).
"""

from __future__ import annotations

from typing import Any

from edge_agent.local.realtime.item_fields import INDEX, ITEM
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.session_fields import GONE_FROM_A_RESPONSE, RESPONSE_FIELDS
from edge_agent.local.realtime.shape import (
    Check,
    list_of,
    mapping,
    missing,
    number,
    one_of,
    or_null,
    record,
    shown,
    text,
    wrong_type,
)

UNAVAILABLE = {  # what a client may have read of, and why it is not to be had here
    "output_audio_buffer.clear": "it is for WebRTC and SIP only; over a WebSocket the client holds the sound itself",
    "transcription_session.update": "it is gone since the beta protocol; use 'session.update' with the session type "
    "'transcription' on a connection with ?intent=transcription",
}
LONGEST_ID = 512  # characters
_ID = text(LONGEST_ID)


def _raw(value: Any, name: str) -> Any:
    return value


_REFERENCE = record({"type": one_of("item_reference"), "id": _ID}, required=("id",))


def _context(value: Any, name: str) -> Any:
    """An item, or a reference to one of the conversation's."""
    referring = isinstance(value, dict) and value.get("type") == "item_reference"
    return _REFERENCE(value, name) if referring else ITEM(value, name)


_RESPONSE = record({**RESPONSE_FIELDS, "input": or_null(list_of(_context))}, gone=GONE_FROM_A_RESPONSE)
_FIELDS: dict[str, tuple[dict[str, Check], tuple[str, ...]]] = {
    "session.update": ({"session": _raw}, ("session",)),
    "input_audio_buffer.append": ({"audio": _raw}, ("audio",)),
    "input_audio_buffer.commit": ({}, ()),
    "input_audio_buffer.clear": ({}, ()),
    "conversation.item.create": ({"item": mapping, "previous_item_id": or_null(_ID)}, ("item",)),
    "conversation.item.retrieve": ({"item_id": _ID}, ("item_id",)),
    "conversation.item.delete": ({"item_id": _ID}, ("item_id",)),
    "conversation.item.truncate": (
        {"item_id": _ID, "content_index": INDEX, "audio_end_ms": number(0, 86_400_000, whole=True)},
        ("item_id", "content_index", "audio_end_ms"),
    ),
    "response.create": ({"response": or_null(_RESPONSE)}, ()),
    "response.cancel": ({"response_id": or_null(_ID)}, ()),
}


def event_id_of(event: Any) -> str | None:
    """The client's own number of an event, to be repeated in an error; None without a usable one."""
    found = event.get("event_id") if isinstance(event, dict) else None
    try:
        return None if found is None else str(_ID(found, "event_id"))
    except Refused:
        return None


def checked(event: Any) -> dict[str, Any]:
    """The event with its fields checked. Raises Refused."""
    if not isinstance(event, dict):
        raise wrong_type("event", event, "an object")
    if "type" not in event:
        raise missing("type")
    kind = event["type"]
    if not isinstance(kind, str) or kind not in _FIELDS:
        if isinstance(kind, str) and kind in UNAVAILABLE:
            raise Refused(f"Invalid value: '{kind}': {UNAVAILABLE[kind]}.", code="invalid_value", param="type")
        raise Refused(
            f"Invalid value for 'type': {shown(kind)}. Supported values are: {', '.join(_FIELDS)}.",
            code="invalid_value",
            param="type",
        )
    fields, required = _FIELDS[kind]
    everything = {"type": text(), "event_id": or_null(_ID), **fields}
    values: dict[str, Any] = record(everything, required)(event, "")
    return values
