"""The conversation's items: opened, kept in order, cut to what was heard.

Law: pure bookkeeping; no event is made here and no time is known. An item on the wire is a JSON object; the sound that
belongs to it is kept beside it, the newest RETAINED_BYTES of it, because a long conversation must fit into a small
machine. Durations are milliseconds of sound.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from edge_agent.audio.wire import WireFormat
from edge_agent.local.realtime.ids import Ids
from edge_agent.local.realtime.item_fields import ITEM, MCP_ITEMS
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.shape import missing, text, unsupported
from edge_agent.local.realtime.wire_audio import decoded, encoded, milliseconds

RETAINED_BYTES = 4 * 1024 * 1024
MOST_ITEMS = 2_000  # an hour of quick questions has 500


@dataclass(slots=True, eq=False)
class Entry:
    """item: as on the wire, without sound.  pcm: its sound at `rate`, or empty.  ms: how long that was or is.
    forgotten: it was left out of a context because there was too much, and is never read again.
    heard_ms: what of a reply in progress was heard, if the client said so already; it is cut to that at its end.
    """

    item: dict[str, Any]
    pcm: bytes = b""
    rate: int = 0
    ms: int = 0
    forgotten: bool = False
    heard_ms: int | None = None

    @property
    def id(self) -> str:
        return str(self.item["id"])

    def settle(self, status: str) -> None:
        """It is over."""
        self.item["status"] = status
        if self.heard_ms is not None:
            self.cut(min(self.heard_ms, self.ms))

    def cut(self, end_ms: int) -> None:
        """Forget what was not heard of a reply: its sound and its words. end_ms: up to all of it."""
        part = next(part for part in self.item["content"] if part["type"] == "output_audio")
        part["transcript"] = heard(part["transcript"], end_ms / max(1, self.ms))
        self.pcm = self.pcm[: 2 * (end_ms * self.rate // 1000)]
        self.ms = end_ms

    def snapshot(self) -> dict[str, Any]:
        """The item for an event, which must not change with it."""
        return copy.deepcopy(self.item)


class Conversation:
    """Items in order. Ids are unique; unknown ones raise Refused."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def find(self, item_id: str) -> Entry | None:
        return next((entry for entry in self._entries if entry.id == item_id), None)

    def entry(self, item_id: Any, param: str = "item_id") -> Entry:
        if item_id is None:
            raise missing(param)
        found = self.find(text(64)(item_id, param))
        if found is None:
            raise Refused(f"Item with item_id not found: {item_id}", code="item_not_found", param=param)
        return found

    def require_room(self) -> None:
        """Asked before anything is begun that ends in an item; what has begun may be inserted. Raises Refused."""
        if len(self._entries) >= MOST_ITEMS:
            raise Refused(
                f"The conversation is full: {MOST_ITEMS} items. Delete some, or begin a new session.",
                code="conversation_full",
            )

    def insert(self, entry: Entry, after: str | None = None) -> str | None:
        """Put an item behind `after` (None: at the end, "root": in front). Returns the id before it, or None."""
        if self.find(entry.id) is not None:
            raise Refused(f"An item with the id '{entry.id}' exists already.", code="item_exists", param="item.id")
        if after is None:
            place = len(self._entries)
        elif after == "root":
            place = 0
        else:
            place = self._entries.index(self.entry(after, "previous_item_id")) + 1
        self._entries.insert(place, entry)
        self._release()
        return self._entries[place - 1].id if place else None

    @property
    def last(self) -> str | None:
        """The id of the last item."""
        return self._entries[-1].id if self._entries else None

    def delete(self, item_id: str) -> None:
        self._entries.remove(self.entry(item_id))

    def truncate(self, entry: Entry, end_ms: int) -> None:
        """Forget what was not heard of a reply; of one in progress, at its end. Raises Refused."""
        if all(part["type"] != "output_audio" for part in entry.item.get("content", ())):
            raise Refused(
                "Only a reply that was spoken in this session can be truncated.", code="invalid_value", param="item_id"
            )
        if end_ms > entry.ms:
            raise Refused(
                f"Audio content of {entry.ms}ms is already shorter than {end_ms}ms",
                code="invalid_value",
                param="audio_end_ms",
            )
        if entry.item["status"] == "in_progress":
            entry.heard_ms = end_ms
        else:
            entry.cut(end_ms)

    def _release(self) -> None:
        kept = 0
        for entry in reversed(self._entries):
            kept += len(entry.pcm)
            if kept > RETAINED_BYTES:
                entry.pcm = b""


def message(
    item_id: str, role: Literal["user", "assistant"], part: dict[str, Any] | None, status: str = "completed"
) -> dict[str, Any]:
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "status": status,
        "role": role,
        "content": [] if part is None else [part],
    }


def function_call(item_id: str, call_id: str, name: str, arguments: str, status: str = "completed") -> dict[str, Any]:
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


def opened(described: dict[str, Any], fmt: WireFormat, ids: Ids, name: str = "item") -> tuple[Entry, int | None]:
    """A client's item as an entry, and the place of the content part that must still be recognised. Raises Refused.

    name: of the field that it came in.
    """
    said = {key: value for key, value in ITEM(described, name).items() if value is not None}
    common = {} if said["type"] in MCP_ITEMS else {"object": "realtime.item", "status": "completed"}
    item = {**common, **said}
    entry, unheard = Entry(item), None
    for place, part in enumerate(item.get("content", ())):
        if part["type"] != "input_audio":
            continue
        if entry.ms:
            raise unsupported(f"{name}.content[{place}]", "one item holds one piece of sound; make it two items")
        entry.pcm = decoded(part.pop("audio"), fmt, f"{name}.content[{place}].audio")
        entry.rate = fmt.rate
        entry.ms = max(1, milliseconds(entry.pcm, fmt.rate))
        unheard = place if part.get("transcript") is None else None
    for key, kind in (("id", "item"), ("call_id", "call")) if item["type"] == "function_call" else (("id", "item"),):
        if key in item:
            ids.claim(item[key])
        else:
            item[key] = ids.next(kind)
    return entry, unheard


def shown_with_sound(entry: Entry, fmt: WireFormat) -> dict[str, Any]:
    """The item as it is retrieved: with its sound, as long as that is kept. fmt: of the session's input."""
    item = entry.snapshot()
    if entry.pcm:
        assistant = item.get("role") == "assistant"
        wire = entry.pcm if assistant else encoded(entry.pcm, fmt, entry.rate)
        part = next(part for part in item["content"] if part["type"] in ("input_audio", "output_audio"))
        part["audio"] = base64.b64encode(wire).decode("ascii")
    return item


def heard(words: str, share: float) -> str:
    """As many whole words as `share` (0 to 1) of the sound holds, every character taken to last equally long."""
    if share >= 1:
        return words
    end = int(len(words) * max(share, 0.0))
    cut = words[:end]
    if end < len(words) and not words[end].isspace():
        cut = cut.rpartition(" ")[0]
    return cut.rstrip()
