"""Who talks to the server, and what it costs.

Law: counting and telling; connections are `server.py`'s. Times are seconds of the clock given.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from edge_agent.local.consumption import Consumption

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Guests:
    """Who is connected.  left: when the last one went, or when the server began; the clock's seconds.

    cost: what the whole server has cost so far.  told: a line to the log for each that goes.
    """

    cost: Callable[[], Consumption]
    clock: Callable[[], float] = time.monotonic
    talking: int = 0
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.clock()

    def came(self) -> None:
        self.talking += 1

    def went(self, began: float) -> None:
        """began: when this one came."""
        self.talking -= 1
        self.left = self.clock()
        log.info(
            "session over after %.0f s, %d left; the server has used %s", self.left - began, self.talking, self.cost()
        )

    def idle_s(self) -> float:
        return 0.0 if self.talking else self.clock() - self.left
