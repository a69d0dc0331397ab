"""Function calls in a response: several, beside speech, chosen by the client, cut and cancelled."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from edge_agent.local.realtime.mind import Answer, Call, Say
from edge_agent.local.speech.work import Failed, Spoken
from tests.local.wire_client import VOLUME_TOOL, Event, WireClient, joined, kinds, noise, only

LAMP_TOOL = {"type": "function", "name": "lamp", "description": "On or off.", "parameters": {"type": "object"}}
NEEDY_TOOL = {**VOLUME_TOOL, "parameters": {**VOLUME_TOOL["parameters"], "required": ["percent"]}}  # type: ignore[dict-item]
VOLUME, LAMP = Call("set_volume", '{"percent": 30}'), Call("lamp", '{"on": true}')
DELTA, DONE = "response.function_call_arguments.delta", "response.function_call_arguments.done"


def asked(*answers: Say | Call | Answer, tools: Any = (VOLUME_TOOL, LAMP_TOOL), **settings: Any) -> WireClient:
    client = WireClient(*answers, **settings)
    client.configure(tools=list(tools))
    client.text("volume thirty percent and light", id="question")
    return client


def response(events: list[Event]) -> dict[str, Any]:
    return dict(only(events, "response.done")["response"])


class TestSeveralCalls:
    def test_are_items_of_one_response(self) -> None:
        client = asked((VOLUME, LAMP))
        events = client.respond() + client.finish_reply()
        output = response(events)["output"]
        assert [(item["name"], item["arguments"]) for item in output] == [
            ("set_volume", VOLUME.arguments),
            ("lamp", LAMP.arguments),
        ]
        assert len({item["call_id"] for item in output}) == 2
        indices = [event["output_index"] for event in events if "output_index" in event]
        assert [index for index, _ in itertools.groupby(indices)] == [0, 1]
        first, second = (event for event in events if event["type"] == "conversation.item.added")
        assert (first["previous_item_id"], second["previous_item_id"]) == ("question", first["item"]["id"])

    def test_get_their_outputs_and_one_answer(self) -> None:
        client = asked((VOLUME, LAMP), Say("done"))
        for item in response(client.respond() + client.finish_reply())["output"]:
            output = {"type": "function_call_output", "call_id": item["call_id"], "output": "ok"}
            assert kinds(client.say("conversation.item.create", item=output))[0] == "conversation.item.added"
        client.respond()
        assert client.job("speak").payload == "done"
        assert [item["type"] for item in client.brain.asked[1].items] == [
            "message",
            "function_call",
            "function_call",
            "function_call_output",
            "function_call_output",
        ]

    @pytest.mark.parametrize("where", ["session", "response"])
    def test_come_one_at_a_time_if_the_client_wants_that(self, where: str) -> None:
        client = asked((VOLUME, LAMP))
        if where == "session":
            client.configure(parallel_tool_calls=False)
        own = {"parallel_tool_calls": False} if where == "response" else {}
        output = response(client.respond(**own) + client.finish_reply())["output"]
        assert [item["name"] for item in output] == ["set_volume"]
        assert client.brain.asked[0].most_calls == 1

    def test_may_be_as_many_as_the_brain_wants_otherwise(self) -> None:
        client = asked((VOLUME, LAMP))
        client.respond()
        assert client.brain.asked[0].most_calls is None


class TestSpeechAndCalls:
    def test_share_a_response_in_their_order(self) -> None:
        client = asked((Say("one moment"), VOLUME, LAMP))
        events = client.respond() + client.speaks(400) + client.finish_reply()
        assert [item["type"] for item in response(events)["output"]] == ["message", "function_call", "function_call"]
        added = [(e["output_index"], e["item"]["type"]) for e in events if e["type"] == "response.output_item.added"]
        assert added == [(0, "message"), (1, "function_call"), (2, "function_call")]
        spoken = kinds(events).index("response.output_audio.done")
        assert spoken < kinds(events).index(DELTA)

    def test_wait_for_the_voice(self) -> None:
        client = asked((Say("one moment"), VOLUME))
        client.respond()
        assert client.wait(5) == []
        assert "function_call" in [item["type"] for item in response(client.speaks() + client.finish_reply())["output"]]

    def test_may_come_the_other_way_round(self) -> None:
        client = asked((LAMP, Say("there is light")))
        events = client.respond()
        assert "response.output_item.added" in kinds(events)
        events += client.speaks(300) + client.finish_reply()
        assert [item["type"] for item in response(events)["output"]] == ["function_call", "message"]

    def test_in_text_alone_need_no_voice(self) -> None:
        client = asked((Say("one moment"), VOLUME, Say("so it is")))
        events = client.respond(output_modalities=["text"]) + client.finish_reply()
        assert client.jobs == []
        assert [item["type"] for item in response(events)["output"]] == ["message", "function_call", "message"]

    def test_keep_what_was_given_when_the_voice_fails(self) -> None:
        client = asked((LAMP, Say("there is light")))
        events = client.respond() + client.wait(1) + client.done(client.job("speak"), Failed("no voice"))
        done = response(events)
        assert done["status"] == "failed"
        assert [(item["type"], item["status"]) for item in done["output"]] == [("function_call", "completed")]

    def test_of_nothing_at_all_is_a_response_too(self) -> None:
        client = asked(())
        done = response(client.respond())
        assert (done["status"], done["output"]) == ("completed", [])


class TestTheArguments:
    def test_come_in_pieces(self) -> None:
        client = asked(VOLUME)
        events = client.respond() + client.finish_reply()
        assert kinds(events).count(DELTA) > 1
        assert joined(events, DELTA) == only(events, DONE)["arguments"] == VOLUME.arguments
        opened = only(events, "response.output_item.added")["item"]
        assert (opened["arguments"], opened["status"], opened["name"]) == ("", "in_progress", "set_volume")
        assert only(events, "conversation.item.done")["item"]["status"] == "completed"

    def test_are_cut_by_a_cancel(self) -> None:
        client = asked(Call("set_volume", '{"percent": 30, "why": "because you asked for it"}'))
        events = client.respond() + client.wait(0.04)
        ending = client.say("response.cancel")
        assert kinds(ending) == [DONE, "response.output_item.done", "conversation.item.done", "response.done"]
        told = joined(events, DELTA)
        assert 0 < len(told) < 50
        assert ending[0]["arguments"] == told
        (item,) = response(ending)["output"]
        assert (item["arguments"], item["status"]) == (told, "incomplete")
        assert client.wait(5) == []

    def test_are_cut_by_the_token_limit(self) -> None:
        client = asked(Call("set_volume", '{"percent": 30, "why": "because you asked for it"}'), LAMP)
        done = response(client.respond(max_output_tokens=5) + client.finish_reply())
        assert (done["status"], done["status_details"]["reason"]) == ("incomplete", "max_output_tokens")
        (item,) = done["output"]
        assert (item["status"], len(item["name"] + item["arguments"])) == ("incomplete", 20)
        assert done["usage"]["output_tokens"] == 5

    def test_are_not_begun_when_speech_took_all_tokens(self) -> None:
        client = asked((Say("abcdefgh"), LAMP))
        events = client.respond(max_output_tokens=12) + client.speaks(500) + client.finish_reply()
        done = response(events)
        assert [item["type"] for item in done["output"]] == ["message"]
        assert done["status"] == "incomplete"
        assert done["output"][0]["status"] == "completed"
        assert done["usage"]["output_tokens"] == 12


class TestACancelBetweenItems:
    def test_keeps_the_first_and_forgets_the_next(self) -> None:
        client = asked((Say("one moment"), VOLUME))
        client.respond()
        client.speaks(1_000)
        client.wait(0.1)
        ending = client.say("response.cancel")
        (item,) = response(ending)["output"]
        assert (item["type"], item["status"]) == ("message", "incomplete")
        assert client.wait(5) == []
        assert client.text()[0]["previous_item_id"] == item["id"]

    def test_leaves_a_finished_item_whole(self) -> None:
        client = asked((LAMP, Say("there is light")))
        client.respond()
        client.wait(1)
        ending = client.say("response.cancel")
        assert kinds(ending) == ["response.done"]
        (item,) = response(ending)["output"]
        assert (item["type"], item["status"], item["arguments"]) == ("function_call", "completed", LAMP.arguments)
        assert client.done(client.job("speak"), Spoken(noise(100))) == []

    def test_of_a_finished_item_is_not_needed_to_change_it(self) -> None:
        client = asked((Say("one moment"), Say("and so on")))
        client.respond()
        first, _ = client.jobs
        said = client.done(first, Spoken(noise(400))) + client.wait(1)
        item_id = only(said, "response.output_item.done")["item"]["id"]
        truncated = client.say("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=200)
        assert kinds(truncated) == ["conversation.item.truncated"]


class TestToolChoice:
    def test_none_offers_nothing(self) -> None:
        client = asked(Say("no"))
        client.respond(tool_choice="none")
        assert (client.brain.asked[0].tools, client.brain.asked[0].must_call) == (frozenset(), False)

    def test_auto_offers_all(self) -> None:
        client = asked(Say("no"))
        client.respond(tool_choice="auto")
        assert client.brain.asked[0].tools == {"set_volume", "lamp"}
        assert not client.brain.asked[0].must_call

    @pytest.mark.parametrize(
        ("choice", "offered"),
        [("required", {"set_volume", "lamp"}), ({"type": "function", "name": "lamp"}, {"lamp"})],
    )
    def test_a_call_that_must_be_made_is_asked_for(self, choice: Any, offered: set[str]) -> None:
        client = asked(LAMP)
        done = response(client.respond(tool_choice=choice) + client.finish_reply())
        assert client.brain.asked[0].must_call
        assert client.brain.asked[0].tools == offered
        assert [item["name"] for item in done["output"]] == ["lamp"]

    def test_the_named_function_is_called_even_if_the_brain_would_not(self) -> None:
        client = asked(Say("I would rather not"))
        done = response(client.respond(tool_choice={"type": "function", "name": "lamp"}) + client.finish_reply())
        assert client.jobs == []
        assert [(item["name"], item["arguments"]) for item in done["output"]] == [("lamp", "{}")]

    def test_arguments_are_never_made_up(self) -> None:
        client = asked(Say("I would rather not"), tools=[NEEDY_TOOL])
        choice = {"type": "function", "name": "set_volume"}
        done = response(client.respond(tool_choice=choice))
        assert (done["status"], done["status_details"]["error"]["code"]) == ("failed", "tool_choice_unmet")

    def test_nor_is_one_of_several_functions_drawn(self) -> None:
        client = asked(Say("I would rather not"))
        done = response(client.respond(tool_choice="required"))
        assert done["status_details"]["error"]["code"] == "tool_choice_unmet"
        assert "lamp, set_volume" in done["status_details"]["error"]["message"]

    @pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "other"}])
    def test_of_what_is_not_offered_is_refused(self, choice: Any) -> None:
        client = asked(tools=[] if choice == "required" else [VOLUME_TOOL])
        (error,) = client.respond(tool_choice=choice)
        assert (error["error"]["code"], error["error"]["param"]) == ("invalid_value", "tool_choice")

    def test_of_an_mcp_server_is_refused(self) -> None:
        client = asked()
        (error,) = client.respond(tool_choice={"type": "mcp", "server_label": "docs"})
        assert (error["error"]["code"], error["error"]["param"]) == ("unsupported_parameter", "tool_choice")
        assert "MCP" in error["error"]["message"]
