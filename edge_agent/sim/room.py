"""The room: from what the loudspeaker is given and what people say to what the microphones hear.

Law: arithmetic in blocks of 10 ms at 16 kHz; it knows no script, no turn and no clock, and the same seed gives the same
samples. Shapes: loudspeaker and talkers (160,), microphones (mics, 160), float32, full scale at 1.
Levels: a talker's are those at the microphone, whatever the distance (the distance sets how reverberant the voice is).
The loudspeaker is as loud as a desk speaker: at 0.25 m its voice reaches the microphone at the level it was played at,
well above a talker at 1.5 m, and 6 dB lower with each doubling of the distance.
Time: the whole delay of the loop (`delay_ms`) lies before the air; microphones have none. `drift_ppm` > 0: the
loudspeaker's clock runs fast, so the delay shrinks.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.sim.scenario import RoomSettings

SOUND_M_S = 343.0
_SIZE_M = np.array([6.0, 4.5, 2.7])  # a living room
_MIC_M = np.array([1.0, 2.1, 0.9])  # on a sideboard, clear of every plane of symmetry
_MIC_SPACING_M = 0.058  # that of the two-microphone sound hats
_EARLY_S = 0.05  # images up to here, a diffuse tail behind: the ear and the canceller tell no difference
_UNITY_M = 0.25  # where the loudspeaker's gain is one
_HIGH_PASS_HZ = 150.0  # a desk speaker of 4 cm gives nothing below
_NOISE_SAMPLES = 1 << 18  # the noise repeats after 16 s
_FACING = 10.0 ** (3.0 / 20.0)  # a mouth sends 3 dB more to where it faces than all around (Chu & Warnock 2002)
_SINC = 8  # taps each side of a fractional delay


class Room:
    """One room with one loudspeaker, one place where people talk, and `mics` microphones in a row.

    air: the loudspeaker's sound at its cone in the latest block (160,): delayed, drifted, clipped.
    lag: samples from `step` to the air, for the latest block.
    """

    def __init__(self, settings: RoomSettings, seed: int) -> None:
        random = np.random.default_rng([seed, 0x700])
        responses = _responses(settings, random)
        self.mics = settings.mics
        self.air: Samples = np.zeros(HEARING_BLOCK, np.float32)
        self._convolver = StreamingConvolver(responses)
        self._line = _DelayLine(settings.delay_ms, settings.drift_ppm)
        self._clipping = np.float32(settings.clipping)
        self._noise = _pink_noise(settings.noise_dbfs, settings.mics, random)
        self._noise_at = 0
        self._sources: Samples = np.zeros((2, HEARING_BLOCK), np.float32)

    @property
    def lag(self) -> int:
        return self._line.lag

    def step(self, speaker: Samples, talkers: Samples) -> Samples:
        """Ten milliseconds. speaker: what the card was given now; talkers: the voices now, dry, at their level."""
        self.air = self._line.step(speaker)
        if self._clipping > 0.0:
            np.tanh(self._clipping * self.air, out=self.air)
            self.air /= self._clipping
        self._sources[0] = self.air
        self._sources[1] = talkers
        mic = self._convolver.step(self._sources)
        mic += self._noise[:, self._noise_at : self._noise_at + HEARING_BLOCK]
        self._noise_at = (self._noise_at + HEARING_BLOCK) % _NOISE_SAMPLES
        np.clip(mic, -1.0, 1.0, out=mic)  # the converter's full scale
        return mic


class StreamingConvolver:
    """Convolution of blocks without latency: uniformly partitioned, overlap-save (Gardner 1995; Wefers 2014).

    responses: (inputs, outputs, taps). `step` takes (inputs, 160) and returns (outputs, 160): the sum over the inputs.
    """

    def __init__(self, responses: Samples) -> None:
        inputs, outputs, taps = responses.shape
        self._parts = -(-taps // HEARING_BLOCK)
        padded = np.zeros((inputs, outputs, self._parts * HEARING_BLOCK), np.float32)
        padded[:, :, :taps] = responses
        pieces = padded.reshape(inputs, outputs, self._parts, HEARING_BLOCK)
        spectra = np.fft.rfft(pieces, 2 * HEARING_BLOCK, axis=-1).astype(np.complex64)
        bins = HEARING_BLOCK + 1
        self._filters = np.ascontiguousarray(spectra.transpose(1, 2, 0, 3)).reshape(outputs, self._parts * inputs, bins)
        self._inputs = inputs
        self._window: Samples = np.zeros((inputs, 2 * HEARING_BLOCK), np.float32)
        # Every spectrum is kept twice, so that the newest `parts` of them always lie in one piece, newest first.
        self._past = np.zeros((2 * self._parts, inputs, bins), np.complex64)
        self._newest = 0
        self._products = np.empty((self._parts * inputs, bins), np.complex64)
        self._sums = np.empty((outputs, bins), np.complex64)

    def step(self, sources: Samples) -> Samples:
        self._window[:, :HEARING_BLOCK] = self._window[:, HEARING_BLOCK:]
        self._window[:, HEARING_BLOCK:] = sources
        self._newest = (self._newest - 1) % self._parts
        spectrum = np.fft.rfft(self._window, axis=-1)
        self._past[self._newest] = spectrum
        self._past[self._newest + self._parts] = spectrum
        past = self._past[self._newest : self._newest + self._parts].reshape(self._parts * self._inputs, -1)
        for filters, total in zip(self._filters, self._sums, strict=True):
            np.multiply(past, filters, out=self._products)
            np.add.reduce(self._products, axis=0, out=total)
        block: Samples = np.fft.irfft(self._sums, 2 * HEARING_BLOCK, axis=-1)[:, HEARING_BLOCK:].astype(np.float32)
        return block


class _DelayLine:
    """From the card to the air: a delay that shrinks or grows when the two clocks differ.

    A card's buffer that runs empty, or full at twice its level, starts again in the middle, with a click: so does this.
    """

    def __init__(self, delay_ms: float, drift_ppm: float) -> None:
        self._start = delay_ms * HEARING_RATE / 1000.0
        self._step = -drift_ppm * 1e-6 * HEARING_BLOCK
        if drift_ppm == 0.0:
            self._start = float(round(self._start))
        else:
            self._start = max(self._start, 4.0 * _SINC)  # room for the interpolation to look ahead
        self._delay = self._start
        length = int(2.0 * self._start) + HEARING_BLOCK + 4 * _SINC
        self._past: Samples = np.zeros(length + HEARING_BLOCK, np.float32)
        self._ramp = (np.arange(HEARING_BLOCK) / HEARING_BLOCK).astype(np.float32)

    @property
    def lag(self) -> int:
        return round(self._delay)

    def step(self, block: Samples) -> Samples:
        self._past[:-HEARING_BLOCK] = self._past[HEARING_BLOCK:]
        self._past[-HEARING_BLOCK:] = block
        if self._step == 0.0:
            start = len(self._past) - HEARING_BLOCK - round(self._delay)
            return self._past[start : start + HEARING_BLOCK].copy()
        before = self._delayed_by(self._delay)
        self._delay += self._step
        if not _SINC + 1 <= self._delay <= 2.0 * self._start:
            self._delay = self._start
            return self._delayed_by(self._delay)
        # Within a block the delay moves by a hundredth of a sample: blending the two ends is as good as moving it.
        return before + self._ramp * (self._delayed_by(self._delay) - before)

    def _delayed_by(self, delay: float) -> Samples:
        whole = math.floor(delay)
        start = len(self._past) - HEARING_BLOCK - whole - _SINC
        piece = self._past[start : start + HEARING_BLOCK + 2 * _SINC - 1]
        delayed: Samples = np.convolve(piece, _fractional(delay - whole), "valid").astype(np.float32)
        return delayed


def _fractional(fraction: float) -> Samples:
    """Sixteen taps that delay by _SINC - 1 + fraction samples; windowed sinc (Laakso et al. 1996)."""
    at = np.arange(2 * _SINC) - (_SINC - 1) - fraction
    taps = np.sinc(at) * np.cos(np.pi * at / (2 * _SINC + 1)) ** 2
    normalised: Samples = (taps / taps.sum()).astype(np.float32)
    return normalised


def _responses(settings: RoomSettings, random: np.random.Generator) -> Samples:
    """Impulse responses (2, mics, taps): loudspeaker, then talker, each to every microphone."""
    mics = _MIC_M + np.arange(settings.mics)[:, None] * np.array([0.0, _MIC_SPACING_M, 0.0])
    side = random.uniform(-0.35, 0.35)
    rise = min(0.5, settings.talker_m / 3.0)  # a mouth is higher than a sideboard
    along = math.sqrt(settings.talker_m**2 - rise**2)
    talker = _MIC_M + np.array([along * math.cos(side), along * math.sin(side), rise])
    speaker = _MIC_M + np.array([0.0, -settings.speaker_m, 0.0])
    taps = int(HEARING_RATE * (max(settings.rt60_s, 0.0) + settings.talker_m / SOUND_M_S)) + 400
    result = np.zeros((2, settings.mics, taps), np.float64)
    for mic, place in enumerate(mics):
        result[0, mic] = _impulse_response(speaker, place, settings.rt60_s, taps, random, facing=1.0)
        result[1, mic] = _impulse_response(talker, place, settings.rt60_s, taps, random, facing=_FACING)
    result[0] = _high_passed(result[0]) * _UNITY_M
    result[1] /= _speech_gain(result[1, 0])
    return result.astype(np.float32)


def _impulse_response(
    source: npt.NDArray[np.float64],
    mic: npt.NDArray[np.float64],
    rt60_s: float,
    taps: int,
    random: np.random.Generator,
    *,
    facing: float,
) -> npt.NDArray[np.float64]:
    """Shoebox by image sources (Allen & Berkley 1979), then a diffuse tail at the level the images would have.

    Gain 1 at one metre, `facing` times that on the direct way. The walls' absorption follows from RT60 by Eyring's
    formula; rt60_s 0 is the open air.
    """
    early = int(_EARLY_S * HEARING_RATE) if rt60_s > 0.0 else taps
    order = math.ceil(_EARLY_S * SOUND_M_S / (2.0 * float(_SIZE_M.min()))) if rt60_s > 0.0 else 0
    volume = float(np.prod(_SIZE_M))
    surface = 2.0 * float(_SIZE_M[0] * _SIZE_M[1] + _SIZE_M[1] * _SIZE_M[2] + _SIZE_M[0] * _SIZE_M[2])
    decay = 3.0 * math.log(10.0) / rt60_s if rt60_s > 0.0 else 0.0  # of the amplitude, per second
    reflection = math.exp(-decay * 4.0 * volume / (surface * SOUND_M_S))  # after one mean free path
    distances, bounces = _images(source, mic, order)
    if rt60_s <= 0.0:
        distances, bounces = distances[bounces == 0], bounces[bounces == 0]
    response = np.zeros(taps + 2 * _SINC)
    arrivals = distances * HEARING_RATE / SOUND_M_S
    gains = reflection**bounces / distances * np.where(bounces == 0, facing, 1.0)
    near = arrivals < early
    for arrival, gain in zip(arrivals[near], gains[near], strict=True):
        whole = math.floor(arrival)
        response[whole + 1 : whole + 1 + 2 * _SINC] += gain * _fractional(arrival - whole)
    response = response[_SINC : _SINC + taps]
    if rt60_s > 0.0:
        at_s = np.arange(early, taps) / HEARING_RATE
        density = 4.0 * math.pi * SOUND_M_S / (volume * HEARING_RATE)  # energy of the images in one sample, undamped
        response[early:] += random.standard_normal(taps - early) * math.sqrt(density) * np.exp(-decay * at_s)
    return response


def _images(
    source: npt.NDArray[np.float64], mic: npt.NDArray[np.float64], order: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Distances (n,) of the mirror images of the source, and over how many walls each came (n,)."""
    grid = np.arange(-order, order + 1)
    offsets, walls = [], []
    for axis in range(3):
        straight = 2.0 * grid * _SIZE_M[axis] + source[axis] - mic[axis]
        mirrored = 2.0 * grid * _SIZE_M[axis] - source[axis] - mic[axis]
        offsets.append(np.concatenate([straight, mirrored]))
        walls.append(np.concatenate([2 * np.abs(grid), np.abs(2 * grid - 1)]))
    x, y, z = np.meshgrid(*offsets, indexing="ij")
    over_x, over_y, over_z = np.meshgrid(*walls, indexing="ij")
    return np.sqrt(x * x + y * y + z * z).ravel(), (over_x + over_y + over_z).ravel()


