"""The programme through the real audio path: played as a reply is, recorded as the hearing hears.

Law: it plays, records and pairs; nothing is measured here but what only the card's own samples can tell. The way to the
loudspeaker is the daemon's own (volume, resampling, buffers); while the card runs nothing is computed: blocks are kept,
and brought to 16 kHz afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from edge_agent.audio.device import AudioDevice
from edge_agent.audio.duplex import Duplex, Pairing
from edge_agent.audio.format import BLOCKS_PER_S, HEARING_BLOCK, HEARING_RATE, CardBlock, Samples
from edge_agent.audio.playback import Playback
from edge_agent.field.calibration.programme import Programme, Span

FULL_SCALE = 0.9995  # of the converter: the last step of 16 bits, and a little; it is reached by clipping only
TRIM_S = 0.1  # blocks that are thrown away before the first that counts


@dataclass(frozen=True, slots=True)
class Recording:
    """rows: (rows, n), every channel that was opened, the reference last where there is one.  given: (n,), what the
    loudspeaker was given, the volume included. Both 16 kHz, aligned as the echo engine gets them.
    full_scale: (rows, blocks), samples of a block, at the card's own rate, that reached full scale.
    lost: blocks that the card says it has lost.  gaps: underruns.  latency_ms: as the card tells it.
    """

    rows: Samples
    given: Samples
    full_scale: Samples
    has_reference: bool
    lost: int
    gaps: int
    latency_ms: float
    obtained: dict[str, Any] = field(default_factory=dict)

    @property
    def microphones(self) -> int:
        return len(self.rows) - self.has_reference

    @property
    def reference(self) -> Samples:
        """What the echo engine takes for the loudspeaker's sound: the card's own channel, where it has one."""
        taken: Samples = self.rows[-1] if self.has_reference else self.given
        return taken

    def clipped(self, row: int, span: Span) -> int:
        """How many samples reached full scale then."""
        blocks = slice(int(span.from_s * BLOCKS_PER_S), int(span.to_s * BLOCKS_PER_S))
        return int(self.full_scale[row, blocks].sum())


def samples_in(span: Span) -> slice:
    """Where a span lies at 16 kHz."""
    return slice(round(span.from_s * HEARING_RATE), round(span.to_s * HEARING_RATE))


def record(
    device: AudioDevice, programme: Programme, *, volume: int, tell: Callable[[float], None] = lambda done_s: None
) -> Recording:
    """Play and record all of it on a device that is open. volume: percent, as `[audio] volume`.

    tell: called once a second with how much is done. Raises DeviceError.
    """
    playback = Playback(volume=volume, earcons=False)
    duplex = Duplex(device, playback)
    for _ in range(round(TRIM_S * BLOCKS_PER_S)):
        duplex.exchange()
    overflows, underruns = device.overflows, device.underruns
    playback.push(1, "calibration", programme.samples())
    playback.finish(1)
    blocks: list[CardBlock] = []
    for block in range(round(programme.seconds * BLOCKS_PER_S)):
        blocks.append(duplex.exchange())
        if block % BLOCKS_PER_S == 0:
            tell(block / BLOCKS_PER_S)
    rows, given = _paired(blocks)
    return Recording(
        rows,
        given,
        np.array([(np.abs(block.heard) >= FULL_SCALE).sum(axis=-1) for block in blocks], np.float32).T,
        device.has_reference,
        device.overflows - overflows,
        device.underruns - underruns,
        device.latency_ms,
        dict(device.obtained),
    )


def _paired(blocks: list[CardBlock]) -> tuple[Samples, Samples]:
    """Every row, and what was given, at 16 kHz: through the very filters of the daemon."""
    pairing = Pairing()
    pairs = [pairing.pair(replace(block, has_reference=False)) for block in blocks]
    rows = np.concatenate([pair.mic for pair in pairs], axis=1)
    given = np.concatenate([pair.ref for pair in pairs])
    length = len(pairs) * HEARING_BLOCK
    return np.asarray(rows[:, :length], np.float32), np.asarray(given[:length], np.float32)
