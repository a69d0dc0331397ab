"""What a person says and what becomes of it: the session, its audio, its items."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from edge_agent.audio.wire import FORMATS, samples_from_pcm16
from edge_agent.local.work import Failed, Recognised, Spoken
from tests.local.wire_client import VOLUME_TOOL, WireClient, base64_of, joined, kinds, noise, only, quiet

TRANSCRIPTION = "conversation.item.input_audio_transcription"


class TestAnOpening:
    def test_tells_the_session_and_the_conversation(self) -> None:
        client = WireClient()
        assert kinds(client.events) == ["session.created", "conversation.created"]
        session = client.events[0]["session"]
        assert session["audio"]["input"]["turn_detection"] is None  # there is no speech detector
        assert session["output_modalities"] == ["audio"]
        assert session["expires_at"] > 0

    def test_shows_a_new_configuration_whole(self) -> None:
        client = WireClient()
        answer = client.configure(
            instructions="be brief",
            tools=[VOLUME_TOOL],
            tool_choice="auto",
            audio={
                "input": {"format": {"type": "audio/pcmu"}, "transcription": {"model": "gpt-transcribe"}},
                "output": {"voice": "cedar", "speed": 1.25},
            },
        )
        assert answer["type"] == "session.updated"
        session = answer["session"]
        assert session["instructions"] == "be brief"
        assert session["tools"] == [VOLUME_TOOL]
        assert session["audio"]["input"]["format"] == {"type": "audio/pcmu"}
        assert session["audio"]["output"] == {
            "format": {"type": "audio/pcm", "rate": 24_000},
            "voice": "cedar",
            "speed": 1.25,
        }
        assert session["id"] == client.events[0]["session"]["id"]

    def test_two_equal_sessions_say_the_same_to_the_byte(self) -> None:
        one, other = WireClient(), WireClient()
        one.turn()
        other.turn()
        assert (one.events, one.at) == (other.events, other.at)


class TestACommit:
    def test_makes_an_item_and_asks_to_recognise_it(self) -> None:
        client = WireClient()
        said = noise(500)
        assert client.append(said[:1000]) + client.append(said[1000:]) == []
        committed, added, done = client.say("input_audio_buffer.commit")
        assert kinds([committed, added, done]) == [
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
        ]
        assert committed["item_id"] == added["item"]["id"] == done["item"]["id"]
        assert committed["previous_item_id"] is None
        assert added["item"]["role"] == "user"
        assert added["item"]["content"][0]["type"] == "input_audio"
        work = client.job("recognise")
        assert (work.payload, work.rate) == (said, 24_000)

    def test_takes_telephone_sound_at_its_own_rate(self) -> None:
        client = WireClient()
        client.configure(audio={"input": {"format": {"type": "audio/pcmu"}}})
        wire = FORMATS["audio/pcmu"].encode(samples_from_pcm16(noise(400, 8_000)))
        client.append(wire)
        client.say("input_audio_buffer.commit")
        work = client.job("recognise")
        assert work.rate == 8_000
        assert len(work.payload) == 2 * 8 * 400

    @pytest.mark.parametrize("ms", [0, 99])
    def test_of_too_little_is_an_error(self, ms: int) -> None:
        client = WireClient()
        client.append(noise(ms))
        (error,) = client.say("input_audio_buffer.commit", event_id="mine")
        assert error["error"]["code"] == "input_audio_buffer_commit_empty"
        assert error["error"]["event_id"] == "mine"
        assert client.jobs == []

    def test_refused_leaves_the_sound_where_it_was(self) -> None:
        client = WireClient()
        client.append(noise(60))
        client.say("input_audio_buffer.commit")
        client.append(noise(60))
        assert kinds(client.say("input_audio_buffer.commit"))[0] == "input_audio_buffer.committed"

    def test_after_a_clear_has_only_what_came_later(self) -> None:
        client = WireClient()
        client.append(noise(700))
        assert kinds(client.say("input_audio_buffer.clear")) == ["input_audio_buffer.cleared"]
        client.append(quiet(200))
        client.say("input_audio_buffer.commit")
        assert client.job("recognise").payload == quiet(200)

    def test_after_a_change_of_rate_has_only_what_came_later(self) -> None:
        client = WireClient()
        client.append(noise(700))
        client.configure(audio={"input": {"format": {"type": "audio/pcma"}}})
        client.append(b"\xd5" * 8 * 200)
        client.say("input_audio_buffer.commit")
        assert len(client.job("recognise").payload) == 2 * 8 * 200


class TestATranscription:
    def committed(self, **transcription: Any) -> WireClient:
        client = WireClient()
        if transcription:
            client.configure(audio={"input": {"transcription": transcription}})
        client.append(noise(1_000))
        client.say("input_audio_buffer.commit")
        return client

    def test_is_sent_when_asked_for(self) -> None:
        client = self.committed(model="whisper-1", language="en")
        item_id = client.events[-1]["item"]["id"]
        heard = client.hears("what time is it")
        assert kinds(heard) == [f"{TRANSCRIPTION}.delta", f"{TRANSCRIPTION}.completed"]
        assert {event["item_id"] for event in heard} == {item_id}
        assert heard[1]["transcript"] == joined(heard, f"{TRANSCRIPTION}.delta") == "what time is it"
        assert heard[1]["usage"]["input_tokens"] == 10  # one every 100 ms

    def test_is_not_sent_otherwise_but_kept(self) -> None:
        client = self.committed()
        item_id = client.events[-1]["item"]["id"]
        assert client.hears("what time is it") == []
        (retrieved,) = client.say("conversation.item.retrieve", item_id=item_id)
        assert retrieved["item"]["content"][0]["transcript"] == "what time is it"

    def test_that_fails_says_so(self) -> None:
        client = self.committed(model="whisper-1")
        (failed,) = client.done(client.job("recognise"), Failed("no dictionary"))
        assert failed["type"] == f"{TRANSCRIPTION}.failed"
        assert failed["error"]["message"] == "no dictionary"

    def test_may_come_after_its_item_was_deleted(self) -> None:
        client = self.committed(model="whisper-1")
        client.say("conversation.item.delete", item_id=client.events[-1]["item"]["id"])
        client.hears()
        client.text()
        client.respond()
        assert kinds(client.speaks())[0] == "response.output_item.added"

    def test_nobody_waits_for_changes_nothing(self) -> None:
        client = self.committed(model="whisper-1")
        work = client.job("recognise")
        client.done(work, Recognised("first"))
        assert client.done(work, Recognised("second")) == []


class TestItems:
    def test_keep_the_ids_their_client_chose(self) -> None:
        client = WireClient()
        added, done = client.text(id="mine_1")
        assert added["item"]["id"] == done["item"]["id"] == "mine_1"
        assert (added["item"]["object"], added["item"]["status"]) == ("realtime.item", "completed")

    def test_follow_one_another(self) -> None:
        client = WireClient()
        client.text(id="a")
        assert client.text(id="b")[0]["previous_item_id"] == "a"
        content = [{"type": "output_text", "text": "I said that"}]
        between = {"type": "message", "role": "assistant", "content": content, "id": "c"}
        added, done = client.say("conversation.item.create", item=between, previous_item_id="a")
        assert added["previous_item_id"] == done["previous_item_id"] == "a"
        first = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "rules"}], "id": "d"}
        assert (
            client.say("conversation.item.create", item=first, previous_item_id="root")[0]["previous_item_id"] is None
        )
        client.respond()
        assert [item["id"] for item in client.brain.asked[0].items] == ["d", "a", "c", "b"]

    def test_may_bring_ids_of_an_earlier_session(self) -> None:
        earlier = WireClient()
        earlier.turn()
        ids = [event["item"]["id"] for event in earlier.events if event["type"] == "conversation.item.done"]
        resumed = WireClient()
        for own in ids:
            resumed.text(id=own)
        fresh = only(resumed.turn(), "response.done")["response"]["output"][0]["id"]
        assert fresh not in ids

    def test_may_not_take_the_id_that_a_reply_in_progress_has(self) -> None:
        client = WireClient()
        client.text(id="one")
        client.respond()
        foretold = "item_0001"
        (error,) = client.text(id=foretold)
        assert error["error"]["code"] == "item_exists"
        assert only(client.speaks() + client.finish_reply(), "response.done")["response"]["output"][0]["id"] == foretold

    @pytest.mark.parametrize("own", ["", "root"])
    def test_may_not_be_called_what_means_something_else(self, own: str) -> None:
        client = WireClient()
        (error,) = client.text(id=own)
        assert error["error"]["param"] == "item.id"

    def test_with_sound_are_recognised(self) -> None:
        client = WireClient()
        part = {"type": "input_audio", "audio": base64_of(noise(300))}
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "listen"}, part]}
        added, _ = client.say("conversation.item.create", item=item)
        assert "audio" not in added["item"]["content"][1]
        client.hears("hello there")
        (retrieved,) = client.say("conversation.item.retrieve", item_id=added["item"]["id"])
        assert retrieved["item"]["content"][1]["transcript"] == "hello there"
        assert base64.b64decode(retrieved["item"]["content"][1]["audio"]) == noise(300)

    def test_with_sound_and_its_words_are_not(self) -> None:
        client = WireClient()
        part = {"type": "input_audio", "audio": base64_of(noise(300)), "transcript": "hello"}
        client.say("conversation.item.create", item={"type": "message", "role": "user", "content": [part]})
        assert client.jobs == []

    def test_are_retrieved_with_their_sound_in_the_format_of_now(self) -> None:
        client = WireClient()
        client.configure(audio={"input": {"format": {"type": "audio/pcmu"}}})
        client.append(bytes(8 * 400))
        client.say("input_audio_buffer.commit")
        item_id = client.events[-1]["item"]["id"]
        client.hears("")
        (before,) = client.say("conversation.item.retrieve", item_id=item_id)
        assert len(base64.b64decode(before["item"]["content"][0]["audio"])) == 8 * 400
        client.configure(audio={"input": {"format": {"type": "audio/pcm", "rate": 24_000}}})
        (after,) = client.say("conversation.item.retrieve", item_id=item_id)
        assert len(base64.b64decode(after["item"]["content"][0]["audio"])) == 2 * 24 * 400

    def test_can_be_deleted(self) -> None:
        client = WireClient()
        client.text(id="a")
        (deleted,) = client.say("conversation.item.delete", item_id="a")
        assert (deleted["type"], deleted["item_id"]) == ("conversation.item.deleted", "a")
        (error,) = client.say("conversation.item.retrieve", item_id="a")
        assert error["error"]["code"] == "item_not_found"
        assert client.text(id="a")[0]["type"] == "conversation.item.added"


class TestATruncation:
    def spoken(self) -> tuple[WireClient, str]:
        client = WireClient()
        done = only(client.turn(1_000), "response.done")
        return client, done["response"]["output"][0]["id"]

    def truncate(self, client: WireClient, item_id: str, ms: int) -> dict[str, Any]:
        (answer,) = client.say("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=ms)
        return answer

    def test_makes_the_session_forget_what_was_not_heard(self) -> None:
        client, item_id = self.spoken()
        answer = self.truncate(client, item_id, 500)
        assert answer["type"] == "conversation.item.truncated"
        assert (answer["item_id"], answer["content_index"], answer["audio_end_ms"]) == (item_id, 0, 500)
        (retrieved,) = client.say("conversation.item.retrieve", item_id=item_id)
        (part,) = retrieved["item"]["content"]
        assert part["transcript"] == "it is noon"
        assert len(base64.b64decode(part["audio"])) == 2 * 24 * 500
        client.turn()
        assert client.brain.asked[-1].items[1]["content"][0]["transcript"] == "it is noon"

    def test_past_the_end_is_an_error(self) -> None:
        client, item_id = self.spoken()
        error = self.truncate(client, item_id, 1_001)["error"]
        assert error["message"] == "Audio content of 1000ms is already shorter than 1001ms"
        assert self.truncate(client, item_id, 1_000)["type"] == "conversation.item.truncated"

    def test_to_nothing_can_be_said_twice(self) -> None:
        client, item_id = self.spoken()
        assert self.truncate(client, item_id, 0)["type"] == "conversation.item.truncated"
        assert self.truncate(client, item_id, 0)["type"] == "conversation.item.truncated"

    def test_makes_what_follows_new_to_the_cache(self) -> None:
        client, item_id = self.spoken()
        client.turn()
        self.truncate(client, item_id, 500)
        usage = only(client.turn(), "response.done")["response"]["usage"]
        assert usage["input_token_details"]["cached_tokens"] == 5  # the first question alone

    def test_of_what_was_not_spoken_is_an_error(self) -> None:
        client = WireClient()
        client.text(id="a")
        assert self.truncate(client, "a", 10)["error"]["param"] == "item_id"

    def test_of_a_reply_in_progress_asks_to_cancel_first(self) -> None:
        client = WireClient()
        client.text()
        client.respond()
        added = only(client.speaks(), "response.output_item.added")
        assert self.truncate(client, added["item"]["id"], 0)["error"]["code"] == "item_in_progress"

    def test_of_a_cancelled_reply_knows_only_what_was_sent(self) -> None:
        client = WireClient()
        client.text()
        client.respond()
        item_id = only(client.speaks(1_000), "response.output_item.added")["item"]["id"]
        client.wait(0.06)  # at four times real time: three slices of 100 ms
        client.say("response.cancel")
        assert "Audio content of 300ms" in self.truncate(client, item_id, 301)["error"]["message"]
        assert self.truncate(client, item_id, 300)["type"] == "conversation.item.truncated"


class TestTheEndOfTheSession:
    def test_is_told_and_then_nothing_more(self) -> None:
        client = WireClient(max_age_s=60)
        client.wait(59.9)
        assert kinds(client.text())[0] == "conversation.item.added"
        (expired,) = client.wait(0.2)
        assert expired["error"]["code"] == "session_expired"
        assert client.at[-1] == pytest.approx(160.0)
        assert client.text() == []

    def test_comes_while_a_job_is_open(self) -> None:
        client = WireClient(max_age_s=60)
        client.text()
        client.respond()
        client.wait(61)
        assert client.done(client.job("speak"), Spoken(noise(100))) == []
