"""Pauses a talker did not make: put where speech is softest, filled with the recording's own floor.

Law: from a generator, so the same seed gives the same samples; the labels move with the sound. How long a hesitation
is: log-normal, as pauses are (Campione & Veronis 2002: "A Large-Scale Multilingual Study of Silent Pause Duration",
6000 pauses in five languages: medium pauses are 200-1000 ms, longer ones only in spontaneous speech; Demol et al. 2007:
the log of the duration is Gaussian), median 500 ms (Lundholm Fors 2015: a typical pause is a quarter to half a second;
the upper end is taken), kept to the 0.2-1.5 s that are measured. What a person does before a hesitation (a drawn-out
vowel, "ehm", a level pitch) is not there: whatever listens for that must be measured elsewhere.
Units: milliseconds.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from tests.bench.endpoints.labels import FRAME, FRAME_MS, Labels, Pause, levels_dbfs

MEDIAN_MS = 500.0
SPREAD = 0.55  # standard deviation of the natural logarithm: two of three between 290 and 870 ms
SHORTEST_MS, LONGEST_MS = 200, 1500
EDGE_MS = 400  # nobody hesitates in the first or last syllable; nor twice within this
ONE_A_MS = 2500  # of speech: one hesitation in each, two at most
AT_MOST = 2
SOFT_FRAMES = 5  # softness is judged over 50 ms: a gap between words rather than the closure of a stop
FADE = HEARING_RATE // 100


def lengths_ms(random: np.random.Generator, count: int) -> list[int]:
    """`count` hesitations, whole frames."""
    drawn: list[int] = []
    while len(drawn) < count:
        length = float(random.lognormal(np.log(MEDIAN_MS), SPREAD))
        if SHORTEST_MS <= length <= LONGEST_MS:
            drawn.append(round(length / FRAME_MS) * FRAME_MS)
    return drawn


def places_ms(samples: Samples, labels: Labels, count: int) -> list[int]:
    """The softest places between words, in order; fewer than `count` where there are no more."""
    soft = np.convolve(levels_dbfs(samples), np.ones(SOFT_FRAMES) / SOFT_FRAMES, "same")
    allowed = np.zeros(len(soft), bool)
    allowed[(labels.start_ms + EDGE_MS) // FRAME_MS : max(labels.end_ms - EDGE_MS, 0) // FRAME_MS] = True
    for pause in labels.pauses:  # those are pauses already
        allowed[max(pause.start_ms - EDGE_MS, 0) // FRAME_MS : (pause.end_ms + EDGE_MS) // FRAME_MS] = False
    found: list[int] = []
    while len(found) < count and allowed.any():
        frame = int(np.argmin(np.where(allowed, soft, np.inf)))
        found.append(frame * FRAME_MS)
        allowed[max(frame - EDGE_MS // FRAME_MS, 0) : frame + EDGE_MS // FRAME_MS] = False
    return sorted(found)


def hesitating(samples: Samples, labels: Labels, random: np.random.Generator) -> tuple[Samples, Labels] | None:
    """The same words with hesitations. None where there is no room for one."""
    wanted = min(max((labels.end_ms - labels.start_ms) // ONE_A_MS, 1), AT_MOST)
    places = places_ms(samples, labels, wanted)
    if not places:
        return None
    floor = float(np.sqrt(np.mean(np.square(quietest(samples)))))
    pieces: list[Samples] = []
    pauses: list[Pause] = []
    at, added = 0, 0
    for place, length in zip(places, lengths_ms(random, len(places)), strict=True):
        cut = place * FRAME // FRAME_MS
        pieces += [_faded(samples[at:cut], begins=at == 0, ends=False), _noise(length, floor, random)]
        pauses.append(Pause(place + added, place + added + length, made=True))
        at, added = cut, added + length
    pieces.append(_faded(samples[at:], begins=False, ends=True))
    moved = [_moved(pause, places, pauses) for pause in labels.pauses]
    together = tuple(sorted([*moved, *pauses], key=lambda pause: pause.start_ms))
    return np.concatenate(pieces), Labels(labels.start_ms, labels.end_ms + added, together)


def quietest(samples: Samples) -> Samples:
    """The recording's own floor: its quietest frames."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    order = np.argsort(np.mean(np.square(frames), axis=1))
    return frames[order[: max(len(order) // 20, 1)]]


def _moved(pause: Pause, places: list[int], made: list[Pause]) -> Pause:
    by = sum(new.length_ms for place, new in zip(places, made, strict=True) if place <= pause.start_ms)
    return Pause(pause.start_ms + by, pause.end_ms + by)


def _noise(length_ms: int, floor: float, random: np.random.Generator) -> Samples:
    noise = floor * random.standard_normal(length_ms * HEARING_RATE // 1000)
    return noise.astype(np.float32)


def _faded(piece: Samples, *, begins: bool, ends: bool) -> Samples:
    """No click at a cut: 10 ms of a raised cosine."""
    piece = piece.copy()
    fade = min(FADE, len(piece) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / max(fade, 1))).astype(np.float32)
    if not begins and fade:
        piece[:fade] *= ramp
    if not ends and fade:
        piece[-fade:] *= ramp[::-1]
    return piece
