"""What the built-in assistant answers: from the conversation's items to a sentence or a function call.

Law: no clock, no sound, no wire; it is asked once a response and keeps nothing between two: whatever it remembers
stands in the conversation, so a resumed session knows exactly what has been replayed to it. It never pretends to be the
cloud.
Items are the protocol's JSON objects, oldest first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from edge_agent.audio.wav import WavError, read_at
from edge_agent.audio.wire import pcm16
from edge_agent.local import language_en as language
from edge_agent.local.grammar import Meaning
from edge_agent.local.work import WORK_RATE

Item = Mapping[str, Any]

VOLUME_STEP = 15  # percent: what "louder" means; less is hardly heard
WAKE_PHRASE = "hey jarvis"


@dataclass(frozen=True, slots=True)
class Question:
    """instructions: those given with this response, or "".  tools: names of the functions that may be called."""

    items: Sequence[Item]
    now: datetime
    instructions: str = ""
    tools: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Say:
    """pcm: the sound itself at WORK_RATE where it is known already; empty: to be spoken."""

    text: str
    pcm: bytes = b""


@dataclass(frozen=True, slots=True)
class Call:
    """arguments: JSON."""

    name: str
    arguments: str


class Mind(Protocol):
    """Whoever answers. Total: there is an answer to everything."""

    def answer(self, question: Question) -> Say | Call: ...


class FixedReply:
    """The same recording whatever was said, for measurements. Raises WavError."""

    def __init__(self, path: Path, text: str = "This is a recording.") -> None:
        samples = read_at(path, WORK_RATE)
        if not len(samples):
            raise WavError(f"{path}: found no sound in it, expected a reply")
        self._reply = Say(text, pcm16(samples))

    def answer(self, question: Question) -> Say | Call:
        return self._reply


@dataclass(frozen=True, slots=True)
class Brain:
    """The assistant. wake_phrase: how to call it, told in the greeting."""

    wake_phrase: str = WAKE_PHRASE

    def answer(self, question: Question) -> Say | Call:
        waiting = _unanswered(question.items)
        if waiting is None:
            return Say(language.greeting(self.wake_phrase) if question.instructions else language.LISTENING)
        if waiting.get("type") == "function_call_output":
            return _after_call(question, waiting)
        sentence = words_of(waiting)
        if repeated := _repeated(sentence):
            return Say(repeated)
        meaning = language.GRAMMAR.parse(sentence)
        return Say(_not_understood(question.items)) if meaning is None else self._answer(meaning, question, waiting)

    def _answer(self, meaning: Meaning, question: Question, waiting: Item) -> Say | Call:
        match meaning.intent:
            case "time":
                return Say(language.time_of_day(question.now))
            case "date":
                return Say(language.date(question.now))
            case "joke":
                told = sum(words_of(item) in language.JOKES for item in question.items)
                return Say(language.JOKES[told % len(language.JOKES)])
            case "first_question" | "last_question":
                return Say(_remembered(meaning.intent, question.items, waiting))
            case "volume_up" | "volume_down" | "volume_set" | "volume_get":
                return _volume(meaning, question.tools)
        return Say(_PLAIN_ANSWERS[meaning.intent])


_PLAIN_ANSWERS = {
    "story": language.STORY,
    "abilities": language.ABILITIES,
    "identity": language.IDENTITY,
    "thanks": language.THANKS,
    "goodbye": language.GOODBYE,
    "hello": language.HELLO,
    "dismissal": language.DISMISSAL,
    "yes_no": language.YES_NO,
}


def words_of(item: Item) -> str:
    """Everything that was said or written in a message, in whatever form; "" for other items."""
    content = item.get("content") or ()
    parts = [part.get("text") or part.get("transcript") or "" for part in content if isinstance(part, Mapping)]
    return " ".join(part for part in parts if part)


# --- the conversation -----------------------------------------------------------------------------------------------


def _unanswered(items: Sequence[Item]) -> Item | None:
    """What the person or a tool said last, unless it has been answered."""
    for item in reversed(items):
        if item.get("role") == "user" or item.get("type") == "function_call_output":
            return item
        if item.get("role") == "assistant":
            return None
    return None


def _remembered(which: str, items: Sequence[Item], waiting: Item) -> str:
    bare = (language.GRAMMAR.bare(sentence) for sentence in _user_sentences(items, before=waiting))
    asked = [question for question in bare if question]  # a wake word alone asks nothing
    if not asked:
        return language.NOTHING_ASKED
    return language.first_question(asked[0]) if which == "first_question" else language.last_question(asked[-1])


def _user_sentences(items: Sequence[Item], before: Item) -> Iterator[str]:
    for item in items:
        if item is before:
            return
        if item.get("role") == "user" and (sentence := words_of(item)):
            yield sentence


def _not_understood(items: Sequence[Item]) -> str:
    """Not the same words twice running."""
    said = [words_of(item) for item in items if item.get("role") == "assistant"]
    choices = language.DID_NOT_UNDERSTAND
    return choices[1] if said and said[-1] == choices[0] else choices[0]


def _repeated(sentence: str) -> str:
    """What is to be said again, or "" if that was not asked."""
    bare = language.GRAMMAR.bare(sentence)
    if not f"{bare} ".startswith(f"{language.REPEAT_AFTER_ME} "):
        return ""
    rest = bare.removeprefix(language.REPEAT_AFTER_ME).strip()
    return f"{rest[0].upper()}{rest[1:]}." if rest else language.NOTHING_TO_REPEAT


# --- the volume -----------------------------------------------------------------------------------------------------


def _volume(meaning: Meaning, tools: frozenset[str]) -> Say | Call:
    """Relative changes start with asking how loud it is; `_after_call` goes on from there."""
    if meaning.intent == "volume_set":
        if "set_volume" not in tools:
            return Say(language.NO_VOLUME)
        return Call("set_volume", json.dumps({"percent": language.PERCENT[meaning.slots["percent"]]}))
    if "get_volume" not in tools:
        return Say(language.VOLUME_UNKNOWN if "set_volume" in tools else language.NO_VOLUME)
    return Call("get_volume", "{}")


def _after_call(question: Question, output: Item) -> Say | Call:
    """A function has answered: go on with what the person wanted of it."""
    call = next((item for item in question.items if _is_call_of(item, output)), None)
    name = call.get("name") if call else None
    if name not in ("get_volume", "set_volume"):
        return Say(language.TOOL_FINISHED)
    percent = _percent(str(output.get("output", "")))
    if percent is None:
        return Say(language.VOLUME_FAILED)
    if name == "set_volume":
        return Say(language.volume_set(percent))
    step = {"volume_up": VOLUME_STEP, "volume_down": -VOLUME_STEP}.get(_wanted(question.items))
    if step is None or "set_volume" not in question.tools:
        return Say(language.volume_is(percent))
    return Call("set_volume", json.dumps({"percent": min(100, max(0, percent + step))}))


def _is_call_of(item: Item, output: Item) -> bool:
    return item.get("type") == "function_call" and item.get("call_id") == output.get("call_id")


def _wanted(items: Sequence[Item]) -> str:
    """The intent of the person's last sentence."""
    for item in reversed(items):
        if item.get("role") == "user":
            meaning = language.GRAMMAR.parse(words_of(item))
            return meaning.intent if meaning else ""
    return ""


def _percent(output: str) -> int | None:
    """The number in a tool's answer; None where it reports an error instead."""
    number = None if "error" in output.lower() else re.search(r"-?\d+(?:\.\d+)?", output)
    return round(min(100.0, max(0.0, float(number.group())))) if number else None
