"""The threaded wiring when something in it breaks: it ends and says so, it never lives on half.

A card that goes is no such thing: the person is told, the session kept, and the card taken again when it is back.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pytest

from edge_agent import runtime
from edge_agent.audio.device import DeviceError
from edge_agent.audio.duplex import Duplex, Pairing
from edge_agent.audio.format import CardBlock, DuplexBlock, Samples
from edge_agent.audio.playback import Playback
from edge_agent.dialogue.indication import Indication
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Agent
from edge_agent.errands import Errands
from edge_agent.interpreter import Interpreter
from edge_agent.runtime import Daemon
from edge_agent.system.health import STALLED_S, Health
from edge_agent.timeline import AudioClock, Happening, Recorder
from edge_agent.timers.clockwork import Clockwork
from edge_agent.timers.memory import TimerMemory

PATIENCE_S = 20


class Anything:
    """A collaborator of which nothing is wanted here."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


class Silence:
    """A duplex that hears and plays silence, ten times as fast as a card."""

    def __init__(self) -> None:
        self.index = 0
        self.pairing = Pairing()

    def skip(self, seconds: float) -> None:
        self.index += round(seconds * 100)

    def exchange(self) -> CardBlock:
        time.sleep(0.001)
        self.index += 1
        return CardBlock(self.index, np.zeros((1, 160), np.float32), None, has_reference=False)


class Nothing:
    """Ear and mouth."""

    patience_blocks = 1

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
    """A card. alive: threads that still used it when it was closed.  fates: of `open`, one after the other: an error,
    or None; after the last it opens always."""

    drift_ppm = 0.0
    is_clocked = False

    def __init__(self, *fates: DeviceError | None) -> None:
        self.rate = self.mic_rate = 48_000
        self.channels, self.has_reference, self.latency_ms = 1, False, 0.0
        self.overflows = self.underruns = 0
        self.obtained: dict[str, Any] = {"input_card": "Card", "rate": self.rate}
        self.fates = deque(fates)
        self.opened = self.closed = 0
        self.alive: list[str] = []

    def open(self) -> None:
        fate = self.fates.popleft() if self.fates else None
        if fate is not None:
            raise fate
        self.opened += 1

    def close(self) -> None:
        self.closed += 1
        self.alive = [thread.name for thread in threading.enumerate() if thread.name in ("duplex", "hearing")]


class Notifier(Anything):
    watchdog_interval_s = None

    def __init__(self) -> None:
        self.is_ready = threading.Event()

    def ready(self) -> None:
        self.is_ready.set()


class Conversation(Anything):
    """Counts how often each of its verbs was used."""

    def __init__(self) -> None:
        self.used: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self.used.update([name])


class Board(Anything):
    """lights: what it was asked to show."""

    def __init__(self) -> None:
        self.lights: list[Indication] = []

    def show(self, light: Indication) -> None:
        self.lights.append(light)


def daemon(
    conversation: Any,
    device: Any,
    *,
    duplex: Any = None,
    ear: Any = None,
    board: Any = None,
    notifier: Any = None,
    health: Health | None = None,
    story: Callable[[Happening], None] = lambda happening: None,
    wait_for_card: bool = False,
) -> Daemon:
    clock: Any = AudioClock()
    anything: Any = Anything()
    nothing: Any = Nothing()
    moves: Any = duplex or Silence()
    tells: Any = notifier or Notifier()
    recorder = Recorder(lambda: 0, story)
    mind = Interpreter(
        Agent(Policy(no_speech_s=0.05, connect_s=999)),
        listener=anything,
        playback=Playback(),
        conversation=conversation,
        board=board or anything,
        clockwork=Clockwork(now=time.monotonic, wall=time.time, memory=TimerMemory({}), timeline=recorder),
        run_tool=lambda request: None,
        timeline=recorder,
        clock=time.monotonic,
    )
    return Daemon(
        device=device,
        duplex=moves,
        ear=ear or nothing,
        mouth=nothing,
        interpreter=mind,
        conversation=conversation,
        board=board or anything,
        clock=clock,
        timeline=recorder,
        health=health or Health(time.monotonic),
        notifier=tells,
        wait_for_card=wait_for_card,
    )


def run(verb: str) -> Device:
    """Run with a bug in this verb, press the button, and let a deadline pass. Raises what ended it."""

    class Presses(Notifier):
        def ready(self) -> None:
            life._on_talk()

    device = Device()
    life = daemon(Breaks(verb), device, notifier=Presses())
    safety = threading.Timer(PATIENCE_S, life.stop)
    safety.start()
    try:
        life.run()
    finally:
        safety.cancel()
        assert device.alive == [], "the card was closed under a thread that uses it"
    return device


