"""Ids: counted by kind, never a client's own."""

from __future__ import annotations

from edge_agent.local.realtime.ids import Ids


class TestIds:
    def test_are_counted_by_kind(self) -> None:
        ids = Ids()
        assert [ids.next("item"), ids.next("event"), ids.next("item")] == ["item_0001", "event_0001", "item_0002"]

    def test_pass_over_those_of_the_client(self) -> None:
        ids = Ids()
        ids.claim("item_0001")
        assert ids.next("item") == "item_0002"

    def test_can_be_taken_back(self) -> None:
        ids = Ids()
        ids.claim("item_0002")
        ids.next("item")
        mark = ids.mark()
        assert ids.next("item") == "item_0003"
        ids.claim("item_0004")
        ids.claim("item_0002")
        ids.next("call")
        ids.back_to(mark)
        assert [ids.next("item"), ids.next("item"), ids.next("call")] == ["item_0003", "item_0004", "call_0001"]
