"""One item of a response: what is said, written or called, laid out in time as events, and cut where it is stopped.

Law: no clock and no decision about what to say. Sound goes out faster than it is spoken: a slice of SLICE_MS of it is
due every SLICE_MS / speed, with the words that begin in it. Times are seconds of the session's clock.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from edge_agent.audio.wire import WireFormat
from edge_agent.local.realtime.items import Entry, function_call, heard, message
from edge_agent.local.realtime.outgoing import Make, Timed
from edge_agent.local.realtime.tokens import ASSISTANT_MS_PER_TOKEN, CHARS_PER_TOKEN, Tokens, spoken_tokens, text_tokens
from edge_agent.local.realtime.wire_audio import encoded, milliseconds
from edge_agent.local.speech.work import WORK_RATE

SLICE_MS = 100
PIECES_PER_S = 30  # of text: about what a model writes
ARGUMENT_PIECE = 8  # characters of a call's arguments


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands.  make: makes an event of a type and its fields, with an id of its own.

    budget: tokens it may still take, None without a limit.  shared: it belongs to the conversation, where it comes
    after the item `before`.
    """

    response_id: str
    output_index: int
    item_id: str
    make: Make
    budget: int | None
    shared: bool
    before: str | None


class Output(ABC):
    """entry: the item with its sound.  begins, ends: when its first and last event are due.

    whole: nothing had to be left out.  shown: the item as its last event tells it.
    """

    def __init__(self, place: Place, entry: Entry, *, whole: bool) -> None:
        self.place, self.entry, self.whole = place, entry, whole
        self.begins = self.ends = 0.0
        self.shown: dict[str, Any] = {}
        self._plan: list[Timed] = []

    @property
    @abstractmethod
    def tokens(self) -> Tokens:
        """What it costs as output."""

    @abstractmethod
    def _empty(self) -> dict[str, Any]:
        """The item as it begins."""

    @abstractmethod
    def _flow(self, at: float) -> float:
        """Plan everything between the item's beginning and its end; returns when the last of it is due."""

    @abstractmethod
    def _keep(self, sent: list[dict[str, Any]]) -> None:
        """Of the entry, leave only what these events have told."""

    @abstractmethod
    def _endings(self) -> list[dict[str, Any]]:
        """The events that close its parts, with what the entry holds now."""

    def lay_out(self, at: float) -> list[Timed]:
        """All its events."""
        self.begins = at
        self._plan_item(at, "added", self._empty())
        self.ends = self._flow(at)
        self._plan += [(self.ends, event) for event in self._closed("completed" if self.whole else "incomplete")]
        return self._plan

    def cut(self, now: float) -> list[Timed]:
        """End it here: what is not due yet is forgotten. Returns the events that say so."""
        self._keep([event for due, event in self._plan if due <= now])
        self.whole, self.ends = False, now
        return [(now, event) for event in self._closed("incomplete")]

    def settle(self) -> None:
        """It is over: what the item holds is final."""
        self.entry.settle(self.shown["status"])

    def _plan_event(self, due: float, kind: str, **fields: Any) -> None:
        self._plan.append((due, self.place.make(kind, **fields)))

    def _plan_item(self, due: float, what: str, item: dict[str, Any]) -> None:
        self._plan += [(due, event) for event in self._item_events(what, item)]

    def _item_events(self, what: str, item: dict[str, Any]) -> list[dict[str, Any]]:
        place = self.place
        own = {"response_id": place.response_id, "output_index": place.output_index, "item": item}
        events = [place.make(f"response.output_item.{what}", **own)]
        if place.shared:
            events.append(place.make(f"conversation.item.{what}", previous_item_id=place.before, item=item))
        return events

    def _closed(self, status: str) -> list[dict[str, Any]]:
        endings = self._endings()
        self.shown = {**self.entry.snapshot(), "status": status}
        return endings + self._item_events("done", self.shown)

    @property
    def _where(self) -> dict[str, Any]:
        place = self.place
        return {"response_id": place.response_id, "item_id": place.item_id, "output_index": place.output_index}


class _Message(Output):
    """An assistant's message of one part. key: of the part's words.  kind: of the part, as its own events name it."""

    key: str
    kind: str

    @property
    def words(self) -> str:
        return str(self.entry.item["content"][0][self.key])

    @property
    def tokens(self) -> Tokens:
        return Tokens(text_tokens(self.words), spoken_tokens(self.entry.ms))

    @property
    def _part(self) -> dict[str, Any]:
        return {**self._where, "content_index": 0}

    def _empty(self) -> dict[str, Any]:
        return message(self.place.item_id, "assistant", None, "in_progress")

    def _plan_part(self, at: float) -> None:
        self._plan_event(at, "response.content_part.added", **self._part, part={"type": self.kind, self.key: ""})

    def _part_done(self) -> dict[str, Any]:
        part = {"type": self.kind, self.key: self.words}
        return self.place.make("response.content_part.done", **self._part, part=part)

    def _keep(self, sent: list[dict[str, Any]]) -> None:
        told = "".join(event["delta"] for event in sent if event["type"].endswith(("transcript.delta", "text.delta")))
        self.entry.item["content"][0][self.key] = told


