"""The loop's work: decisions, protocol events, notes, pictures of light. CPU time an event.

Law: synchronous stages as `app.py` connects them, without their sockets; the round trip over a real one is at the end
and is told in wall time, since waiting is what it is about.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from edge_agent import app
from edge_agent.board.animation import frame
from edge_agent.board.leds import apa102_frame
from edge_agent.config import Settings
from edge_agent.dialogue import events as ev
from edge_agent.dialogue.agent import step
from edge_agent.dialogue.indication import Indication
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Agent
from edge_agent.session.client import WebSocketLink
from edge_agent.session.conversation import Conversation
from edge_agent.session.link import Endpoint
from edge_agent.system.journal import JournalHandler
from edge_agent.system.journal_timeline import JournalTimeline
from edge_agent.system.journald import datagram
from edge_agent.timeline import Recorder
from tests.bench.meter import typical_us
from tests.bench.row import Row

SLICE = bytes(960)  # 20 ms of PCM16 at 24 kHz
DELTA = base64.b64encode(bytes(4_800)).decode()  # 100 ms
PIXELS = 12  # a usual ring; a ReSpeaker hat has 3
PICTURE_US = 40_000.0  # 25 pictures a second
ROUND_TRIPS = 400
TURN: tuple[ev.Event, ...] = (
    ev.WakeDetected("hey_jarvis", 0.97, 400),
    ev.SpeechEnded(1200, 540),
    *(ev.ReplyAudio(1, 100) for _ in range(20)),
    ev.PlaybackStarted(1),
    ev.NearEndSuspected(),
    ev.NearEndDismissed(),
    *(ev.Tick() for _ in range(20)),
    ev.ResponseFinished(1, "completed"),
    ev.PlaybackDrained(1),
    ev.Tick(),
)


def dialogue() -> Iterator[Row]:
    """A whole turn, from the wake word to the follow-up, told to a fresh agent."""
    ready = Agent(Policy())
    for event in (ev.Started(), ev.LinkReady()):
        ready, _ = step(ready, event, 0.0)

    def turn() -> None:
        agent = ready
        for n, event in enumerate(TURN):
            agent, _ = step(agent, event, n * 0.1)

    def replaced() -> None:
        for _ in TURN:
            replace(ready, greeted=True)

    whole, bare = (cost / len(TURN) for cost in typical_us(turn, replaced, rounds=40))
    yield Row("dialogue.step", whole, "us/event", bare, "one dataclasses.replace of the state")
    second = 1e6
    yield Row("dialogue.speed", second / whole, "events/s", 100.0, "one event in every block")


class _Wire:
    """A Link that makes the JSON and drops it.  last: the event sent last."""

    def __init__(self) -> None:
        self.last: Mapping[str, Any] = {}

    def connect(self, endpoint: Endpoint) -> None: ...

    def send(self, event: Mapping[str, Any], *, lot: int = 0) -> None:
        json.dumps(event, separators=(",", ":"))
        self.last = event

    def forget_unsent(self, lot: int) -> None: ...

    def close(self) -> None: ...


def _conversation() -> tuple[app.Stages, Conversation, _Wire]:
    parts, wire = app.stages(Settings()), _Wire()
    answers = app.provider(Settings(), "ws://bench/v1/realtime", None, parts.toolbox)
    talk = app.conversation(Settings(), parts, wire, answers, lambda event: None)
    talk.connect()
    talk.link_opened()
    talk.link_event({"type": "session.updated", "event_id": "e", "session": {}})
    return parts, talk, wire


def session() -> Iterator[Row]:
    _, listening, _ = _conversation()
    listening.open_turn(1)
    parts, answered, wire = _conversation()
    noted: list[str] = []
    parts.recorder.listen(lambda happening: noted.append(happening.kind))
    answered.open_turn(1)
    answered.append(1, bytes(48_000))
    answered.commit(1)
    reply = {"id": "r", "metadata": wire.last["response"]["metadata"]}
    answered.link_event({"type": "response.created", "event_id": "e", "response": reply})
    delta = {"type": "response.output_audio.delta", "event_id": "e", "response_id": "r", "item_id": "i"}
    text = json.dumps({**delta, "delta": DELTA})
    append: Callable[[], object] = partial(listening.append, 1, SLICE)

    def plain_append() -> None:
        audio = base64.b64encode(SLICE).decode()
        json.dumps({"type": "input_audio_buffer.append", "audio": audio}, separators=(",", ":"))

    def taken() -> None:
        answered.link_event(json.loads(text))

    def plain_taken() -> None:
        base64.b64decode(json.loads(text)["delta"])

    ours_up, plain_up, ours_down, plain_down = typical_us(append, plain_append, taken, plain_taken, rounds=100)
    if "first_delta" not in noted:
        raise RuntimeError("session: the conversation dropped the deltas it was measured with")
    yield Row("session.append_20ms", ours_up, "us/event", plain_up, "plain base64 + json")
    yield Row("session.delta_100ms", ours_down, "us/event", plain_down, "plain json + base64")
    yield from asyncio.run(_round_trips())


async def _round_trips() -> list[Row]:
    """A 20 ms slice there and back on loopback, ours and a bare websockets client in turns."""

    async def echo(socket: ServerConnection) -> None:
        async for message in socket:
            await socket.send(message)

    event = {"type": "input_audio_buffer.append", "audio": base64.b64encode(SLICE).decode()}
    async with serve(echo, "127.0.0.1", 0, compression=None) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with connect(url, compression=None) as bare:
            user = _Waiting()
            link = WebSocketLink(user)
            link.connect(Endpoint(url, {}))
            await user.arrived.wait()
            ours, theirs = [], []
            for _ in range(ROUND_TRIPS):
                ours.append(await _wall_us(partial(_through_link, link, user, event)))
                theirs.append(await _wall_us(partial(_through_bare, bare, event)))
            link.close()
    against = "a bare websockets client with json"
    return [Row("session.round_trip", float(np.median(ours)), "us wall", float(np.median(theirs)), against)]


class _Waiting:
    """A LinkUser that says when something came."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()

    def link_opened(self) -> None:
        self.arrived.set()

    def link_event(self, event: dict[str, Any]) -> None:
        self.arrived.set()

    def link_lost(self, reason: str, fatal: bool) -> None:
        raise RuntimeError(f"session.round_trip: {reason}")


