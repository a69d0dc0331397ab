"""One client's Realtime session, without sockets: client events in, server events out with the time they are due.

Law: sans-IO. No clock, thread or network; it is told the time (seconds, any origin, never going back), and speech is
heard and spoken elsewhere (`work`, `done`). It never raises, whatever the event: what cannot be done becomes an `error`
event, and the state is what it was before. One response at a time; ids are counted, so a run can be repeated exactly.

The caller keeps what it is given until it is due. A cancel withdraws what was given but is not due yet: ask `stands`
before sending an event, in the order in which they are due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from edge_agent.hearing.vad import SpeechDetector
from edge_agent.local import session_config
from edge_agent.local.brain import Call, Mind, Question
from edge_agent.local.ids import Ids
from edge_agent.local.input_buffer import InputBuffer
from edge_agent.local.items import INDEX, ITEM, Conversation, Entry, Tokens, message, snapshot, text_tokens
from edge_agent.local.refusal import Refused
from edge_agent.local.reply import Reply, Timed, Wish
from edge_agent.local.shape import Check, either, list_of, metadata, missing, number, or_null, record, text, unsupported
from edge_agent.local.shape import mapping as any_object
from edge_agent.local.turn_detection import ONSET_MS, SpeechStarted, TurnDetection
from edge_agent.local.wire_audio import decoded, milliseconds, wire_format
from edge_agent.local.work import Failed, Recognised, Result, Spoken, Work

DEFAULT_SPEED = 4.0  # times real time: a reply is sent faster than it is spoken, as the service does
MAX_AGE_S = 3600.0  # the service's own
EXPIRED = "Your session hit the maximum duration of {minutes:g} minutes."
TOKENS_PER_MINUTE = 1_000_000  # what rate_limits.updated tells: nothing is limited here


def _anything(value: Any, name: str) -> Any:
    return value


_REFERENCE = record({"type": text(), "id": text(64)}, required=("id",))
_INPUT_ITEM = either(
    lambda value, name: _REFERENCE(value, name) if _is_reference(value) else ITEM(value, name),
)
_RESPONSE = record({**session_config.RESPONSE_FIELDS, "input": list_of(_INPUT_ITEM), "metadata": or_null(metadata)})
_EVENTS: dict[str, dict[str, Check]] = {
    "session.update": {"session": _anything},
    "input_audio_buffer.append": {"audio": _anything},
    "input_audio_buffer.commit": {},
    "input_audio_buffer.clear": {},
    "conversation.item.create": {"item": any_object, "previous_item_id": or_null(text(64))},
    "conversation.item.retrieve": {"item_id": text(64)},
    "conversation.item.delete": {"item_id": text(64)},
    "conversation.item.truncate": {
        "item_id": text(64),
        "content_index": INDEX,
        "audio_end_ms": number(0, 24 * 3600 * 1000, whole=True),
    },
    "response.create": {"response": or_null(_RESPONSE)},
    "response.cancel": {"response_id": or_null(text(64))},
}
