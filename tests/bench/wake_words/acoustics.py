"""From a dry recording to what a microphone across a room hears of it.

Law: arithmetic on whole clips; whose clip it is and what is made of it is no business of this file. The rooms are
those of the simulation (`sim/room.py`), its impulse response taken from outside: one impulse in, no noise. Samples are
float32 at 16 kHz; levels are dBFS of a voice's active parts at the microphone (the distance sets how reverberant it is,
not how loud), noise is pink, its level the voice's less the ratio asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from edge_agent.audio.format import BLOCKS_PER_S, HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.sim.room import Room
from edge_agent.sim.scenario_room import RoomSettings
from edge_agent.sim.voice import at_level

_SILENT_DBFS = -200.0
_IMPULSE = 0.05  # far from the converter's full scale, which a room's first reflections would pass
_NOISE_DBFS = -30.0  # at which the loop of noise is taken
_NOISE_S = 16  # the simulated noise repeats after that


@dataclass(frozen=True, slots=True)
class Place:
    """Where a voice stands and how loud the room is.

    distance_m: 0 for a recording that brings its own room.  seed: the direction the voice stands in, and the tail.
    """

    distance_m: float
    rt60_s: float
    snr_db: float
    level_dbfs: float = -30.0
    seed: int = 0

    def heard(self, dry: Samples, *, lead_s: float, tail_s: float, late: int = 0) -> Samples:
        """The clip with `lead_s` (and `late` samples) of the room's noise before it and `tail_s` behind it."""
        lead = round(lead_s * HEARING_RATE) + late
        whole = np.zeros(lead + len(dry) + round(tail_s * HEARING_RATE), np.float32)
        whole[lead : lead + len(dry)] = at_level(dry, self.level_dbfs)
        if self.distance_m > 0.0:
            whole = convolved(whole, response(self.distance_m, self.rt60_s, self.seed))
        return clipped(whole + noise(len(whole), self.level_dbfs - self.snr_db, self.seed))


@cache
def response(distance_m: float, rt60_s: float, seed: int) -> Samples:
    """The room's answer to an impulse at the talker's mouth."""
    room = Room(RoomSettings(rt60_s=rt60_s, talker_m=distance_m, noise_dbfs=_SILENT_DBFS), seed)
    silence, impulse = np.zeros(HEARING_BLOCK, np.float32), np.zeros(HEARING_BLOCK, np.float32)
    impulse[0] = _IMPULSE
    blocks = round((rt60_s + 0.1) * BLOCKS_PER_S)
    heard = [room.step(silence, impulse if n == 0 else silence)[0] for n in range(blocks)]
    return (np.concatenate(heard) / np.float32(_IMPULSE)).astype(np.float32)


def convolved(samples: Samples, taps: Samples) -> Samples:
    """As long as `samples`: what rings on behind its end is left out."""
    size = 1 << (len(samples) + len(taps) - 1).bit_length()
    spectrum = np.fft.rfft(samples, size) * np.fft.rfft(taps, size)
    whole: Samples = np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)
    return whole


def noise(count: int, level_dbfs: float, seed: int) -> Samples:
    """`count` samples of the room's pink noise, another stretch of it for another seed."""
    loop = _noise_loop()
    start = np.random.default_rng([seed, 0x40]).integers(len(loop))
    gain = np.float32(10.0 ** ((level_dbfs - _NOISE_DBFS) / 20.0))
    return (np.take(loop, np.arange(start, start + count), mode="wrap") * gain).astype(np.float32)


def clipped(samples: Samples) -> Samples:
    return np.clip(samples, -1.0, 1.0)


@cache
def _noise_loop() -> Samples:
    room = Room(RoomSettings(noise_dbfs=_NOISE_DBFS), 1)
    silence = np.zeros(HEARING_BLOCK, np.float32)
    return np.concatenate([room.step(silence, silence)[0] for _ in range(_NOISE_S * BLOCKS_PER_S)])
