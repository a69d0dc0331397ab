"""What stands in the conversation: what waits for an answer, what was said before, and what a "yes" belongs to.

Law: it reads the items and keeps nothing; items are the protocol's JSON objects, oldest first, and may be anything. A
reply that was interrupted stands there as far as it was heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.local.assistant.grammar import Meaning
from edge_agent.local.assistant.understanding import Understanding
from edge_agent.local.realtime.mind import Item

TOLD_FROM = 20  # characters: so much of a joke was heard, and one knows it


def words_of(item: Item) -> str:
    """Everything that was said or written in a message, in whatever form; "" for other items."""
    content = item.get("content") or ()
    parts = [part.get("text") or part.get("transcript") or "" for part in content if isinstance(part, Mapping)]
    return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Recollection:
    items: Sequence[Item]
    understanding: Understanding

    def waiting(self) -> Item | None:
        """What the person or a tool said last, unless it has been answered."""
        for item in reversed(self.items):
            if item.get("role") == "user" or item.get("type") == "function_call_output":
                return item
            if item.get("role") == "assistant":
                return None
        return None

    def asked(self) -> int:
        """The place of the person's last message, -1 if there is none."""
        places = (place for place in reversed(range(len(self.items))) if self.items[place].get("role") == "user")
        return next(places, -1)

    def meaning(self, place: int) -> Meaning | None:
        """Of the person's message there; a "yes" means what it was asked about."""
        found = self.understanding.meaning(words_of(self.items[place])) if place >= 0 else None
        return (self.meant(place) or found) if found is not None and found.intent == "yes" else found

    def meant(self, place: int) -> Meaning | None:
        """What the assistant asked about just before: the sentence it said, or would have, had it not been stopped."""
        asked = self.last_said(place)
        opening, _, end = self.understanding.language.TEXTS.did_you_mean.partition("{}")
        if not asked.startswith(opening.strip()):
            return None
        found = self.understanding.meaning(asked.removeprefix(opening).removesuffix(end))
        return found or self._meant_before(place)

    def _meant_before(self, place: int) -> Meaning | None:
        """The question was cut off in its middle: it is found again from the sentence it was about."""
        for item in reversed(self.items[:place]):
            if item.get("role") == "user":
                return self.understanding.meaning(self.understanding.near(words_of(item)))
        return None

    def last_said(self, before: int | None = None) -> str:
        """By the assistant; "" if nothing was."""
        said = (words_of(item) for item in reversed(self.items[:before]) if item.get("role") == "assistant")
        return next(said, "")

    def said_in_a_row(self, texts: Sequence[str], opening: str = "") -> int:
        """How many of the assistant's last replies, without another between, were of these or began like that."""
        count = 0
        for item in reversed(self.items):
            if item.get("role") == "assistant":
                words = words_of(item)
                if words not in texts and not (opening and words.startswith(opening)):
                    break
                count += 1
        return count

    def told(self, text: str) -> int:
        """How often the assistant said it, or the most of its beginning."""
        said = (words_of(item) for item in self.items if item.get("role") == "assistant")
        return sum(one == text or (len(one) >= TOLD_FROM and text.startswith(one)) for one in said)

    def sentences(self, before: int) -> Iterator[str]:
        """The person's, from the first on; a wake word alone asks nothing."""
        for item in self.items[: max(0, before)]:
            if item.get("role") == "user" and (bare := self.understanding.bare(words_of(item))):
                yield bare

    def called(self, output: Item) -> str:
        """The name of the function that gave this output, or ""."""
        for item in self.items:
            if item.get("type") == "function_call" and item.get("call_id") == output.get("call_id"):
                return str(item.get("name") or "")
        return ""
