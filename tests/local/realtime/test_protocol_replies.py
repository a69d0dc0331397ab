"""A response, from response.create to response.done: order, time, content, usage."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from edge_agent.local.realtime.mind import Call, Say
from edge_agent.local.realtime.output import SLICE_MS
from edge_agent.local.speech.work import Failed, Recognised, Spoken
from tests.local.wire_client import VOLUME_TOOL, WireClient, joined, kinds, noise, only, sound

WORDS = "it is noon and all is well"
AUDIO, TRANSCRIPT = "response.output_audio.delta", "response.output_audio_transcript.delta"


def asked(*answers: Say | Call, **settings: Any) -> WireClient:
    client = WireClient(*answers, **settings)
    client.text("what time is it", id="question")
    return client


class TestASpokenReply:
    def test_comes_in_the_documented_order(self) -> None:
        client = asked()
        events = client.respond() + client.speaks(250) + client.finish_reply()
        order = [kind for kind, _ in itertools.groupby(k for k in kinds(events) if k not in (AUDIO, TRANSCRIPT))]
        assert order == [
            "response.created",
            "rate_limits.updated",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
        assert {place for place, kind in enumerate(kinds(events)) if kind in (AUDIO, TRANSCRIPT)} <= set(range(5, 11))

    def test_says_the_same_words_everywhere(self) -> None:
        client = asked()
        events = client.respond() + client.speaks() + client.finish_reply()
        done = only(events, "response.done")["response"]
        assert joined(events, TRANSCRIPT) == WORDS
        assert only(events, "response.output_audio_transcript.done")["transcript"] == WORDS
        assert only(events, "response.content_part.done")["part"]["transcript"] == WORDS
        assert done["output"][0]["content"] == [{"type": "output_audio", "transcript": WORDS}]
        assert (done["status"], done["output"][0]["status"]) == ("completed", "completed")
        assert sound(events) == noise(1_000)

    def test_has_one_identity(self) -> None:
        client = asked()
        events = client.respond() + client.speaks() + client.finish_reply()
        response_id = only(events, "response.created")["response"]["id"]
        item_id = only(events, "response.output_item.added")["item"]["id"]
        assert {event["response_id"] for event in events if "response_id" in event} == {response_id}
        assert {event["item_id"] for event in events if "item_id" in event} == {item_id}
        assert only(events, "conversation.item.added")["previous_item_id"] == "question"
        assert only(events, "response.done")["response"]["id"] == response_id

    @pytest.mark.parametrize("speed", [1.0, 4.0])
    def test_is_sent_a_slice_at_a_time(self, speed: float) -> None:
        client = asked(speed=speed)
        client.respond()
        start = client.now
        client.speaks(1_050)
        client.finish_reply()
        due = [at for at, event in zip(client.at, client.events, strict=True) if event["type"] == AUDIO]
        assert due == pytest.approx([start + place * SLICE_MS / 1000 / speed for place in range(11)])
        assert client.at[-1] == due[-1]

    def test_echoes_the_metadata_of_its_request(self) -> None:
        client = asked()
        events = client.respond(metadata={"turn": "7"}) + client.speaks() + client.finish_reply()
        assert only(events, "response.created")["response"]["metadata"] == {"turn": "7"}
        assert only(events, "response.done")["response"]["metadata"] == {"turn": "7"}

    def test_speaks_at_the_configured_pace_and_format(self) -> None:
        client = asked()
        client.configure(audio={"output": {"speed": 1.5, "format": {"type": "audio/pcmu"}}})
        client.respond()
        (job,) = client.jobs
        assert (job.payload, job.speed) == (WORDS, 1.5)
        events = client.speaks(1_000) + client.finish_reply()
        assert len(sound(events)) == 8_000

    def test_may_have_a_format_of_its_own(self) -> None:
        client = asked()
        created = client.respond(audio={"output": {"format": {"type": "audio/pcma"}}})[0]
        assert created["response"]["audio"]["output"]["format"] == {"type": "audio/pcma"}
        assert len(sound(client.speaks(1_000) + client.finish_reply())) == 8_000

    def test_of_a_recording_needs_no_voice(self) -> None:
        client = asked(Say("recorded", noise(300)))
        events = client.respond() + client.finish_reply()
        assert client.jobs == []
        assert (sound(events), joined(events, TRANSCRIPT)) == (noise(300), "recorded")

    @pytest.mark.parametrize("pcm", [b"", b"\x00", b"\x00" * 4801])
    def test_survives_a_voice_that_gives_next_to_nothing(self, pcm: bytes) -> None:
        client = asked()
        client.configure(audio={"output": {"format": {"type": "audio/pcmu"}}})
        client.respond()
        events = client.done(client.job("speak"), Spoken(pcm)) + client.wait(10)
        assert joined(events, TRANSCRIPT) == WORDS
        assert only(events, "response.done")["response"]["status"] == "completed"

    def test_fixes_the_voice(self) -> None:
        client = asked()
        assert client.configure(audio={"output": {"voice": "cedar"}})["type"] == "session.updated"
        client.respond()
        client.speaks()
        client.finish_reply()
        refused = client.configure(audio={"output": {"voice": "marin"}})
        assert refused["error"]["code"] == "cannot_update_voice"

    def test_fixes_the_voice_of_single_responses_too(self) -> None:
        client = asked()
        created = client.respond(audio={"output": {"voice": "cedar"}})[0]
        assert created["response"]["audio"]["output"]["voice"] == "cedar"
        client.speaks()
        client.finish_reply()
        (error,) = client.respond(audio={"output": {"voice": "ash"}})
        assert (error["error"]["code"], error["error"]["param"]) == (
            "cannot_update_voice",
            "response.audio.output.voice",
        )
        assert kinds(client.respond(audio={"output": {"voice": "cedar"}}))[0] == "response.created"


class TestTheFirstSound:
    def first_at(self, client: WireClient) -> float:
        client.finish_reply()
        return next(at for at, event in zip(client.at, client.events, strict=True) if event["type"] == AUDIO)

    def test_does_not_come_before_the_models_delay(self) -> None:
        client = asked(model_delay_ms=500)
        client.respond()
        begun = client.now
        client.wait(0.2)
        assert client.speaks() == []
        assert self.first_at(client) == pytest.approx(begun + 0.5)

    def test_comes_at_once_when_the_voice_took_longer(self) -> None:
        client = asked(model_delay_ms=500)
        client.respond()
        client.wait(0.8)
        ready = client.now
        client.speaks()
        assert self.first_at(client) == pytest.approx(ready)


class TestAReplyThatWaits:
    def test_is_created_at_once_and_asked_when_all_is_recognised(self) -> None:
        client = WireClient()
        for _ in range(2):
            client.append(noise(300))
            client.say("input_audio_buffer.commit")
        assert kinds(client.respond()) == ["response.created", "rate_limits.updated"]
        first, second = client.jobs
        client.jobs.clear()
        client.done(second, Recognised("and the date"))
        assert client.brain.asked == []
        client.done(first, Recognised("the time"))
        (question,) = client.brain.asked
        assert [item["content"][0]["transcript"] for item in question.items] == ["the time", "and the date"]
        assert client.job("speak").payload == WORDS

    def test_fails_when_nothing_could_be_recognised(self) -> None:
        client = WireClient()
        client.append(noise(300))
        client.say("input_audio_buffer.commit")
        client.respond(metadata={"turn": "1"})
        (done,) = client.done(client.job("recognise"), Failed("no ears"))
        assert done["response"]["status"] == "failed"
        assert done["response"]["status_details"]["error"]["message"] == "no ears"
        assert done["response"]["metadata"] == {"turn": "1"}
        assert kinds(client.respond())[0] == "response.created"

    def test_fails_when_the_voice_does(self) -> None:
        client = asked()
        client.respond()
        (done,) = client.done(client.job("speak"), Failed("no espeak-ng"))
        assert (done["response"]["status"], done["response"]["output"]) == ("failed", [])
        assert done["response"]["status_details"]["error"]["message"] == "no espeak-ng"
        client.turn()


class TestAWrittenReply:
    def test_is_text_alone(self) -> None:
        client = asked()
        events = client.respond(output_modalities=["text"]) + client.finish_reply()
        assert client.jobs == []
        assert joined(events, "response.output_text.delta") == WORDS
        assert only(events, "response.output_text.done")["text"] == WORDS
        assert not [kind for kind in kinds(events) if "audio" in kind]
        assert kinds(events)[-5:] == [
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
        done = events[-1]["response"]
        assert done["output"][0]["content"] == [{"type": "output_text", "text": WORDS}]
        assert done["usage"]["output_token_details"]["audio_tokens"] == 0

    def test_is_configured_for_the_session_too(self) -> None:
        client = asked()
        client.configure(output_modalities=["text"])
        assert "response.output_text.done" in kinds(client.respond() + client.finish_reply())


class TestMaxOutputTokens:
    def test_cut_a_spoken_reply(self) -> None:
        client = asked()
        events = client.respond(max_output_tokens=12) + client.speaks(1_000) + client.finish_reply()
        done = only(events, "response.done")["response"]
        assert (done["status"], done["status_details"]["reason"]) == ("incomplete", "max_output_tokens")
        assert sound(events) == noise(1_000)[: 2 * 24 * 450]  # 9 tokens of sound, and 3 of its words
        assert joined(events, TRANSCRIPT) == "it is noon"
        assert done["usage"]["output_tokens"] == 12
        assert done["output"][0]["status"] == "incomplete"
        assert done["max_output_tokens"] == 12

    def test_cut_a_written_reply(self) -> None:
        client = asked()
        events = client.respond(max_output_tokens=3, output_modalities=["text"]) + client.finish_reply()
        done = only(events, "response.done")["response"]
        assert done["status"] == "incomplete"
        assert WORDS.startswith(joined(events, "response.output_text.delta"))
        assert done["usage"]["output_tokens"] <= 3

    def test_leave_a_short_one_alone(self) -> None:
        client = asked()
        events = client.respond(max_output_tokens=27) + client.speaks(1_000) + client.finish_reply()
        assert only(events, "response.done")["response"]["status"] == "completed"


class TestAFunctionCall:
    def test_goes_there_and_back(self) -> None:
        client = WireClient(Call("set_volume", '{"percent": 30}'), Say("thirty percent"))
        client.configure(tools=[VOLUME_TOOL])
        client.text("volume thirty percent")
        events = client.respond() + client.finish_reply()
        assert kinds(events) == [
            "response.created",
            "rate_limits.updated",
            "response.output_item.added",
            "conversation.item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
        arguments = only(events, "response.function_call_arguments.done")
        assert (arguments["name"], arguments["arguments"]) == ("set_volume", '{"percent": 30}')
        (call,) = events[-1]["response"]["output"]
        assert (call["type"], call["name"], call["call_id"]) == ("function_call", "set_volume", arguments["call_id"])
        assert client.brain.asked[0].tools == {"set_volume"}
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"percent": 30}'}
        client.say("conversation.item.create", item=output)
        client.respond()
        assert client.job("speak").payload == "thirty percent"
        assert [item["type"] for item in client.brain.asked[1].items] == [
            "message",
            "function_call",
            "function_call_output",
        ]

    def test_is_not_offered_when_the_choice_is_none(self) -> None:
        client = asked()
        client.configure(tools=[VOLUME_TOOL])
        client.respond(tool_choice="none")
        assert client.brain.asked[0].tools == frozenset()

    def test_can_be_offered_by_one_response_alone(self) -> None:
        client = asked()
        client.respond(tools=[VOLUME_TOOL])
        assert client.brain.asked[0].tools == {"set_volume"}

    def test_cannot_be_confused_with_one_that_was_replayed(self) -> None:
        client = asked(Call("set_volume", "{}"))
        replayed = {"type": "function_call", "name": "get_volume", "arguments": "{}", "call_id": "call_0001"}
        client.say("conversation.item.create", item=replayed)
        done = only(client.respond() + client.finish_reply(), "response.done")
        assert done["response"]["output"][0]["call_id"] != "call_0001"


class TestTheContext:
    def test_is_the_conversation(self) -> None:
        client = asked()
        client.respond(instructions="say hello")
        (question,) = client.brain.asked
        assert [item["id"] for item in question.items] == ["question"]
        assert question.instructions == "say hello"

    def test_may_be_given_instead(self) -> None:
        client = asked()
        other = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "and this"}]}
        reference = {"type": "item_reference", "id": "question"}  # documented, though the SDK has no type for it
        client.send({"type": "response.create", "response": {"input": [reference, other]}})
        texts = [item["content"][0]["text"] for item in client.brain.asked[0].items]
        assert texts == ["what time is it", "and this"]

    def test_may_be_empty(self) -> None:
        client = asked()
        client.respond(input=[])
        assert list(client.brain.asked[0].items) == []

    def test_cannot_refer_to_what_is_not_there(self) -> None:
        client = asked()
        reference = {"type": "item_reference", "id": "nothing"}
        (error,) = client.send({"type": "response.create", "response": {"input": [reference]}})
        assert error["error"]["code"] == "item_not_found"


class TestUsage:
    def usages(self, client: WireClient, turns: int) -> list[dict[str, Any]]:
        return [only(client.turn(), "response.done")["response"]["usage"] for _ in range(turns)]

    def test_counts_sound_by_its_length(self) -> None:
        (usage,) = self.usages(WireClient(), 1)
        assert usage["input_token_details"]["audio_tokens"] == 5  # 500 ms at 100 each
        assert usage["output_token_details"]["audio_tokens"] == 20  # 1000 ms at 50 each
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]

    def test_finds_more_in_the_cache_with_every_turn(self) -> None:
        usages = self.usages(WireClient(), 4)
        cached = [usage["input_token_details"]["cached_tokens"] for usage in usages]
        assert cached == [0, 5, 30, 55]
        for usage in usages:
            details = usage["input_token_details"]
            assert details["cached_tokens"] <= usage["input_tokens"]
            assert sum(details["cached_tokens_details"].values()) == details["cached_tokens"]
            assert details["text_tokens"] + details["audio_tokens"] == usage["input_tokens"]

    def test_finds_less_after_a_deletion(self) -> None:
        client = WireClient()
        self.usages(client, 2)
        first = only(client.events[:6], "conversation.item.done")["item"]["id"]
        client.say("conversation.item.delete", item_id=first)
        assert self.usages(client, 1)[0]["input_token_details"]["cached_tokens"] == 0

    def test_counts_the_instructions(self) -> None:
        client = asked()
        client.configure(instructions="x" * 400)
        events = client.respond(output_modalities=["text"]) + client.finish_reply()
        assert events[-1]["response"]["usage"]["input_token_details"]["text_tokens"] >= 100


class TestACancel:
    def test_withdraws_what_is_not_due_and_keeps_what_was_sent(self) -> None:
        client = asked()
        events = client.respond(metadata={"turn": "3"}) + client.speaks(1_000) + client.wait(0.11)
        sent = joined(events, TRANSCRIPT)
        ending = client.say("response.cancel")
        assert kinds(ending) == [
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
        done = ending[-1]["response"]
        assert (done["status"], done["status_details"]) == (
            "cancelled",
            {"type": "cancelled", "reason": "client_cancelled"},
        )
        assert done["metadata"] == {"turn": "3"}
        assert done["output"][0]["status"] == "incomplete"
        assert 0 < len(sent) < len(WORDS)
        assert done["output"][0]["content"][0]["transcript"] == sent
        assert ending[1]["transcript"] == sent
        assert len(sound(events)) == 2 * 24 * 500
        assert client.wait() == []

    def test_before_anything_was_said_leaves_nothing(self) -> None:
        client = asked(model_delay_ms=500)
        client.respond()
        client.speaks()
        client.wait(0.4)
        (done,) = client.say("response.cancel")
        assert (done["response"]["status"], done["response"]["output"]) == ("cancelled", [])
        assert client.wait() == []
        assert client.text()[0]["previous_item_id"] == "question"

    def test_while_the_voice_works_makes_its_result_worthless(self) -> None:
        client = asked()
        client.respond()
        late = client.job("speak")
        client.say("response.cancel")
        assert client.done(late, Spoken(noise(100))) == []
        client.respond()
        assert client.done(late, Spoken(noise(100))) == []
        client.speaks()

    def test_names_the_response_or_none(self) -> None:
        client = asked()
        response_id = client.respond()[0]["response"]["id"]
        (error,) = client.say("response.cancel", response_id="resp_other")
        assert error["error"]["code"] == "response_cancel_not_active"
        (done,) = client.say("response.cancel", response_id=response_id)
        assert done["response"]["id"] == response_id

    def test_without_a_response_is_an_error(self) -> None:
        client = asked()
        (error,) = client.say("response.cancel", event_id="c1")
        assert (error["error"]["code"], error["error"]["event_id"]) == ("response_cancel_not_active", "c1")
        client.turn()
        assert client.say("response.cancel")[0]["type"] == "error"

    def test_of_a_written_reply(self) -> None:
        client = asked()
        events = client.respond(output_modalities=["text"]) + client.wait(0.1)
        ending = client.say("response.cancel")
        assert ending[-1]["response"]["output"][0]["content"][0]["text"] == joined(events, "response.output_text.delta")
        assert client.wait() == []

    def test_makes_room_for_the_next(self) -> None:
        client = asked()
        client.respond()
        client.speaks()
        client.say("response.cancel")
        client.respond()
        events = client.speaks() + client.finish_reply()
        assert only(events, "response.done")["response"]["status"] == "completed"
        assert joined(events, TRANSCRIPT) == WORDS


class TestASecondResponse:
    def test_is_refused_while_one_is_active(self) -> None:
        client = asked()
        client.respond()
        (waiting,) = client.respond()
        client.speaks()
        (speaking,) = client.say("response.create", event_id="again")
        for error in (waiting, speaking):
            assert error["error"]["code"] == "conversation_already_has_active_response"
        assert speaking["error"]["event_id"] == "again"

    def test_is_taken_once_the_first_is_done(self) -> None:
        client = asked()
        client.respond()
        client.speaks()
        client.finish_reply()
        assert kinds(client.respond())[0] == "response.created"
