"""What people do in a room that is no speech: they cough, clap, let a door fall shut, put dishes down.

Law: a name and a seed in, sound out; nothing is read from a file. 16 kHz mono, peak 1; how loud it is in the room is
the scenario's to say. Each is made as the thing makes it: bursts of breath through a throat, a hand's crack, a panel's
thump with a latch behind it, partials of thin bodies that ring.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE, Samples

_Wave = npt.NDArray[np.float64]
_END_DB = -60.0  # a sound is over where it has decayed by this much


def noise_of(name: str, seed: int) -> Samples:
    """name: of NOISES. Another seed is another cough."""
    wave = NOISES[name](np.random.default_rng([seed, 0x80]))
    return np.asarray(wave / np.abs(wave).max(), np.float32)


def _cough(random: np.random.Generator) -> _Wave:
    """One to three bursts: an explosive onset, breath through the throat's resonances, a voiced end (Korpas 1996)."""
    pieces: list[_Wave] = []
    for _ in range(int(random.integers(1, 4))):
        count = int(HEARING_RATE * random.uniform(0.2, 0.38))
        time = np.arange(count) / HEARING_RATE
        breath = _banded(random.standard_normal(count), 350.0, 3500.0)
        pitch = random.uniform(110.0, 220.0)
        voice = np.sign(np.sin(2.0 * np.pi * pitch * time * (1.0 - 0.3 * time))) * np.exp(-(((time - 0.2) / 0.06) ** 2))
        burst = breath * (np.exp(-time / 0.02) + 0.45 * np.exp(-time / random.uniform(0.06, 0.12)))
        burst += 0.15 * _banded(voice, 150.0, 1500.0)
        pieces += [burst, np.zeros(int(HEARING_RATE * random.uniform(0.05, 0.2)))]
    return np.concatenate(pieces)


def _clap(random: np.random.Generator) -> _Wave:
    """One to four hand claps, each a band of noise that is gone in a few ms (Repp 1987: most energy at 1 to 3 kHz)."""
    pieces: list[_Wave] = []
    for _ in range(int(random.integers(1, 5))):
        decay = _decaying(random, random.uniform(0.004, 0.012))
        centre = random.uniform(900.0, 2200.0)
        pieces += [_banded(decay, 0.5 * centre, 2.0 * centre), np.zeros(int(HEARING_RATE * random.uniform(0.1, 0.4)))]
    return np.concatenate(pieces)


def _door(random: np.random.Generator) -> _Wave:
    """A panel's modes between 60 and 250 Hz, a crack at their begin, and the latch."""
    modes = random.uniform(60.0, 250.0, 6)
    thump = _ringing(modes, random.uniform(0.05, 0.15, 6), random.uniform(0.5, 1.0, 6))
    thump[: HEARING_RATE // 10] += 0.3 * _decaying(random, 0.012)[: HEARING_RATE // 10]
    latch = 0.35 * _banded(_decaying(random, 0.008), 1500.0, 6000.0)
    return np.concatenate([thump, np.zeros(int(HEARING_RATE * random.uniform(0.02, 0.12))), latch])


def _dishes(random: np.random.Generator) -> _Wave:
    """Plates and cutlery that meet two to seven times: partials at no ratio of each other, from 1 to 7 kHz."""
    pieces: list[_Wave] = []
    for _ in range(int(random.integers(2, 8))):
        count = int(random.integers(4, 9))
        body = _ringing(random.uniform(1000.0, 7000.0, count), random.uniform(0.01, 0.09, count), random.random(count))
        hit = 0.5 * _decaying(random, 0.004)
        body[: len(hit)] += hit[: len(body)]
        pieces += [body * random.uniform(0.3, 1.0), np.zeros(int(HEARING_RATE * random.uniform(0.03, 0.35)))]
    return np.concatenate(pieces)


NOISES: dict[str, Callable[[np.random.Generator], _Wave]] = {
    "cough": _cough,
    "clap": _clap,
    "door": _door,
    "dishes": _dishes,
}


def _ringing(hz: _Wave, decays_s: _Wave, gains: _Wave) -> _Wave:
    """The sum of decaying sines, as long as the longest lasts."""
    time = np.arange(int(HEARING_RATE * _lasting(float(decays_s.max())))) / HEARING_RATE
    partials = np.sin(2.0 * np.pi * hz[:, None] * time) * np.exp(-time / decays_s[:, None])
    rung: _Wave = gains @ partials
    return rung


def _decaying(random: np.random.Generator, decay_s: float) -> _Wave:
    """White noise that dies away; at least a tenth of a second, so that it can be laid over another sound."""
    count = max(HEARING_RATE // 10, int(HEARING_RATE * _lasting(decay_s)))
    return np.asarray(random.standard_normal(count) * np.exp(-np.arange(count) / (decay_s * HEARING_RATE)))


def _lasting(decay_s: float) -> float:
    return decay_s * -_END_DB / 20.0 * float(np.log(10.0))


def _banded(wave: _Wave, lo_hz: float, hi_hz: float) -> _Wave:
    """Only what lies between two frequencies, with slopes of an octave."""
    hz = np.fft.rfftfreq(len(wave), 1.0 / HEARING_RATE)
    gain = np.minimum(1.0, hz / lo_hz) ** 2 * np.minimum(1.0, hi_hz / np.maximum(hz, 1.0)) ** 2
    banded: _Wave = np.fft.irfft(np.fft.rfft(wave) * gain, len(wave))
    return banded
