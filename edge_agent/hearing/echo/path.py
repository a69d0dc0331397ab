"""The loudspeaker's path to the microphone, as a Kalman filter knows it.

Law: knows the reference and what is left of the microphone, never the microphone itself, and decides nothing: where to
look and when there is something to learn from are its owner's. Learning never stops for double talk; the step size
yields instead, because the filter knows how uncertain it is (Enzner & Vary 2006) and how loud what it cannot explain
is. Partitioned blocks after Kuech, Mabande & Enzner 2014. Two clocks that drift apart are followed by turning the
estimate, and learned from the slope the echo leaves in the error.

Units: samples at 16 kHz in [-1, 1]; spectra are (161,) complex64 of 320-sample frames, hop 160 (overlap-save); a
partition is 10 ms of echo path. `offset` in blocks: echoes are explained from `offset` blocks on.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.echo.spectra import BINS, FRAME, Powers, Spectra, power_of

_OMEGA = (2 * np.pi / FRAME * np.arange(BINS)).astype(np.float32)  # rad per sample

_KEEP = np.float32(0.9995)  # state transition per block: an unobserved path is forgotten over 20 s
_WANDER = np.float32(1 - _KEEP**2)  # so the process noise, per block and per power of the tap itself
_PRIOR = np.float32(0.1)  # power of an unknown partition: a loudspeaker 10 dB softer at the microphone than its signal
_CONFIDENCE = np.float32(0.25)  # share of the gain that shrinks the doubt; the textbook's 0.5: blocks are independent
_NOISE_MEMORY = np.float32(0.1)  # blend per block of the power that the filter cannot explain: 100 ms
_LEAK = np.float32(0.5)  # per bin: a rectangular frame spills a tone, and the spill must not look like a quiet bin
_TREND_MEMORY = np.float32(0.05)  # blend per block of the mean gradient: 200 ms
_TREND_TRUST = 0.3  # how much of a confirmed trend becomes uncertainty
_MOST = np.float32(1.0)  # the most uncertain a partition can be
_DRIFT_GAIN = 1e-3  # per block: the clocks' difference settles over some ten seconds; it never changes fast
_MOST_DRIFT = 500e-6 * HEARING_BLOCK  # samples per block: 500 ppm, twice the worst pair of crystals
_TINY = np.float32(1e-7)  # power of a frame at about -105 dBFS: below it there is nothing to learn from


class EchoPath:
    """The loudspeaker's path to the microphone as `partitions` of 10 ms, each with its uncertainty.

    weights, doubt: (partitions, 161), the estimate and the variance of its error.
    drift: samples per block by which the echo falls behind the reference (two clocks); the estimate is turned with it.
    """

    def __init__(self, partitions: int, most_offset: int) -> None:
        self._rows = partitions + most_offset + 1
        self.partitions = partitions
        shape = (partitions, BINS)
        self._ref = np.zeros((2 * self._rows, BINS), np.complex64)
        self._power = np.zeros((2 * self._rows, BINS), np.float32)
        self._frame = np.zeros(FRAME, np.float32)
        self._halves = np.zeros((2, FRAME), np.float32)
        self._spectra = np.zeros((2, BINS), np.complex64)
        self.weights = np.zeros(shape, np.complex64)
        self.doubt = np.full(shape, _PRIOR, np.float32)
        self._trend = np.zeros(shape, np.complex64)
        self._work = np.zeros(shape, np.complex64)
        self._gradient = np.zeros(shape, np.complex64)
        self._real = np.zeros(shape, np.float32)
        self._gain = np.zeros(shape, np.float32)
        self.weight_power = np.zeros(shape, np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget the path and the reference."""
        for state in (self._ref, self._power, self._frame, self.weights, self._trend, self.weight_power):
            state[:] = 0
        self.doubt[:] = _PRIOR
        self._newest = self._rows
        self.offset = 0
        self.drift = 0.0
        self._noise = np.zeros(BINS, np.float32)
        self._trend_power = np.zeros(BINS, np.float32)
        self._agreement = np.zeros(BINS, np.float32)
        self._trend_energy = np.zeros(BINS, np.float32)

    def hear_reference(self, ref: Samples) -> None:
        self._frame[:HEARING_BLOCK] = self._frame[HEARING_BLOCK:]
        self._frame[HEARING_BLOCK:] = ref
        self._newest = (self._newest or self._rows) - 1
        here, twin = self._newest, self._newest + self._rows
        self._ref[here] = self._ref[twin] = np.fft.rfft(self._frame)
        self._power[here] = self._power[twin] = power_of(self._ref[here])

    @property
    def history(self) -> Spectra:
        """(rows, 161): the reference's frames, newest first."""
        return self._ref[self._newest : self._newest + self._rows]

    @property
    def reference_power(self) -> Powers:
        """(161,): power of the frame whose direct sound arrives now, as far as the bulk delay is known."""
        power: Powers = self._power[self._newest + self.offset]
        return power

    def _window(self) -> slice:
        first = self._newest + self.offset
        return slice(first, first + self.partitions)

    def estimate(self) -> Samples:
        """The echo in this block, (160,)."""
        if self.drift:
            self.weights *= np.exp(_OMEGA * np.complex64(-1j * self.drift))
        np.multiply(self._ref[self._window()], self.weights, out=self._work)
        return np.fft.irfft(np.add.reduce(self._work, axis=0), FRAME)[HEARING_BLOCK:].astype(np.float32, copy=False)

    def expected_power(self) -> tuple[Powers, Powers]:
        """Power spectra of a 320-sample frame, (161,) each: the echo by the estimate, and what the doubt adds to it."""
        power = self._power[self._window()]
        np.multiply(power, self.weight_power, out=self._real)
        known = np.add.reduce(self._real, axis=0)
        np.multiply(power, self.doubt, out=self._real)
        return known, np.add.reduce(self._real, axis=0)

    def learn(self, error: Samples, estimate: Samples, doubted: Powers) -> None:
        """Correct the path by this block's error, (160,). doubted: the second of `expected_power`."""
        self._halves[0, HEARING_BLOCK:] = error
        self._halves[1, HEARING_BLOCK:] = estimate
        self._spectra[:] = np.fft.rfft(self._halves, axis=1)
        residual = self._spectra[0]
        self._noise += _NOISE_MEMORY * (power_of(residual) - self._noise)
        spread = _spread(doubted)
        scale = spread + 2 * self._noise + _TINY
        self._follow_drift(residual, 0.5 * spread + self._noise + _TINY)
        window = self._window()
        ref, power = self._ref[window], self._power[window]
        np.conjugate(ref, out=self._gradient)
        self._gradient *= residual
        self._doubt_again(ref, power, residual)
        np.divide(self.doubt, scale, out=self._gain)
        self._gradient *= self._gain
        self.weights += self._gradient
        self._constrain()
        self._gain *= power
        self._gain *= -_CONFIDENCE * _KEEP**2
        self._gain += _KEEP**2
        self.doubt *= self._gain
        self.weight_power[:] = power_of(self.weights)
        np.multiply(self.weight_power, _WANDER, out=self._real)
        self.doubt += self._real

    def _constrain(self) -> None:
        """A partition is 10 ms long: the second half of its frame is nobody's."""
        taps = np.fft.irfft(self.weights, FRAME, axis=1)
        taps[:, HEARING_BLOCK:] = 0
        self.weights[:] = np.fft.rfft(taps, axis=1)

    def _follow_drift(self, residual: Spectra, noise: Powers) -> None:
        """Second order of the tracking: what the echo's slope leaves in the error says by how much it runs away."""
        slope = self._spectra[1] * _OMEGA
        weight = 1 / noise
        late = float(((slope.real * residual.imag - slope.imag * residual.real) * weight).sum())
        certain = float((power_of(slope) * weight).sum())
        drift = self.drift + _DRIFT_GAIN * -late / (certain + 1)
        self.drift = min(max(drift, -_MOST_DRIFT), _MOST_DRIFT)

    def _doubt_again(self, ref: Spectra, power: Powers, residual: Spectra) -> None:
        """After a change of the path the errors point one way; if that trend predicts new errors, doubt the path.

        A talker's errors point nowhere: their mean predicts nothing, and nothing is doubted.
        """
        step = self._trend / (_spread(self._trend_power) + np.float32(10 * _TINY))
        np.multiply(ref, step, out=self._work)
        predicted = np.add.reduce(self._work, axis=0)
        agreement = residual.real * predicted.real + residual.imag * predicted.imag
        self._agreement += _TREND_MEMORY * (agreement - self._agreement)
        self._trend_energy += _TREND_MEMORY * (power_of(predicted) - self._trend_energy)
        weight = 1 / (self._noise + 10 * _TINY)
        confirmed = float((self._agreement * weight).sum() / ((self._trend_energy * weight).sum() + 1e-9))
        confirmed = min(max(confirmed, 0.0), 1.0)
        if confirmed > 0:
            doubt = power_of(step)
            doubt *= 4 * _TREND_TRUST * confirmed**2
            np.minimum(doubt, _MOST, out=doubt)
            np.maximum(self.doubt, doubt, out=self.doubt)
        np.subtract(self._gradient, self._trend, out=self._work)
        self._work *= _TREND_MEMORY
        self._trend += self._work
        self._trend_power += _TREND_MEMORY * (power.mean(axis=0) - self._trend_power)

    def move(self, offset: int) -> None:
        """Explain echoes from `offset` blocks on; what is known moves along, what comes into view is unknown."""
        by = offset - self.offset
        self.offset = offset
        for state, unknown in ((self.weights, 0), (self.doubt, _PRIOR), (self._trend, 0), (self.weight_power, 0)):
            moved = np.full_like(state, unknown)
            if 0 <= by < self.partitions:
                moved[: self.partitions - by] = state[by:]
            elif -self.partitions < by < 0:
                moved[-by:] = state[:by]
            state[:] = moved


def _spread(power: Powers) -> Powers:
    """`power` with each bin raised to what its louder neighbours, up to three bins away, spill into it."""
    near = power.copy()
    np.maximum(near[1:], _LEAK * power[:-1], out=near[1:])
    np.maximum(near[:-1], _LEAK * power[1:], out=near[:-1])
    far = near.copy()
    np.maximum(far[2:], _LEAK**2 * near[:-2], out=far[2:])
    np.maximum(far[:-2], _LEAK**2 * near[2:], out=far[:-2])
    return far
