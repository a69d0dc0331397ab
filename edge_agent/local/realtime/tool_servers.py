"""The MCP servers that a client names: this server works without a network, so none of them can be reached.

Law: it says so in the protocol's own way, an item without tools and mcp_list_tools.failed, and nothing is pretended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from edge_agent.local.realtime.items import Conversation, Entry
from edge_agent.local.realtime.outgoing import Outgoing


class ToolServers:
    def __init__(self, out: Outgoing, conversation: Conversation) -> None:
        self._out, self._conversation = out, conversation
        self._told: set[str] = set()  # the session's servers

    def configured(self, tools: Iterable[Mapping[str, Any]]) -> None:
        """The session's `tools` as they are now; a server is tried once, and again when it was changed."""
        servers = {json.dumps(tool): str(tool["server_label"]) for tool in tools if tool["type"] == "mcp"}
        for described, label in servers.items():
            if described not in self._told:
                self._fail(label, shared=True)
        self._told = set(servers)

    def offered(self, tools: Iterable[Mapping[str, Any]], *, shared: bool) -> None:
        """Those of a single response. shared: it speaks in the conversation, where the list then stands."""
        for tool in tools:
            if tool["type"] == "mcp" and json.dumps(tool) not in self._told:
                self._fail(str(tool["server_label"]), shared=shared)

    def _fail(self, label: str, *, shared: bool) -> None:
        entry = Entry({"id": self._out.ids.next("mcpl"), "type": "mcp_list_tools", "server_label": label, "tools": []})
        previous = self._conversation.insert(entry) if shared else None
        place = {"item": entry.snapshot(), "previous_item_id": previous}
        if shared:
            self._out.tell("conversation.item.added", **place)
        self._out.tell("mcp_list_tools.in_progress", item_id=entry.id)
        self._out.tell("mcp_list_tools.failed", item_id=entry.id)
        if shared:
            self._out.tell("conversation.item.done", **place)
