"""Hostile clients: every field of every event replaced by everything else, and whole sequences of such events.

What is refused might as well not have been sent: a twin session that never saw it goes on in exactly the same way.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.realtime import RealtimeClientEvent

from edge_agent.local.speech.work import Failed, Recognised, Spoken
from tests.local.wire_client import VOLUME_TOOL, LoudnessDetector, WireClient, base64_of, kinds, noise, quiet
from tests.local.wire_strategies import DEEP, HALF_A_PAIR, Erratic, openings, steps

BOTTOMLESS: Any = []
for _ in range(20_000):
    BOTTOMLESS = [BOTTOMLESS]
HOSTILE: list[Any] = [
    None,
    True,
    0,
    -1,
    1e308,
    10**400,
    -(10**5_000),
    float("nan"),
    float("-inf"),
    "",
    "\x00",
    HALF_A_PAIR,
    "x" * 100_000,
    [],
    [None],
    {},
    {"": 0},
    {HALF_A_PAIR: HALF_A_PAIR},
    {"type": []},
    DEEP,
    BOTTOMLESS,
]
MCP = {"type": "mcp", "server_label": "home", "server_url": "https://mcp.example", "headers": {"k": "v"}}
EARS = {
    "format": {"type": "audio/pcm", "rate": 24_000},
    "transcription": {"model": "gpt-transcribe", "language": "en", "keywords": ["lamp"], "delay": "low"},
    "noise_reduction": {"type": "near_field", "strength": 0.5},
    "turn_detection": {
        "type": "server_vad",
        "threshold": 0.6,
        "prefix_padding_ms": 200,
        "silence_duration_ms": 400,
        "idle_timeout_ms": 6_000,
        "create_response": True,
        "interrupt_response": True,
    },
}
OF_BOTH = {
    "instructions": "be brief",
    "output_modalities": ["audio"],
    "max_output_tokens": 500,
    "tools": [VOLUME_TOOL, MCP],
    "tool_choice": {"type": "function", "name": "set_volume"},
    "parallel_tool_calls": True,
    "reasoning": {"effort": "low"},
}
SESSION = {
    **OF_BOTH,
    "type": "realtime",
    "model": "edge-agent-local",
    "truncation": {"type": "retention_ratio", "retention_ratio": 0.8, "token_limits": {"post_instructions": 5_000}},
    "tracing": {"workflow_name": "w", "group_id": "g", "metadata": {"k": "v"}},
    "include": ["item.input_audio_transcription.logprobs"],
    "audio": {"input": EARS, "output": {"format": {"type": "audio/pcmu"}, "voice": "cedar", "speed": 1.25}},
}
CONTENT = [{"type": "input_text", "text": "hello"}, {"type": "input_audio", "audio": base64_of(noise(120))}]
MESSAGE = {"id": "mine", "type": "message", "role": "user", "status": "completed", "content": CONTENT}
RESPONSE = {
    **OF_BOTH,
    "conversation": "auto",
    "metadata": {"turn": "7"},
    "input": [{"type": "item_reference", "id": "a"}, {"type": "message", "role": "user", "content": CONTENT[:1]}],
    "audio": {"output": {"format": {"type": "audio/pcma"}, "voice": "marin"}},
}
EVENTS: list[dict[str, Any]] = [
    {"type": "session.update", "session": SESSION},
    {"type": "session.update", "session": {"type": "realtime", "audio": {"input": {"turn_detection": None}}}},
    {"type": "input_audio_buffer.append", "audio": base64_of(noise(20))},
    {"type": "input_audio_buffer.commit"},
    {"type": "input_audio_buffer.clear"},
    {"type": "output_audio_buffer.clear"},
    {"type": "conversation.item.create", "item": MESSAGE, "previous_item_id": "a"},
    {
        "type": "conversation.item.create",
        "item": {"type": "function_call", "name": "set_volume", "call_id": "c", "arguments": "{}"},
    },
    {"type": "conversation.item.create", "item": {"type": "function_call_output", "call_id": "call", "output": "50"}},
    {"type": "conversation.item.retrieve", "item_id": "a"},
    {"type": "conversation.item.delete", "item_id": "a"},
    {"type": "conversation.item.truncate", "item_id": "a", "content_index": 0, "audio_end_ms": 100},
    {"type": "response.create", "response": RESPONSE},
    {"type": "response.cancel", "response_id": "resp_0001"},
]
TOO_LITTLE = {"type": "input_audio_buffer.append", "audio": base64_of(noise(60))}  # for a commit
IMPOSSIBLE: list[dict[str, Any]] = [  # well-formed
    {"type": "session.update", "session": {**SESSION, "model": "other"}},
    {"type": "session.update", "session": {**SESSION, "type": "transcription"}},
    {"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "ash", "speed": 1.5}}}},
    {"type": "conversation.item.create", "item": MESSAGE, "previous_item_id": "nobody"},
    {"type": "conversation.item.create", "item": {**MESSAGE, "id": "a"}},
    {"type": "conversation.item.delete", "item_id": "item_0001"},
    {"type": "conversation.item.truncate", "item_id": "item_0001", "content_index": 0, "audio_end_ms": 100},
    {"type": "response.create"},
    {"type": "response.cancel", "response_id": "resp_0009"},
]


def places(value: Any) -> Iterator[list[Any]]:
    """The paths to everything inside."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield [key]
        yield from ([key, *more] for more in places(value[key]))


