"""Our own record of the conversation, as text: what a new connection is told about the one before.

Law: pure bookkeeping. The order is the provider's (`previous_item_id`), not that of arrival: a transcript may come
before or after the reply it belongs to. What the person did not hear is not in it. Bounded in items and in characters.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Literal

from edge_agent.session.provider import Item

LIMIT_ITEMS = 20  # some ten exchanges: enough to go on talking, cheap to send again
STRUCK_KEPT = 16  # items that were taken back; what is still told about them is late by one or two
LIMIT_CHARS = 4_000  # per item; a spoken answer is far shorter, a hostile one is not kept
REPLAYED = "ea_replayed"  # ids we give away: no provider's own begin like this


@dataclass(slots=True)
class _Entry:
    """placed: its place is the provider's word. An item is a placeholder until something was said in it.
    first_id: what it was called by the connection it was said on; playback knows it by that name."""

    item: Item
    placed: bool = False
    first_id: str = ""


class ItemLog:
    def __init__(self, limit: int = LIMIT_ITEMS) -> None:
        self._limit = limit
        self._entries: list[_Entry] = []
        self._struck: deque[str] = deque(maxlen=STRUCK_KEPT)
        self._renewals = 0

    # --- what happens in the conversation -----------------------------------------------------------------------------

    def place(self, item_id: str, previous: str | None) -> None:
        """Item `item_id` stands right after `previous`; unknown or None: at the end, until told better."""
        if item_id in self._struck:
            return
        entry = self._of(item_id) or self._add(Item("user", "", item_id))
        after = self._of(previous) if previous else None
        if entry.placed or after is None or after is entry:
            return
        self._entries.remove(entry)
        self._entries.insert(self._entries.index(after) + 1, entry)
        entry.placed = True

    def user(self, item_id: str, text: str) -> bool:
        """The person's words, complete. False: of an item that was struck out; they do not count."""
        if item_id in self._struck:
            return False
        self._write(item_id, "user", text)
        return True

    def assistant(self, item_id: str, text: str, *, whole: bool = False) -> str:
        """More words of a reply, or (whole) all of them. Returns what the item says by now."""
        entry = self._of(item_id)
        before = entry.item.text if entry and entry.item.kind == "assistant" and not whole else ""
        return self._write(item_id, "assistant", before + text)

    def call(self, item_id: str, call_id: str, name: str, arguments: str) -> None:
        """The model called a tool. arguments: JSON."""
        entry = (self._of(item_id) if item_id else None) or self._add(Item("call", "", item_id))
        entry.item = Item("call", arguments[:LIMIT_CHARS], item_id, call_id, name)

    def output(self, call_id: str, output: str, item_id: str) -> None:
        """The tool's answer; it stands right after its call. Without the call it means nothing and is not kept."""
        for place, entry in enumerate(self._entries):
            if entry.item.kind == "call" and entry.item.call_id == call_id:
                answer = Item("output", output[:LIMIT_CHARS], item_id, call_id)
                self._entries.insert(place + 1, _Entry(answer, placed=True))
                self._trim()
                return

    def shorten(self, item_id: str, share: float) -> None:
        """Only `share` (0 to 1) of a reply was heard: keep as many of its words. The reply may be one of an older
        connection, which goes on playing."""
        entry = self._of(item_id) or next((entry for entry in self._entries if entry.first_id == item_id), None)
        if entry is None or entry.item.kind != "assistant" or share >= 1:
            return
        text = entry.item.text
        kept = text[: int(len(text) * max(share, 0.0))]
        if len(kept) < len(text) and not text[len(kept)].isspace():
            kept = kept.rpartition(" ")[0]  # half a word was not heard
        entry.item = replace(entry.item, text=kept.rstrip())

    def strike(self, item_id: str) -> str:
        """Forget it, and whatever is still told about it. Returns what it is called by now: a new connection has other
        names."""
        entry = self._of(item_id) or next((entry for entry in self._entries if entry.first_id == item_id), None)
        name = entry.item.item_id if entry is not None else item_id
        self._struck.append(item_id)
        self.forget(name)
        return name

    def forget(self, item_id: str) -> None:
        self._entries = [entry for entry in self._entries if entry.item.item_id != item_id]

    # --- a new connection ---------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Nothing of the conversation is remembered."""
        self._entries.clear()

    def renew(self, around: str, awaited: Container[str]) -> tuple[list[Item], list[Item]]:
        """Forget the old connection's ids. Returns what to tell the new one: what stands before item `around` (whose
        audio is sent again, so it is taken out) and what stands after it; everything before, if it is not here.
        awaited: calls whose answer may still come; other unanswered calls are left out.
        """
        outputs = {entry.item.call_id: entry.item for entry in self._entries if entry.item.kind == "output"}
        first_ids = {entry.item.item_id: entry.first_id or entry.item.item_id for entry in self._entries}
        before: list[Item] = []
        after: list[Item] = []
        told = before
        for item in (entry.item for entry in self._entries):
            if around and item.item_id == around and item.kind == "user":
                told = after
            elif item.kind == "call" and (item.call_id in outputs or item.call_id in awaited):
                told.append(item)
                if item.call_id in outputs:  # right behind its call, wherever a server may have moved the one or other
                    told.append(outputs.pop(item.call_id))
            elif item.kind in ("user", "assistant") and item.text.strip():
                told.append(item)
        self._renewals += 1
        told = [*before, *after]
        renamed = [self._renamed(item, number) for number, item in enumerate(told)]
        self._entries = [
            _Entry(new, placed=True, first_id=first_ids[old.item_id]) for old, new in zip(told, renamed, strict=True)
        ]
        return renamed[: len(before)], renamed[len(before) :]

    # --- inside -------------------------------------------------------------------------------------------------------

    def _renamed(self, item: Item, number: int) -> Item:
        return replace(item, item_id=f"{REPLAYED}_{self._renewals}_{number}")

    def _write(self, item_id: str, kind: Literal["user", "assistant"], text: str) -> str:
        entry = self._of(item_id) or self._add(Item(kind, "", item_id))
        if entry.item.kind in ("user", "assistant"):
            entry.item = Item(kind, text[:LIMIT_CHARS], item_id)
        return entry.item.text

    def _of(self, item_id: str) -> _Entry | None:
        return next((entry for entry in self._entries if entry.item.item_id == item_id), None)

    def _add(self, item: Item) -> _Entry:
        entry = _Entry(item)
        self._entries.append(entry)
        self._trim()
        return entry

    def _trim(self) -> None:
        while len(self._entries) > self._limit:
            gone = self._entries.pop(0).item
            if gone.kind == "call":
                self._entries = [entry for entry in self._entries if entry.item.call_id != gone.call_id]
