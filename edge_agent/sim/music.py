"""A small band for the background: chords, bass and drums by a seed, as a radio in the next room would play them.

Law: numbers in, sound out; nothing is read from a file. 16 kHz mono, a loop of whole bars, at no particular level.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE, Samples

_Wave = npt.NDArray[np.float64]

_PROGRESSIONS = ((0, 5, 3, 4), (0, 3, 4, 4), (0, 4, 5, 3), (5, 3, 0, 4))  # steps of the major scale, from 0
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_TONIC_HZ = 130.81  # C3
_BARS = 16
_HARMONICS = np.array([1.0, 0.5, 0.3, 0.2, 0.1, 0.06])


def music(seed: int) -> Samples:
    """Some forty seconds, 4/4, to be repeated."""
    random = np.random.default_rng([seed, 0x50])
    beat = round(HEARING_RATE * 60.0 / random.uniform(84.0, 126.0))
    key = 2.0 ** (int(random.integers(0, 12)) / 12.0)
    progression = _PROGRESSIONS[int(random.integers(len(_PROGRESSIONS)))]
    track = np.zeros(_BARS * 4 * beat)
    for bar in range(_BARS):
        step = progression[bar % 4]
        start = bar * 4 * beat
        for degree in (step, step + 2, step + 4):
            _add(track, start, 0.12 * _tone(key * _pitch(degree), 4 * beat, attack_s=0.03, decay_s=2.5))
        for number in range(8):
            _add(track, start + number * beat // 2, 0.3 * _tone(key * _pitch(step) / 2, beat // 2, 0.005, 0.3))
            _add(track, start + number * beat // 2, 0.05 * _hiss(random, 0.03))
            if random.random() < 0.45:
                degree = step + int(random.choice([0, 2, 4, 7]))
                _add(track, start + number * beat // 2, 0.18 * _tone(2 * key * _pitch(degree), beat, 0.01, 0.4))
        for number in range(4):
            _add(track, start + number * beat, 0.6 * _kick() if number % 2 == 0 else 0.25 * _hiss(random, 0.12))
    return np.asarray(track / np.abs(track).max(), np.float32)


def _pitch(degree: int) -> float:
    octave, step = divmod(degree, len(_SCALE))
    return float(_TONIC_HZ * 2.0 ** (octave + _SCALE[step] / 12.0))


def _tone(hz: float, samples: int, attack_s: float, decay_s: float) -> _Wave:
    time = np.arange(samples) / HEARING_RATE
    partials = hz * np.arange(1, len(_HARMONICS) + 1)
    audible = partials < HEARING_RATE / 2.2
    wave = np.sin(2.0 * np.pi * partials[audible, None] * time)
    envelope = np.minimum(time / attack_s, 1.0) * np.exp(-time / decay_s)
    envelope *= np.minimum((samples - np.arange(samples)) / 160.0, 1.0)
    shaped: _Wave = (_HARMONICS[audible] @ wave) * envelope
    return shaped


def _kick() -> _Wave:
    time = np.arange(HEARING_RATE // 5) / HEARING_RATE
    return np.asarray(np.sin(2.0 * np.pi * (55.0 * time + 4.0 * (1.0 - np.exp(-time * 25.0)))) * np.exp(-time * 18.0))


def _hiss(random: np.random.Generator, decay_s: float) -> _Wave:
    count = int(decay_s * 5 * HEARING_RATE)
    noise = np.diff(random.standard_normal(count + 1))
    return np.asarray(noise * np.exp(-np.arange(count) / (decay_s * HEARING_RATE)))


def _add(track: _Wave, at: int, sound: _Wave) -> None:
    kept = sound[: len(track) - at]
    track[at : at + len(kept)] += kept
