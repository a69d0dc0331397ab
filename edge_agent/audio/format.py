"""The units of sound: rates, the 10 ms block, the pair.

Law: no behaviour here. Samples are float32 in [-1, 1]; one block is 10 ms at every rate. A `DuplexBlock` is the only
way sound enters `hearing`: what the microphones heard together with what the loudspeaker was given in the same 10 ms,
so that no echo canceller can lose its reference. A `CardBlock` is the same at the card's own rates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

BLOCK_MS = 10
BLOCKS_PER_S = 1000 // BLOCK_MS
HEARING_RATE = 16_000  # Hz: what the wake and speech models were trained on
WIRE_RATE = 24_000  # Hz: the only PCM rate of the Realtime API; replies arrive and are mixed at it
HEARING_BLOCK = HEARING_RATE // BLOCKS_PER_S  # 160 samples
WIRE_BLOCK = WIRE_RATE // BLOCKS_PER_S  # 240 samples


@dataclass(frozen=True, slots=True)
class CardBlock:
    """10 ms of both directions as the card had them, at its own rates.

    index: as in `DuplexBlock`.  heard: shape (rows, mic_rate/100), as `AudioDevice.exchange` gives it.  given: shape
    (rate/100,), what the loudspeaker was given; None for silence.  has_reference: the last row is what the card played.
    """

    index: int
    heard: Samples
    given: Samples | None
    has_reference: bool


@dataclass(frozen=True, slots=True)
class DuplexBlock:
    """10 ms of both directions at 16 kHz.

    index: the block's number since the start; an overflow, or a card that was away, makes a gap here, never a shift of
        one side.
    mic: shape (channels, 160).  ref: shape (160,), what the loudspeaker was given.
    """

    index: int
    mic: Samples
    ref: Samples
