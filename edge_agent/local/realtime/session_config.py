"""The session's configuration: what it is at the start, what may be changed, and what it is afterwards.

Law: pure; a change is checked as a whole and applied as a whole, or refused with the name of the field. Absent fields
stay as they are, also inside an object; null clears. Names and ranges are `session_fields.py`'s.

What the built-in assistant has no use for is checked, kept and shown, and changes nothing: reasoning, tracing, include
(there are no probabilities to show), the voice's name, of the transcription all but whether there is one and whether
its model is billed by time, and noise reduction: detector and recogniser get what was sent, untouched.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Literal

from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.session_fields import SESSION
from edge_agent.local.realtime.shape import missing, one_of, unsupported, wrong_type

Kind = Literal["realtime", "transcription"]

MODEL = "edge-agent-local"
VOICE = "marin"  # a name only: there is one voice
COMMITTED_BY_HAND = ("gpt-realtime-whisper", "gpt-live-transcribe")  # transcribers that go with no turn detection

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
_WHEN_NULL: dict[str, Any] = {
    "instructions": "",
    "max_output_tokens": "inf",
    "tools": [],
    "tool_choice": "auto",
    "truncation": "auto",
}
_SILENT = {"create_response": False, "interrupt_response": False}  # a transcription session never answers
_TURN_DETECTION = "session.audio.input.turn_detection"


def initial(*, session_id: str, model: str, expires_at: int, detects: bool, kind: Kind = "realtime") -> dict[str, Any]:
    """What a session is before its first update. detects: whether there is a speech detector for turn detection."""
    pcm = {"type": "audio/pcm", "rate": 24_000}
    transcribes = kind == "transcription"
    detection = {**SERVER_VAD, **(_SILENT if transcribes else {})} if detects else None
    listening = {
        "format": dict(pcm),
        "transcription": {"model": MODEL} if transcribes else None,
        "noise_reduction": None,
        "turn_detection": detection,
    }
    common = {"type": kind, "id": session_id, "expires_at": expires_at, "include": None}
    if transcribes:
        return {**common, "object": "realtime.transcription_session", "audio": {"input": listening}}
    return {
        **common,
        "object": "realtime.session",
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "",
        "max_output_tokens": "inf",
        "tools": [],
        "tool_choice": "auto",
        "truncation": "auto",
        "tracing": None,
        "audio": {"input": listening, "output": {"format": dict(pcm), "voice": VOICE, "speed": 1.0}},
    }


def shown(config: Mapping[str, Any]) -> dict[str, Any]:
    """The whole of it for an event, which must not change with it."""
    return copy.deepcopy(dict(config))


def updated(
    config: Mapping[str, Any],
    change: Any,
    *,
    detects: bool,
    has_spoken: bool = False,
    is_responding: bool = False,
    asked_model: str = "",
) -> dict[str, Any]:
    """The configuration after a session.update's `session`. Raises Refused, and then nothing has changed.

    has_spoken: the voice was heard.  is_responding: a response is in progress.  asked_model: the name that the client
    connected with; it may be repeated, though it is not what answers. Who connected without one may say one.
    """
    checked = SESSION[_kind(config, change)](change, "session")
    if checked.get("model") in (None, asked_model or checked.get("model")):
        checked.pop("model", None)
    _refuse_what_is_fixed(config, checked, has_spoken=has_spoken, is_responding=is_responding)
    new: dict[str, Any] = copy.deepcopy(dict(config))
    audio = checked.pop("audio", {})
    new.update({key: _WHEN_NULL.get(key) if value is None else value for key, value in checked.items()})
    new["audio"]["input"] = _heard(new, audio.get("input", {}), detects)
    if "output" in audio:
        new["audio"]["output"].update(audio["output"])
    return new


def _kind(config: Mapping[str, Any], change: Any) -> Kind:
    if not isinstance(change, dict):
        raise wrong_type("session", change, "an object")
    if "type" not in change:
        raise missing("session.type")
    asked: Kind = one_of(*SESSION)(change["type"], "session.type")
    if asked != config["type"]:
        way = "connect with ?intent=transcription for one" if asked == "transcription" else "connect without ?intent"
        raise Refused(
            f"Passing a {asked} session update event to a {config['type']} session is not allowed; {way}.",
            code="invalid_parameter",
            param="session.type",
        )
    return asked


def _refuse_what_is_fixed(
    config: Mapping[str, Any], checked: Mapping[str, Any], *, has_spoken: bool, is_responding: bool
) -> None:
    """Each of the four has its own moment from which on it cannot be changed."""
    before, after = config["audio"].get("output", {}), checked.get("audio", {}).get("output", {})
    fixed = (
        ("model", checked, config, True, "after the connection was made"),
        ("tracing", checked, config, config.get("tracing") is not None, "once tracing is on"),
        ("voice", after, before, has_spoken, "once it has spoken"),
        ("speed", after, before, is_responding, "while a response is in progress"),
    )
    for key, wanted, there, is_fixed, when in fixed:
        if is_fixed and wanted.get(key, there.get(key)) != there.get(key):
            path = f"session.audio.output.{key}" if wanted is after else f"session.{key}"
            raise Refused(f"Cannot update a conversation's {key} {when}.", code=f"cannot_update_{key}", param=path)


def _heard(config: Mapping[str, Any], change: dict[str, Any], detects: bool) -> dict[str, Any]:
    """The new `audio.input`."""
    before: dict[str, Any] = config["audio"]["input"]
    new = {**before, **change}
    for key, start in (("transcription", {}), ("noise_reduction", {"strength": 1.0})):
        if change.get(key) is not None:
            whole = {**(before[key] or start), **change[key]}
            new[key] = {name: value for name, value in whole.items() if value is not None}
    if new["noise_reduction"] is not None and "type" not in new["noise_reduction"]:
        raise missing("session.audio.input.noise_reduction.type")
    if change.get("turn_detection") is not None:
        new["turn_detection"] = _detecting(before["turn_detection"], change["turn_detection"], detects, config["type"])
    model = (new["transcription"] or {}).get("model")
    if new["turn_detection"] is not None and model in COMMITTED_BY_HAND:
        raise unsupported(_TURN_DETECTION, f"'{model}' transcribes what the client commits; it must be null")
    return new


def _detecting(before: dict[str, Any] | None, change: dict[str, Any], detects: bool, kind: Kind) -> dict[str, Any]:
    if not detects:
        raise unsupported(_TURN_DETECTION, "this server runs without a speech detector; send null and commit")
    defaults = SERVER_VAD if change["type"] == "server_vad" else SEMANTIC_VAD
    if kind == "transcription":
        for key in (*_SILENT, "idle_timeout_ms"):
            if change.get(key):
                raise unsupported(f"{_TURN_DETECTION}.{key}", "a transcription session never answers")
        defaults = {**defaults, **_SILENT}
    same = before is not None and before["type"] == change["type"]
    return {**((before if same else None) or defaults), **change}
