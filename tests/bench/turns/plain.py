"""The plain client in the same room, and its stories: `python -m tests.bench.turns.plain SPEC`.

Law: it is given the moments at which the daemon decided, so that no ears are compared, only what comes behind them. The
room's card stands in for PyAudio: the same two calls, 20 ms at a time, and a resampler, which PyAudio's sound server
would be.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE
from edge_agent.audio.portaudio_library import load_pyaudio
from tests.bench.plain_client import CHUNK, RATE, PlainClient, Stream
from tests.bench.turns.card import RoomCard
from tests.bench.turns.people import Person, Story
from tests.bench.turns.sinks import WatchedCard
from tests.bench.turns.trace import Decided, Noted, Trace

READY = "session.updated"
DELTA = "response.output_audio.delta"


class RoomStream:
    """PyAudio's stream, as a plain client sees it, over the room's card.  replying: which reply is being received."""

    def __init__(self, seed: int, replying: Callable[[], int], person: Callable[[int], None]) -> None:
        self.card = RoomCard(seed=seed, playing=lambda: self._reply, person=person)
        self._reply = 0
        self._replying = replying
        self._down = soxr.ResampleStream(RATE, HEARING_RATE, 1, dtype="float32", quality="QQ")
        self._up = soxr.ResampleStream(HEARING_RATE, RATE, 1, dtype="float32", quality="QQ")
        self._speaker = np.zeros(0, np.float32)
        self._heard = b""

    def write(self, frames: bytes, num_frames: int) -> None:
        wanted = np.frombuffer(frames, "<i2").astype(np.float32) / 32768
        self._reply = self._replying() if wanted.any() else 0
        self._speaker = np.concatenate([self._speaker, self._down.resample_chunk(wanted)])
        while len(self._speaker) >= HEARING_BLOCK:
            heard = self.card.exchange(self._speaker[:HEARING_BLOCK])
            self._speaker = self._speaker[HEARING_BLOCK:]
            self._heard += (np.clip(self._up.resample_chunk(heard[0]), -1, 1) * 32767).astype("<i2").tobytes()

    def read(self, num_frames: int, exception_on_overflow: bool) -> bytes:
        taken, self._heard = self._heard[: 2 * num_frames], self._heard[2 * num_frames :]
        return taken.ljust(2 * num_frames, b"\0")


class Told:
    """A person's moments, given to the client as they come."""

    def __init__(self, client: PlainClient, trace: Trace, person: Person) -> None:
        self._client, self._trace, self._person = client, trace, person

    def talk(self, given: list[dict[str, float]]) -> Story:
        """A turn for each of the moments: begin (s after the person does), end, and stop (s into the reply)."""
        person = self._person
        yield from person.until(READY)
        for moments in given:
            yield from person.pause((0.2, 0.2))
            began_s = time.monotonic()
            self._give("begin")
            yield from person.until_s(began_s + moments["talks_s"])
            person.forget()
            self._give("end")
            if not (yield from person.until(DELTA)):
                continue
            yield from person.until_s(time.monotonic() + moments["stop_s"])
            self._give("stop")
            yield from person.pause((0.15, 0.15))

    def burst(self, count: int) -> Story:
        person = self._person
        yield from person.until(READY)
        yield from person.pause((1.5, 1.5))
        for _ in range(count):
            self._give("begin")
            yield from person.pause((1.0, 1.0))
            person.forget()
            self._give("end")
            yield from person.until(DELTA, seconds=30.0)
            yield from person.pause((2.0, 2.0))
            self._give("stop")
            yield from person.pause((0.3, 0.3))

    def wait(self, count: int) -> Story:
        for _ in range(count + 1):
            yield from self._person.until(READY)
        yield from self._person.pause((0.2, 0.2))

    def _give(self, what: str) -> None:
        self._trace.decided.append(Decided(time.monotonic(), what))
        {"begin": self._client.begin, "end": self._client.commit, "stop": self._client.stop}[what]()


def run(spec: dict[str, Any]) -> Trace:
    trace, person = Trace(), Person(spec["seed"])
    reply = 0
    stream, card = _sound(spec, lambda: reply, lambda block: step(block))

    def told(kind: str) -> None:
        nonlocal reply
        if kind in (READY, DELTA, "response.created", "response.done", "error"):
            trace.noted.append(Noted(time.monotonic(), reply, kind))
            person.happenings.append(kind)
        reply += kind == "response.created"
        if kind == READY:
            print("ready", flush=True)

    client = PlainClient(stream, spec["url"].rpartition("/")[0], told)
    tell = Told(client, trace, person)
    stories: dict[str, Callable[[Any], Story]] = {
        "talk": tell.talk,
        "burst": tell.burst,
        "lose": tell.wait,
        "kill": tell.wait,
    }
    story = stories[spec["story"]](spec["given"] or spec["count"])
    step = person.follow(story, card, client.end)
    began, used = time.monotonic(), time.process_time()
    asyncio.run(client.run())
    trace.wall_s, trace.cpu_s = time.monotonic() - began, time.process_time() - used
    trace.saw(card, person)
    return trace


def _sound(
    spec: dict[str, Any], replying: Callable[[], int], person: Callable[[int], None]
) -> tuple[Stream, RoomCard | WatchedCard]:
    """What the client moves its sound through, and the card that knows about it."""
    if not spec["sinks"]:
        room = RoomStream(spec["seed"], replying, person)
        return room, room.card
    pyaudio = load_pyaudio()
    inner = pyaudio.PyAudio().open(
        rate=RATE, channels=1, format=pyaudio.paInt16, input=True, output=True, frames_per_buffer=CHUNK
    )
    watched = WatchedCard(inner, spec["sinks"], replying, person)
    return watched, watched


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    run(given).write(Path(given["out"]))
