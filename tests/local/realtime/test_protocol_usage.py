"""What a session is told about tokens: usage, the cache, truncation, rate limits."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.local.realtime.limits import Limits
from edge_agent.local.realtime.mind import Call, Say
from tests.local.wire_client import VOLUME_TOOL, Event, WireClient, kinds, only

TEXT: dict[str, Any] = {"output_modalities": ["text"]}


def written(*answers: Say | Call, **settings: Any) -> WireClient:
    """A session that writes: "1234" is answered with one token."""
    client = WireClient(*(answers or (Say("1234"),)), **settings)
    client.configure(**TEXT)
    return client


def response(client: WireClient, **fields: Any) -> dict[str, Any]:
    return dict(only(client.respond(**fields) + client.finish_reply(), "response.done")["response"])


def counts(client: WireClient, **fields: Any) -> tuple[int, int, int]:
    """Tokens of one response: input, cached, output."""
    usage = response(client, **fields)["usage"]
    details = usage["input_token_details"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["input_tokens"] == details["text_tokens"] + details["audio_tokens"]
    assert details["cached_tokens"] == sum(details["cached_tokens_details"].values())
    return usage["input_tokens"], details["cached_tokens"], usage["output_tokens"]


class TestUsage:
    def test_counts_the_whole_conversation_again_every_time(self) -> None:
        client = written()
        client.text("x" * 40)
        assert counts(client) == (10, 0, 1)
        assert counts(client) == (11, 10, 1)
        client.text("x" * 8)
        assert counts(client) == (14, 11, 1)

    def test_counts_instructions_and_functions_before_all(self) -> None:
        client = written()
        client.configure(instructions="x" * 400)
        client.text("x" * 40)
        assert counts(client) == (110, 0, 1)
        client.configure(tools=[VOLUME_TOOL])
        with_tools, cached, _ = counts(client)
        assert with_tools > 130
        assert cached == 0

    def test_counts_words_and_sound_of_a_message_with_both(self) -> None:
        client = written()
        sound = {"type": "input_audio", "audio": "AAAA" * 1600, "transcript": "hi"}  # 100 ms
        content = [{"type": "input_text", "text": "x" * 40}, sound]
        client.say("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        assert counts(client) == (11, 0, 1)

    def test_counts_calls_and_their_outputs(self) -> None:
        client = written(Call("set_volume", '{"percent": 30}'), Say("1234"))
        client.configure(tools=[VOLUME_TOOL], instructions="")
        client.text("x" * 4)
        before, _, spent = counts(client)
        assert spent == 7  # 25 characters
        call_id = client.events[-1]["response"]["output"][0]["call_id"]
        output = {"type": "function_call_output", "call_id": call_id, "output": "x" * 16}
        client.say("conversation.item.create", item=output)
        assert counts(client) == (before + 7 + 4, before, 1)

    def test_counts_what_was_sent_of_a_cancelled_reply(self) -> None:
        client = WireClient(speed=1.0)
        client.text("x" * 4)
        client.respond()
        client.speaks(1_000)
        client.wait(0.25)
        usage = client.say("response.cancel")[-1]["response"]["usage"]
        assert usage["output_token_details"]["audio_tokens"] == 6  # three slices of 100 ms
        said = counts(client, **TEXT)
        assert said[0] == 1 + 6

    def test_out_of_band_is_of_its_own_input(self) -> None:
        client = written()
        client.text("x" * 400)
        own = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x" * 40}]}
        assert counts(client, conversation="none", input=[own]) == (10, 0, 1)
        assert counts(client) == (100, 0, 1)


class TestTheCache:
    def talk(self) -> WireClient:
        """Four items of ten tokens each, read once."""
        client = written()
        for name in "abcd":
            client.text("x" * 39 + name, id=name)
        assert counts(client, conversation="none") == (40, 0, 1)
        return client

    def test_holds_the_unchanged_beginning(self) -> None:
        client = self.talk()
        assert counts(client, conversation="none") == (40, 40, 1)
        client.text("x" * 40)
        assert counts(client, conversation="none") == (50, 40, 1)

    def test_ends_where_an_item_was_deleted(self) -> None:
        client = self.talk()
        client.say("conversation.item.delete", item_id="c")
        assert counts(client, conversation="none") == (30, 20, 1)

    def test_ends_where_an_item_was_put_in_between(self) -> None:
        client = self.talk()
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x" * 40}]}
        client.say("conversation.item.create", item=item, previous_item_id="a")
        assert counts(client, conversation="none") == (50, 10, 1)

    def test_ends_where_a_reply_was_truncated(self) -> None:
        client = WireClient()
        client.text("x" * 40)
        client.respond()
        events = client.speaks(1_000) + client.finish_reply()
        client.text("x" * 40)
        spoken = only(events, "response.done")["response"]["output"][0]["id"]
        assert counts(client, conversation="none", **TEXT)[:2] == (40, 10)
        client.say("conversation.item.truncate", item_id=spoken, content_index=0, audio_end_ms=500)
        assert counts(client, conversation="none", **TEXT)[:2] == (30, 10)

    @pytest.mark.parametrize("change", [{"instructions": "be brief"}, {"tools": [VOLUME_TOOL]}])
    def test_is_lost_with_other_instructions_or_functions(self, change: dict[str, Any]) -> None:
        client = self.talk()
        assert counts(client, conversation="none", **change)[1] == 0
        assert counts(client, conversation="none")[1] == 40
        client.configure(**change)
        everything, cached, _ = counts(client, conversation="none")
        assert cached == everything

    def test_knows_the_same_words_again_out_of_band(self) -> None:
        client = written()
        own = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x" * 40}]}
        assert counts(client, conversation="none", input=[own])[1] == 0
        assert counts(client, conversation="none", input=[own])[1] == 10


class TestTruncation:
    def full(self, truncation: Any, room: int = 35) -> WireClient:
        """Four items of ten tokens, which is too much."""
        client = written(limits=Limits(input_tokens=room))
        client.send({"type": "session.update", "session": {"type": "realtime", "truncation": truncation}})
        for name in "abcd":
            client.text("x" * 40, id=name)
        return client

    def read(self, client: WireClient) -> list[str]:
        return [item["id"] for item in client.brain.asked[-1].items]

    @pytest.mark.parametrize("truncation", ["auto", None])
    def test_auto_leaves_out_the_oldest(self, truncation: Any) -> None:
        client = self.full(truncation)
        assert counts(client, conversation="none") == (30, 0, 1)
        assert self.read(client) == ["b", "c", "d"]
        assert client.say("conversation.item.retrieve", item_id="a")[0]["type"] == "conversation.item.retrieved"

    def test_what_was_left_out_does_not_come_back(self) -> None:
        client = self.full("auto")
        response(client, conversation="none")
        client.say("conversation.item.delete", item_id="d")
        assert counts(client, conversation="none") == (20, 20, 1)

    def test_disabled_fails_instead(self) -> None:
        client = self.full("disabled")
        failed = response(client)
        assert failed["status"] == "failed"
        assert failed["status_details"]["error"]["code"] == "context_length_exceeded"
        assert "40 tokens, 35 fit" in failed["status_details"]["error"]["message"]
        client.say("conversation.item.delete", item_id="a")
        assert response(client)["status"] == "completed"

    def test_a_ratio_leaves_out_more_and_keeps_the_cache_longer(self) -> None:
        client = self.full({"type": "retention_ratio", "retention_ratio": 0.6})
        assert counts(client, conversation="none") == (20, 0, 1)
        assert self.read(client) == ["c", "d"]
        client.text("x" * 40)
        assert counts(client, conversation="none") == (30, 20, 1)

    def test_a_limit_of_its_own_is_kept_to(self) -> None:
        limits = {"post_instructions": 25}
        truncation = {"type": "retention_ratio", "retention_ratio": 1.0, "token_limits": limits}
        client = self.full(truncation, room=1_000)
        client.configure(instructions="x" * 400)
        assert counts(client, conversation="none")[0] == 120
        assert self.read(client) == ["c", "d"]

    def test_never_leaves_out_what_is_to_be_answered(self) -> None:
        client = self.full({"type": "retention_ratio", "retention_ratio": 0.0})
        response(client)
        assert self.read(client) == ["d"]
        client.text("x" * 200)
        failed = response(client)
        assert failed["status_details"]["error"]["code"] == "context_length_exceeded"


class TestRateLimits:
    def told(self, events: list[Event]) -> dict[str, tuple[int, int, float]]:
        limits = only(events, "rate_limits.updated")["rate_limits"]
        return {one["name"]: (one["limit"], one["remaining"], one["reset_seconds"]) for one in limits}

    def test_hold_back_what_a_response_may_use(self) -> None:
        client = written(limits=Limits(requests=60, tokens=6_000))
        client.text("x" * 400)
        told = self.told(client.respond(max_output_tokens=500))
        assert told == {"requests": (60, 59, 1.0), "tokens": (6_000, 5_400, 6.0)}

    def test_give_back_what_it_did_not(self) -> None:
        client = written(limits=Limits(requests=60, tokens=6_000))
        client.text("x" * 400)
        client.respond(max_output_tokens=500)
        client.finish_reply()
        told = self.told(client.respond(max_output_tokens=500))  # 101 tokens were used, 601 may be now
        assert (told["tokens"][1], told["requests"][1]) == (6_000 - 101 - 601, 58)

    def test_fill_again_in_a_minute(self) -> None:
        client = written(limits=Limits(requests=6, tokens=6_000))
        client.text("x" * 4000)
        for _ in range(3):
            response(client, max_output_tokens=1)
        client.wait(5)
        half = self.told(client.respond(max_output_tokens=1))
        client.finish_reply()
        assert 2_400 < half["tokens"][1] < 2_600  # four times about 1,000 less, 500 more
        client.wait(60)
        assert self.told(client.respond(max_output_tokens=1))["tokens"][1] > 4_900

    @pytest.mark.parametrize(
        ("limits", "name"),
        [(Limits(requests=2), "requests"), (Limits(tokens=220), "tokens")],
        ids=["requests", "tokens"],
    )
    def test_fail_a_response_that_is_too_much(self, limits: Limits, name: str) -> None:
        client = written(limits=limits)
        client.text("x" * 400)
        for _ in range(2):
            assert response(client, max_output_tokens=1)["status"] == "completed"
        events = client.respond(max_output_tokens=1, metadata={"turn": "3"})
        assert kinds(events) == ["response.created", "rate_limits.updated", "response.done"]
        failed = events[-1]["response"]
        error = failed["status_details"]["error"]
        assert (failed["status"], failed["metadata"]) == ("failed", {"turn": "3"})
        assert (error["type"], error["code"]) == (name, "rate_limit_exceeded")
        assert f"on {name} per min" in error["message"]
        client.wait(61)
        assert response(client, max_output_tokens=1)["status"] == "completed"

    def test_leave_the_conversation_free_after_a_refusal(self) -> None:
        client = written(limits=Limits(requests=1))
        client.text()
        response(client)
        for _ in range(3):
            assert client.respond()[-1]["response"]["status"] == "failed"
        assert client.say("response.cancel")[0]["error"]["code"] == "response_cancel_not_active"
