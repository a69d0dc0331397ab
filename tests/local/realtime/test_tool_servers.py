"""MCP servers, which this server has no network to reach."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.wire_client import VOLUME_TOOL, Event, WireClient, kinds

MCP_TOOL = {"type": "mcp", "server_label": "docs", "server_url": "https://example.org/mcp", "require_approval": "never"}


class TestAnMcpServer:
    def configured(self, client: WireClient, *tools: Any) -> list[Event]:
        events = client.say("session.update", session={"type": "realtime", "tools": list(tools)})
        assert kinds(events)[0] == "session.updated"
        return events[1:]

    def test_cannot_be_reached_and_that_is_told(self) -> None:
        client = WireClient()
        events = self.configured(client, MCP_TOOL, VOLUME_TOOL)
        assert kinds(events) == [
            "conversation.item.added",
            "mcp_list_tools.in_progress",
            "mcp_list_tools.failed",
            "conversation.item.done",
        ]
        item = events[-1]["item"]
        assert item == {"id": item["id"], "type": "mcp_list_tools", "server_label": "docs", "tools": []}
        assert {event["item_id"] for event in events[1:3]} == {item["id"]}
        assert client.say("conversation.item.retrieve", item_id=item["id"])[0]["item"] == item

    def test_is_tried_again_only_when_it_changes(self) -> None:
        client = WireClient()
        self.configured(client, MCP_TOOL)
        assert self.configured(client, MCP_TOOL, VOLUME_TOOL) == []
        other = {**MCP_TOOL, "server_url": "https://example.org/other"}
        assert "mcp_list_tools.failed" in kinds(self.configured(client, other))
        self.configured(client)
        assert "mcp_list_tools.failed" in kinds(self.configured(client, other))

    def test_offers_no_function(self) -> None:
        client = WireClient()
        self.configured(client, MCP_TOOL, VOLUME_TOOL)
        client.text()
        client.respond()
        assert client.brain.asked[0].tools == {"set_volume"}

    def test_of_one_response_is_told_before_it(self) -> None:
        client = WireClient()
        client.text()
        inside = kinds(client.respond(tools=[MCP_TOOL]))
        assert inside.index("mcp_list_tools.failed") < inside.index("response.created")
        assert "conversation.item.added" in inside

    def test_out_of_band_is_told_without_an_item(self) -> None:
        client = WireClient()
        told = kinds(client.respond(conversation="none", tools=[MCP_TOOL], input=[]))
        assert told[:3] == ["mcp_list_tools.in_progress", "mcp_list_tools.failed", "response.created"]

    @pytest.mark.parametrize(
        "item",
        [
            {"type": "mcp_list_tools", "server_label": "docs", "tools": [{"name": "find", "input_schema": {}}]},
            {"type": "mcp_call", "server_label": "docs", "name": "find", "arguments": "{}", "output": "nothing"},
            {"type": "mcp_approval_request", "server_label": "docs", "name": "find", "arguments": "{}"},
            {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": False, "reason": "no"},
        ],
    )
    def test_of_another_session_can_be_replayed(self, item: dict[str, Any]) -> None:
        client = WireClient()
        added, done = client.say("conversation.item.create", item={"id": "replayed", **item})
        assert added["item"] == done["item"] == {"id": "replayed", **item}
