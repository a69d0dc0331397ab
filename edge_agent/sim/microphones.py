"""The microphones' own part in what they hear: gain, noise, silence where one is dead, the converter's full scale.

Law: what reaches the capsules in, what the converter gives out, in blocks of 10 ms; the same seed gives the same noise.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.sim.scenario_room import RoomSettings

_NOISE_SAMPLES = 1 << 18  # noise repeats after 16 s
_NO_NOISE_DBFS = -120.0


class Microphones:
    """random: what the room's noise is drawn from, as the first thing."""

    def __init__(self, settings: RoomSettings, random: np.random.Generator, seed: int) -> None:
        self._noise = pink_noise(settings.noise_dbfs, settings.mics, random)
        own = np.random.default_rng([seed, 0x702])
        self.gain_db = _gains_db(settings, own)
        self._gains: Samples | None = None
        if self.gain_db.any():
            self._gains = (10.0 ** (self.gain_db[:, None] / 20.0)).astype(np.float32)
        self._own = _own_noise(settings, own)
        self._dead = [number - 1 for number in settings.dead_mics]
        self._at = 0

    def hear(self, arriving: Samples) -> Samples:
        """arriving: (mics, 160), changed in place and returned."""
        loop = slice(self._at, self._at + HEARING_BLOCK)
        arriving += self._noise[:, loop]
        if self._gains is not None:
            arriving *= self._gains
        if self._dead:
            arriving[self._dead] = 0.0
        if self._own is not None:
            arriving += self._own[:, loop]
        self._at = (self._at + HEARING_BLOCK) % _NOISE_SAMPLES
        np.clip(arriving, -1.0, 1.0, out=arriving)  # the converter's full scale
        return arriving


def _gains_db(settings: RoomSettings, random: np.random.Generator) -> Samples:
    drawn = random.standard_normal(settings.mics) * settings.mic_gain_error_db
    set_db = np.array(settings.mic_gain_db or (0.0,) * settings.mics)
    return (set_db + drawn).astype(np.float32)


def _own_noise(settings: RoomSettings, random: np.random.Generator) -> Samples | None:
    if settings.mic_noise_dbfs <= _NO_NOISE_DBFS:
        return None
    noise = random.standard_normal((settings.mics, _NOISE_SAMPLES)) * 10.0 ** (settings.mic_noise_dbfs / 20.0)
    return _looped(noise)


def pink_noise(level_dbfs: float, mics: int, random: np.random.Generator) -> Samples:
    """A loop of noise, 1/f down to 50 Hz, as fans and streets make it; RMS level in dBFS. (mics, 2**18 + 160)."""
    bins = _NOISE_SAMPLES // 2 + 1
    hz = np.arange(bins) * HEARING_RATE / _NOISE_SAMPLES
    shape = np.where(hz > 20.0, 1.0 / np.sqrt(np.maximum(hz, 50.0)), 0.0)
    phases = np.exp(2j * np.pi * random.random((mics, bins)))
    noise = np.fft.irfft(shape * phases, _NOISE_SAMPLES, axis=-1)
    noise *= 10.0 ** (level_dbfs / 20.0) / np.sqrt(np.mean(np.square(noise), axis=-1, keepdims=True))
    return _looped(noise)


def _looped(noise: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Samples:
    looped: Samples = np.concatenate([noise, noise[:, :HEARING_BLOCK]], axis=-1).astype(np.float32)
    return looped