class TestASoundServerThatHangs:
    """Whoever opens or closes a card may never come back from it."""

    def test_at_the_start_is_an_error_that_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        release = threading.Event()

        class Hangs(Device):
            def open(self) -> None:
                release.wait(PATIENCE_S)

        monkeypatch.setattr(runtime, "OPENING_S", 0.1)
        with pytest.raises(DeviceError, match="not answered"):
            daemon(Anything(), Hangs()).run()
        release.set()

    def test_at_the_end_holds_up_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        release = threading.Event()

        class Hangs(Device):
            def close(self) -> None:
                release.wait(PATIENCE_S)

        class Ends(Notifier):
            def ready(self) -> None:
                life.stop()

        monkeypatch.setattr(runtime, "CLOSING_S", 0.1)
        life = daemon(Anything(), Hangs(), notifier=Ends())
        began = time.monotonic()
        life.run()
        assert time.monotonic() - began < PATIENCE_S / 2
        release.set()


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


GONE = DeviceError("sound card is gone: check the plug")
MISSING = DeviceError("no microphone: card 'Jabra' is not there")
BUSY = DeviceError("the microphone's card 'Jabra' is busy: held by pulseaudio (471)")


class Troubled(Silence):
    """A duplex with trouble to come: an error is raised, an event is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble: deque[DeviceError | threading.Event] = deque()

    def exchange(self) -> CardBlock:
        due = self.trouble.popleft() if self.trouble else None
        if isinstance(due, DeviceError):
            raise due
        if due is not None:
            due.wait(PATIENCE_S)
        return super().exchange()


class Life:
    """A daemon that lives while the `with` lasts, in a thread of its own; what ended it is raised at the end."""

    def __init__(self, device: Device, *, duplex: Any = None, ear: Any = None, wait_for_card: bool = False) -> None:
        self.device, self.duplex = device, duplex or Troubled()
        self.conversation, self.board, self.notifier = Conversation(), Board(), Notifier()
        self.story: list[Happening] = []
        self._failure: BaseException | None = None
        self._daemon = daemon(
            self.conversation,
            device,
            duplex=self.duplex,
            ear=ear,
            board=self.board,
            notifier=self.notifier,
            story=self.story.append,
            wait_for_card=wait_for_card,
        )
        self._thread = threading.Thread(target=self._live)

    def _live(self) -> None:
        try:
            self._daemon.run()
        except BaseException as error:
            self._failure = error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._daemon.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        assert self.device.alive == []
        if self._failure is not None and raised == (None, None, None):
            raise self._failure

    def told(self, kind: str) -> list[Happening]:
        return [happening for happening in list(self.story) if happening.kind == kind]

    def until(self, true: Callable[[], object]) -> None:
        """Wait, and fail if it does not come."""
        end = time.monotonic() + PATIENCE_S
        while not true():
            if self._failure is not None:
                raise self._failure
            assert time.monotonic() < end, [happening.kind for happening in self.story]
            time.sleep(0.005)

    def until_told(self, kind: str, times: int = 1) -> None:
        self.until(lambda: len(self.told(kind)) >= times)

    def until_blocks_flow(self) -> None:
        before = self.duplex.index
        self.until(lambda: self.duplex.index > before + 5)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that looks for its card fifty times a second."""
    monkeypatch.setattr(runtime, "REOPEN_S", 0.02)


class TestACardThatIsMissingAtTheStart:
    def test_ends_it_before_anything_else_is_begun(self) -> None:
        life = Life(Device(MISSING))
        with pytest.raises(DeviceError, match="'Jabra' is not there"), life:
            life.until(lambda: life.device.closed)
        assert not life.notifier.is_ready.is_set()
        assert life.conversation.used["connect"] == 0

    @pytest.mark.usefixtures("eager")
    def test_is_waited_for_where_that_was_asked_for(self) -> None:
        with Life(Device(*[MISSING] * 10), wait_for_card=True) as life:
            life.until(life.notifier.is_ready.is_set)
            life.until_told("sound_lost")
            life.until_told("sound_back")
            life.until_blocks_flow()
        kinds = [happening.kind for happening in life.story]
        assert kinds.index("card_gone") < kinds.index("card_open")
        assert life.board.lights.index(Indication.FAULT) < len(life.board.lights) - 1
        assert life.board.lights[-1] is not Indication.FAULT
        assert (life.device.opened, life.conversation.used["connect"]) == (1, 1)

    @pytest.mark.usefixtures("eager")
    def test_is_told_once_for_each_reason(self) -> None:
        fates = [MISSING, DeviceError(str(MISSING)), MISSING, BUSY, BUSY, MISSING]
        with Life(Device(*fates), wait_for_card=True) as life:
            life.until_told("card_open")
        assert [happening.data["reason"] for happening in life.told("card_gone")] == [
            str(MISSING),
            str(BUSY),
            str(MISSING),
        ]
        assert len(life.told("sound_lost")) == 1

    def test_does_not_hold_up_the_end(self) -> None:
        with Life(Device(*[MISSING] * 1000), wait_for_card=True) as life:
            life.until_told("sound_lost")
        assert life.device.opened == 0


