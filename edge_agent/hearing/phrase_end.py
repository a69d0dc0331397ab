"""When did the phrase end that has just woken?

Law: loudness and the score's climb in, an age out. The tail of a phrase in front of a sentence does no harm, a lost
first word does: so where it is open, the earlier end is taken.

A score that climbs slowly crosses late, so the frames since it left the floor tell. Measured on 495 flite phrases with
known phone times (hey_jarvis and alexa, alone and in one breath with a sentence, two noise levels, four frame phases):
95 in 100 ended less than 128, 212, 293, 365 ms ago after 0, 1, 2, 3 frames of climbing. That far end is taken, unless a
pause shows where the phrase ended.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import BLOCK_MS

LOUDNESS_BLOCKS = 100  # the phrase itself, for its loudness
CLIMB_AT_MOST = 4  # frames; a longer climb is another phrase, or noise (the patience asked for comes on top)

_ENDED_MS, _ENDED_MS_A_FRAME = 140, 80
_PAUSE_BLOCKS = 10  # 100 ms: longer than the closure of a plosive ("turn", "stop"), which is no pause
_PAUSE_BELOW_PEAK = 10 ** (-30 / 10)  # power: a pause is 30 dB below the phrase's loudest block,
_PAUSE_ABOVE_FLOOR = 10 ** (6 / 10)  # or within 6 dB of the quietest heard in that time,
_PAUSE_AT_MOST = 10 ** (-14 / 10)  # but never within 14 dB of the loudest: in noise no pause is claimed


def ended_ms_ago(powers: npt.NDArray[np.float64], climbing: int, patience: int) -> int:
    """The first pause since the phrase may have ended, if there is one; else the moment it had ended for sure.

    powers: of the last blocks, (n,), n up to LOUDNESS_BLOCKS, oldest first, to any scale.  climbing, patience: frames.
    """
    frames = min(climbing - 1, CLIMB_AT_MOST + patience - 1)
    blocks = min((_ENDED_MS + _ENDED_MS_A_FRAME * frames) // BLOCK_MS, len(powers))
    peak, floor = float(powers.max()), float(powers.min())
    limit = min(max(peak * _PAUSE_BELOW_PEAK, floor * _PAUSE_ABOVE_FLOOR), peak * _PAUSE_AT_MOST)
    quiet = 0
    for age in range(blocks, 0, -1):
        quiet = quiet + 1 if powers[-age] <= limit else 0
        if quiet == _PAUSE_BLOCKS:
            return (age - 1 + _PAUSE_BLOCKS) * BLOCK_MS
    return blocks * BLOCK_MS
