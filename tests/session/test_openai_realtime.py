"""Every client event we can build is held, key by key, against the types of the official SDK."""

from __future__ import annotations

import base64
import collections.abc
import types
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

import pytest
from openai.types.realtime import RealtimeClientEventParam
from typing_extensions import is_typeddict

from edge_agent.session.openai_realtime import OpenAIRealtime
from edge_agent.session.provider import ClientEvent, Item
from edge_agent.session.tools import Toolbox, device_tools
from tests.session.test_conversation import provider

SCHEMAS = Toolbox(device_tools(lambda: 50, lambda percent: None, dict)).schemas()


def misfit(value: Any, shape: Any, where: str = "event") -> str:
    """Why `value` is not of type `shape` (TypedDicts, strictly: no key too many, none missing), or empty."""
    if shape in (Any, object):
        return ""
    if is_typeddict(shape):
        return misfit_object(value, shape, where)
    origin, inner = get_origin(shape), get_args(shape)
    if origin in (Required, NotRequired):
        return misfit(value, inner[0], where)
    if origin in (Union, types.UnionType):
        misfits = [misfit(value, option, where) for option in inner]
        named = [why for why in misfits if not why.startswith(f"{where}.type ")]  # the option that was meant
        return "" if "" in misfits else (named or misfits)[0]
    if origin is Literal:
        return "" if value in inner else f"{where} is {value!r}, expected one of {inner}"
    if origin in (list, collections.abc.Iterable):
        if not isinstance(value, list):
            return f"{where} is no list"
        return next(filter(None, (misfit(one, inner[0], f"{where}[]") for one in value)), "")
    if origin is dict:
        if not isinstance(value, dict):
            return f"{where} is no object"
        return next(filter(None, (misfit(one, inner[1], f"{where}[{key}]") for key, one in value.items())), "")
    kind = type(None) if shape is None else shape
    fits = isinstance(value, int | float) if kind is float else type(value) is kind
    return "" if fits else f"{where} is {value!r}, expected {kind}"


def misfit_object(value: Any, shape: Any, where: str) -> str:
    if not isinstance(value, dict):
        return f"{where} is no object"
    hints = get_type_hints(shape, include_extras=True)
    ordered = sorted(value, key=lambda key: key != "type")  # the type first: it says which option was meant
    for key in ordered:
        if key not in hints:
            return f"{where}.{key} is unknown to {shape.__name__}"
        why = misfit(value[key], hints[key], f"{where}.{key}")
        if why:
            return why
    missing = [key for key in shape.__required_keys__ if key not in value]
    missing += [key for key, hint in hints.items() if get_origin(hint) is Required and key not in value]
    return f"{where} lacks {missing[0]}" if missing else ""


def events() -> list[ClientEvent]:
    built: list[ClientEvent] = []
    for detection in ("local", "server_vad", "semantic_vad"):
        for audio_format in ("audio/pcm", "audio/pcmu", "audio/pcma"):
            for model in ("gpt-realtime-2.1-mini", "gpt-realtime-1.5"):
                settings: dict[str, Any] = {"audio_format": audio_format, "model": model, "tools": SCHEMAS}
                built.append(provider(detection, **settings).session_update("e1"))
    ours = provider()
    built.append(provider(transcription="", voice="").session_update("e1"))
    built += [ours.append(b"\x00\x01"), ours.commit("e2"), ours.clear() or {}]
    built += [ours.create_response("e3", 7, None), ours.create_response("e4", 7, "say hello")]
    built += [ours.cancel("r1"), ours.truncate("a1", 1200)]
    built += [
        ours.item(Item("user", "hi")),
        ours.item(Item("assistant", "hello", "ea_1")),
        ours.item(Item("call", "{}", "ea_2", "c1", "get_volume")),
        ours.item(Item("output", "50", "ea_3", "c1")),
    ]
    return built


class TestEveryClientEvent:
    @pytest.mark.parametrize("event", events(), ids=lambda event: event["type"])
    def test_is_what_the_official_types_allow(self, event: ClientEvent) -> None:
        assert misfit(event, RealtimeClientEventParam) == ""

    @pytest.mark.parametrize(
        ("event", "word"),
        [
            ({"type": "response.cancel", "response": "r1"}, "unknown"),
            ({"type": "response.cancel", "response_id": 7}, "expected"),
            ({"type": "input_audio_buffer.append"}, "lacks audio"),
            ({"type": "input_audio_buffer.appendix", "audio": ""}, "expected one of"),
            ({"type": "session.update", "session": {"type": "realtime", "voice": "marin"}}, "unknown"),
        ],
    )
    def test_would_be_caught_if_it_were_not(self, event: ClientEvent, word: str) -> None:
        assert word in misfit(event, RealtimeClientEventParam)


