"""OpenAI's Realtime protocol (GA, November 2026) as a `Provider`: the client events. What the server says is read in
`openai_events.py`.

Law: pure; no wire word of the GA protocol lives outside these two files. The beta dialect is never spoken: its header
alone makes the service refuse the session. The key goes into the headers and nowhere else, and no repr shows it.
Units: audio is bytes of `audio_format`, in both directions the same.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from edge_agent.session.link import Endpoint
from edge_agent.session.openai_events import read
from edge_agent.session.provider import ClientEvent, Item, ReplyDone, ServerError, ServerEvent, SessionUpdated
from edge_agent.session.secrets import Secrets
from edge_agent.session.servers import OPENAI, SERVERS, Server

_FORMATS: dict[str, tuple[dict[str, Any], int, int]] = {  # name: on the wire, bytes a ms, bytes a sample
    "audio/pcm": ({"type": "audio/pcm", "rate": 24_000}, 48, 2),
    "audio/pcmu": ({"type": "audio/pcmu"}, 8, 1),
    "audio/pcma": ({"type": "audio/pcma"}, 8, 1),
}
_DETECTION: dict[str, dict[str, Any] | None] = {
    "local": None,
    # Neither interrupts by itself: without a perfect echo canceller the assistant would stop at its own voice.
    # idle_timeout_ms stays unset: it makes the model speak, and cost, unprompted.
    "server_vad": {"type": "server_vad", "create_response": True, "interrupt_response": False},
    "semantic_vad": {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": False,
    },
}
# The whole conversation is billed again with each reply. Dropping a fifth at once, seldom, keeps the rest cacheable.
_TRUNCATION = {"type": "retention_ratio", "retention_ratio": 0.8, "token_limits": {"post_instructions": 8_000}}
_REASONING_MODELS = "gpt-realtime-2"  # these think before they speak; any more than "low" is heard as delay


class _Headers(dict[str, str]):
    """Shows names only: an Endpoint in a traceback must not carry the key into a bug report."""

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}: ***" for name in self) + "}"


class OpenAIRealtime:
    """OpenAI itself, Azure's GA endpoint, the embedded server, or any server that speaks GA."""

    def __init__(
        self,
        *,
        url: str,
        model: str,
        key: str,
        voice: str,
        instructions: str,
        detection: str,
        transcription: str,
        max_output_tokens: int,
        tools: Sequence[Mapping[str, Any]],
        audio_format: str = "audio/pcm",
        server: Server = SERVERS[OPENAI],
    ) -> None:
        """url: of the server, with or without `/realtime` and `?model=`; empty: its usual one. key: empty for none.
        detection: local, server_vad or semantic_vad. transcription: the recogniser's model, or empty for none.
        tools: function schemas as `Toolbox.schemas` gives them. server: what it does otherwise than OpenAI's.
        Raises ValueError for an unknown detection or format, or a detection that the server does not have.
        """
        if detection not in _DETECTION:
            raise ValueError(f"detection: found {detection!r}, expected one of {', '.join(_DETECTION)}")
        if audio_format not in _FORMATS:
            raise ValueError(f"audio_format: found {audio_format!r}, expected one of {', '.join(_FORMATS)}")
        if wrong := server.wrong_with(detection):
            raise ValueError(f"detection: {wrong}")
        self._server = server
        self._url = _address(url or server.url, model)
        self._model = model
        self._key = key.strip() if server.takes_key else ""
        self._voice = voice
        self._instructions = instructions
        self._detection = detection
        self._transcription = transcription
        self._max_output_tokens = max_output_tokens
        self._tools = [dict(tool) for tool in tools]
        self._audio_format = audio_format

    @property
    def name(self) -> str:
        return f"{self._model} at {self.endpoint().where}"

    @property
    def audio_format(self) -> str:
        return self._audio_format

    @property
    def bytes_per_ms(self) -> int:
        return _FORMATS[self._audio_format][1]

    @property
    def bytes_per_sample(self) -> int:
        return _FORMATS[self._audio_format][2]

    @property
    def detects_turns(self) -> bool:
        return self._detection != "local"

    def endpoint(self) -> Endpoint:
        headers = _Headers()
        if self._key and (urlsplit(self._url).hostname or "").endswith(".azure.com"):
            headers["api-key"] = self._key
        elif self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return Endpoint(self._url, headers)

    # --- client events ----------------------------------------------------------------------------------------------

    def session_update(self, event_id: str) -> ClientEvent:
        wire_format = _FORMATS[self._audio_format][0]
        heard: dict[str, Any] = {
            "format": wire_format,
            "noise_reduction": {"type": "far_field"},
            "turn_detection": _DETECTION[self._detection],
        }
        if self._transcription:
            heard["transcription"] = {"model": self._transcription}
        session: dict[str, Any] = {
            "type": "realtime",
            "instructions": self._instructions,
            "output_modalities": ["audio"],
            "max_output_tokens": self._max_output_tokens,
            "tools": self._tools,
            "truncation": _TRUNCATION,
            "audio": {"input": heard, "output": {"format": wire_format}},
        }
        if self._voice:
            session["audio"]["output"]["voice"] = self._voice
        if self._model.startswith(_REASONING_MODELS):
            session["reasoning"] = {"effort": "low"}
        return {"type": "session.update", "event_id": event_id, "session": session}

    def append(self, audio: bytes) -> ClientEvent:
        return {"type": "input_audio_buffer.append", "audio": base64.b64encode(audio).decode("ascii")}

    def commit(self, event_id: str) -> ClientEvent:
        return {"type": "input_audio_buffer.commit", "event_id": event_id}

    def clear(self) -> ClientEvent | None:
        return {"type": "input_audio_buffer.clear"} if self._server.clears else None

    def create_response(self, event_id: str, turn: int, instructions: str | None) -> ClientEvent:
        response: dict[str, Any] = {"metadata": {"turn": str(turn), "ask": event_id}}
        if instructions is not None:
            response["instructions"] = instructions
        return {"type": "response.create", "event_id": event_id, "response": response}

    def cancel(self, response_id: str) -> ClientEvent:
        return {"type": "response.cancel", "response_id": response_id}

    def truncate(self, item_id: str, audio_end_ms: int) -> ClientEvent:
        return {
            "type": "conversation.item.truncate",
            "item_id": item_id,
            "content_index": 0,
            "audio_end_ms": audio_end_ms,
        }

    def delete(self, item_id: str) -> ClientEvent:
        return {"type": "conversation.item.delete", "item_id": item_id}

    def item(self, item: Item) -> ClientEvent:
        wire: dict[str, Any]
        match item.kind:
            case "user":
                wire = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": item.text}]}
            case "assistant":
                wire = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": item.text}]}
            case "call":
                wire = {"type": "function_call", "call_id": item.call_id, "name": item.name, "arguments": item.text}
            case "output":
                wire = {"type": "function_call_output", "call_id": item.call_id, "output": item.text}
        if item.item_id:
            wire["id"] = item.item_id
        return {"type": "conversation.item.create", "item": wire}

    # --- server events ----------------------------------------------------------------------------------------------

    def decode(self, raw: Mapping[str, Any]) -> ServerEvent | None:
        event = read(raw)
        if isinstance(event, SessionUpdated) and event.mismatch:
            foreign = [name for name in event.mismatch.split(", ") if name != _spoken(_FORMATS[self._audio_format][0])]
            return replace(event, mismatch=", ".join(foreign))
        if isinstance(event, ServerError):
            return replace(event, message=Secrets(self.endpoint()).masked(event.message))
        if isinstance(event, ReplyDone) and event.reason:
            return replace(event, reason=Secrets(self.endpoint()).masked(event.reason))
        return event


def _spoken(wire_format: Mapping[str, Any]) -> str:
    rate = wire_format.get("rate")
    return f"{wire_format['type']} {rate}" if rate else str(wire_format["type"])


def _address(url: str, model: str) -> str:
    """A base address made whole: scheme ws(s), path ending in /realtime, the model in the query."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    path = parts.path.rstrip("/")
    if "realtime" not in path.split("/"):
        path = f"{path or '/v1'}/realtime"
    query = parse_qsl(parts.query, keep_blank_values=True)
    if model and "model" not in dict(query):
        query.append(("model", model))
    return urlunsplit((scheme, parts.netloc, path, urlencode(query), ""))
