"""The echo engine over what was recorded: how much of the echo it takes off here.

Law: a fresh engine, block by block, as the daemon runs it, on the noise that rises and falls as speech does; nothing is
tuned. Reductions are of energy, the microphone's over the tap's, in blocks in which the loudspeaker sounds; dB. The
room's noise stays, so no engine can take off more than the echo stands over it (`most_db`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge_agent.audio.format import BLOCKS_PER_S, HEARING_BLOCK, Samples
from edge_agent.field.calibration.programme import PAUSE_S, Programme, Span
from edge_agent.field.calibration.recording import Recording, samples_in
from edge_agent.hearing.echo.engine import REFERENCE_SILENT_DBFS, EchoEngine

FIRST_S = 2.0
_BEFORE_S = 0.5  # of silence before the noise: a device that has just woken


@dataclass(frozen=True, slots=True)
class Reduction:
    """first_db: of the clean tap in its first two seconds ever; clean_db, linear_db: after them.  most_db: what the
    room's noise allows.  delay_ms: what the engine found; 0 for one that looks for none."""

    first_db: float
    clean_db: float
    linear_db: float
    most_db: float
    delay_ms: float


def reduction(engine: EchoEngine, recording: Recording, programme: Programme) -> Reduction | None:
    """On the first microphone; None where the programme has no such noise, or the loudspeaker was given silence."""
    if programme.voice_span is None:
        return None
    span = samples_in(Span(programme.voice_span.from_s - _BEFORE_S, programme.voice_span.to_s + PAUSE_S))
    mic, ref = _blocks(recording.rows[0][span]), _blocks(recording.reference[span])
    taps = [engine.process(*pair) for pair in zip(mic, ref, strict=True)]
    heard, played = _powers(mic), _powers(ref)
    linear, clean = (_powers(np.stack(tap)) for tap in zip(*((tap.linear, tap.clean) for tap in taps), strict=True))
    sounding = played > 10.0 ** (REFERENCE_SILENT_DBFS / 10.0)
    early = np.arange(len(mic)) < (_BEFORE_S + FIRST_S) * BLOCKS_PER_S
    if not (sounding & early).any() or not (sounding & ~early).any():
        return None
    noise = float(np.mean(_powers(_blocks(recording.rows[0][samples_in(programme.quiet)]))))
    later = sounding & ~early
    return Reduction(
        first_db=_over_db(heard, clean, sounding & early),
        clean_db=_over_db(heard, clean, later),
        linear_db=_over_db(heard, linear, later),
        most_db=10.0 * math.log10(float(np.mean(heard[later])) / (noise + 1e-12) + 1e-12),
        delay_ms=engine.delay_ms,
    )


def _blocks(samples: Samples) -> Samples:
    whole = len(samples) // HEARING_BLOCK * HEARING_BLOCK
    return np.ascontiguousarray(samples[:whole].reshape(-1, HEARING_BLOCK))


def _powers(blocks: Samples) -> Samples:
    """Mean square of each block."""
    powers: Samples = np.mean(np.square(blocks), axis=-1)
    return powers


def _over_db(heard: Samples, tap: Samples, which: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    return 10.0 * math.log10((float(heard[which].sum()) + 1e-12) / (float(tap[which].sum()) + 1e-12))
