"""The proof that the server speaks the whole protocol, by the official SDK's own list of events.

Every type of client event is answered, or refused for the reason given here. Every type of server event is sent in one
of the stories below, or named here with the reason why a WebSocket session with this server never has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

from edge_agent.local.realtime.client_events import UNAVAILABLE
from edge_agent.local.realtime.mind import Call, Say
from edge_agent.local.speech.work import Failed
from tests.local.wire_client import VOLUME_TOOL, LoudnessDetector, WireClient, base64_of, kinds, noise, only, quiet

TRANSCRIBED = {"transcription": {"model": "gpt-transcribe"}}
NO_MCP_SERVER = "this server reaches no MCP server: listing its tools fails, and nothing of it is ever called"
NOT_ON_A_WEBSOCKET = "WebRTC and SIP only: over a WebSocket the client itself holds the sound that is to be played"

NEVER_SENT = {
    "conversation.item.created": "the beta's name for what are conversation.item.added and .done now",
    "conversation.item.input_audio_transcription.segment": "for diarisation; the recogniser does not tell people apart",
    "input_audio_buffer.dtmf_event_received": "SIP only: there are no telephone keys",
    "mcp_list_tools.completed": NO_MCP_SERVER,
    "response.mcp_call_arguments.delta": NO_MCP_SERVER,
    "response.mcp_call_arguments.done": NO_MCP_SERVER,
    "response.mcp_call.in_progress": NO_MCP_SERVER,
    "response.mcp_call.completed": NO_MCP_SERVER,
    "response.mcp_call.failed": NO_MCP_SERVER,
    "output_audio_buffer.started": NOT_ON_A_WEBSOCKET,
    "output_audio_buffer.stopped": NOT_ON_A_WEBSOCKET,
    "output_audio_buffer.cleared": NOT_ON_A_WEBSOCKET,
}


def types(union: Any) -> set[str]:
    """The types of all events of one of the SDK's annotated unions."""
    return {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(union)[0])}


# --- stories ----------------------------------------------------------------------------------------------------------


def a_spoken_turn() -> WireClient:
    client = WireClient()
    client.configure(audio={"input": TRANSCRIBED})
    client.turn()
    return client


def a_turn_that_the_server_finds() -> WireClient:
    client = WireClient(detector=LoudnessDetector())
    client.append(noise(600) + quiet(900))
    client.hears()
    client.speaks(8_000)
    client.wait(0.5)
    client.append(noise(300))  # an interruption
    return client


def nobody_speaks() -> WireClient:
    client = WireClient(detector=LoudnessDetector())
    client.configure(audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 5_000}}})
    client.text()
    client.respond()
    client.speaks(200)
    client.finish_reply()
    client.wait(0.3)
    client.append(quiet(5_100))
    return client


def a_written_reply() -> WireClient:
    client = WireClient()
    client.text()
    client.respond(output_modalities=["text"])
    client.finish_reply()
    return client


def a_function_call() -> WireClient:
    client = WireClient(Call("set_volume", '{"percent": 30}'), Say("done"))
    client.configure(tools=[VOLUME_TOOL])
    client.text()
    call = only(client.respond() + client.finish_reply(), "response.function_call_arguments.done")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "30"}
    client.say("conversation.item.create", item=output)
    client.respond()
    client.speaks()
    client.finish_reply()
    return client


def items_come_and_go() -> WireClient:
    client = WireClient()
    said = only(client.turn(), "response.done")["response"]["output"][0]["id"]
    client.say("conversation.item.truncate", item_id=said, content_index=0, audio_end_ms=200)
    client.say("conversation.item.retrieve", item_id=said)
    client.say("conversation.item.delete", item_id=said)
    return client


def sound_is_thrown_away() -> WireClient:
    client = WireClient()
    client.append(noise(300))
    client.say("input_audio_buffer.clear")
    return client


def the_recogniser_fails() -> WireClient:
    client = WireClient()
    client.configure(audio={"input": TRANSCRIBED})
    client.append(noise(300))
    client.say("input_audio_buffer.commit")
    client.done(client.job("recognise"), Failed("no dictionary"))
    return client


def tools_of_an_mcp_server() -> WireClient:
    client = WireClient()
    tool = {"type": "mcp", "server_label": "home", "server_url": "https://mcp.example"}
    client.say("session.update", session={"type": "realtime", "tools": [tool]})
    client.wait(1)
    return client


def a_mistake_and_the_end() -> WireClient:
    client = WireClient(max_age_s=60)
    client.say("response.cancel")
    client.wait(61)
    return client