@pytest.mark.usefixtures("eager")
class TestACardThatGoes:
    def test_is_told_taken_again_and_costs_no_session(self) -> None:
        with Life(Device(None, MISSING, BUSY)) as life:
            life.until_blocks_flow()
            life.duplex.trouble.append(GONE)
            life.until_told("sound_back")
            life.until_blocks_flow()
            assert life.conversation.used["close"] == 0
        assert life.conversation.used["connect"] == 1
        assert [happening.data["reason"] for happening in life.told("card_gone")] == [
            str(GONE),
            str(MISSING),
            str(BUSY),
        ]
        assert [len(life.told(kind)) for kind in ("sound_lost", "sound_back", "card_open")] == [1, 1, 2]
        assert (life.device.opened, life.device.closed) == (2, 2)

    def test_is_shown_by_the_light_for_as_long_as_it_is_gone(self) -> None:
        with Life(Device()) as life:
            life.until_blocks_flow()
            assert Indication.FAULT not in life.board.lights
            life.device.fates.extend([MISSING] * 20)
            life.duplex.trouble.append(GONE)
            life.until_told("sound_lost")
            life.until(lambda: life.board.lights[-1] is Indication.FAULT)
            life.until_told("sound_back")
            life.until(lambda: life.board.lights[-1] is not Indication.FAULT)

    def test_may_go_as_often_as_it_likes(self) -> None:
        with Life(Device()) as life:
            for times in range(1, 4):
                life.duplex.trouble.append(GONE)
                life.until_told("sound_back", times)
                life.until_blocks_flow()
        assert len(life.told("sound_lost")) == 3

    def test_and_comes_back_with_other_rates_breaks_no_count(self) -> None:
        class Slower(Device):
            """At 16 kHz when it is opened again; a block in ten is its last."""

            def open(self) -> None:
                super().open()
                self.rate = self.mic_rate = 48_000 if self.opened == 1 else 16_000
                self.blocks = 0

            def exchange(self, speaker: Samples | None) -> Samples:
                time.sleep(0.001)
                self.blocks += 1
                if self.blocks == 10 and self.opened == 1:
                    raise GONE
                assert speaker is None or speaker.shape == (self.rate // 100,)
                return np.zeros((1, self.mic_rate // 100), np.float32)

        class Ear(Nothing):
            def __init__(self) -> None:
                self.heard: list[DuplexBlock] = []

            def hear(self, pair: DuplexBlock) -> tuple[()]:
                self.heard.append(pair)
                return ()

        device, ear = Slower(), Ear()
        duplex: Any = Duplex(device, Playback())
        with Life(device, duplex=duplex, ear=ear) as life:
            life.until(lambda: len(ear.heard) > 30)
        indices = [pair.index for pair in ear.heard]
        steps = [later - earlier for earlier, later in pairwise(indices)]
        (away,) = [step for step in steps if step != 1]
        assert away > 1  # as many blocks as it was away for
        assert {pair.mic.shape for pair in ear.heard} == {(1, 160)}
        assert device.rate == 16_000


class TestACardThatIsStuck:
    @pytest.fixture(autouse=True)
    def _doubting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Doubt comes after half a second here; in life after STUCK_S."""
        assert 1 < runtime.STUCK_S < STALLED_S  # a person is told before the watchdog ends it
        monkeypatch.setattr(runtime, "STUCK_S", 0.5)

    def test_is_told_while_it_lasts_and_once(self) -> None:
        released = threading.Event()
        with Life(Device()) as life:
            life.until_blocks_flow()
            life.duplex.trouble.append(released)
            life.until_told("sound_lost")
            assert life.told("sound_back") == []
            life.until(lambda: life.board.lights[-1] is Indication.FAULT)
            released.set()
            life.until_told("sound_back")
            life.until(lambda: life.board.lights[-1] is not Indication.FAULT)
            life.until_blocks_flow()
        assert len(life.told("sound_lost")) == 1
        assert [happening.data["reason"] for happening in life.told("card_gone")] == [
            "the sound card has given no sound for 0 s"
        ]
        assert life.device.opened == 1

    def test_from_its_first_block_on_is_told_too(self) -> None:
        released = threading.Event()
        life = Life(Device())
        life.duplex.trouble.append(released)
        with life:
            life.until_told("sound_lost")
            released.set()
            life.until_told("sound_back")

    def test_and_then_goes_is_taken_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runtime, "REOPEN_S", 0.02)
        released = threading.Event()
        with Life(Device()) as life:
            life.until_blocks_flow()
            life.duplex.trouble.extend([released, GONE])
            life.until_told("sound_lost")
            released.set()
            life.until(lambda: life.device.opened == 2)
            life.until_blocks_flow()
            life.until(lambda: life.board.lights[-1] is not Indication.FAULT)


class TestTheEnd:
    def test_tells_how_late_the_audio_thread_was(self) -> None:
        with Life(Device()) as life:
            life.until_blocks_flow()
        (told,) = life.told("audio_thread")
        assert told.data["blocks"] >= 5
        assert told.data["worst_ms"] >= told.data["p99_ms"] >= told.data["median_ms"] >= 0

    def test_tells_what_was_lost_on_the_way(self) -> None:
        with Life(Device()) as life:
            life.until_blocks_flow()
            life.device.overflows, life.device.underruns = 6, 1
            life.until_told("sound_gap")
        (told,) = life.told("sound_gap")
        assert (told.data["lost_ms"], told.data["gaps"]) == (60, 1)
