"""The conversation's items as a client handles them: created, retrieved, deleted, truncated."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.local.wire_client import WireClient, base64_of, noise, only


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

    def test_may_take_an_id_that_a_reply_would_have_had(self) -> None:
        client = WireClient()
        client.text(id="one")
        client.respond()
        assert client.text(id="item_0001")[0]["type"] == "conversation.item.added"
        done = only(client.speaks() + client.finish_reply(), "response.done")
        assert done["response"]["output"][0]["id"] == "item_0002"
        (error,) = client.text(id="item_0002")
        assert error["error"]["code"] == "item_exists"

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

    def test_may_not_follow_what_is_not_there(self) -> None:
        client = WireClient()
        client.text(id="a")
        item = {"type": "message", "role": "user", "content": [], "id": "b"}
        (error,) = client.send({"type": "conversation.item.create", "item": item, "previous_item_id": "nobody"})
        assert (error["error"]["code"], error["error"]["param"]) == ("item_not_found", "previous_item_id")
        assert client.text(id="b")[0]["previous_item_id"] == "a"

    def test_that_answer_a_call_need_the_call(self) -> None:
        client = WireClient()
        answer = {"type": "function_call_output", "call_id": "call_7", "output": "50"}
        (error,) = client.say("conversation.item.create", item=answer)
        assert error["error"]["code"] == "invalid_tool_call_id"
        assert error["error"]["message"] == "Tool call ID 'call_7' not found in conversation."
        call = {"type": "function_call", "call_id": "call_7", "name": "set_volume", "arguments": "{}"}
        client.say("conversation.item.create", item=call)
        assert client.say("conversation.item.create", item=answer)[0]["item"]["output"] == "50"

    def test_with_a_picture_are_refused_with_the_reason(self) -> None:
        picture = {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"}
        item = {"type": "message", "role": "user", "content": [picture]}
        (error,) = WireClient().say("conversation.item.create", item=item)
        assert error["error"]["code"] == "unsupported_parameter"
        assert "cannot see images" in error["error"]["message"]

    def test_can_be_deleted(self) -> None:
        client = WireClient()
        client.text(id="a")
        (deleted,) = client.say("conversation.item.delete", item_id="a")
        assert (deleted["type"], deleted["item_id"]) == ("conversation.item.deleted", "a")
        (error,) = client.say("conversation.item.retrieve", item_id="a")
        assert error["error"]["code"] == "item_retrieve_invalid_item_id"
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

    def test_of_a_reply_in_progress_holds_once_it_has_ended(self) -> None:
        """As `openai-agents` interrupts: first it tells what was heard, then perhaps it cancels."""
        client = WireClient()
        client.text()
        client.respond()
        item_id = only(client.speaks(2_000), "response.output_item.added")["item"]["id"]
        client.wait(0.06)
        assert self.truncate(client, item_id, 200)["type"] == "conversation.item.truncated"
        client.wait(10)
        client.say("conversation.item.retrieve", item_id=item_id)
        (part,) = client.events[-1]["item"]["content"]
        assert len(base64.b64decode(part["audio"])) == 200 * 48

    def test_of_a_reply_in_progress_holds_when_it_is_cancelled_too(self) -> None:
        client = WireClient()
        client.text()
        client.respond()
        item_id = only(client.speaks(2_000), "response.output_item.added")["item"]["id"]
        client.wait(0.06)
        self.truncate(client, item_id, 200)
        client.say("response.cancel")
        client.say("conversation.item.retrieve", item_id=item_id)
        (part,) = client.events[-1]["item"]["content"]
        assert len(base64.b64decode(part["audio"])) == 200 * 48

    def test_of_a_reply_in_progress_cannot_exceed_it(self) -> None:
        client = WireClient()
        client.text()
        client.respond()
        item_id = only(client.speaks(1_000), "response.output_item.added")["item"]["id"]
        assert "is already shorter" in self.truncate(client, item_id, 1_001)["error"]["message"]

    def test_of_a_cancelled_reply_knows_only_what_was_sent(self) -> None:
        client = WireClient()
        client.text()
        client.respond()
        item_id = only(client.speaks(1_000), "response.output_item.added")["item"]["id"]
        client.wait(0.06)  # at four times real time: three slices of 100 ms
        client.say("response.cancel")
        assert "Audio content of 300ms" in self.truncate(client, item_id, 301)["error"]["message"]
        assert self.truncate(client, item_id, 300)["type"] == "conversation.item.truncated"
