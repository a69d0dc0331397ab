"""A client at the other end of a sans-IO session: sends, waits, keeps what is due, and lets the SDK judge all of it."""

from __future__ import annotations

import base64
import copy
import heapq
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from openai.types.realtime import RealtimeClientEventParam

from edge_agent.local.realtime.mind import Answer, Call, Question, Say
from edge_agent.local.realtime.outgoing import Timed
from edge_agent.local.realtime.protocol import Session
from edge_agent.local.speech.work import WORK_RATE, Recognised, Result, Spoken, Work
from tests.local.sdk import misfit
from tests.session.test_openai_realtime import misfit as client_misfit

Event = dict[str, Any]
NOON = datetime(2026, 11, 21, 12, 0)
VOLUME_TOOL = {
    "type": "function",
    "name": "set_volume",
    "description": "How loud.",
    "parameters": {"type": "object", "properties": {"percent": {"type": "integer"}}},
}


def noise(ms: int, rate: int = WORK_RATE, level: float = 0.5) -> bytes:
    """PCM16 that a LoudnessDetector takes for speech."""
    samples = np.random.default_rng(ms).uniform(-level, level, ms * rate // 1000)
    return (samples * 32767).astype("<i2").tobytes()


def quiet(ms: int, rate: int = WORK_RATE) -> bytes:
    return bytes(2 * (ms * rate // 1000))


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


class LoudnessDetector:
    """Whatever is loud is speech."""

    def __init__(self) -> None:
        self.resets = 0

    def hear(self, block: npt.NDArray[np.float32]) -> float:
        assert block.shape == (160,)
        return 1.0 if float(np.abs(block).max()) > 0.1 else 0.0

    def reset(self) -> None:
        self.resets += 1

    def refresh(self) -> None: ...


class Told:
    """A brain that gives the answers it was told, the last one for ever, and remembers what it was asked."""

    def __init__(self, *answers: Say | Call | Answer) -> None:
        parts = answers or (Say("it is noon and all is well"),)
        self._answers: list[Answer] = [(part,) if isinstance(part, Say | Call) else part for part in parts]
        self.asked: list[Question] = []

    def answer(self, question: Question) -> Answer:
        self.asked.append(replace(question, items=copy.deepcopy(question.items)))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class WireClient:
    """Opened at second 100. `events`: all that was sent to it, in order; `at`: the second at which each was due."""

    def __init__(self, *answers: Say | Call | Answer, **settings: Any) -> None:
        self.brain = Told(*answers)
        self.session = Session(**{"brain": self.brain, "wall": lambda: NOON, **settings})
        self.now = 100.0
        self.events: list[Event] = []
        self.at: list[float] = []
        self.jobs: list[Work] = []
        self._waiting: list[tuple[float, int, Event]] = []
        self._given: set[str] = set()
        self.take(self.session.open(self.now))

    # --- time -----------------------------------------------------------------------------------------------------

    def take(self, timed: Iterable[Timed]) -> list[Event]:
        """Judge what the session has given out; returns what is due now."""
        for due, event in timed:
            assert misfit(event) == ""
            assert due >= self.now, f"{event['type']} was due in the past"
            assert event["event_id"] not in self._given, "an event's id was given twice"
            self._given.add(event["event_id"])
            heapq.heappush(self._waiting, (due, len(self._given), copy.deepcopy(event)))
        self.jobs += self.session.work()
        return self.wait(0)

    def wait(self, seconds: float = 3_000) -> list[Event]:
        """What becomes due meanwhile. Without a number: everything but the session's end."""
        self.now, before = self.now + seconds, len(self.events)
        while self._waiting and self._waiting[0][0] <= self.now:
            due, _, event = heapq.heappop(self._waiting)
            if self.session.stands(event):
                self.events.append(event)
                self.at.append(due)
        return self.events[before:]

    def finish_reply(self) -> list[Event]:
        """What is sent until the last response is done; the time goes on only as far as that takes."""
        before = len(self.events)
        while True:
            told = [event for event in self.events if event["type"] in ("response.created", "response.done")]
            if told[-1]["type"] == "response.done":
                return self.events[before:]
            assert len(self._waiting) > 1, "no response.done is to be expected"  # the session's end always waits
            self.wait(max(0.0, self._waiting[0][0] - self.now))

    # --- what is sent ---------------------------------------------------------------------------------------------

    def say(self, kind: str, **fields: Any) -> list[Event]:
        """A well-formed event."""
        event = {"type": kind, **fields}
        assert client_misfit(event, RealtimeClientEventParam) == ""
        return self.send(event)

    def send(self, event: Any) -> list[Event]:
        """Anything at all."""
        return self.take(self.session.receive(event, self.now))

    def configure(self, **fields: Any) -> Event:
        (answer,) = self.say("session.update", session={"type": "realtime", **fields})
        return answer

    def append(self, pcm: bytes) -> list[Event]:
        return self.say("input_audio_buffer.append", audio=base64_of(pcm))

    def text(self, words: str = "hello", **fields: Any) -> list[Event]:
        content = [{"type": "input_text", "text": words}]
        return self.say(
            "conversation.item.create", item={"type": "message", "role": "user", "content": content, **fields}
        )

    def respond(self, **response: Any) -> list[Event]:
        return self.say("response.create", response=response) if response else self.say("response.create")

    # --- the work -------------------------------------------------------------------------------------------------

    def job(self, kind: str) -> Work:
        """The only job there is."""
        (work,) = self.jobs
        assert work.kind == kind
        self.jobs.clear()
        return work

    def done(self, work: Work, result: Result) -> list[Event]:
        return self.take(self.session.done(work.id, result, self.now))

    def hears(self, words: str = "what time is it") -> list[Event]:
        return self.done(self.job("recognise"), Recognised(words))

    def speaks(self, ms: int = 1_000) -> list[Event]:
        return self.done(self.job("speak"), Spoken(noise(ms)))

    def turn(self, ms: int = 1_000) -> list[Event]:
        """A whole spoken turn by push-to-talk; returns what is sent from the response on."""
        self.append(noise(500))
        self.say("input_audio_buffer.commit")
        self.hears()
        return self.respond() + self.speaks(ms) + self.finish_reply()


def kinds(events: Iterable[Event]) -> list[str]:
    return [event["type"] for event in events]


def only(events: Iterable[Event], kind: str) -> Event:
    (found,) = [event for event in events if event["type"] == kind]
    return found


def joined(events: Iterable[Event], kind: str, field: str = "delta") -> str:
    return "".join(event[field] for event in events if event["type"] == kind)


def sound(events: Iterable[Event]) -> bytes:
    return b"".join(base64.b64decode(e["delta"]) for e in events if e["type"] == "response.output_audio.delta")
