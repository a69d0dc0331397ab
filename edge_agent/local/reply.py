"""One response: from its creation to response.done, every event with the time it is due.

Law: no clock and no decision about what to say; it is told, and lays the events out in time. Sound goes out faster than
it is spoken: a slice of SLICE_MS of it is due every SLICE_MS / speed. Times are seconds of the session's clock.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from edge_agent.local.items import ASSISTANT_MS_PER_TOKEN, Entry, Tokens, function_call, heard, message, text_tokens
from edge_agent.local.wire_audio import encoded, milliseconds
from edge_agent.local.wish import Wish
from edge_agent.local.work import WORK_RATE

Timed = tuple[float, dict[str, Any]]
Make = Callable[..., dict[str, Any]]

SLICE_MS = 100
WORDS_PER_S = 30  # of a reply in text only: about what a model writes


@dataclass(slots=True)
class Reply:
    """make: makes an event of a type and its fields, with an id of its own.  first_s: no sound before then.

    used: the input's tokens, all and cached.  asked: the brain has been.  plan: everything that was handed out, in
    order.  ends: when response.done is due, once that is known.
    """

    id: str
    conversation_id: str
    item_id: str
    wish: Wish
    make: Make
    speed: float
    first_s: float
    used: tuple[Tokens, Tokens] = (Tokens(), Tokens())
    asked: bool = False
    entry: Entry | None = None
    plan: list[Timed] = field(default_factory=list)
    ends: float | None = None
    _output: Tokens = field(default_factory=Tokens)

    @property
    def written(self) -> bool:
        return self.wish.modalities == ["text"]

    def begin(self) -> dict[str, Any]:
        return self.make("response.created", response=self._object("in_progress", None, [], None))

    # --- what is to be said -------------------------------------------------------------------------------------------

    def speak(self, at: float, words: str, pcm: bytes, before: str | None) -> list[Timed]:
        """Sound at WORK_RATE with its words. before: the id of the conversation's last item."""
        status, reason = "completed", None
        whole_ms = milliseconds(pcm, WORK_RATE)
        longest_ms = whole_ms if self.wish.longest is None else self.wish.longest * ASSISTANT_MS_PER_TOKEN
        if whole_ms > longest_ms:
            status, reason = "incomplete", "max_output_tokens"
            words, pcm = heard(words, longest_ms / whole_ms), pcm[: 2 * (longest_ms * WORK_RATE // 1000)]
        part = {"type": "output_audio", "transcript": words}
        self.entry = Entry(message(self.item_id, "assistant", part, "in_progress"), pcm, WORK_RATE)
        self.entry.ms = milliseconds(pcm, WORK_RATE)
        wire = encoded(pcm, self.wish.fmt)
        size = SLICE_MS * self.wish.fmt.bytes_per_ms
        count = max(1, -(-len(wire) // size))
        self._open(at, before)
        due = at
        for place, spoken in enumerate(_shared_out(words, count)):
            due = at + place * SLICE_MS / 1000 / self.speed
            if spoken:
                self._plan(due, "response.output_audio_transcript.delta", **self._part, delta=spoken)
            if piece := wire[place * size : (place + 1) * size]:
                self._plan(
                    due, "response.output_audio.delta", **self._part, delta=base64.b64encode(piece).decode("ascii")
                )
        return self._finish(due, words, status, reason)

    def write(self, at: float, words: str, before: str | None) -> list[Timed]:
        """Words only."""
        status, reason = "completed", None
        if self.wish.longest is not None and text_tokens(words) > self.wish.longest:
            status, reason = "incomplete", "max_output_tokens"
            words = heard(words, self.wish.longest / text_tokens(words))
        part = {"type": "output_text", "text": words}
        self.entry = Entry(message(self.item_id, "assistant", part, "in_progress"))
        self._open(at, before)
        due = at
        for place, piece in enumerate(_shared_out(words, max(1, len(words.split())))):
            due = at + place / WORDS_PER_S
            if piece:
                self._plan(due, "response.output_text.delta", **self._part, delta=piece)
        return self._finish(due, words, status, reason)

    def call(self, at: float, call_id: str, name: str, arguments: str, before: str | None) -> list[Timed]:
        """A function call, all of it at once."""
        item = function_call(self.item_id, call_id, name, arguments)
        self.entry = Entry(item)
        opened = {**item, "status": "in_progress", "arguments": ""}
        self._plan(at, "response.output_item.added", response_id=self.id, output_index=0, item=opened)
        self._plan(at, "conversation.item.added", previous_item_id=before, item=opened)
        place = {"response_id": self.id, "item_id": self.item_id, "output_index": 0, "call_id": call_id}
        self._plan(at, "response.function_call_arguments.delta", **place, delta=arguments)
        self._plan(at, "response.function_call_arguments.done", **place, name=name, arguments=arguments)
        self._output = Tokens(text_tokens(name + arguments))
        for event in self._closed({**item, "status": "completed"}, "completed", None):
            self.plan.append((at, event))
        self.ends = at
        return self.plan

    # --- how it may end otherwise -------------------------------------------------------------------------------------

    def cancel(self, now: float, reason: str) -> tuple[list[Timed], list[str]]:
        """End it here. Returns the events that say so, and the ids of those handed out that must not be sent now."""
        withdrawn = [str(event["event_id"]) for due, event in self.plan if due > now]
        sent = [event for due, event in self.plan if due <= now]
        if self.entry is None or not sent:
            self.entry = None
            return self._ended(now, "cancelled", {"reason": reason}), withdrawn
        words = "".join(event["delta"] for event in sent if event["type"].endswith(("transcript.delta", "text.delta")))
        self._keep(words, sent)
        return [(now, event) for event in self._endings(words, "cancelled", reason)], withdrawn

    def fail(self, now: float, why: str) -> list[Timed]:
        error = {"type": "server_error", "code": "local_speech_failed", "message": why}
        return self._ended(now, "failed", {"error": error})

    def settle(self) -> None:
        """response.done is out: what the item holds is final."""
        if self.entry is not None:
            final = self.plan[-1][1]["response"]["output"][0]["status"]
            self.entry.item["status"] = final

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _part(self) -> dict[str, Any]:
        return {"response_id": self.id, "item_id": self.item_id, "output_index": 0, "content_index": 0}

    def _plan(self, due: float, kind: str, **fields: Any) -> None:
        self.plan.append((due, self.make(kind, **fields)))

    def _open(self, at: float, before: str | None) -> None:
        empty = message(self.item_id, "assistant", None, "in_progress")
        part = {"type": "text", "text": ""} if self.written else {"type": "audio", "transcript": ""}
        self._plan(at, "response.output_item.added", response_id=self.id, output_index=0, item=empty)
        self._plan(at, "conversation.item.added", previous_item_id=before, item=empty)
        self._plan(at, "response.content_part.added", **self._part, part=part)

    def _finish(self, due: float, words: str, status: str, reason: str | None) -> list[Timed]:
        self._count(words)
        self.plan += [(due, event) for event in self._endings(words, status, reason)]
        self.ends = due
        return self.plan

    def _keep(self, words: str, sent: list[dict[str, Any]]) -> None:
        """Of a reply cut short, only what was sent stays in the conversation."""
        assert self.entry is not None
        item = self.entry.item
        item["content"][0]["text" if self.written else "transcript"] = words
        item["status"] = "incomplete"
        slices = sum(event["type"] == "response.output_audio.delta" for event in sent)
        self.entry.ms = min(self.entry.ms, slices * SLICE_MS)
        self.entry.pcm = self.entry.pcm[: 2 * (self.entry.ms * WORK_RATE // 1000)]
        self._count(words)

    def _count(self, words: str) -> None:
        assert self.entry is not None
        self._output = Tokens(text_tokens(words), -(-self.entry.ms // ASSISTANT_MS_PER_TOKEN))

    def _endings(self, words: str, status: str, reason: str | None) -> list[dict[str, Any]]:
        assert self.entry is not None
        if self.written:
            done = [self.make("response.output_text.done", **self._part, text=words)]
            part = {"type": "text", "text": words}
        else:
            done = [
                self.make("response.output_audio.done", **self._part),
                self.make("response.output_audio_transcript.done", **self._part, transcript=words),
            ]
            part = {"type": "audio", "transcript": words}
        done.append(self.make("response.content_part.done", **self._part, part=part))
        item = {**self.entry.snapshot(), "status": "completed" if status == "completed" else "incomplete"}
        return done + self._closed(item, status, reason)

    def _closed(self, item: dict[str, Any], status: str, reason: str | None) -> list[dict[str, Any]]:
        details = None if reason is None else {"type": status, "reason": reason}
        return [
            self.make("response.output_item.done", response_id=self.id, output_index=0, item=item),
            self.make("conversation.item.done", item=item),
            self.make("response.done", response=self._object(status, details, [item], self._usage())),
        ]

    def _ended(self, now: float, status: str, details: dict[str, Any]) -> list[Timed]:
        """It ends without having said anything."""
        whole = {"type": status, **details}
        return [(now, self.make("response.done", response=self._object(status, whole, [], self._usage())))]

    def _usage(self) -> dict[str, Any]:
        everything, cached = self.used
        details = {"text_tokens": cached.text, "audio_tokens": cached.audio, "image_tokens": 0}
        return {
            "total_tokens": everything.total + self._output.total,
            "input_tokens": everything.total,
            "output_tokens": self._output.total,
            "input_token_details": {
                "text_tokens": everything.text,
                "audio_tokens": everything.audio,
                "image_tokens": 0,
                "cached_tokens": cached.total,
                "cached_tokens_details": details,
            },
            "output_token_details": {"text_tokens": self._output.text, "audio_tokens": self._output.audio},
        }

    def _object(
        self, status: str, details: dict[str, Any] | None, output: list[dict[str, Any]], usage: dict[str, Any] | None
    ) -> dict[str, Any]:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": output,
            "conversation_id": self.conversation_id,
            "output_modalities": self.wish.modalities,
            "max_output_tokens": "inf" if self.wish.longest is None else self.wish.longest,
            "audio": {"output": {"format": self.wish.described_format, "voice": self.wish.voice}},
            "metadata": self.wish.metadata,
            "usage": usage,
        }


def _shared_out(words: str, count: int) -> list[str]:
    """The words in `count` parts, each word in the part in which it begins; joined they are the words again."""
    parts = [""] * count
    at = 0
    for place, word in enumerate(words.split(" ")):
        piece = word if place == 0 else f" {word}"
        parts[min(count - 1, at * count // max(1, len(words)))] += piece
        at += len(piece)
    return parts
