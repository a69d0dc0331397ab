"""The conversation's items: checked, kept in order, cut to what was heard, counted in tokens.

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
from edge_agent.local.ids import Ids
from edge_agent.local.refusal import Refused
from edge_agent.local.shape import (
    Check,
    list_of,
    missing,
    number,
    one_of,
    or_null,
    record,
    tagged,
    text,
    unsupported,
    wrong_value,
)
from edge_agent.local.wire_audio import decoded, encoded, milliseconds

RETAINED_BYTES = 4 * 1024 * 1024
MOST_ITEMS = 2_000  # an hour of quick questions has 500
LONGEST_TEXT = 65_536  # characters
USER_MS_PER_TOKEN = 100
ASSISTANT_MS_PER_TOKEN = 50
_CHARS_PER_TOKEN = 4  # of English text, about


def _own_id(value: Any, name: str) -> Any:
    if value in ("", "root"):
        raise wrong_value(name, value, "an id of your own; 'root' means the conversation's beginning")
    return text(64)(value, name)


_ID = or_null(_own_id)
_STATUS = one_of("completed", "incomplete", "in_progress")
_OBJECT = or_null(one_of("realtime.item"))
_COMMON: dict[str, Check] = {"id": _ID, "type": text(), "object": _OBJECT, "status": or_null(_STATUS)}


def _no_image(value: Any, name: str) -> Any:
    raise unsupported(name, "this server cannot see images; send input_text or input_audio")


_LONG = text(LONGEST_TEXT)
_INPUT_TEXT = record({"type": text(), "text": _LONG}, required=("text",))
_INPUT_AUDIO = record({"type": text(), "audio": text(), "transcript": or_null(_LONG)}, required=("audio",))
_CONTENT: dict[str, Check] = {
    "user": tagged({"input_text": _INPUT_TEXT, "input_audio": _INPUT_AUDIO, "input_image": _no_image}),
    "system": tagged({"input_text": _INPUT_TEXT}),
    "assistant": tagged({"output_text": record({"type": text(), "text": _LONG}, required=("text",))}),
}
_MESSAGE = tagged(
    {
        role: record({**_COMMON, "role": text(), "content": list_of(content, 64)}, required=("content",))
        for role, content in _CONTENT.items()
    },
    tag="role",
)
_CALL = record(
    {**_COMMON, "call_id": or_null(text(64)), "name": text(64), "arguments": _LONG}, required=("name", "arguments")
)
_OUTPUT = record({**_COMMON, "call_id": text(64), "output": _LONG}, required=("call_id", "output"))
ITEM = tagged({"message": _MESSAGE, "function_call": _CALL, "function_call_output": _OUTPUT})
INDEX = number(0, 0, whole=True)  # an item of ours has one content part


@dataclass(slots=True, eq=False)
class Entry:
    """item: as on the wire, without sound.  pcm: its sound at `rate`, or empty.  ms: how long that was or is.
    billed: it was part of a reply's input before, so that it is cached the next time.
    """

    item: dict[str, Any]
    pcm: bytes = b""
    rate: int = 0
    ms: int = 0
    billed: bool = False

    @property
    def id(self) -> str:
        return str(self.item["id"])

    def snapshot(self) -> dict[str, Any]:
        """The item for an event, which must not change with it."""
        return copy.deepcopy(self.item)


@dataclass(frozen=True, slots=True)
class Tokens:
    text: int = 0
    audio: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.text + other.text, self.audio + other.audio)

    @property
    def total(self) -> int:
        return self.text + self.audio


class Conversation:
    """Items in order. Ids are unique; unknown ones raise Refused."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items as they stand; not to be changed by the reader."""
        return [entry.item for entry in self._entries]

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
        place = self._entries.index(self.entry(item_id))
        del self._entries[place]
        self._changed(place)

    def truncate(self, entry: Entry, end_ms: int) -> None:
        """Forget what was not heard of a reply: its sound and its words. Raises Refused."""
        spoken = entry.item.get("role") == "assistant" and entry.item["content"][0]["type"] == "output_audio"
        if not spoken:
            raise Refused(
                "Only a reply that was spoken in this session can be truncated.", code="invalid_value", param="item_id"
            )
        if end_ms > entry.ms:
            raise Refused(
                f"Audio content of {entry.ms}ms is already shorter than {end_ms}ms",
                code="invalid_value",
                param="audio_end_ms",
            )
        part = entry.item["content"][0]
        part["transcript"] = heard(part["transcript"], end_ms / max(1, entry.ms))
        entry.pcm = entry.pcm[: 2 * (end_ms * entry.rate // 1000)]
        entry.ms = end_ms
        self._changed(self._entries.index(entry))

    def tokens(self) -> tuple[Tokens, Tokens]:
        """What a reply has for input, all of it and the cached share: the unbroken beginning that was there before."""
        everything, cached, unbroken = Tokens(), Tokens(), True
        for entry in self._entries:
            count = tokens_of(entry)
            everything += count
            unbroken = unbroken and entry.billed
            if unbroken:
                cached += count
            entry.billed = True
        return everything, cached

    def _changed(self, place: int) -> None:
        """From here on the beginning is another one, which no reply had for input yet."""
        for entry in self._entries[place:]:
            entry.billed = False

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


def opened(described: dict[str, Any], fmt: WireFormat, ids: Ids) -> tuple[Entry, int | None]:
    """A client's item as an entry, and the place of the content part that must still be recognised. Raises Refused."""
    said = {key: value for key, value in ITEM(described, "item").items() if value is not None}
    item = {"object": "realtime.item", "status": "completed", **said}
    entry, unheard = Entry(item), None
    for place, part in enumerate(item.get("content", ())):
        if part["type"] != "input_audio":
            continue
        if entry.ms:
            raise unsupported(f"item.content[{place}]", "one item holds one piece of sound; make it two items")
        entry.pcm = decoded(part.pop("audio"), fmt, f"item.content[{place}].audio")
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


def text_tokens(words: str) -> int:
    return -(-len(words) // _CHARS_PER_TOKEN)


def tokens_of(entry: Entry) -> Tokens:
    """Sound is billed by its length, words by theirs; what is spoken is not billed as words again."""
    item = entry.item
    if entry.ms:
        pace = ASSISTANT_MS_PER_TOKEN if item.get("role") == "assistant" else USER_MS_PER_TOKEN
        return Tokens(0, -(-entry.ms // pace))
    written = "".join(str(item.get(key, "")) for key in ("name", "arguments", "output"))
    spoken = "".join(part.get("text") or part.get("transcript") or "" for part in item.get("content", ()))
    return Tokens(text_tokens(written + spoken))