class Speech(_Message):
    """words: those of the sound.  pcm: at WORK_RATE.  speed: how much faster than real time it is sent."""

    key, kind = "transcript", "audio"

    def __init__(self, place: Place, words: str, pcm: bytes, fmt: WireFormat, speed: float) -> None:
        fits_words, ms = _fitting(words, milliseconds(pcm, WORK_RATE), place.budget)
        fits = pcm[: 2 * (ms * WORK_RATE // 1000)] if ms < milliseconds(pcm, WORK_RATE) else pcm
        part = {"type": "output_audio", "transcript": fits_words}
        entry = Entry(message(place.item_id, "assistant", part, "in_progress"), fits, WORK_RATE, ms)
        super().__init__(place, entry, whole=(fits_words, len(fits)) == (words, len(pcm)))
        self._wire, self._slice, self._speed = encoded(fits, fmt), SLICE_MS * fmt.bytes_per_ms, speed

    def _flow(self, at: float) -> float:
        self._plan_part(at)
        count, due = max(1, -(-len(self._wire) // self._slice)), at
        for place, words in enumerate(_shared_out(self.words, count)):
            due = at + place * SLICE_MS / 1000 / self._speed
            if words:
                self._plan_event(due, "response.output_audio_transcript.delta", **self._part, delta=words)
            if piece := self._wire[place * self._slice : (place + 1) * self._slice]:
                delta = base64.b64encode(piece).decode("ascii")
                self._plan_event(due, "response.output_audio.delta", **self._part, delta=delta)
        return due

    def _keep(self, sent: list[dict[str, Any]]) -> None:
        super()._keep(sent)
        slices = sum(event["type"] == "response.output_audio.delta" for event in sent)
        self.entry.ms = min(self.entry.ms, slices * SLICE_MS)
        self.entry.pcm = self.entry.pcm[: 2 * (self.entry.ms * WORK_RATE // 1000)]

    def _endings(self) -> list[dict[str, Any]]:
        make, words = self.place.make, self.words
        return [
            make("response.output_audio.done", **self._part),
            make("response.output_audio_transcript.done", **self._part, transcript=words),
            self._part_done(),
        ]


class Writing(_Message):
    key, kind = "text", "text"

    def __init__(self, place: Place, words: str) -> None:
        fits, _ = _fitting(words, 0, place.budget)
        part = {"type": "output_text", "text": fits}
        super().__init__(
            place, Entry(message(place.item_id, "assistant", part, "in_progress")), whole=len(fits) == len(words)
        )

    def _flow(self, at: float) -> float:
        self._plan_part(at)
        due = at
        for place, piece in enumerate(_shared_out(self.words, max(1, len(self.words.split())))):
            due = at + place / PIECES_PER_S
            if piece:
                self._plan_event(due, "response.output_text.delta", **self._part, delta=piece)
        return due

    def _endings(self) -> list[dict[str, Any]]:
        return [self.place.make("response.output_text.done", **self._part, text=self.words), self._part_done()]


class Calling(Output):
    """A function call; what is cut off of its arguments makes them no JSON, as the item's status tells."""

    def __init__(self, place: Place, call_id: str, name: str, arguments: str) -> None:
        room = len(arguments) if place.budget is None else max(0, place.budget * CHARS_PER_TOKEN - len(name))
        item = function_call(place.item_id, call_id, name, arguments[:room], "in_progress")
        super().__init__(place, Entry(item), whole=room >= len(arguments))

    @property
    def tokens(self) -> Tokens:
        item, budget = self.entry.item, self.place.budget
        used = text_tokens(item["name"] + item["arguments"])
        return Tokens(used if budget is None else min(used, budget))

    def _empty(self) -> dict[str, Any]:
        return {**self.entry.item, "arguments": ""}

    def _flow(self, at: float) -> float:
        due, arguments = at, self.entry.item["arguments"]
        for place, begin in enumerate(range(0, len(arguments), ARGUMENT_PIECE)):
            due = at + place / PIECES_PER_S
            piece = arguments[begin : begin + ARGUMENT_PIECE]
            self._plan_event(due, "response.function_call_arguments.delta", **self._call, delta=piece)
        return due

    def _keep(self, sent: list[dict[str, Any]]) -> None:
        told = (event["delta"] for event in sent if event["type"].endswith("arguments.delta"))
        self.entry.item["arguments"] = "".join(told)

    def _endings(self) -> list[dict[str, Any]]:
        item = self.entry.item
        named = {"name": item["name"], "arguments": item["arguments"]}
        return [self.place.make("response.function_call_arguments.done", **self._call, **named)]

    @property
    def _call(self) -> dict[str, Any]:
        return {**self._where, "call_id": self.entry.item["call_id"]}


def _fitting(words: str, ms: int, budget: int | None) -> tuple[str, int]:
    """As much of a spoken or (ms 0) written sentence as so many tokens hold: words and sound to the same place."""
    units = spoken_tokens(ms)
    if budget is None or units + text_tokens(words) <= budget:
        return words, ms
    if not units:
        return heard(words, budget / text_tokens(words)), 0
    for kept in range(min(units, budget), 0, -1):
        said = heard(words, kept / units)
        if kept + text_tokens(said) <= budget:
            return said, min(ms, kept * ASSISTANT_MS_PER_TOKEN)
    return "", 0


def _shared_out(words: str, count: int) -> list[str]:
    """The words in `count` parts, each word in the part in which it begins; joined they are the words again."""
    parts = [""] * count
    at = 0
    for place, word in enumerate(words.split(" ")):
        piece = word if place == 0 else f" {word}"
        parts[min(count - 1, at * count // max(1, len(words)))] += piece
        at += len(piece)
    return parts
