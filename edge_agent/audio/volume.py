"""How loud: the volume a person sets, and the ducking of a voice that somebody talks over.

Law: gains and their ramps; no queue, no lock. A gain glides over a block where it is heard, and jumps where it is not.
Blocks are (240,) at 24 kHz and changed in place.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import WIRE_BLOCK, Samples

VOLUME_POWER = 3  # loudness is heard about logarithmically; a cubic fader follows it: -9 dB at 70, -18 dB at 50
DUCKED = 0.25  # -12 dB: plainly quieter, still understood, and the canceller keeps a signal to learn from
DUCK_RELEASE_BLOCKS = 10  # back up over 100 ms: a rise is noticed more than a fall

_RAMP = (np.arange(1, WIRE_BLOCK + 1) / WIRE_BLOCK).astype(np.float32)


def gain_of(percent: int) -> float:
    """Raises ValueError outside of 0 to 100."""
    if not 0 <= percent <= 100:
        raise ValueError(f"volume is 0 to 100, got {percent}")
    return float((percent / 100) ** VOLUME_POWER)


class Volume:
    """percent: 0 to 100; may be set from any thread. Anything else raises ValueError."""

    def __init__(self, percent: int) -> None:
        self.percent = percent
        self._gain = self._wanted

    @property
    def percent(self) -> int:
        return self._percent

    @percent.setter
    def percent(self, percent: int) -> None:
        self._wanted = gain_of(percent)
        self._percent = percent

    def apply(self, out: Samples) -> None:
        """To a block that sounds; the result is within [-1, 1]."""
        target = self._wanted
        if target != self._gain:
            out *= self._gain + (target - self._gain) * _RAMP
            self._gain = target
        else:
            out *= np.float32(target)
        np.clip(out, -1.0, 1.0, out=out)

    def rest(self) -> None:
        """A block of silence: nobody hears a jump."""
        self._gain = self._wanted


class Ducking:
    """wanted: may be set from any thread."""

    def __init__(self) -> None:
        self.wanted = False
        self._gain = 1.0

    def reset(self) -> None:
        """A new voice starts at its full level."""
        self.wanted = False
        self._gain = 1.0

    def apply(self, out: Samples) -> None:
        target = DUCKED if self.wanted else min(1.0, self._gain + (1 - DUCKED) / DUCK_RELEASE_BLOCKS)
        if target != self._gain:
            out *= self._gain + (target - self._gain) * _RAMP
        elif target != 1.0:
            out *= np.float32(target)
        self._gain = target
