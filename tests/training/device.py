"""The device between the reference and the air, and between the air and the converter.

Law: a whole clip in, a whole clip out, and every number drawn from the generator that is handed in. What no linear
filter can follow is made here: a cone that clips softly, hard, lopsidedly, late (with memory), rattles, or is kept in
bounds by a limiter; two clocks; a microphone that turns its own gain.

Units: float32 at 16 kHz, full scale 1; drift in parts per million, positive = the echo falls behind the reference.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE, Samples

Random = np.random.Generator

_FIR = 128  # taps of a colouration: features of 125 Hz
_KNOTS = 14  # of its curve, evenly spaced in octaves
_SINC = 16  # taps of an interpolated sample
_PHASES = 128


def rms(samples: Samples) -> float:
    """Over the parts that sound: 10 ms pieces within 30 dB of the loudest. At least 1e-6."""
    pieces = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    power = np.mean(np.square(pieces, dtype=np.float64), axis=1)
    top = float(power.max(initial=0.0))
    return float(np.sqrt(power[power > top * 1e-3].mean())) if top > 1e-12 else 1e-6


def filtered(samples: Samples, taps: Samples) -> Samples:
    """As long as `samples`."""
    size = _fast_size(len(samples) + len(taps) - 1)
    spectrum = np.fft.rfft(samples, size) * np.fft.rfft(taps, size)
    whole: Samples = np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)
    return whole


def _fast_size(least: int) -> int:
    """The least 2^a, 3*2^a or 5*2^a."""
    return min(factor << max(0, (-(-least // factor) - 1).bit_length()) for factor in (1, 3, 5))


def colour(random: Random, depth_db: float, low_hz: float, high_hz: float = 8000.0) -> Samples:
    """Minimum-phase taps (128,) of a random curve, `depth_db` its standard deviation, falling below low_hz and above
    high_hz by 12 dB an octave."""
    hz = np.fft.rfftfreq(8 * _FIR, 1 / HEARING_RATE)
    octaves = np.log2(np.maximum(hz, 40) / 40)
    knots = np.linspace(0, octaves.max(), _KNOTS)
    curve = np.interp(octaves, knots, random.normal(0, depth_db, _KNOTS))
    curve -= 20 * np.log10(1 + (low_hz / np.maximum(hz, 1)) ** 2)
    curve -= 20 * np.log10(1 + (hz / high_hz) ** 2) if high_hz < 8000 else 0.0
    return _minimum_phase(curve)


def _minimum_phase(curve_db: npt.NDArray[np.float64]) -> Samples:
    size = 2 * (len(curve_db) - 1)
    cepstrum = np.fft.irfft(np.maximum(curve_db, -80) * np.log(10) / 20)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    taps = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[:_FIR]
    faded: Samples = (taps * np.hanning(2 * _FIR)[_FIR:]).astype(np.float32)
    return faded


def later(samples: Samples, delay: npt.NDArray[np.float64]) -> Samples:
    """`samples` at the times n - delay[n], by windowed-sinc interpolation; silence before the beginning."""
    at = np.arange(len(samples)) - delay
    whole = np.floor(at).astype(np.int64)
    phase = np.round((at - whole) * _PHASES).astype(np.int64)
    if not phase.any():
        padded = np.concatenate([samples, np.zeros(1, np.float32)])
        return padded[np.where((whole < 0) | (whole >= len(samples)), len(samples), whole)]
    offsets = np.arange(_SINC) - (_SINC // 2 - 1)
    distance = offsets[None, :] - np.arange(_PHASES + 1)[:, None] / _PHASES
    table = (np.sinc(distance) * np.cos(np.pi * distance / (_SINC + 2)) ** 2).astype(np.float32)
    table /= table.sum(axis=1, keepdims=True)
    padded = np.concatenate([np.zeros(_SINC, np.float32), samples, np.zeros(_SINC, np.float32)])
    result = np.zeros(len(samples), np.float32)
    for tap, offset in enumerate(offsets):
        place = np.clip(whole + offset + _SINC, 0, len(padded) - 1)
        result += padded[place] * table[phase, tap]
    return result


def loudspeaker(random: Random, given: Samples, strength: float) -> Samples:
    """What the cone makes of it. strength: 0 (linear) to 1 (a toy at full volume)."""
    sound = filtered(given, colour(random, 3.0, random.uniform(60, 350), random.choice([6500.0, 8000.0])))
    if strength <= 0:
        return sound
    level = rms(sound)
    shape = random.choice(["soft", "hard", "lopsided", "late", "rattle", "limiter"])
    sound = sound / level * np.float32(0.1 + 1.2 * strength)  # in units of where it begins to hurt
    bent = _SHAPES[shape](random, sound, strength)
    if random.random() < 0.3:
        bent = _SHAPES["soft"](random, bent, strength)
    return bent * np.float32(level / max(rms(bent), 1e-6))


def _soft(random: Random, sound: Samples, strength: float) -> Samples:
    bent: Samples = np.tanh(sound * np.float32(random.uniform(0.5, 1.5)))
    return bent


def _hard(random: Random, sound: Samples, strength: float) -> Samples:
    return np.clip(sound, -1, np.float32(random.uniform(0.6, 1.0)))


def _lopsided(random: Random, sound: Samples, strength: float) -> Samples:
    """A cone that moves more easily one way (after the sigmoid that the AEC challenge's synthesis uses)."""
    bent = np.float32(1.5) * sound - np.float32(0.3) * sound * sound
    steep = np.where(bent > 0, np.float32(random.uniform(2, 4)), np.float32(random.uniform(0.5, 2)))
    squashed: Samples = (2 / (1 + np.exp(-np.clip(steep * bent, -30, 30))) - 1).astype(np.float32)
    return squashed


def _late(random: Random, sound: Samples, strength: float) -> Samples:
    """Bent between two filters, and a second-order part with a memory of its own."""
    first, second = colour(random, 6.0, 80.0), colour(random, 6.0, 80.0)
    squared = filtered(filtered(sound, second) ** 2, first)
    bent: Samples = np.tanh(filtered(sound, first) * np.float32(random.uniform(0.5, 1.5)))
    bent += np.float32(0.25 * strength) * (squared - squared.mean())
    return bent


def _rattle(random: Random, sound: Samples, strength: float) -> Samples:
    """A housing that buzzes while the cone's slow movement is large."""
    slow = filtered(sound, np.exp(-np.arange(200, dtype=np.float32) / 25).astype(np.float32) / np.float32(25))
    loose = np.maximum(np.abs(slow) - np.float32(random.uniform(0.15, 0.5)), 0)
    buzz = filtered(random.standard_normal(len(sound)).astype(np.float32) * loose, colour(random, 8.0, 600.0))
    bent: Samples = np.tanh(sound)
    bent += np.float32(random.uniform(0.1, 0.6) * strength) * buzz
    return bent


def _limiter(random: Random, sound: Samples, strength: float) -> Samples:
    """An amplifier that turns itself down at once and up again slowly."""
    most = np.float32(random.uniform(0.3, 0.8))
    step = 32
    peaks = np.abs(sound[: len(sound) // step * step]).reshape(-1, step).max(axis=1)
    fall = float(np.exp(-step / HEARING_RATE / random.uniform(0.05, 0.5)))
    held, level = np.empty_like(peaks), 0.0
    for index, peak in enumerate(peaks):
        level = max(float(peak), level * fall)
        held[index] = level
    gain = most / np.maximum(held, most)
    curve = np.interp(np.arange(len(sound)), np.arange(len(gain)) * step, gain)
    kept: Samples = np.clip(sound * curve.astype(np.float32), -most, most)
    return kept


_SHAPES = {
    "soft": _soft,
    "hard": _hard,
    "lopsided": _lopsided,
    "late": _late,
    "rattle": _rattle,
    "limiter": _limiter,
}


def turning_gain(random: Random, heard: Samples) -> Samples:
    """The gain curve of a microphone that turns itself down when it is loud, (len,): 0.3 to 1."""
    step = 160
    pieces = heard[: len(heard) // step * step].reshape(-1, step)
    level = np.sqrt(np.mean(np.square(pieces), axis=1)) + 1e-5
    target, slow = random.uniform(0.5, 1.0) * rms(heard), random.uniform(0.005, 0.04)
    gain, curve = 1.0, np.empty(len(level))
    for index, now in enumerate(level):
        wanted = min(1.0, max(0.3, target / now)) if now > 0.2 * target else gain
        gain += (slow if wanted > gain else 4 * slow) * (wanted - gain)
        curve[index] = gain
    return np.interp(np.arange(len(heard)), np.arange(len(curve)) * step, curve).astype(np.float32)
