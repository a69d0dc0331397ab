"""Whatever is created, cancelled, called and answered, in any order: every response is whole, and the books balance."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.local.realtime.limits import Limits
from edge_agent.local.realtime.mind import Answer, Call, Question, Say
from edge_agent.local.speech.work import Failed, Recognised, Result, Spoken, Work
from tests.local.wire_client import VOLUME_TOOL, Event, Told, WireClient, base64_of, noise

LAMP_TOOL = {"type": "function", "name": "lamp", "parameters": {"type": "object"}}
MCP_TOOL = {"type": "mcp", "server_label": "docs", "server_url": "https://example.org/mcp"}
PARTS = [
    Say("it is noon and all is well"),
    Say(""),
    Say("a recording of half a sentence", noise(350)),
    Call("set_volume", '{"percent": 30, "why": "because it was asked for"}'),
    Call("lamp", ""),
]
SOUND = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": base64_of(noise(300))}]}
WORDS = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello you"}]}


class Drawn(Told):
    """Gives the answers that were drawn, over and over."""

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__()
        self._drawn = answers

    def answer(self, question: Question) -> Answer:
        super().answer(question)
        return self._drawn[len(self.asked) % len(self._drawn)]


@dataclass
class Item:
    """As it was told so far."""

    words: str = ""
    audio: bytes = b""
    arguments: str = ""
    open: bool = True


@dataclass
class Seen:
    """A response as it was told so far."""

    created: dict[str, Any]
    items: list[Item] = field(default_factory=list)
    finals: list[dict[str, Any]] = field(default_factory=list)
    done: dict[str, Any] | None = None


class Books:
    """Follows every event, and holds the session to what a response is."""

    def __init__(self) -> None:
        self.responses: dict[str, Seen] = {}
        self.conversation: set[str] = set()

    @property
    def running(self) -> list[str]:
        return [name for name, seen in self.responses.items() if seen.done is None]

    def enter(self, event: Event) -> None:
        kind = event["type"]
        if kind == "response.created":
            self._begin(event["response"])
        elif kind == "response.done":
            self._end(event["response"])
        elif kind == "conversation.item.added":
            assert event["item"]["id"] not in self.conversation
            self.conversation.add(event["item"]["id"])
        elif kind == "conversation.item.deleted":
            self.conversation.remove(event["item_id"])
        elif "response_id" in event:
            seen = self.responses[event["response_id"]]
            assert seen.done is None, f"{kind} after response.done"
            self._enter_item(seen, kind, event)

    def _begin(self, response: dict[str, Any]) -> None:
        assert response["id"] not in self.responses
        assert response["usage"] is None
        if response["conversation_id"] is not None:
            inside = [name for name in self.running if self.responses[name].created["conversation_id"] is not None]
            assert inside == [], "two responses at a time in the conversation"
        self.responses[response["id"]] = Seen(response)

    def _enter_item(self, seen: Seen, kind: str, event: Event) -> None:
        if kind == "response.output_item.added":
            assert event["output_index"] == len(seen.items)
            assert not any(item.open for item in seen.items), "two items at a time"
            seen.items.append(Item())
            return
        item = seen.items[event["output_index"]]
        assert item.open
        assert event["output_index"] == len(seen.items) - 1
        match kind:
            case "response.output_audio_transcript.delta" | "response.output_text.delta":
                item.words += event["delta"]
            case "response.output_audio.delta":
                item.audio += base64.b64decode(event["delta"])
            case "response.function_call_arguments.delta":
                item.arguments += event["delta"]
            case "response.output_audio_transcript.done":
                assert event["transcript"] == item.words
            case "response.output_text.done":
                assert event["text"] == item.words
            case "response.function_call_arguments.done":
                assert event["arguments"] == item.arguments
            case "response.output_item.done":
                item.open = False
                seen.finals.append(event["item"])
                inside = seen.created["conversation_id"] is not None
                assert (event["item"]["id"] in self.conversation) == inside

    def _end(self, response: dict[str, Any]) -> None:
        seen = self.responses[response["id"]]
        assert seen.done is None, "response.done twice"
        assert not any(item.open for item in seen.items)
        assert response["output"] == seen.finals
        for key in ("conversation_id", "metadata", "output_modalities", "max_output_tokens", "audio"):
            assert response[key] == seen.created[key]
        self._judge_status(response)
        self._judge_usage(response, seen)
        seen.done = response

    def _judge_status(self, response: dict[str, Any]) -> None:
        status, details = response["status"], response["status_details"] or {}
        assert details.get("type", status) == status
        assert (status == "failed") == ("error" in details)
        assert (
            details.get("reason")
            in {
                "completed": (None,),
                "failed": (None,),
                "cancelled": ("client_cancelled",),
                "incomplete": ("max_output_tokens",),
            }[status]
        )
        unfinished = [item for item in response["output"] if item["status"] != "completed"]
        assert unfinished in ([], response["output"][-1:])
        assert not unfinished or status in ("cancelled", "incomplete")

    def _judge_usage(self, response: dict[str, Any], seen: Seen) -> None:
        usage = response["usage"]
        inputs, outputs = usage["input_token_details"], usage["output_token_details"]
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert usage["input_tokens"] == inputs["text_tokens"] + inputs["audio_tokens"]
        assert usage["output_tokens"] == outputs["text_tokens"] + outputs["audio_tokens"]
        for kind, cached in inputs["cached_tokens_details"].items():
            assert 0 <= cached <= inputs[kind]
        assert sum(inputs["cached_tokens_details"].values()) == inputs["cached_tokens"]
        assert outputs["audio_tokens"] == sum(-(-len(item.audio) // (2 * 24 * 50)) for item in seen.items)
        if response["max_output_tokens"] != "inf":
            assert usage["output_tokens"] <= response["max_output_tokens"]


def answered(client: WireClient, work: Work, result: Result) -> None:
    """What fits the job: a failure, or words, or sound."""
    if work.kind == "recognise" and isinstance(result, Spoken):
        result = Recognised("hello")
    client.take(client.session.done(work.id, result, client.now))


responses = st.fixed_dictionaries(
    {},
    optional={
        "conversation": st.sampled_from(["none", "none", "auto"]),
        "input": st.sampled_from([[], [WORDS], [SOUND], [WORDS, SOUND]]),
        "output_modalities": st.sampled_from([["audio"], ["text"]]),
        "max_output_tokens": st.sampled_from(["inf", 1, 2, 9, 40]),
        "metadata": st.sampled_from([{"turn": "7"}, None]),
        "parallel_tool_calls": st.booleans(),
        "tools": st.sampled_from([[], [LAMP_TOOL], [VOLUME_TOOL, LAMP_TOOL, MCP_TOOL]]),
        "tool_choice": st.sampled_from(["auto", "none", "required", {"type": "function", "name": "lamp"}]),
    },
)
steps = st.one_of(
    st.tuples(st.just("create"), responses),
    st.tuples(st.just("create"), responses),
    st.tuples(st.just("job"), st.sampled_from([Spoken(noise(730)), Spoken(noise(730)), Spoken(b""), Failed("no")])),
    st.tuples(st.just("job"), st.just(Spoken(noise(1_200)))),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.03, 0.1, 0.5])),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.03, 0.1, 0.5])),
    st.tuples(st.just("cancel"), st.integers(-1, 2)),
    st.tuples(st.just("item"), st.sampled_from([WORDS, SOUND])),
    st.tuples(st.just("output"), st.just(None)),
    st.tuples(st.just("delete"), st.integers(0, 5)),
)


def do(client: WireClient, books: Books, kind: str, value: Any) -> None:
    match kind:
        case "create":
            client.send({"type": "response.create", "response": value})
        case "job" if client.jobs:
            answered(client, client.jobs.pop(0), value)
        case "wait":
            client.wait(value)
        case "cancel":
            named = {"response_id": books.running[value]} if 0 <= value < len(books.running) else {}
            client.say("response.cancel", **named)
        case "item":
            client.say("conversation.item.create", item=value)
        case "output":
            made = [
                item for seen in books.responses.values() for item in seen.finals if item["type"] == "function_call"
            ]
            for call in made[-1:]:
                output = {"type": "function_call_output", "call_id": call["call_id"], "output": "done"}
                client.say("conversation.item.create", item=output)
        case "delete" if books.conversation:
            known = sorted(books.conversation)
            client.say("conversation.item.delete", item_id=known[value % len(known)])


class TestResponses:
    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.lists(st.sampled_from(PARTS), max_size=3), min_size=1, max_size=4),
        st.sampled_from([0, 200]),
        st.sampled_from([Limits(), Limits(requests=3, tokens=5_000, input_tokens=20)]),
        st.lists(steps, min_size=5, max_size=40),
    )
    def test_are_whole(
        self, answers: list[Answer], delay_ms: float, limits: Limits, plan: list[tuple[str, Any]]
    ) -> None:
        client = WireClient(brain=Drawn(answers), model_delay_ms=delay_ms, limits=limits)
        books, read = Books(), 0
        for kind, value in [*plan, ("drain", None)]:
            if kind == "drain":
                while client.jobs:
                    answered(client, client.jobs.pop(0), Spoken(noise(500)))
                client.wait(60)
            else:
                do(client, books, kind, value)
            for event in client.events[read:]:
                books.enter(event)
            read = len(client.events)
        assert books.running == [], "a response without an end"
        for seen in books.responses.values():
            for item in seen.finals:
                found = client.say("conversation.item.retrieve", item_id=item["id"])[0]["type"]
                expected = item["id"] in books.conversation
                assert (found == "conversation.item.retrieved") == expected
