"""The threaded wiring when something in it breaks: it ends and says so, it never lives on half."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import numpy as np
import pytest

from edge_agent.audio.format import DuplexBlock
from edge_agent.audio.playback import Playback
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Agent
from edge_agent.errands import Errands
from edge_agent.interpreter import Interpreter
from edge_agent.runtime import Daemon
from edge_agent.system.health import Health
from edge_agent.timeline import AudioClock, Recorder


class Anything:
    """A collaborator of which nothing is wanted here."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


class Silence:
    """A duplex that hears and plays silence, ten times as fast as a card."""

    def __init__(self) -> None:
        self.index = 0

    def step(self) -> DuplexBlock:
        time.sleep(0.001)
        self.index += 1
        return DuplexBlock(self.index, np.zeros((1, 160), np.float32), np.zeros(160, np.float32))


class Nothing:
    """Ear and mouth."""

    def hear(self, pair: DuplexBlock) -> tuple[()]:
        return ()

    def events(self) -> tuple[()]:
        return ()


class Breaks(Anything):
    """A conversation with a bug in one of its verbs."""

    def __init__(self, verb: str) -> None:
        self._verb = verb

    def __getattr__(self, name: str) -> Any:
        def verb(*args: Any, **kwargs: Any) -> None:
            if name == self._verb:
                raise LookupError(f"a bug in {name}")

        return verb


class Device(Anything):
    """alive: threads that still used it when it was closed."""

    def __init__(self) -> None:
        self.alive: list[str] = []

    def close(self) -> None:
        self.alive = [thread.name for thread in threading.enumerate() if thread.name in ("duplex", "hearing")]


class Notifier(Anything):
    watchdog_interval_s = None


def daemon(conversation: Any, device: Any) -> Daemon:
    clock: Any = AudioClock()
    anything: Any = Anything()
    nothing: Any = Nothing()
    duplex: Any = Silence()
    notifier: Any = Notifier()
    mind = Interpreter(
        Agent(Policy(no_speech_s=0.05, connect_s=999)),
        listener=anything,
        playback=Playback(),
        conversation=conversation,
        board=anything,
        run_tool=lambda request: None,
        timeline=Recorder(lambda: 0),
        clock=time.monotonic,
    )
    return Daemon(
        device=device,
        duplex=duplex,
        ear=nothing,
        mouth=nothing,
        interpreter=mind,
        conversation=conversation,
        board=anything,
        clock=clock,
        health=Health(time.monotonic),
        notifier=notifier,
    )


def run(verb: str) -> Device:
    """Run with a bug in this verb, press the button, and let a deadline pass. Raises what ended it."""
    device = Device()
    life = daemon(Breaks(verb), device)
    presses = threading.Timer(0.1, life._on_talk)
    safety = threading.Timer(20, life.stop)
    presses.start()
    safety.start()
    try:
        life.run()
    finally:
        presses.cancel()
        safety.cancel()
        assert device.alive == [], "the card was closed under a thread that uses it"
    return device


class TestABug:
    @pytest.mark.parametrize(
        ("verb", "where"), [("connect", "at the start"), ("open_turn", "in a crossing"), ("discard", "in a deadline")]
    )
    def test_ends_the_process_wherever_it_is(self, verb: str, where: str) -> None:
        with pytest.raises(LookupError, match=verb):
            run(verb)


class TestAnErrandThatHangs:
    def test_holds_up_nobody(self) -> None:
        release = threading.Event()

        async def live() -> None:
            asyncio.get_running_loop().set_default_executor(Errands())
            asyncio.get_running_loop().run_in_executor(None, release.wait, 30)

        began = time.monotonic()
        asyncio.run(live())
        waited_s = time.monotonic() - began
        release.set()
        assert waited_s < 20

    def test_gives_its_result_or_its_error(self) -> None:
        errands = Errands()
        assert errands.submit(lambda: 42).result(5) == 42
        with pytest.raises(ZeroDivisionError):
            errands.submit(lambda: 1 // 0).result(5)