def _high_passed(responses: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The small loudspeaker's low end: a second-order Butterworth high-pass, along the last axis."""
    taps = responses.shape[-1]
    size = 2 * taps
    omega = math.tan(math.pi * _HIGH_PASS_HZ / HEARING_RATE)
    z = np.exp(2j * np.pi * np.arange(size // 2 + 1) / size)
    s = (z - 1.0) / (z + 1.0 + 1e-12) / omega
    gain = s * s / (s * s + math.sqrt(2.0) * s + 1.0)
    filtered: npt.NDArray[np.float64] = np.fft.irfft(np.fft.rfft(responses, size, axis=-1) * gain, size, axis=-1)
    return filtered[..., :taps]


def _speech_gain(response: npt.NDArray[np.float64]) -> float:
    """By how much this path changes the level of speech: its power gain under the long-term spectrum of speech.

    The spectrum, after Byrne et al. 1994: flat from 100 to 500 Hz, 9 dB an octave down above, nothing below.
    """
    power = np.abs(np.fft.rfft(response)) ** 2
    hz = np.linspace(0.0, HEARING_RATE / 2.0, len(power))
    weight = np.where(hz < 100.0, 0.0, np.minimum(1.0, (np.maximum(hz, 1.0) / 500.0) ** -3.0))
    return math.sqrt(float(np.sum(weight * power) / np.sum(weight)))


def _pink_noise(level_dbfs: float, mics: int, random: np.random.Generator) -> Samples:
    """A loop of noise, 1/f down to 50 Hz, as fans and streets make it; RMS level in dBFS. (mics, 2**18 + 160)."""
    bins = _NOISE_SAMPLES // 2 + 1
    hz = np.arange(bins) * HEARING_RATE / _NOISE_SAMPLES
    shape = np.where(hz > 20.0, 1.0 / np.sqrt(np.maximum(hz, 50.0)), 0.0)
    phases = np.exp(2j * np.pi * random.random((mics, bins)))
    noise = np.fft.irfft(shape * phases, _NOISE_SAMPLES, axis=-1)
    noise *= 10.0 ** (level_dbfs / 20.0) / np.sqrt(np.mean(np.square(noise), axis=-1, keepdims=True))
    looped: Samples = np.concatenate([noise, noise[:, :HEARING_BLOCK]], axis=-1).astype(np.float32)
    return looped