def variants(event: dict[str, Any], path: list[Any]) -> Iterator[dict[str, Any]]:
    """The event with all kinds of things in this place, and with one field too many there."""
    for value in HOSTILE:
        whole = copy.deepcopy(event)
        _at(whole, path[:-1])[path[-1]] = value
        yield whole
    if isinstance(_at(event, path), dict):
        whole = copy.deepcopy(event)
        _at(whole, path)["x" * 300] = BOTTOMLESS
        yield whole


def _at(value: Any, path: list[Any]) -> Any:
    for key in path:
        value = value[key]
    return value


def told(client: WireClient) -> list[dict[str, Any]]:
    """All that it was sent but the errors; their numbers are the only ones that a refused event may take."""
    return [{**event, "event_id": ""} for event in client.events if event["type"] != "error"]


def refuses(answers: list[dict[str, Any]], event_id: str | None) -> bool:
    return any(event["type"] == "error" and event["error"]["event_id"] == event_id for event in answers)


def in_the_middle() -> WireClient:
    """A session with something of everything: items, sound in the buffer, a reply that is being said."""
    client = WireClient(detector=LoudnessDetector())
    client.configure(audio={"input": {"turn_detection": None}})
    client.text(id="a")
    client.say(
        "conversation.item.create",
        item={"type": "function_call", "call_id": "call", "name": "set_volume", "arguments": "{}"},
    )
    client.append(noise(60))
    client.respond()
    client.speaks(2_000)
    client.wait(0.1)
    return client


def afterwards(client: WireClient) -> None:
    """All that could show a difference."""
    client.configure()
    for item_id in ("a", "item_0001", "item_0002", "mine"):
        client.say("conversation.item.retrieve", item_id=item_id)
    client.append(noise(60))
    client.say("input_audio_buffer.commit")
    for work in client.jobs:
        client.take(client.session.done(work.id, Recognised("what time is it"), client.now))
    client.jobs.clear()
    client.text()
    client.wait(5)
    client.respond()
    client.speaks()
    client.finish_reply()


@functools.cache
def untouched() -> list[dict[str, Any]]:
    client = in_the_middle()
    afterwards(client)
    return told(client)


class TestEveryFieldOfEveryEvent:
    def test_is_written_down_here(self) -> None:
        union = get_args(RealtimeClientEvent)[0]
        known = {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(union)}
        assert {event["type"] for event in EVENTS} == known

    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["type"])
    def test_may_hold_anything(self, event: dict[str, Any]) -> None:
        refused = 0
        for path in places(event):
            client = in_the_middle()
            for hostile in variants(event, path):
                if refuses(client.send({**hostile, "event_id": "hostile"}), "hostile"):
                    refused += 1
                else:
                    client = in_the_middle()
            afterwards(client)
            assert told(client) == untouched(), path
        assert refused >= 10

    @pytest.mark.parametrize("event", [*EVENTS, *IMPOSSIBLE], ids=lambda event: event["type"])
    def test_changes_nothing_where_it_cannot_be_done(self, event: dict[str, Any]) -> None:
        for more in ({}, {"x" * 300: BOTTOMLESS}):
            client = in_the_middle()
            if refuses(client.send({**event, **more, "event_id": "hostile"}), "hostile"):
                afterwards(client)
                assert told(client) == untouched()
            else:
                assert not more

    def test_is_bounded_even_in_what_is_said_of_it(self) -> None:
        for value in HOSTILE:
            (answer,) = WireClient().send({"type": "session.update", "session": value})
            assert len(answer["error"]["message"]) < 500


class TestASequence:
    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(openings, st.lists(steps | st.just(("send", TOO_LITTLE)), min_size=10, max_size=30))
    def test_goes_on_as_if_what_was_refused_had_never_been_sent(self, opening: Any, plan: list[Any]) -> None:
        one = WireClient(brain=Erratic(), detector=LoudnessDetector())
        other = WireClient(brain=Erratic(), detector=LoudnessDetector())
        for number, (kind, value) in enumerate(opening + plan):
            if kind == "send":
                event = {**value, "event_id": f"mine_{number}"} if isinstance(value, dict) else value
                answers = one.send(copy.deepcopy(event))
                if isinstance(event, dict) and not refuses(answers, f"mine_{number}"):
                    other.send(event)
            elif kind == "wait":
                one.wait(value)
                other.wait(value)
            elif one.jobs:
                for client in (one, other):
                    client.take(client.session.done(client.jobs.pop(0).id, value, client.now))
        assert told(one) == told(other)

    def test_that_never_ends_is_no_burden(self) -> None:
        client = WireClient(detector=LoudnessDetector())
        for _ in range(300):
            client.send({"type": "response.cancel"})
            client.append(quiet(500))
        assert kinds(client.events).count("error") == 300
        client.append(noise(400) + quiet(700))
        assert client.job("recognise")


RESULTS = [Recognised(""), Spoken(b""), Failed("x")]


class TestAWorker:
    @pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
    @pytest.mark.parametrize("kind", ["recognise", "speak"])
    def test_may_give_back_anything_for_anything(self, kind: str, result: Any) -> None:
        client = WireClient()
        if kind == "recognise":
            client.append(noise(300))
            client.say("input_audio_buffer.commit")
        else:
            client.text()
        client.respond()
        work = client.jobs.pop(0)
        assert work.kind == kind
        client.take(client.session.done(work.id, result, client.now))
        client.take(client.session.done(work.id, result, client.now))
        client.wait(5)
