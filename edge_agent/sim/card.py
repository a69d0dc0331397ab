"""What the sound card does at which block: loses blocks, loses or repeats samples, is gone.

Law: when and how much, never the doing; that is `device.py`'s. Time is the count of blocks; the same seed gives the
same troubles.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge_agent.audio.format import BLOCKS_PER_S
from edge_agent.sim.scenario_card import CardTrouble
from edge_agent.sim.scenario_room import RoomSettings

_NO_TROUBLE = RoomSettings()


class Card:
    """troubles: in order of time; beside them the room's slips at random, and its jitter in real time.

    slips: how often samples were lost or repeated.  lost_blocks: in overruns.
    """

    def __init__(self, troubles: Sequence[CardTrouble] = (), room: RoomSettings = _NO_TROUBLE, seed: int = 1) -> None:
        self._troubles = list(troubles)
        self._slips_per_block = room.slips_per_min / 60.0 / BLOCKS_PER_S
        self._slip_samples = room.slip_samples
        self._jitter_ms = room.jitter_ms
        self._random = np.random.default_rng([seed, 0x71])
        self._lateness = np.random.default_rng([seed, 0x72])  # its own: there is none in lock step
        self._back_at = 0
        self.slips = 0
        self.lost_blocks = 0

    def is_gone(self, block: int) -> bool:
        while self._troubles and self._troubles[0].kind == "gone" and self._is_due(block):
            trouble = self._troubles.pop(0)
            self._back_at = block + round(trouble.for_s * BLOCKS_PER_S)
        return block < self._back_at

    def overrun(self, block: int) -> int:
        """How many blocks are lost before this one."""
        if self._troubles and self._troubles[0].kind == "overrun" and self._is_due(block):
            blocks = self._troubles.pop(0).blocks
            self.lost_blocks += blocks
            return blocks
        return 0

    def slip(self, block: int) -> int:
        """Samples lost before this block; negative: repeated."""
        samples = 0
        if self._troubles and self._troubles[0].kind in ("lost", "repeated") and self._is_due(block):
            trouble = self._troubles.pop(0)
            samples = trouble.samples if trouble.kind == "lost" else -trouble.samples
        elif self._slips_per_block and self._random.random() < self._slips_per_block:
            samples = self._slip_samples if self._random.random() < 0.5 else -self._slip_samples
        self.slips += samples != 0
        return samples

    def late_s(self) -> float:
        """By how much the next block is handed over late, in real time."""
        return float(self._lateness.uniform(0.0, self._jitter_ms)) / 1000.0 if self._jitter_ms else 0.0

    def _is_due(self, block: int) -> bool:
        return round(self._troubles[0].at_s * BLOCKS_PER_S) <= block
