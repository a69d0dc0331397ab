"""The ring of pairs between the duplex thread and the hearing thread: one producer, one consumer.

Law: only whole pairs cross. When hearing falls behind, the oldest pair is dropped whole, so that the microphone can
never slip against its reference; the gap shows in `DuplexBlock.index`. The producer is never made to wait.
"""

from __future__ import annotations

from collections import deque
from threading import Condition

from edge_agent.audio.format import DuplexBlock


class PairRing:
    """capacity: pairs of 10 ms kept at most (> 0).  dropped: pairs lost because hearing was late."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a ring needs room for at least one pair, got {capacity}")
        self.dropped = 0
        self._pairs: deque[DuplexBlock] = deque(maxlen=capacity)
        self._changed = Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._pairs)

    def put(self, pair: DuplexBlock) -> None:
        """Hand a pair over; when the ring is full the oldest is dropped and counted. Ignored once closed."""
        with self._changed:
            if self._closed:
                return
            if len(self._pairs) == self._pairs.maxlen:
                self.dropped += 1
            self._pairs.append(pair)
            self._changed.notify()

    def get(self, timeout_s: float) -> DuplexBlock | None:
        """The oldest pair, waiting up to timeout_s for one; None if none came, or once the ring is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._pairs or self._closed, timeout_s)
            return self._pairs.popleft() if self._pairs else None

    def close(self) -> None:
        """No more pairs will come; wakes the consumer, who still gets what is in the ring. May be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
