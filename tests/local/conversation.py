"""A conversation with the built-in assistant, item by item, and sentences that a pack understands."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from edge_agent.local.assistant.assistant import Brain
from edge_agent.local.assistant.language import Language
from edge_agent.local.realtime.mind import Call, Question, Say
from edge_agent.local.speech.word_graph import WordGraph

NOW = datetime(2026, 11, 21, 15, 5)
VOLUME = frozenset({"get_volume", "set_volume"})
TIMERS = frozenset({"set_timer", "set_alarm", "list_timers", "cancel_timer"})
EVERYTHING = VOLUME | TIMERS | {"device_status", "get_time"}
MOST_CALLS = 3  # of one question
Item = dict[str, Any]
Tool = Callable[[str, Mapping[str, Any]], str]


def spoken(sentence: str) -> Item:
    """As the session keeps what was said."""
    return {"type": "message", "role": "user", "content": [{"type": "input_audio", "transcript": sentence}]}


def written(sentence: str) -> Item:
    """As a resumed session replays it."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": sentence}]}


def replied(sentence: str, kind: str = "output_audio") -> Item:
    name = "transcript" if kind == "output_audio" else "text"
    return {"type": "message", "role": "assistant", "content": [{"type": kind, name: sentence}]}


def called(name: str, call_id: str = "call_1", arguments: str = "{}") -> Item:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def returned(output: str, call_id: str = "call_1") -> Item:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


@dataclass
class Talk:
    """run: what the device does when a tool is called."""

    language: str = "en"
    tools: frozenset[str] = frozenset()
    run: Tool = lambda name, arguments: "{}"
    now: datetime = NOW
    items: list[Item] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def say(self, sentence: str) -> str:
        """The person says it; returns what is said in the end."""
        self.items.append(spoken(sentence))
        for _ in range(MOST_CALLS + 1):
            (part,) = Brain(language=self.language).answer(Question(self.items, self.now, "", self.tools))
            if isinstance(part, Say):
                self.items.append(replied(part.text))
                return part.text
            self._call(part)
        raise AssertionError(f"{sentence}: calls without end: {self.calls}")

    def _call(self, part: Call) -> None:
        arguments = json.loads(part.arguments)
        assert part.name in self.tools
        self.calls.append((part.name, arguments))
        name = f"call_{len(self.calls)}"
        self.items += [called(part.name, name, part.arguments), returned(self.run(part.name, arguments), name)]


def sentences(pack: Language, intent: str, walks: int = 6) -> list[str]:
    """Some of those that a pack has for an intent, each pattern's among them; the same ones every time."""
    found: dict[str, None] = {}
    for pattern in pack.INTENTS[intent]:
        graph = WordGraph([pattern], pack.GRAMMAR.slots, {})
        for seed in range(walks):
            found[_walk(graph, Random(seed))] = None
    return list(found)


def _walk(graph: WordGraph, random: Random) -> str:
    state, words = graph.start, list[str]()
    while not (graph.is_end(state) and (not graph.arcs(state) or random.random() < 0.5)):
        arc = random.choice(graph.arcs(state))
        words.append(arc.said)
        state = arc.end
    return " ".join(words)