STORIES: list[Callable[[], WireClient]] = [
    a_spoken_turn,
    a_turn_that_the_server_finds,
    nobody_speaks,
    a_written_reply,
    a_function_call,
    items_come_and_go,
    sound_is_thrown_away,
    the_recogniser_fails,
    tools_of_an_mcp_server,
    a_mistake_and_the_end,
]

MESSAGE = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
# type of client event: its fields, and the first thing that it is answered with (None: nothing, as it should be)
ANSWERED: dict[str, tuple[dict[str, Any], str | None]] = {
    "session.update": ({"session": {"type": "realtime"}}, "session.updated"),
    "input_audio_buffer.append": ({"audio": base64_of(noise(20))}, None),
    "input_audio_buffer.commit": ({}, "input_audio_buffer.committed"),
    "input_audio_buffer.clear": ({}, "input_audio_buffer.cleared"),
    "conversation.item.create": ({"item": MESSAGE}, "conversation.item.added"),
    "conversation.item.retrieve": ({"item_id": "a"}, "conversation.item.retrieved"),
    "conversation.item.delete": ({"item_id": "a"}, "conversation.item.deleted"),
    "conversation.item.truncate": (
        {"item_id": "item_0002", "content_index": 0, "audio_end_ms": 100},
        "conversation.item.truncated",
    ),
    "response.create": ({}, "response.created"),
    "response.cancel": ({}, "response.done"),
}


class TestEveryClientEvent:
    def test_is_answered_or_refused_here(self) -> None:
        assert set(ANSWERED) | (set(UNAVAILABLE) & types(RealtimeClientEvent)) == types(RealtimeClientEvent)
        assert not set(ANSWERED) & set(UNAVAILABLE)

    @pytest.mark.parametrize("kind", ANSWERED)
    def test_is_answered(self, kind: str) -> None:
        fields, first = ANSWERED[kind]
        client = WireClient()
        client.turn()  # its reply is item_0002
        client.text(id="a")
        client.append(noise(200))
        if kind == "response.cancel":
            client.respond()
        answers = kinds(client.say(kind, **fields))
        assert (answers[0] if answers else None) == first
        assert "error" not in answers

    @pytest.mark.parametrize("kind", UNAVAILABLE)
    def test_that_is_not_to_be_had_is_refused_with_the_reason(self, kind: str) -> None:
        (answer,) = WireClient().send({"type": kind, "event_id": "mine"})
        assert answer["error"]["code"] == "invalid_value"
        assert answer["error"]["event_id"] == "mine"
        assert UNAVAILABLE[kind] in answer["error"]["message"]


class TestEveryServerEvent:
    def test_is_sent_in_some_story_or_named_with_its_reason(self) -> None:
        sent = {kind for story in STORIES for kind in kinds(story().events)}
        assert sent | set(NEVER_SENT) == types(RealtimeServerEvent)
        assert not sent & set(NEVER_SENT)


def refused(*events: dict[str, Any], **settings: Any) -> set[str]:
    client = WireClient(**settings)
    client.turn()
    for event in events:
        client.send(event)
    client.wait(61)
    return {event["error"]["code"] for event in client.events if event["type"] == "error"}


class TestEveryErrorWorthABranch:
    """Of the reference's list; the account's and the key's have no place here but as faults on demand."""

    @pytest.mark.parametrize(
        ("code", "events"),
        [
            ("conversation_already_has_active_response", [{"type": "response.create"}, {"type": "response.create"}]),
            ("response_cancel_not_active", [{"type": "response.cancel"}]),
            ("input_audio_buffer_commit_empty", [{"type": "input_audio_buffer.commit"}]),
            ("item_retrieve_invalid_item_id", [{"type": "conversation.item.retrieve", "item_id": "nobody"}]),
            ("item_delete_invalid_item_id", [{"type": "conversation.item.delete", "item_id": "nobody"}]),
            (
                "item_truncate_invalid_item_id",
                [{"type": "conversation.item.truncate", "item_id": "nobody", "content_index": 0, "audio_end_ms": 1}],
            ),
            (
                "invalid_value",  # "Audio content of 1000ms is already shorter than 5000ms"
                [
                    {
                        "type": "conversation.item.truncate",
                        "item_id": "item_0002",
                        "content_index": 0,
                        "audio_end_ms": 5_000,
                    }
                ],
            ),
            ("missing_required_parameter", [{"type": "session.update", "session": {}}]),
            ("unknown_parameter", [{"type": "session.update", "session": {"type": "realtime", "voice": "alloy"}}]),
        ],
    )
    def test_is_made_where_it_belongs(self, code: str, events: list[dict[str, Any]]) -> None:
        assert refused(*events) == {code}

    def test_is_the_end_of_the_session_when_it_expires(self) -> None:
        assert refused(max_age_s=60) == {"session_expired"}
