"""Threads for what may hang: nobody waits for them when the daemon ends.

Law: an executor and nothing else. asyncio looks names up in its default executor and joins it at the end; a name server
that does not answer (the Wi-Fi is down) would hold a stop for half a minute, and systemd would kill us.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class Errands(ThreadPoolExecutor):
    """A thread for each errand, a daemon thread: the process may end before it. asyncio insists on this base class."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, name="errand", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing to wait for."""
