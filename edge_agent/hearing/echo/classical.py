"""What the linear filter leaves of the echo, pushed down to the room's own noise.

Law: sees the linear tap and what the filter says of the echo, never the reference itself; changes magnitudes only, one
frame (10 ms) late. No echo expected, no suppression: its gain is then one. It does not go deeper than the noise of the
room: a hole in the noise is heard, and tells a far listener that someone was cut.

Three suspicions add up to the residual's power in each bin: the echo's expected power times a *leak* learned in that
bin; what the filter's doubt allows; and whatever in the residual is still coherent with the echo estimate, which is how
a changed path or two drifting clocks show at once. The leak follows a median in decibels, so that a talker, loud in
some bins some of the time, does not talk it up. How far the whole spectrum stands above the suspicion says whether
somebody talks; then the margin over the suspicion shrinks. Gains are Wiener's by the decision-directed rule (Ephraim &
Malah 1984).

Units: powers of a 320-sample frame under a square-root Hann window, per bin of 50 Hz, float32; white noise at full
scale is 160.
"""

from __future__ import annotations

import math

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.echo.spectra import BINS, FRAME, Powers, power_of
from edge_agent.hearing.echo.suppressor import EchoForecast

_WINDOW = np.sqrt(np.hanning(FRAME + 1)[:FRAME]).astype(np.float32)  # squared and overlapped by half it sums to one
_REBUILT = _WINDOW * _WINDOW  # what a frame becomes whose spectrum nobody changed
_WINDOWED = np.float32(0.5)  # mean of the window squared: from the filter's frames to ours
_SPEECH = slice(4, 81)  # 200 to 4000 Hz: where speech is told from residue

_REVERBERATION = np.float32(0.8)  # per block: 0.6 s to -60 dB, the echo that is later than the filter is long
_NEPERS = math.log(10) / 10  # of power, per dB
_LEAK_LEAST = -40 * _NEPERS  # no loudspeaker is cleaner
_LEAK_MOST = 10 * _NEPERS  # no residual is louder than its echo for long
_LEAK_FIRST = 1.0 * _NEPERS  # step per block at first: from 0 to -30 dB within half a second of playback
_LEAK_STEP = 0.15 * _NEPERS  # and later: 15 dB/s
_LEAK_LEARNED = 100  # blocks of playback until only the later step is left
_LEAK_YIELDS = 0.7  # part of the step given up while somebody talks

_COHERENCE_BLEND = np.float32(0.2)  # per block: about nine frames, as long as an echo path stays put while a hand moves
_COHERENCE_BINS = np.full(13, 1 / 13, np.float32)  # 600 Hz: a voice's accidental agreement with the echo is narrower
_COHERENCE_BIAS = 0.15  # what unrelated signals show over nine overlapping frames

_MARGIN_FIRST = 8.0  # power over the suspicion that is still called echo while little was played: 9 dB
_MARGIN_ALONE = 4.0  # the same when the leak has settled and nobody talks: 6 dB, 95th percentile of a noise-like bin
_MARGIN_TALK = 1.0  # and when somebody does
_MARGIN_BLOCKS = 100.0  # of playback, time constant between the first two
_TALK_AT = 0.6  # mean height of the speech band over the suspicion, in nepers, at which talk is as likely as not
_TALK_WIDTH = 0.3  # nepers
_TALK_RISE, _TALK_FALL = 0.5, 0.2  # blend per block: 20 ms, 50 ms
_PRIOR_MEMORY = np.float32(0.85)  # of the decision-directed rule, per block

_FLOOR = np.float32(0.7)  # of the noise's magnitude: -3 dB
_NOISE_START = np.float32(2e-6)  # a quiet room, -80 dBFS
_NOISE_LEAST = np.float32(1e-9)
_NOISE_BLEND = np.float32(0.3)
_RISE_PLAYING = np.float32(10 ** (0.3 / 100))  # 3 dB/s: residual echo is not the room
_RESTING_EVERY = 8  # blocks between two looks at the room while no echo is possible: a device rests most of its life
_RISE_RESTING = np.float32(10 ** (1.0 / 100 * _RESTING_EVERY))  # 10 dB/s: a long vowel does not become the room either
_UNHEARD = np.float32(0.1)  # of the noise: echo 10 dB under it needs no suppression
_TINY = np.float32(1e-12)


