"""The check of the echo stage: two recorded tracks against each other, without the stage's own figures.

Law: energies of recordings; blocks are chosen by what the air played and by who truly spoke.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import BLOCK_MS, HEARING_BLOCK, Samples
from edge_agent.sim.evidence import Evidence
from edge_agent.sim.finding import Finding, Missing
from edge_agent.sim.loudness import AUDIBLE_DBFS, decibels

TAIL_MS = 300  # of the room: after the last sound of one side the microphone is not yet the other's alone

Mask = npt.NDArray[np.bool_]


def echo_reduced(
    evidence: Evidence, *, at_least_db: float = 15.0, keeps_db: float = 10.0, at_least_s: float = 5.0
) -> Finding:
    """While only the device speaks, the suppressed tap is much quieter than the microphone; while only the person does,
    it is not: a dead tap reduces everything and is of no use."""
    blocks = min(len(evidence.mic), len(evidence.clean)) // HEARING_BLOCK
    if not blocks:
        return Finding(False, "there is no recording of the suppressed tap")
    person, muted = np.zeros(blocks, bool), np.zeros(blocks, bool)
    for said in evidence.story.said:
        _mark(person, said.span.start_ms - TAIL_MS, said.span.end_ms + TAIL_MS)
    for span in evidence.story.muted:
        _mark(muted, span.start_ms, span.end_ms)
    played = np.zeros(blocks, bool)
    loud = evidence.air_levels[:blocks] > AUDIBLE_DBFS
    played[: len(loud)] = loud
    device_only = played & ~person & ~muted
    alone_s = np.count_nonzero(device_only) * BLOCK_MS / 1000
    if alone_s < at_least_s:
        raise Missing(f"only {alone_s:.1f} s in which the device alone was audible (needed {at_least_s:.0f})")
    reduction = _difference_db(evidence.mic, evidence.clean, device_only)
    lost = _difference_db(evidence.mic, evidence.clean, _person_only(evidence, played, muted))
    why = (
        f"the suppressed tap is {reduction:.1f} dB under the microphone in {alone_s:.1f} s of replies "
        f"(needed {at_least_db:.0f}), {lost:.1f} dB under it where only a person speaks (allowed {keeps_db:.0f})"
    )
    return Finding(reduction >= at_least_db and lost <= keeps_db, why)


def _person_only(evidence: Evidence, played: Mask, muted: Mask) -> Mask:
    talking, echoing = np.zeros_like(played), np.zeros_like(played)
    for said in evidence.story.said:
        _mark(talking, said.span.start_ms, said.span.end_ms)
    for block in map(int, np.flatnonzero(np.diff(played.astype(np.int8), append=0) == -1)):
        _mark(echoing, block * BLOCK_MS, block * BLOCK_MS + TAIL_MS)
    return np.asarray(talking & ~played & ~echoing & ~muted)


def _mark(mask: Mask, from_ms: float, to_ms: float) -> None:
    mask[max(0, int(from_ms) // BLOCK_MS) : max(0, int(to_ms) // BLOCK_MS)] = True


def _difference_db(mic: Samples, clean: Samples, mask: Mask) -> float:
    def total(track: Samples) -> float:
        return float(
            np.square(track[: len(mask) * HEARING_BLOCK].reshape(-1, HEARING_BLOCK)[mask], dtype=np.float64).sum()
        )

    return decibels((total(mic) + 1e-12) / (total(clean) + 1e-12))
