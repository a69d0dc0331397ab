"""Whether what the threads post to the loop is still taken: a letter to ourselves, one at a time.

Law: bookkeeping under times that it is given (seconds, monotonic). The letter goes the way that everything goes, behind
all that was posted before it; when it arrives, the part "mailbox" beats with the time at which it was *sent*. So a
mailbox that is slow shows as one that is late, and one that does not drain as one that is silent, whoever is to blame.
"""

from __future__ import annotations

from collections.abc import Callable

PART = "mailbox"
EVERY_S = 0.5


class MailboxWatch:
    """post: puts work into the mailbox, from any thread.  beat: `Health.beat`, called where the mailbox is emptied."""

    def __init__(self, post: Callable[[Callable[[], None]], None], beat: Callable[[str, float], None]) -> None:
        self._post, self._beat = post, beat
        self._sent_s = float("-inf")
        self._under_way = False

    def look(self, now_s: float) -> None:
        """Send the next letter if it is time and the last one has arrived. From one thread only, however often."""
        if not self._under_way and now_s - self._sent_s >= EVERY_S:
            self._under_way, self._sent_s = True, now_s
            self._post(self._arrived)

    def _arrived(self) -> None:
        self._beat(PART, self._sent_s)
        self._under_way = False
