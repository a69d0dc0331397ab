"""The watchdog is fed while sound flows, is heard, and what the threads say is taken; in no other case.

Each test lets one of these stop, in the real wiring of threads, and waits until the daemon has said which.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from edge_agent.audio.format import CardBlock, DuplexBlock
from edge_agent.runtime import Daemon
from edge_agent.system.health import Health
from tests.daemon.test_runtime import PATIENCE_S, Anything, Device, Nothing, Notifier, Silence, daemon

STALLED_S = 1.5


class Dog(Notifier):
    """fed: how often.  well: set once it was fed for a while.  told: the last status, which names the silent parts."""

    watchdog_interval_s = 0.05  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.fed = 0
        self.told = ""
        self.well = threading.Event()

    def watchdog(self) -> None:
        self.fed += 1
        if self.fed > 5:
            self.well.set()

    def status(self, text: str) -> None:
        self.told = text


def health() -> Health:
    return Health(time.monotonic, stalled_s=STALLED_S, start_s=PATIENCE_S)


class Living:
    """A daemon that lives on a thread of its own for as long as the `with` lasts."""

    def __init__(self, life: Daemon) -> None:
        self._life = life
        self._thread = threading.Thread(target=life.run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._life.stop()
        self._thread.join(PATIENCE_S)


class StuckEar(Nothing):
    """Hears until it is told not to."""

    def __init__(self, release: threading.Event) -> None:
        self.stuck = threading.Event()
        self._release = release

    def hear(self, pair: DuplexBlock) -> tuple[()]:
        if self.stuck.is_set():
            self._release.wait(PATIENCE_S)
        return ()


class StuckSound(Silence):
    def __init__(self, release: threading.Event) -> None:
        super().__init__()
        self.stuck = threading.Event()
        self._release = release

    def exchange(self) -> CardBlock:
        if self.stuck.is_set():
            self._release.wait(PATIENCE_S)
        return super().exchange()


@pytest.fixture
def release() -> Any:
    event = threading.Event()
    yield event
    event.set()


class TestTheWatchdogIsFed:
    def test_while_all_is_well(self) -> None:
        dog = Dog()
        with Living(daemon(Anything(), Device(), notifier=dog, health=health())):
            assert dog.well.wait(PATIENCE_S)
            assert "stalled" not in dog.told

    def test_while_a_card_is_looked_for(self) -> None:
        from edge_agent.audio.device import DeviceError

        class Absent(Device):
            def open(self) -> None:
                raise DeviceError("not there")

        dog = Dog()
        slow = Health(time.monotonic, start_s=0.2)  # it is looked for once a second
        with Living(daemon(Anything(), Absent(), notifier=dog, health=slow, wait_for_card=True)):
            assert dog.well.wait(PATIENCE_S)
            fed = dog.fed
            assert until(lambda: dog.fed > fed + 20)


class TestTheWatchdogStarves:
    def test_when_the_hearing_thread_is_stuck(self, release: threading.Event) -> None:
        dog, ear = Dog(), StuckEar(release)
        with Living(daemon(Anything(), Device(), ear=ear, notifier=dog, health=health())):
            assert dog.well.wait(PATIENCE_S)
            ear.stuck.set()
            assert until(lambda: "hearing" in dog.told)
            release.set()

    def test_when_the_audio_thread_is_stuck(self, release: threading.Event) -> None:
        dog, sound = Dog(), StuckSound(release)
        with Living(daemon(Anything(), Device(), duplex=sound, notifier=dog, health=health())):
            assert dog.well.wait(PATIENCE_S)
            sound.stuck.set()
            assert until(lambda: "duplex" in dog.told)
            release.set()

    def test_when_nobody_takes_what_the_threads_post(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The loop turns, the sound flows, and yet no event arrives."""
        dog, deaf = Dog(), threading.Event()
        call = Daemon._call

        def posted(self: Daemon, work: Callable[[], object]) -> None:
            if not deaf.is_set():
                call(self, work)

        monkeypatch.setattr(Daemon, "_call", posted)
        with Living(daemon(Anything(), Device(), notifier=dog, health=health())):
            assert dog.well.wait(PATIENCE_S)
            deaf.set()
            assert until(lambda: "mailbox" in dog.told)
            deaf.clear()

    def test_when_the_loop_is_stuck(self, release: threading.Event) -> None:
        """Who would feed it is who is stuck."""
        dog = Dog()
        life = daemon(Anything(), Device(), notifier=dog, health=health())
        with Living(life):
            assert dog.well.wait(PATIENCE_S)
            stuck = threading.Event()
            life._call(stuck.set)
            life._call(lambda: release.wait(PATIENCE_S))
            assert stuck.wait(PATIENCE_S)
            fed = dog.fed
            assert not until(lambda: dog.fed > fed, 10 * Dog.watchdog_interval_s)
            release.set()
            assert until(lambda: dog.fed > fed)


def until(true: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
    """Whether it becomes true within `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
