"""What a client is told about the words of an item, when it has asked for input transcription.

Law: pure; a result of the recogniser in, the names and fields of events out. The recogniser gives one hypothesis and no
probabilities of words, so there are never logprobs, whatever the session includes; nor does it tell languages or
speakers apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edge_agent.local.realtime.items import Entry
from edge_agent.local.realtime.tokens import USER_MS_PER_TOKEN, text_tokens
from edge_agent.local.speech.work import Failed, Recognised, Result

_PREFIX = "conversation.item.input_audio_transcription"
BILLED_BY_TIME = ("whisper-1", "gpt-realtime-whisper")  # a name is all they are here; the others are billed by token


def told(
    settings: Mapping[str, Any] | None, entry: Entry, place: int, result: Result
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events' types and fields. settings: the session's `transcription`; None: nothing is told."""
    if settings is None:
        return
    where = {"item_id": entry.id, "content_index": place}
    if isinstance(result, Failed):
        error = {"type": "server_error", "code": "local_speech_failed", "message": result.reason, "param": None}
        yield f"{_PREFIX}.failed", {**where, "error": error}
        return
    words = result.text if isinstance(result, Recognised) else ""
    yield f"{_PREFIX}.delta", {**where, "delta": words}
    usage = _usage(str(settings.get("model", "")), entry.ms, words)
    yield f"{_PREFIX}.completed", {**where, "transcript": words, "usage": usage}


def _usage(model: str, ms: int, words: str) -> dict[str, Any]:
    if model in BILLED_BY_TIME:
        return {"type": "duration", "seconds": ms / 1000}
    heard, written = -(-ms // USER_MS_PER_TOKEN), text_tokens(words)
    return {
        "type": "tokens",
        "input_tokens": heard,
        "output_tokens": written,
        "total_tokens": heard + written,
        "input_token_details": {"audio_tokens": heard, "text_tokens": 0},
    }
