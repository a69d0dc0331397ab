"""Responses out of band: beside the conversation, not in it."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.local.realtime.mind import Answer, Call, Say
from edge_agent.local.realtime.responses import MOST_AT_ONCE
from edge_agent.local.speech.work import Failed, Recognised, Spoken
from tests.local.wire_client import (
    VOLUME_TOOL,
    Event,
    LoudnessDetector,
    WireClient,
    base64_of,
    joined,
    kinds,
    noise,
    only,
    sound,
)

ASIDE: dict[str, Any] = {"conversation": "none", "output_modalities": ["text"]}


def asked(*answers: Say | Call | Answer, **settings: Any) -> WireClient:
    client = WireClient(*answers, **settings)
    client.text("what time is it", id="question")
    return client


def of(events: list[Event], response_id: str) -> list[Event]:
    """The events of one response."""
    return [e for e in events if response_id in (e.get("response_id"), e.get("response", {}).get("id"))]


def created(events: list[Event]) -> str:
    return str(only(events, "response.created")["response"]["id"])


def user(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": words}], **more}


class TestOutOfBand:
    def test_leaves_the_conversation_alone(self) -> None:
        client = asked()
        events = client.respond(**ASIDE) + client.finish_reply()
        assert not [kind for kind in kinds(events) if kind.startswith("conversation.")]
        (item,) = only(events, "response.done")["response"]["output"]
        for verb in ("retrieve", "delete"):
            (error,) = client.say(f"conversation.item.{verb}", item_id=item["id"])
            assert error["error"]["code"] == f"item_{verb}_invalid_item_id"
        assert client.text("more")[0]["previous_item_id"] == "question"
        client.respond()
        assert [item["id"] for item in client.brain.asked[1].items if item["role"] == "assistant"] == []

    def test_has_no_conversation_in_its_response(self) -> None:
        client = asked()
        events = client.respond(**ASIDE) + client.finish_reply()
        for kind in ("response.created", "response.done"):
            assert only(events, kind)["response"]["conversation_id"] is None
        inside = client.respond()
        assert only(inside, "response.created")["response"]["conversation_id"].startswith("conv_")

    def test_has_all_other_events(self) -> None:
        client = asked()
        events = client.respond(conversation="none") + client.speaks(250) + client.finish_reply()
        assert [kind for kind in kinds(events) if "delta" not in kind] == [
            "response.created",
            "rate_limits.updated",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.done",
        ]
        assert sound(events) == noise(250)

    def test_may_call_functions_too(self) -> None:
        client = asked(Call("set_volume", '{"percent": 30}'))
        events = client.respond(conversation="none", tools=[VOLUME_TOOL]) + client.finish_reply()
        (call,) = only(events, "response.done")["response"]["output"]
        assert (call["type"], call["name"]) == ("function_call", "set_volume")
        assert not [kind for kind in kinds(events) if kind.startswith("conversation.")]

    def test_knows_only_the_two_conversations(self) -> None:
        client = asked()
        conversation_id = only(client.events, "conversation.created")["conversation"]["id"]
        (error,) = client.respond(conversation="conv_other")
        assert (error["error"]["code"], error["error"]["param"]) == ("invalid_value", "response.conversation")
        assert kinds(client.respond(conversation=conversation_id))[0] == "response.created"

    def test_needs_no_room_in_a_full_conversation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        client = asked()
        monkeypatch.setattr("edge_agent.local.realtime.items.MOST_ITEMS", 1)
        assert client.respond()[0]["error"]["code"] == "conversation_full"
        assert kinds(client.respond(**ASIDE))[0] == "response.created"


class TestItsContext:
    def test_is_the_conversation_unless_another_is_given(self) -> None:
        client = asked()
        client.respond(**ASIDE)
        client.respond(**ASIDE, input=[user("classify this")])
        client.send(
            {"type": "response.create", "response": {**ASIDE, "input": [{"type": "item_reference", "id": "question"}]}}
        )
        client.respond(**ASIDE, input=[])
        texts = [[item["content"][0]["text"] for item in question.items] for question in client.brain.asked]
        assert texts == [["what time is it"], ["classify this"], ["what time is it"], []]

    def test_does_not_hold_what_is_just_being_said(self) -> None:
        client = asked()
        client.respond()
        client.speaks()
        client.wait(0.1)
        client.respond(**ASIDE)
        assert [item["id"] for item in client.brain.asked[1].items] == ["question"]

    def test_with_sound_is_heard_first(self) -> None:
        client = WireClient()
        part = {"type": "input_audio", "audio": base64_of(noise(300))}
        item = {"type": "message", "role": "user", "content": [part]}
        client.respond(**ASIDE, input=[item])
        assert client.brain.asked == []
        events = client.hears("what time is it")
        assert client.brain.asked[0].items[0]["content"][0]["transcript"] == "what time is it"
        assert not [kind for kind in kinds(events) if "transcription" in kind]
        usage = only(events + client.finish_reply(), "response.done")["response"]["usage"]
        assert usage["input_token_details"]["audio_tokens"] == 3

    def test_with_sound_that_cannot_be_heard_fails_it_alone(self) -> None:
        client = asked()
        inside = created(client.respond())
        speak = client.job("speak")
        item = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": base64_of(noise(300))}]}
        aside = created(client.respond(**ASIDE, input=[item]))
        (done,) = client.done(client.job("recognise"), Failed("no ears"))
        assert (done["response"]["id"], done["response"]["status"]) == (aside, "failed")
        events = client.done(speak, Spoken(noise(300))) + client.wait(1)
        assert only(of(events, inside), "response.done")["response"]["status"] == "completed"

    def test_of_its_own_does_not_wait_for_the_conversation(self) -> None:
        client = WireClient()
        client.append(noise(300))
        client.say("input_audio_buffer.commit")
        own = created(client.respond(**ASIDE, input=[user("hello")]))
        waiting = created(client.respond(**ASIDE))
        events = client.wait(2)
        assert only(of(events, own), "response.done")["response"]["status"] == "completed"
        assert of(events, waiting) == []
        events = client.done(client.job("recognise"), Failed("no ears"))
        assert only(of(events, waiting), "response.done")["response"]["status"] == "failed"


class TestSeveralAtATime:
    def test_run_beside_the_conversations_own(self) -> None:
        client = asked(Say("inside"), Say("first aside"), Say("second aside"))
        ids = {
            name: created(client.respond(metadata={"topic": name}, **fields))
            for name, fields in (("inside", {}), ("one", {"conversation": "none"}), ("two", {"conversation": "none"}))
        }
        events: list[Event] = []
        for work in client.jobs[::-1]:
            events += client.done(work, Spoken(noise(500)))
        events += client.wait(2)
        said = {name: joined(of(events, ids[name]), "response.output_audio_transcript.delta") for name in ids}
        assert said == {"inside": "inside", "one": "first aside", "two": "second aside"}
        for name, response_id in ids.items():
            mine = of(events, response_id)
            assert mine[-1]["response"]["metadata"] == {"topic": name}
            assert sound(mine) == noise(500)
        assert [e["item"]["content"] for e in events if e["type"] == "conversation.item.done"] == [
            [{"type": "output_audio", "transcript": "inside"}]
        ]

    def test_but_only_one_in_the_conversation(self) -> None:
        client = asked()
        client.respond(conversation="none")
        inside = created(client.respond())
        (error,) = client.respond()
        assert error["error"]["code"] == "conversation_already_has_active_response"
        assert inside in error["error"]["message"]

    def test_are_not_without_number(self) -> None:
        client = asked()
        for _ in range(MOST_AT_ONCE):
            client.respond(conversation="none")
        (error,) = client.respond(conversation="none")
        assert error["error"]["code"] == "too_many_active_responses"

    def test_one_that_fails_leaves_the_others(self) -> None:
        client = asked()
        inside, aside = created(client.respond()), created(client.respond(conversation="none"))
        one, other = client.jobs
        events = client.done(other, Failed("no voice")) + client.done(one, Spoken(noise(200))) + client.wait(1)
        assert only(of(events, aside), "response.done")["response"]["status"] == "failed"
        assert only(of(events, inside), "response.done")["response"]["status"] == "completed"


class TestACancel:
    def speaking(self) -> tuple[WireClient, str, str]:
        """Both halfway through."""
        client = asked(Say("inside the conversation we talk"), Say("out of band we talk as well"))
        inside, aside = created(client.respond()), created(client.respond(conversation="none"))
        for work in client.jobs:
            client.done(work, Spoken(noise(1_000)))
        client.wait(0.1)
        return client, inside, aside

    def test_without_a_name_means_the_conversations(self) -> None:
        client, inside, aside = self.speaking()
        ending = client.say("response.cancel")
        assert (ending[-1]["response"]["id"], ending[-1]["response"]["status"]) == (inside, "cancelled")
        rest = client.wait(2)
        assert of(rest, inside) == []
        assert only(rest, "response.done")["response"]["status"] == "completed"
        assert sound(of(client.events, aside)) == noise(1_000)

    def test_by_name_takes_back_its_own_events_alone(self) -> None:
        client, inside, aside = self.speaking()
        ending = client.say("response.cancel", response_id=aside)
        assert not [kind for kind in kinds(ending) if kind.startswith("conversation.")]
        assert ending[-1]["response"]["status_details"]["reason"] == "client_cancelled"
        rest = client.wait(2)
        assert of(rest, aside) == []
        assert sound(of(client.events, inside)) == noise(1_000)

    def test_without_a_name_finds_nothing_out_of_band(self) -> None:
        client = asked()
        aside = created(client.respond(conversation="none"))
        assert client.say("response.cancel")[0]["error"]["code"] == "response_cancel_not_active"
        assert client.say("response.cancel", response_id=aside)[0]["response"]["status"] == "cancelled"
        assert client.say("response.cancel", response_id=aside)[0]["error"]["code"] == "response_cancel_not_active"

    def test_makes_only_its_own_work_worthless(self) -> None:
        client = asked()
        client.respond()
        aside = created(client.respond(conversation="none"))
        one, other = client.jobs
        client.say("response.cancel", response_id=aside)
        assert client.done(other, Spoken(noise(100))) == []
        events = client.done(one, Spoken(noise(100))) + client.wait(1)
        assert only(events, "response.done")["response"]["status"] == "completed"

    def test_before_it_was_heard_makes_the_hearing_worthless(self) -> None:
        client = WireClient()
        item = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": base64_of(noise(300))}]}
        aside = created(client.respond(**ASIDE, input=[item]))
        client.say("response.cancel", response_id=aside)
        assert client.done(client.job("recognise"), Recognised("hello")) == []
        assert client.brain.asked == []

    def test_is_not_what_a_person_does_who_speaks(self) -> None:
        client = WireClient(detector=LoudnessDetector())
        client.text()
        inside, aside = created(client.respond()), created(client.respond(conversation="none"))
        for work in client.jobs:
            client.done(work, Spoken(noise(2_000)))
        client.wait(0.1)
        events = client.append(noise(600)) + client.wait(2)
        done = only(of(events, inside), "response.done")["response"]
        assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "turn_detected")
        assert only(of(events, aside), "response.done")["response"]["status"] == "completed"