class ClassicalSuppressor:
    """Turns the linear tap into the clean one, 10 ms later."""

    near_end: float | None = None  # its guess at a talker is a margin, not a probability

    def __init__(self) -> None:
        self._frames = np.zeros((2, FRAME), np.float32)
        self._overlap = np.zeros(HEARING_BLOCK, np.float32)
        self._out = np.zeros(FRAME, np.float32)
        self._spectra = np.zeros((2, BINS), np.complex64)
        self._cross = np.zeros(BINS, np.complex64)
        self._echo_power, self._power, self._expected, self._doubted = np.zeros((4, BINS), np.float32)
        self._leak, self._noise, self._smooth, self._near = np.zeros((4, BINS), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget the room, the leak and the last frame."""
        self._frames[:] = 0
        self._overlap[:] = 0
        self._smooth[:] = self._near[:] = self._leak[:] = 0
        self._noise[:] = _NOISE_START
        self._played = 0
        self._height = 0.0
        self._rested = 0  # blocks since an echo was possible
        self._forget_echo()

    def _forget_echo(self) -> None:
        self._cross[:] = 0
        self._echo_power[:] = self._power[:] = self._expected[:] = self._doubted[:] = 0

    def process(self, linear: Samples, forecast: EchoForecast | None) -> Samples:
        """The block before this one, suppressed, (160,). linear: (160,). forecast: None where no echo is possible."""
        self._frames[:, :HEARING_BLOCK] = self._frames[:, HEARING_BLOCK:]
        self._frames[0, HEARING_BLOCK:] = linear
        self._frames[1, HEARING_BLOCK:] = 0 if forecast is None else forecast.estimate
        if forecast is None:
            self._rest()
            np.multiply(self._frames[0], _REBUILT, out=self._out)
        else:
            self._rested = 0
            self._spectra[:] = np.fft.rfft(self._frames * _WINDOW, axis=1)
            spectrum = self._spectra[0]
            power = power_of(spectrum)
            self._hear_room(power, _RISE_PLAYING)
            spectrum *= self._gain(power, self._suspect(power, forecast))
            np.multiply(np.fft.irfft(spectrum, FRAME), _WINDOW, out=self._out)
        done = self._overlap + self._out[:HEARING_BLOCK]
        self._overlap[:] = self._out[HEARING_BLOCK:]
        return done

    def _rest(self) -> None:
        """No echo is possible: only the room's noise is followed, from a frame now and then."""
        if self._rested == 0:
            self._forget_echo()
        if self._rested % _RESTING_EVERY == 0:
            self._spectra[0] = np.fft.rfft(self._frames[0] * _WINDOW)
            self._near[:] = power_of(self._spectra[0])
            self._hear_room(self._near, _RISE_RESTING)
        self._rested += 1

    def _hear_room(self, power: Powers, rise: np.float32) -> None:
        self._smooth += _NOISE_BLEND * (power - self._smooth)
        np.minimum(self._noise * rise, np.maximum(self._smooth, _NOISE_LEAST), out=self._noise)

    def _suspect(self, power: Powers, forecast: EchoForecast) -> Powers:
        """The residual echo's likely power, before any margin; learns the leak."""
        self._expected *= _REVERBERATION
        self._doubted *= _REVERBERATION
        np.maximum(self._expected, forecast.expected * _WINDOWED, out=self._expected)
        np.maximum(self._doubted, forecast.doubted * _WINDOWED, out=self._doubted)
        leaked = np.exp(self._leak)
        leaked *= self._expected
        suspicion = leaked + self._doubted
        suspicion += self._coherent(power)
        heard = suspicion[_SPEECH] + self._noise[_SPEECH]
        height = float(np.log(np.maximum(power[_SPEECH], _TINY) / heard).clip(-2, 5).mean())
        self._height += (_TALK_RISE if height > self._height else _TALK_FALL) * (height - self._height)
        self._learn_leak(power, leaked)
        return suspicion

    def _coherent(self, power: Powers) -> Powers:
        """The part of `power` that a short memory finds in step with the echo estimate."""
        residual, echo = self._spectra
        self._cross += _COHERENCE_BLEND * (residual * echo.conj() - self._cross)
        self._echo_power += _COHERENCE_BLEND * (power_of(echo) - self._echo_power)
        self._power += _COHERENCE_BLEND * (power - self._power)
        coherence = power_of(self._cross) / (self._echo_power * self._power + _TINY)
        widened: Powers = np.convolve(coherence, _COHERENCE_BINS, "same")
        widened -= _COHERENCE_BIAS
        widened *= 1 / (1 - _COHERENCE_BIAS)
        np.maximum(widened, 0, out=widened)
        widened *= power
        return widened

    def _talk(self) -> float:
        """How likely it is that somebody talks, in (0, 1)."""
        return 1 / (1 + math.exp((_TALK_AT - self._height) / _TALK_WIDTH))

    def _learn_leak(self, power: Powers, leaked: Powers) -> None:
        audible = self._expected > self._noise
        if not audible.any():
            return
        self._played += 1
        step = max(_LEAK_STEP * (1 - _LEAK_YIELDS * self._talk()), _LEAK_FIRST * (1 - self._played / _LEAK_LEARNED))
        towards = np.where(power > leaked + self._noise, np.float32(step), np.float32(-step))
        towards *= audible
        self._leak += towards
        np.clip(self._leak, _LEAK_LEAST, _LEAK_MOST, out=self._leak)

    def _gain(self, power: Powers, suspicion: Powers) -> Powers:
        talk = self._talk()
        alone = _MARGIN_ALONE + (_MARGIN_FIRST - _MARGIN_ALONE) * math.exp(-self._played / _MARGIN_BLOCKS)
        residual = suspicion * (alone + (_MARGIN_TALK - alone) * talk)
        residual += _TINY
        now = power / residual
        now -= 1
        np.maximum(now, 0, out=now)
        prior = self._near / residual
        prior *= _PRIOR_MEMORY
        prior += (1 - _PRIOR_MEMORY) * now
        gain: Powers = prior / (1 + prior)
        floor = np.sqrt(self._noise / (power + _TINY))
        floor *= _FLOOR
        np.minimum(floor, 1, out=floor)
        np.maximum(gain, floor, out=gain)
        gain[residual < _UNHEARD * self._noise] = 1
        np.multiply(gain * gain, power, out=self._near)
        return gain
