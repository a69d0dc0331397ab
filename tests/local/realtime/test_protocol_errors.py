"""Events that cannot be done: each is refused by name, and nothing has changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge_agent.local.realtime import items
from tests.local.wire_client import VOLUME_TOOL, LoudnessDetector, WireClient, kinds, noise

HALF_A_PAIR = json.loads('"\\ud800"')
USER = {"type": "message", "role": "user"}


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = {"properties": value}
    return value


def tool(**fields: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": {"type": "realtime", "tools": [{**VOLUME_TOOL, **fields}]}}


def created(**fields: Any) -> dict[str, Any]:
    return {"type": "conversation.item.create", "item": fields}


def response(**fields: Any) -> dict[str, Any]:
    return {"type": "response.create", "response": fields}


REFUSED: list[tuple[Any, str, str | None]] = [
    (None, "invalid_type", "event"),
    ([], "invalid_type", "event"),
    ({}, "missing_required_parameter", "type"),
    ({"type": 7}, "invalid_value", "type"),
    ({"type": ["session.update"]}, "invalid_value", "type"),
    ({"type": "output_audio_buffer.clear"}, "invalid_value", "type"),
    ({"type": "transcription_session.update", "session": {}}, "invalid_value", "type"),
    ({"type": "session.update"}, "missing_required_parameter", "session"),
    ({"type": "session.update", "session": None}, "invalid_type", "session"),
    ({"type": "session.update", "session": {}}, "missing_required_parameter", "session.type"),
    ({"type": "session.update", "session": {"type": "realtime"}, "x": 1}, "unknown_parameter", "x"),
    ({"type": "input_audio_buffer.append", "audio": 5}, "invalid_type", "audio"),
    ({"type": "input_audio_buffer.append", "audio": "?"}, "invalid_value", "audio"),
    ({"type": "input_audio_buffer.append", "audio": "é"}, "invalid_value", "audio"),
    ({"type": "input_audio_buffer.append", "audio": "AA=="}, "invalid_value", "audio"),
    ({"type": "input_audio_buffer.append", "audio": "A" * 21_000_000}, "string_above_max_length", "audio"),
    ({"type": "conversation.item.retrieve", "item_id": "no"}, "item_retrieve_invalid_item_id", "item_id"),
    ({"type": "conversation.item.delete", "item_id": "no"}, "item_delete_invalid_item_id", "item_id"),
    ({"type": "conversation.item.delete"}, "missing_required_parameter", "item_id"),
    ({"type": "conversation.item.delete", "item_id": None}, "invalid_type", "item_id"),
    (
        {"type": "conversation.item.truncate", "item_id": "no", "content_index": 0, "audio_end_ms": 5},
        "item_truncate_invalid_item_id",
        "item_id",
    ),
    (
        {"type": "conversation.item.truncate", "item_id": "no", "content_index": 1, "audio_end_ms": 5},
        "invalid_value",
        "content_index",
    ),
    (
        {"type": "conversation.item.truncate", "item_id": "no", "content_index": 0, "audio_end_ms": float("nan")},
        "invalid_type",
        "audio_end_ms",
    ),
    (
        {"type": "conversation.item.truncate", "item_id": "no", "content_index": 0, "audio_end_ms": 10**400},
        "invalid_value",
        "audio_end_ms",
    ),
    (created(type="poem"), "invalid_value", "item.type"),
    (created(**USER), "missing_required_parameter", "item.content"),
    (created(**USER, content="hello"), "invalid_type", "item.content"),
    (created(**USER, content=[{"type": "output_text", "text": "x"}]), "invalid_value", "item.content[0].type"),
    (created(**USER, content=[], object="poem"), "invalid_value", "item.object"),
    (created(**USER, content=[], id="i" * 65), "invalid_value", "item.id"),
    (created(**USER, content=[], id=HALF_A_PAIR), "invalid_value", "item"),
    (
        created(**USER, content=[{"type": "input_image", "image_url": "data:"}]),
        "unsupported_parameter",
        "item.content[0]",
    ),
    (
        created(**USER, content=[{"type": "input_audio", "audio": "AAA="}, {"type": "input_audio", "audio": "AAA="}]),
        "unsupported_parameter",
        "item.content[1]",
    ),
    (created(**USER, content=[{"type": "input_text", "text": "x" * 65_537}]), "invalid_value", "item.content[0].text"),
    (
        {**created(**USER, content=[]), "previous_item_id": "no"},
        "item_not_found",
        "previous_item_id",
    ),
    (created(type="function_call_output", call_id="no", output="5"), "invalid_tool_call_id", "item.call_id"),
    (created(type="function_call_output", call_id="no"), "missing_required_parameter", "item.output"),
    (created(**{**USER, "role": "system"}, content=[{"type": "input_audio"}]), "invalid_value", "item.content[0].type"),
    (
        created(**{**USER, "role": "assistant"}, content=[{"type": "output_audio"}]),
        "invalid_value",
        "item.content[0].type",
    ),
    (created(**{**USER, "role": "nobody"}, content=[]), "invalid_value", "item.role"),
    (response(metadata={"k": 5}), "invalid_type", "response.metadata.k"),
    (response(metadata={str(k): "" for k in range(17)}), "invalid_value", "response.metadata"),
    (response(output_modalities=["audio", "text"]), "invalid_value", "response.output_modalities"),
    (response(modalities=["text"]), "unknown_parameter", "response.modalities"),
    (response(voice="marin"), "unknown_parameter", "response.voice"),
    (response(max_output_tokens=0), "invalid_value", "response.max_output_tokens"),
    (
        response(input=[{"type": "item_reference"}]),
        "missing_required_parameter",
        "response.input[0].id",
    ),
    (tool(parameters=nested(500)), "invalid_value", "session.tools[0].parameters"),
    (tool(parameters={"maximum": float("nan")}), "invalid_value", "session.tools[0].parameters"),
    (tool(parameters={"title": HALF_A_PAIR}), "invalid_value", "session.tools[0].parameters"),
    (tool(description=HALF_A_PAIR), "invalid_value", "session.tools[0].description"),
    ({"type": "session.update", "session": {"type": "realtime"}, HALF_A_PAIR: 1}, "unknown_parameter", None),
]


class TestARefusal:
    @pytest.mark.parametrize(("event", "code", "param"), REFUSED)
    def test_names_the_field_and_echoes_the_events_id(self, event: Any, code: str, param: str | None) -> None:
        client = WireClient()
        if isinstance(event, dict):
            event = {**event, "event_id": "mine"}
        (answer,) = client.send(event)
        error = answer["error"]
        assert (answer["type"], error["type"], error["code"]) == ("error", "invalid_request_error", code)
        assert error["event_id"] == ("mine" if isinstance(event, dict) else None)
        assert param is None or error["param"] == param
        assert len(error["message"]) < 1_000

    @pytest.mark.parametrize(("event", "code", "param"), REFUSED)
    def test_changes_nothing(self, event: Any, code: str, param: str | None) -> None:
        client = WireClient()
        before = client.configure()["session"]
        client.send(event)
        assert client.configure()["session"] == before
        assert client.jobs == []
        assert client.text()[0]["previous_item_id"] is None

    @pytest.mark.parametrize("event_id", [5, "e" * 513, [], HALF_A_PAIR])
    def test_does_not_echo_an_id_that_is_none(self, event_id: Any) -> None:
        (answer,) = WireClient().send({"type": "response.cancel", "event_id": event_id})
        assert (answer["error"]["param"], answer["error"]["event_id"]) == ("event_id", None)

    def test_of_a_twice_used_id(self) -> None:
        client = WireClient()
        client.text(id="a")
        (answer,) = client.text(id="a")
        assert answer["error"]["code"] == "item_exists"


class TestAFullConversation:
    def full(self, monkeypatch: pytest.MonkeyPatch, most: int, **settings: Any) -> WireClient:
        monkeypatch.setattr(items, "MOST_ITEMS", most)
        return WireClient(**settings)

    def test_takes_nothing_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        client = self.full(monkeypatch, 1)
        client.text(id="a")
        client.append(noise(300))
        for refused in (client.text(), client.respond(), client.say("input_audio_buffer.commit")):
            assert [event["error"]["code"] for event in refused] == ["conversation_full"]
        client.say("conversation.item.delete", item_id="a")
        assert kinds(client.say("input_audio_buffer.commit"))[0] == "input_audio_buffer.committed"

    def test_still_takes_the_reply_that_was_begun(self, monkeypatch: pytest.MonkeyPatch) -> None:
        client = self.full(monkeypatch, 2)
        client.text()
        client.respond()
        client.text()
        client.speaks()
        assert client.finish_reply()[-1]["response"]["status"] == "completed"

    def test_goes_on_listening(self, monkeypatch: pytest.MonkeyPatch) -> None:
        client = self.full(monkeypatch, 1, detector=LoudnessDetector())
        client.text(id="a")
        heard = client.append(noise(400) + bytes(48 * 700) + noise(400) + bytes(48 * 700))
        assert (
            kinds(heard)
            == [
                "input_audio_buffer.speech_started",
                "input_audio_buffer.speech_stopped",
                "error",
            ]
            * 2
        )
        assert {event["error"]["event_id"] for event in heard if event["type"] == "error"} == {None}
