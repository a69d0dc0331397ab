"""Ending a run on purpose: Ctrl-C, SIGTERM or the terminal's end become one exception, wherever the run is.

Law: signals in, `Stopped` out, for the time of a `with`; nothing is cleaned up here: whoever holds something lets go of
it as the exception passes. Signals reach the main thread only; elsewhere this does nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """The run was ended on purpose. number: of the signal.

    A KeyboardInterrupt, so that nothing takes it for a failure that it may deal with.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Stopping:
    """`with Stopping() as stopping:` raises Stopped at the first of SIGNALS; the second finds what was there before.

    A loop that ends by itself when told (`under`) is not interrupted; `check` raises afterwards.
    """

    def __init__(self) -> None:
        self._number = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._raise) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def under(self, loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
        """From now on a signal asks `loop` to `stop`. Call it on the loop, after its own handlers are in place."""
        if self._before:
            for number in SIGNALS:
                loop.add_signal_handler(number, self._note, number, stop)

    def check(self, *, finished: bool) -> None:
        """Raise Stopped if a signal has ended the loop before it had `finished`."""
        if self._number and not finished:
            raise Stopped(self._number)

    def _note(self, number: int, stop: Callable[[], None]) -> None:
        self._number = self._number or number
        stop()

    def _raise(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        raise Stopped(number)

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            with contextlib.suppress(TypeError):  # None: it was not set from Python, so we cannot set it back
                signal.signal(number, handler)