class TestTheSettings:
    def session(self, detection: str = "local", **others: Any) -> dict[str, Any]:
        session = provider(detection, **others).session_update("e1")["session"]
        assert isinstance(session, dict)
        return session

    def test_turn_the_providers_detection_off_explicitly(self) -> None:
        assert self.session()["audio"]["input"]["turn_detection"] is None

    @pytest.mark.parametrize("detection", ["server_vad", "semantic_vad"])
    def test_let_the_provider_answer_but_never_interrupt_or_speak_unasked(self, detection: str) -> None:
        chosen = self.session(detection)["audio"]["input"]["turn_detection"]
        assert chosen["type"] == detection
        assert chosen["create_response"] is True
        assert chosen["interrupt_response"] is False
        assert "idle_timeout_ms" not in chosen

    def test_are_of_the_ga_shape_for_a_far_microphone(self) -> None:
        session = self.session()
        assert session["type"] == "realtime"
        assert session["output_modalities"] == ["audio"]
        assert session["audio"]["input"]["noise_reduction"] == {"type": "far_field"}
        assert session["audio"]["input"]["transcription"] == {"model": "t"}
        assert session["audio"]["output"]["voice"] == "v"

    def test_leave_out_what_is_not_wanted(self) -> None:
        session = self.session(transcription="", voice="")
        assert "transcription" not in session["audio"]["input"]
        assert "voice" not in session["audio"]["output"]

    def test_ask_for_little_thinking_only_where_there_is_thinking(self) -> None:
        assert self.session(model="gpt-realtime-2.1-mini")["reasoning"] == {"effort": "low"}
        assert "reasoning" not in self.session(model="gpt-realtime-1.5")

    @pytest.mark.parametrize("wrong", [{"detection": "telepathy"}, {"audio_format": "audio/opus"}])
    def test_that_do_not_exist_are_named_at_once(self, wrong: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="expected one of"):
            provider(**wrong)


class TestTheFormat:
    @pytest.mark.parametrize(("name", "per_ms", "per_sample"), [("audio/pcm", 48, 2), ("audio/pcmu", 8, 1)])
    def test_says_how_long_bytes_last(self, name: str, per_ms: int, per_sample: int) -> None:
        ours = provider(audio_format=name)
        assert (ours.audio_format, ours.bytes_per_ms, ours.bytes_per_sample) == (name, per_ms, per_sample)

    def test_goes_out_as_base64(self) -> None:
        assert base64.b64decode(provider().append(b"\x00\xff\x10")["audio"]) == b"\x00\xff\x10"


class TestTheEndpoint:
    @pytest.mark.parametrize(
        ("url", "whole"),
        [
            ("", "wss://api.openai.com/v1/realtime?model=m"),
            ("ws://127.0.0.1:8765/v1/realtime", "ws://127.0.0.1:8765/v1/realtime?model=m"),
            ("ws://127.0.0.1:8765/v1/", "ws://127.0.0.1:8765/v1/realtime?model=m"),
            ("ws://127.0.0.1:8765", "ws://127.0.0.1:8765/v1/realtime?model=m"),
            ("https://host/v1", "wss://host/v1/realtime?model=m"),
            ("wss://host/v1/realtime?model=other&x=1", "wss://host/v1/realtime?model=other&x=1"),
            ("wss://host/api/v1/realtime/session?key=1", "wss://host/api/v1/realtime/session?key=1&model=m"),
        ],
    )
    def test_makes_an_address_whole(self, url: str, whole: str) -> None:
        assert provider(url=url).endpoint().url == whole

    def test_carries_the_key_in_its_header_and_nothing_of_the_beta(self) -> None:
        endpoint = provider(key=" sk-secret\n").endpoint()
        assert dict(endpoint.headers) == {"Authorization": "Bearer sk-secret"}
        assert "sk-secret" not in endpoint.url

    def test_uses_azures_own_header_there(self) -> None:
        endpoint = provider(url="wss://mine.openai.azure.com/openai/v1/realtime", key="sk").endpoint()
        assert dict(endpoint.headers) == {"api-key": "sk"}

    def test_needs_no_key(self) -> None:
        assert dict(provider(key="").endpoint().headers) == {}

    def test_shows_the_key_in_no_repr(self) -> None:
        ours = provider(key="sk-secret")
        assert "sk-secret" not in repr(ours.endpoint())
        assert "sk-secret" not in repr(ours) + str(ours.endpoint().headers)

    def test_puts_the_key_into_no_event(self) -> None:
        ours: OpenAIRealtime = provider(key="sk-secret")
        assert "sk-secret" not in repr(ours.session_update("e")) + repr(ours.create_response("e", 1, None))
