"""Simulated echoes: speech-like noise, reverberant rooms, and engines run over them. Same seed, same samples.

Signals are 16 kHz float32; levels in dB relative to full scale, root mean square.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.hearing.echo.engine import EchoEngine

PLAYED_DBFS = -20.0
HISS_DBFS = -70.0


def babble(seconds: float, seed: int, dbfs: float = PLAYED_DBFS) -> Samples:
    """Noise with the colour of a voice, rising and falling in syllables of 100 ms, one in five of them a pause."""
    random = np.random.default_rng(seed)
    n = round(seconds * HEARING_RATE)
    spectrum = np.fft.rfft(random.standard_normal(n))
    hz = np.fft.rfftfreq(n, 1 / HEARING_RATE)
    voice = np.fft.irfft(spectrum * (hz > 100) / np.maximum(hz, 300), n)
    knots = n // 1600 + 2
    loudness = 10 ** (random.uniform(-20, 0, knots) / 20) * (random.random(knots) > 0.2)
    return at_level(voice * np.interp(np.arange(n) / 1600, np.arange(knots), loudness), dbfs)


def hiss(n: int, seed: int = 5, dbfs: float = HISS_DBFS) -> Samples:
    """A quiet room's noise, n samples."""
    return at_level(np.random.default_rng(seed).standard_normal(n), dbfs)


def at_level(sound: np.ndarray[tuple[int, ...], np.dtype[np.float64]], dbfs: float) -> Samples:
    return np.asarray(sound * 10 ** (dbfs / 20) / np.sqrt(np.mean(sound**2)), np.float32)


def room(delay_ms: float, seed: int = 3, gain: float = 0.3, reverberation_s: float = 0.2) -> Samples:
    """An impulse response: a direct path after `delay_ms`, then a tail of `reverberation_s` to -60 dB."""
    tail = np.random.default_rng(seed).standard_normal(HEARING_RATE // 4)
    tail *= 0.1 * 10 ** (-3 * np.arange(len(tail)) / HEARING_RATE / reverberation_s)
    tail[0] = 1
    tail *= gain / np.sqrt(np.sum(tail**2))
    return np.concatenate([np.zeros(round(delay_ms * HEARING_RATE / 1000)), tail]).astype(np.float32)


def heard_in(path: Samples, played: Samples) -> Samples:
    """`played` after an impulse response, as long as it was."""
    n = 1 << (len(played) + len(path)).bit_length()
    heard = np.fft.irfft(np.fft.rfft(played, n) * np.fft.rfft(path, n), n)[: len(played)]
    return np.asarray(heard, np.float32)


def drifting(sound: Samples, ppm: float) -> Samples:
    """`sound` as a clock faster by `ppm` samples it: eightfold band-limited, then linear."""
    n = len(sound)
    spectrum = np.zeros(4 * n + 1, np.complex128)
    spectrum[: n // 2 + 1] = np.fft.rfft(sound)
    fine = np.fft.irfft(spectrum, 8 * n) * 8
    places = np.arange(n) * (1 - ppm * 1e-6) * 8
    return np.asarray(np.interp(places, np.arange(8 * n), fine), np.float32)


def through(engine: EchoEngine, mic: Samples, ref: Samples) -> tuple[Samples, Samples]:
    """(linear, clean), whole blocks only."""
    starts = range(0, len(mic) - HEARING_BLOCK + 1, HEARING_BLOCK)
    taps = [engine.process(mic[n : n + HEARING_BLOCK], ref[n : n + HEARING_BLOCK]) for n in starts]
    return np.concatenate([tap.linear for tap in taps]), np.concatenate([tap.clean for tap in taps])


def power_db(sound: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-20))


def less_by_db(before: Samples, after: Samples, from_s: float = 0.0, to_s: float | None = None) -> float:
    """By how many dB `after` is softer than `before` between two moments."""
    span = slice(round(from_s * HEARING_RATE), None if to_s is None else round(to_s * HEARING_RATE))
    return power_db(before[span]) - power_db(after[span])
