"""What is billed: the tokens of an item, of a prompt, and how much of a prompt was read before.

Law: pure counting; no event, no time. The prices are the service's: 100 ms of the person's sound or 50 ms of the
assistant's are a token, begun ones count whole, and what was spoken is not billed as words again. Text is counted at
CHARS_PER_TOKEN, because the service's tokenizer is not ours to ship; a reply's own transcript is text.
A prompt is the instructions and the functions, then the items. Cached is its longest beginning that a prompt of this
session had too, in whole items: one that was changed, taken out or put in between ends it, other instructions or
functions leave nothing. (The service caches from 1,024 tokens on, in steps of 128; here the first token counts.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from edge_agent.local.realtime.items import Entry

USER_MS_PER_TOKEN = 100
ASSISTANT_MS_PER_TOKEN = 50
CHARS_PER_TOKEN = 4  # of English text, about


@dataclass(frozen=True, slots=True)
class Tokens:
    text: int = 0
    audio: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.text + other.text, self.audio + other.audio)

    @property
    def total(self) -> int:
        return self.text + self.audio


def text_tokens(words: str) -> int:
    return -(-len(words) // CHARS_PER_TOKEN)


def spoken_tokens(ms: int) -> int:
    """Of the assistant's sound."""
    return -(-ms // ASSISTANT_MS_PER_TOKEN)


def tokens_of(entry: Entry) -> Tokens:
    written = text_tokens(_words(entry))
    if not entry.ms:
        return Tokens(written)
    if entry.item.get("role") == "assistant":
        return Tokens(written, spoken_tokens(entry.ms))
    return Tokens(written, -(-entry.ms // USER_MS_PER_TOKEN))


def sum_of(entries: Iterable[Entry]) -> Tokens:
    return sum(map(tokens_of, entries), Tokens())


def _words(entry: Entry) -> str:
    """All of an item that is read as text."""
    item = entry.item
    parts = item.get("content", ())
    said = [part.get("text") or ("" if entry.ms else part.get("transcript")) or "" for part in parts]
    fields = [str(item.get(key) or "") for key in ("name", "arguments", "output", "reason")]
    tools = json.dumps(item["tools"]) if item.get("tools") else ""
    return "".join(said + fields) + tools


class Cache:
    """The beginnings of all prompts that were read, each as the hash of its last item and of everything before."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def read(self, prompt: str, entries: Iterable[Entry]) -> tuple[Tokens, Tokens]:
        """What is read now: all of it, and the cached share. From now on it has been read."""
        chain = hash(prompt)
        everything = Tokens(text_tokens(prompt))
        cached = everything if chain in self._seen else Tokens()
        self._seen.add(chain)
        for entry in entries:
            count = tokens_of(entry)
            everything += count
            chain = hash((chain, *_content(entry)))
            if chain in self._seen:  # and so was everything before it, of which it is made
                cached += count
            self._seen.add(chain)
        return everything, cached


def _content(entry: Entry) -> tuple[Any, ...]:
    """What makes an item another one for whoever reads it. Sound is known by its item and its length."""
    item = entry.item
    return (item["type"], item.get("role"), item.get("call_id"), _words(entry), entry.ms, entry.id if entry.ms else "")


def usage(everything: Tokens, cached: Tokens, output: Tokens) -> dict[str, Any]:
    """The `usage` object. everything, cached: of the input."""
    return {
        "total_tokens": everything.total + output.total,
        "input_tokens": everything.total,
        "output_tokens": output.total,
        "input_token_details": {
            "text_tokens": everything.text,
            "audio_tokens": everything.audio,
            "image_tokens": 0,
            "cached_tokens": cached.total,
            "cached_tokens_details": {
                "text_tokens": cached.text,
                "audio_tokens": cached.audio,
                "image_tokens": 0,
            },
        },
        "output_token_details": {"text_tokens": output.text, "audio_tokens": output.audio},
    }