async def _through_link(link: WebSocketLink, user: _Waiting, event: dict[str, Any]) -> None:
    user.arrived.clear()
    link.send(event)
    await user.arrived.wait()


async def _through_bare(socket: ClientConnection, event: dict[str, Any]) -> None:
    await socket.send(json.dumps(event, separators=(",", ":")))
    json.loads(await socket.recv())


async def _wall_us(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1e6


def light() -> Iterator[Row]:
    moments = iter(range(1 << 30))

    def picture() -> None:
        apa102_frame(frame(Indication.WAITING, next(moments) * 0.04, PIXELS, 60))

    (cost,) = typical_us(picture, rounds=40)
    yield Row(f"light.apa102_{PIXELS}_pixels", cost, "us/picture", PICTURE_US, "real time (25 pictures a second)")


def _packed(values: Mapping[str, str]) -> None:
    datagram(values)


def journal() -> Iterator[Row]:
    """A happening, told: the sentence, its fields, the datagram; the socket itself belongs to another thread."""
    recorder = Recorder(lambda: 0, JournalTimeline())
    silent = Recorder(lambda: 0)
    logger, bare = logging.getLogger("edge_agent"), logging.getLogger("tests.bench")
    before, handler, nowhere = logger.level, JournalHandler(_packed), logging.NullHandler()
    for each, sink in ((logger, handler), (bare, nowhere)):
        each.setLevel(logging.INFO)
        each.addHandler(sink)
        each.propagate = False
    try:
        told, kept, line = typical_us(
            lambda: recorder.note("wake", 3, word="hey_jarvis", score=0.97, since_ms=4200),
            lambda: silent.note("append", 3, bytes=960),
            lambda: bare.info("wake word %s (%.2f)", "hey_jarvis", 0.97),
            rounds=40,
        )
    finally:
        logger.removeHandler(handler)
        bare.removeHandler(nowhere)
        logger.propagate = True
        logger.setLevel(before)
    yield Row("journal.line_told", told, "us/note", line, "a bare logging call that goes nowhere")
    yield Row("journal.note_kept", kept, "us/note", line, "a bare logging call that goes nowhere")
