"""What a Realtime server says, read into `provider`'s vocabulary.

Law: pure and forgiving. Beta and GA spellings are both understood (Qwen, StepFun, GLM still use the old ones), unknown
types and fields are passed over, and an event we know in a shape we do not becomes `Malformed`: nothing here raises.
Errors are matched by `code` or by `type`: servers differ in which of the two carries the word.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from edge_agent.session import provider as says
from edge_agent.session.provider import ServerEvent, Trouble

Raw = Mapping[str, Any]

TROUBLES = {
    "insufficient_quota": Trouble.FATAL,
    "invalid_api_key": Trouble.FATAL,
    "account_deactivated": Trouble.FATAL,
    "billing_hard_limit_reached": Trouble.FATAL,
    "credit_balance_exhausted": Trouble.FATAL,
    "beta_api_shape_disabled": Trouble.FATAL,
    "model_not_found": Trouble.FATAL,
    "session_expired": Trouble.EXPIRED,
    "conversation_already_has_active_response": Trouble.BUSY,
    "input_audio_buffer_commit_empty": Trouble.EMPTY,
    "response_cancel_not_active": Trouble.OVER,
    "server_error": Trouble.PASSING,
    "rate_limit_exceeded": Trouble.PASSING,
}
_STATUSES = ("completed", "cancelled", "incomplete", "failed")
_TEXT_CAP = 200  # characters of a server's message that are kept: enough for a sentence, too little to flood a journal


class _Odd(Exception):
    """A field is missing or of the wrong type. The text names the field."""


def read(raw: Raw) -> ServerEvent | None:
    """One server event as a fact; None for one that concerns nobody. SessionUpdated.mismatch lists every audio format
    named in the effective configuration: the caller knows which of them is its own."""
    kind = raw.get("type")
    if not isinstance(kind, str):
        return says.Malformed("an event without a type")
    reader = _READERS.get(kind)
    if reader is None:
        return None
    try:
        return reader(raw)
    except _Odd as odd:
        return says.Malformed(f"{kind}: {odd}")


# --- fields ---------------------------------------------------------------------------------------------------------


def _string(raw: Raw, name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str):
        raise _Odd(f"{name} is {type(value).__name__}, expected a string")
    return value


def _name(raw: Raw, name: str) -> str:
    value = _string(raw, name)
    if not value:
        raise _Odd(f"{name} is empty")
    return value


def _object(raw: Raw, name: str) -> Raw:
    value = raw.get(name)
    if not isinstance(value, Mapping):
        raise _Odd(f"{name} is {type(value).__name__}, expected an object")
    return value


def _maybe(raw: Raw, name: str) -> str:
    value = raw.get(name)
    return value if isinstance(value, str) else ""


def _maybe_object(raw: Raw, name: str) -> Raw:
    value = raw.get(name)
    return value if isinstance(value, Mapping) else {}


def _count(raw: Raw, name: str) -> int:
    value = raw.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


# --- session and items ----------------------------------------------------------------------------------------------


def _session_updated(raw: Raw) -> ServerEvent:
    audio = _maybe_object(_maybe_object(raw, "session"), "audio")
    named: list[str] = []
    for direction in ("input", "output"):
        shape = _maybe_object(_maybe_object(audio, direction), "format")
        kind, rate = _maybe(shape, "type"), _count(shape, "rate")
        if kind and not (kind == "audio/pcm" and not rate):  # PCM without a rate says nothing we could hold against it
            named.append(f"{kind} {rate}" if kind == "audio/pcm" else kind)
    return says.SessionUpdated(", ".join(dict.fromkeys(named)))


def _item_added(raw: Raw) -> ServerEvent:
    return says.ItemAdded(_name(_object(raw, "item"), "id"), _maybe(raw, "previous_item_id") or None)


def _committed(raw: Raw) -> ServerEvent:
    return says.Committed(_name(raw, "item_id"), _maybe(raw, "previous_item_id") or None)


def _transcript(raw: Raw) -> ServerEvent:
    return says.InputTranscript(_name(raw, "item_id"), _string(raw, "transcript"))


# --- replies --------------------------------------------------------------------------------------------------------


def _reply_started(raw: Raw) -> ServerEvent:
    response = _object(raw, "response")
    return says.ReplyStarted(_name(response, "id"), _maybe(_maybe_object(response, "metadata"), "ask"))


def _reply_audio(raw: Raw) -> ServerEvent:
    try:
        audio = base64.b64decode(_string(raw, "delta"), validate=True)
    except (binascii.Error, ValueError):
        raise _Odd("delta is not base64") from None
    return says.ReplyAudio(_name(raw, "response_id"), _name(raw, "item_id"), audio)


def _reply_audio_done(raw: Raw) -> ServerEvent:
    return says.ReplyAudioDone(_name(raw, "response_id"), _name(raw, "item_id"))


def _more_text(raw: Raw) -> ServerEvent:
    return says.ReplyText(_name(raw, "response_id"), _name(raw, "item_id"), _string(raw, "delta"))


def _whole_text(raw: Raw) -> ServerEvent:
    text = _string(raw, "transcript" if "transcript" in raw else "text")
    return says.ReplyText(_name(raw, "response_id"), _name(raw, "item_id"), text, whole=True)


def _arguments_done(raw: Raw) -> ServerEvent:
    return _call(_name(raw, "response_id"), _maybe(raw, "item_id"), raw)


def _output_item_done(raw: Raw) -> ServerEvent | None:
    item = _object(raw, "item")
    if item.get("type") != "function_call":
        return None
    return _call(_name(raw, "response_id"), _maybe(item, "id"), item)


def _call(response_id: str, item_id: str, raw: Raw) -> says.ToolCalled:
    return says.ToolCalled(
        response_id, item_id, _name(raw, "call_id"), _maybe(raw, "name"), _maybe(raw, "arguments") or "{}"
    )


def _reply_done(raw: Raw) -> ServerEvent:
    response = _object(raw, "response")
    response_id = _name(response, "id")
    status = _maybe(response, "status")
    if status not in _STATUSES:
        status = "completed"  # it is over, whatever a server calls it: taking offence would leave us waiting for ever
    details = _maybe_object(response, "status_details")
    error = _maybe_object(details, "error")
    code = (_maybe(error, "code") or _maybe(error, "type"))[:_TEXT_CAP]
    reason = (_maybe(error, "message") or _maybe(details, "reason") or code)[:_TEXT_CAP]
    output = response.get("output")
    items = [item for item in output if isinstance(item, Mapping)] if isinstance(output, list) else []
    called = [item for item in items if item.get("type") == "function_call" and _maybe(item, "call_id")]
    calls = tuple(_call(response_id, _maybe(item, "id"), item) for item in called)
    ask = _maybe(_maybe_object(response, "metadata"), "ask")
    usage = _usage(_maybe_object(response, "usage"))
    return says.ReplyDone(response_id, status, reason, code, _trouble(error), ask, calls, usage)


def _usage(raw: Raw) -> dict[str, int]:
    heard, spoken = _maybe_object(raw, "input_token_details"), _maybe_object(raw, "output_token_details")
    cached = _maybe_object(heard, "cached_tokens_details")
    counts = {
        "input": _count(raw, "input_tokens"),
        "input_text": _count(heard, "text_tokens"),
        "input_audio": _count(heard, "audio_tokens"),
        "cached_text": _count(cached, "text_tokens"),
        "cached_audio": _count(cached, "audio_tokens"),
        "output": _count(raw, "output_tokens"),
        "output_text": _count(spoken, "text_tokens"),
        "output_audio": _count(spoken, "audio_tokens"),
    }
    return {name: count for name, count in counts.items() if count}


# --- the rest -------------------------------------------------------------------------------------------------------


def _trouble(error: Raw) -> Trouble:
    for word in (_maybe(error, "code"), _maybe(error, "type")):
        if word in TROUBLES:
            return TROUBLES[word]
    return Trouble.MINOR


def _error(raw: Raw) -> ServerEvent:
    error = _maybe_object(raw, "error")
    if not error:  # some servers put a bare string there, or the fields beside it
        error = {"message": _maybe(raw, "error") or _maybe(raw, "message"), "code": _maybe(raw, "code")}
    code = (_maybe(error, "code") or _maybe(error, "type") or "unknown")[:_TEXT_CAP]
    message = (_maybe(error, "message") or code)[:_TEXT_CAP]
    return says.ServerError(_trouble(error), code, message, _maybe(error, "event_id"))


def _speech_started(raw: Raw) -> ServerEvent:
    return says.SpeechStarted(_count(raw, "audio_start_ms"))


def _speech_stopped(raw: Raw) -> ServerEvent:
    return says.SpeechStopped(_count(raw, "audio_end_ms"))


_READERS: dict[str, Callable[[Raw], ServerEvent | None]] = {
    "session.created": lambda raw: says.SessionCreated(),
    "session.updated": _session_updated,
    "input_audio_buffer.committed": _committed,
    "input_audio_buffer.cleared": lambda raw: says.Cleared(),
    "input_audio_buffer.speech_started": _speech_started,
    "input_audio_buffer.speech_stopped": _speech_stopped,
    "conversation.item.added": _item_added,
    "conversation.item.created": _item_added,  # beta
    "conversation.item.done": _item_added,
    "conversation.item.input_audio_transcription.completed": _transcript,
    "response.created": _reply_started,
    "response.output_audio.delta": _reply_audio,
    "response.audio.delta": _reply_audio,  # beta
    "response.output_audio.done": _reply_audio_done,
    "response.audio.done": _reply_audio_done,  # beta
    "response.output_audio_transcript.delta": _more_text,
    "response.audio_transcript.delta": _more_text,  # beta
    "response.output_text.delta": _more_text,
    "response.text.delta": _more_text,  # beta
    "response.output_audio_transcript.done": _whole_text,
    "response.audio_transcript.done": _whole_text,  # beta
    "response.output_text.done": _whole_text,
    "response.text.done": _whole_text,  # beta
    "response.function_call_arguments.done": _arguments_done,
    "response.output_item.done": _output_item_done,
    "response.done": _reply_done,
    "error": _error,
}
