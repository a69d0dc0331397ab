"""Ending a run on purpose: Ctrl-C, SIGTERM or the terminal's end become one exception, wherever the run is.

Law: signals in, `Stopped` out, for the time of a `with`; nothing is cleaned up here: whoever holds something lets go of
it as the exception passes. Signals reach the main thread only; elsewhere this does nothing.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """The run was ended on purpose. number: of the signal.  t_ms: how far the run had come, audio time.

    A KeyboardInterrupt, so that nothing takes it for a failure that it may deal with.
    """

    def __init__(self, number: int, t_ms: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number, self.t_ms = number, t_ms


class Stopping:
    """`with Stopping() as stopping:` raises Stopped at the first of SIGNALS; the second finds what was there before.

    A loop that ends by itself when told (`under`) is not interrupted; `check` raises afterwards.
    clock_ms: what Stopped tells as its time; to be set once there is a clock.
    """

    def __init__(self) -> None:
        self.clock_ms: Callable[[], int] = lambda: 0
        self._number = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._raise) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def under(self, loop: AbstractEventLoop, stop: Callable[[], None]) -> None:
        """From now on a signal asks `loop` to `stop`. Call it on the loop, after its own handlers are in place."""
        if self._before:
            for number in SIGNALS:
                loop.add_signal_handler(number, self._note, number, stop)

    def check(self, *, finished: bool) -> None:
        """Raise Stopped if a signal has ended the loop before it had `finished`."""
        if self._number and not finished:
            raise Stopped(self._number, self.clock_ms())

    def _note(self, number: int, stop: Callable[[], None]) -> None:
        self._number = self._number or number
        stop()

    def _raise(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        raise Stopped(number, self.clock_ms())

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            with contextlib.suppress(TypeError):  # None: it was not set from Python, so we cannot set it back
                signal.signal(number, handler)
