"""The ring between the duplex thread and the hearing thread: one producer, one consumer.

Law: only whole blocks cross, both directions together. When hearing falls behind, the oldest is dropped whole, so that
the microphone can never slip against its reference; the gap shows in the block's number. The producer is never made to
wait. The consumer says how many blocks it wants at least: a thread that is woken once for eight blocks finds its caches
warm for seven of them, which on a small machine is most of the cost.
"""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Ring(Generic[T]):
    """capacity: blocks of 10 ms kept at most (> 0).  dropped: blocks lost because hearing was late."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a ring needs room for at least one block, got {capacity}")
        self.dropped = 0
        self._blocks: deque[T] = deque(maxlen=capacity)
        self._changed = Condition()
        self._wanted = 1
        self._closed = False

    def __len__(self) -> int:
        return len(self._blocks)

    def put(self, block: T) -> None:
        """Hand a block over; when the ring is full the oldest is dropped and counted. Ignored once closed."""
        with self._changed:
            if self._closed:
                return
            if len(self._blocks) == self._blocks.maxlen:
                self.dropped += 1
            self._blocks.append(block)
            if len(self._blocks) >= self._wanted:
                self._changed.notify()

    def take(self, at_least: int, timeout_s: float) -> list[T]:
        """All blocks there are, oldest first, once there are `at_least` so many; fewer, or none, after timeout_s, or
        once the ring is closed."""
        with self._changed:
            self._wanted = min(at_least, self._blocks.maxlen or at_least)
            self._changed.wait_for(lambda: len(self._blocks) >= self._wanted or self._closed, timeout_s)
            taken = list(self._blocks)
            self._blocks.clear()
            return taken

    def close(self) -> None:
        """No more blocks will come; wakes the consumer, who still gets what is in the ring. May be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
