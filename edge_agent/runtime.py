"""The threaded wiring: the audio thread, the hearing thread, the loop, and the crossings between them, each one line.

Law: threads, asyncio and the reading of clocks live here (and at the adapters' edges); no decision does. The same
stages in one thread and simulated time are wired in `sim/lockstep.py`.

Crossings:  duplex -> hearing: the ring of blocks.  duplex, hearing, board -> loop: `_post`.
            loop -> hearing: `listener.attend`.    loop -> duplex: `playback`'s one short lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from edge_agent.audio.device import AudioDevice, DeviceDenied, DeviceError
from edge_agent.audio.duplex import Duplex
from edge_agent.audio.format import CardBlock
from edge_agent.audio.ring import Ring
from edge_agent.board.board import Board
from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.ear import Ear
from edge_agent.errands import Errands
from edge_agent.interpreter import Interpreter
from edge_agent.mouth import Mouth
from edge_agent.session.conversation import Conversation
from edge_agent.system.health import Health
from edge_agent.system.mailbox_watch import MailboxWatch
from edge_agent.system.priority import realtime
from edge_agent.system.sound_watch import SoundWatch
from edge_agent.system.systemd import Notifier
from edge_agent.timeline import AudioClock, Timeline

RING_BLOCKS = 200  # 2 s: hearing may fall behind by a model's hiccup, never by a sentence
SWITCH_INTERVAL_S = 0.0005  # a 10 ms thread beside a busy one is late by 5-9 ms at p99 with this, by 10-16 ms without
REOPEN_S = 1.0  # a card that vanished is looked for this often
DENIED = 3  # times in a row: udev gives a card to our group a moment after the kernel has made it
BEAT_S = 0.02  # deadlines are looked at this often: below what a person can notice
REST_S, NEAR_S = 0.1, 0.5  # while none is near; all of them are set half a second ahead, or more
UNHEARD_BLOCKS = 2
OPENING_S, CLOSING_S = 15.0, 3.0  # PulseAudio may sleep over its first blocks; a closing that waits must not keep us
AGAIN_S = 3600.0  # what is missing is told again, for whoever reads only the last hour
STUCK_S = 3.0  # a card that gives no block for so long is as good as gone, whatever its driver believes
HEARING_WAIT_S = 0.2  # how long the hearing thread sleeps without sound before it looks whether to end


class Service(Protocol):
    """Something that runs beside the daemon for as long as it does (the embedded server)."""

    def stop(self) -> None: ...


class Daemon:
    """Runs until told to stop, until `finished` says so, or until something vital ends.

    finished: asked once a block (the simulator's end of story).  wait_for_card: start without a sound card, say so by
    light, and take it when it is there.
    """

    def __init__(
        self,
        *,
        device: AudioDevice,
        duplex: Duplex,
        ear: Ear,
        mouth: Mouth,
        interpreter: Interpreter,
        conversation: Conversation,
        board: Board,
        clock: AudioClock,
        timeline: Timeline,
        health: Health,
        notifier: Notifier,
        services: tuple[Service, ...] = (),
        finished: Callable[[], bool] = lambda: False,
        wait_for_card: bool = False,
    ) -> None:
        self._device, self._duplex, self._ear, self._mouth = device, duplex, ear, mouth
        self._interpreter, self._conversation, self._board = interpreter, conversation, board
        self._clock, self._health, self._notifier = clock, health, notifier
        self._services, self._finished = services, finished
        self._ring: Ring[CardBlock] = Ring(RING_BLOCKS)
        self._watch = SoundWatch(timeline, lambda: self._ring.dropped, notifier.status)
        self._mailbox = MailboxWatch(self._call, health.beat)
        self._wait_for_card = wait_for_card
        self._last_block_s = 0.0
        self._reopening = False
        self._stuck = False
        self._ending = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None

    def run(self) -> None:
        """Blocks until the end. Raises DeviceError or BoardError when it cannot start, and what ended a thread."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        try:
            self._claim_card()
            self._board.open(self._on_talk, self._on_mute)
            asyncio.run(self._live())
        finally:
            self._ending.set()
            self._board.close()
            self._within(CLOSING_S, self._device.close)
            for service in self._services:
                service.stop()
        if self._failure is not None:
            raise self._failure

    def _claim_card(self) -> None:
        """Before anything else runs; where the card may be waited for, the audio thread does it."""
        if self._wait_for_card:
            return
        if not self._within(OPENING_S, self._device.open):
            raise DeviceError(f"the sound server or card has not answered for {OPENING_S:.0f} s; restart or unplug it")
        self._watch.opened(self._device.obtained)

    @staticmethod
    def _within(seconds: float, work: Callable[[], None]) -> bool:
        """Do it on a thread of its own, which a sound server that hangs may keep; False where it has. Raises what it
        raises."""
        raised: list[BaseException] = []

        def attempt() -> None:
            try:
                work()
            except BaseException as error:
                raised.append(error)

        thread = threading.Thread(target=attempt, name="sound", daemon=True)
        thread.start()
        thread.join(seconds)
        if raised:
            raise raised[0]
        return not thread.is_alive()

    def stop(self) -> None:
        """End in good order. Callable from any thread."""
        self._ending.set()
        if self._stopped is not None:
            self._call(self._stopped.set)

    # --- the loop ---------------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Errands())
        loop.set_exception_handler(self._on_bug)
        self._loop, self._stopped = loop, asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with contextlib.suppress(ValueError, RuntimeError):  # in another thread than main: its owner stops us
                loop.add_signal_handler(number, self.stop)
        threads = [self._thread("duplex", self._run_duplex), self._thread("hearing", self._run_hearing)]
        beat = loop.create_task(self._beat())
        try:
            self._interpreter.tell(ev.Started())
            self._notifier.ready()
            await asyncio.wait((beat, loop.create_task(self._stopped.wait())), return_when=asyncio.FIRST_COMPLETED)
            if beat.done():
                self._failure = beat.exception()
        finally:
            beat.cancel()
            self._notifier.stopping()
            self._conversation.close()
            self._ending.set()
            self._ring.close()
            for thread in threads:
                await asyncio.to_thread(thread.join, 2.0)
            self._watch.tell_lateness(self._device.drift_ppm)
            self._loop = None

    def _on_bug(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A crossing that raised has left something half done: end, and let systemd start us afresh."""
        loop.default_exception_handler(context)
        if "handle" in context and self._stopped is not None:
            self._failure = self._failure or context.get("exception")
            self._stopped.set()

    async def _beat(self) -> None:
        """Deadlines and the watchdog."""
        fed = 0.0
        while True:
            due = self._interpreter.agent.deadline
            await asyncio.sleep(BEAT_S if due is not None and due - time.monotonic() < NEAR_S else REST_S)
            self._interpreter.tick()
            now = time.monotonic()
            self._health.beat("loop", now)
            self._doubt_card(now)
            interval = self._notifier.watchdog_interval_s
            if interval and now - fed >= interval and self._health.feed(self._notifier, now):
                fed = now

    # --- the threads ------------------------------------------------------------------------------------------------

    def _run_duplex(self) -> None:
        self._last_block_s = time.monotonic()
        if self._wait_for_card:
            try:
                self._device.open()
                self._watch.opened(self._device.obtained)
            except DeviceError as error:
                self._reopen(error)
        if self._device.is_clocked:  # one that never waits would leave nothing to the others
            realtime()
        while not self._ending.is_set():
            try:
                block = self._duplex.exchange()
            except DeviceError as error:
                self._reopen(error)
                continue
            self._clock.block = block.index
            self._ring.put(block)
            for event in self._mouth.events():
                self._post(event)
            self._count_block(time.monotonic())
            if self._finished():
                self.stop()

    def _count_block(self, now: float) -> None:
        device = self._device
        self._health.beat("duplex", now)
        self._mailbox.look(now)
        self._watch.block(now, device.overflows, device.underruns, device.drift_ppm)
        self._last_block_s = now
        if self._stuck:
            self._stuck = False
            self._post(ev.SoundBack())

    def _run_hearing(self) -> None:
        while not self._ending.is_set():
            for block in self._ring.take(self._ear.patience_blocks, HEARING_WAIT_S):
                batch = self._ear.hear(self._duplex.pairing.pair(block))
                if batch:
                    self._call(partial(self._interpreter.arrive, batch))
                self._health.beat("hearing", time.monotonic())

    def _reopen(self, error: DeviceError) -> None:
        """The card is gone: say so, keep the session, look for it until it is back."""
        self._post(ev.SoundLost())
        self._device.close()
        began, told, told_at, denied = time.monotonic(), "", 0.0, 0
        self._reopening = True
        while not self._ending.is_set():
            if str(error) != told or time.monotonic() - told_at > AGAIN_S:
                told, told_at = str(error), time.monotonic()
                self._watch.gone(told)
            if self._ending.wait(REOPEN_S):
                return
            now = time.monotonic()
            self._health.beat("duplex", now)
            self._health.beat("hearing", now)
            self._mailbox.look(now)
            try:
                self._device.open()
            except DeviceError as again:
                error, denied = again, denied + 1 if isinstance(again, DeviceDenied) else 0
                if denied > DENIED:
                    raise
                continue
            self._last_block_s = time.monotonic()
            self._duplex.skip(self._last_block_s - began)
            self._stuck = self._reopening = False
            self._watch.opened(self._device.obtained)
            self._post(ev.SoundBack())
            return

    def _doubt_card(self, now: float) -> None:
        """On the loop: a driver that never returns must not leave a person in front of a light that says all is well.
        Nothing more can be done from here; if it lasts, the watchdog starts us anew."""
        if self._last_block_s and not self._stuck and not self._reopening and now - self._last_block_s > STUCK_S:
            self._stuck = True
            self._watch.gone(f"the sound card has given no sound for {STUCK_S:.0f} s")
            self._interpreter.tell(ev.SoundLost())

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._vital, args=(work,), name=name, daemon=True)
        thread.start()
        return thread

    def _vital(self, work: Callable[[], None]) -> None:
        """If it ends, the process ends, and systemd starts it again."""
        try:
            work()
        except BaseException as error:
            self._failure = error
            self.stop()

    # --- crossings to the loop --------------------------------------------------------------------------------------

    def _call(self, work: Callable[[], object]) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to be told
                loop.call_soon_threadsafe(work)

    def _post(self, event: ev.Event) -> None:
        self._call(lambda: self._interpreter.tell(event))

    def _on_talk(self) -> None:
        self._post(ev.ButtonPressed(self._clock.block))

    def _on_mute(self, on: bool) -> None:
        # The block in work was begun before the switch, and the last one may still wait to be heard.
        self._post(ev.MuteChanged(on, self._clock.block + UNHEARD_BLOCKS))

    def run_tool(self, request: ef.RunTool, call: Callable[[str, dict[str, object]], str]) -> None:
        """A tool may be slow: it runs beside the loop; its result comes back as an event."""

        def work() -> None:
            output = call(request.name, request.arguments)
            self._post(ev.ToolFinished(request.turn, request.call_id, output))

        threading.Thread(target=work, name=f"tool {request.name}", daemon=True).start()
