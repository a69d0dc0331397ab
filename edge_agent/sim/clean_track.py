"""The suppressed tap of a whole run, for the judge and the page.

Law: it keeps what it is given, block by block; nothing is judged here. float32 at 16 kHz.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, Samples


class CleanTrack:
    def __init__(self) -> None:
        self._blocks: dict[int, Samples] = {}

    def keep(self, index: int, clean: Samples) -> None:
        self._blocks[index] = clean

    def samples(self, length: int) -> Samples:
        """(length,) float32; blocks that hearing never got are silent."""
        track = np.zeros(length, np.float32)
        for index, block in self._blocks.items():
            start = index * HEARING_BLOCK
            track[start : start + HEARING_BLOCK] = block[: max(0, length - start)]
        return track
