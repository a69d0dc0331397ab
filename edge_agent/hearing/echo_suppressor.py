"""What the linear filter leaves of the echo, pushed down to the room's own noise.

Law: sees the linear tap and two predictions of the echo's power, never a sample of the reference; changes magnitudes only, one
frame (10 ms) late. No prediction, no suppression: while nothing is played its gain is one. It never goes below the noise that was
in the room before: a silence deeper than the room is heard as a hole, and tells a far listener that someone was cut.

How: the residual's power is the echo's expected power times a *leak* learned in each bin, plus what the filter's own doubt allows.
The leak follows the median of what is observed, in decibels, so that a talker, who is loud in some bins some of the time, does not
talk the residual up. Gains are Wiener's by the decision-directed rule (Ephraim & Malah 1984).

Units: powers of a 320-sample frame under a square-root Hann window, per bin of 50 Hz; `expected` and `doubted` are those of an
unwindowed frame, as the filter gives them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples

Powers = npt.NDArray[np.float32]

FRAME = 2 * HEARING_BLOCK
BINS = HEARING_BLOCK + 1
_WINDOW = np.sqrt(np.hanning(FRAME + 1)[:FRAME]).astype(np.float32)  # analysis and synthesis: their product sums to one
_WINDOWED = np.float32(0.5)  # mean of the window squared

_TAIL = np.float32(0.8)  # per block: a room of 0.6 s reverberation, for the echo later than the filter is long
_START_DB, _LEAST_DB, _MOST_DB = 0.0, -40.0, 10.0  # of the leak
_FAST_DB, _SLOW_DB = 1.0, 0.15  # per block: from 0 to -30 dB in a third of a second at first, 15 dB/s for good
_FAST_BLOCKS = 100  # of playback until only the slow step is left
_OVER = np.float32(4.0)  # 6 dB over the median: a residual seldom stands higher
_PRIOR_MEMORY = np.float32(0.9)  # of the decision-directed rule, per block
_FLOOR_DEPTH = np.float32(0.7)  # of the noise's magnitude, -3 dB
_NOISE_START = np.float32(3e-6)  # a room of -80 dBFS
_NOISE_LEAST = np.float32(1e-9)
_NOISE_RISE = np.float32(10 ** (0.3 / 100))  # 3 dB/s
_SMOOTH = np.float32(0.3)
_TINY = np.float32(1e-12)
_SPEECH = slice(4, 81)  # 200..4000 Hz


class ResidualSuppressor:
    """Turns the linear tap into the clean one, 10 ms later."""

    def __init__(self) -> None:
        self._frames = np.zeros((2,FRAME), np.float32)
        self._tail = np.zeros(HEARING_BLOCK, np.float32)
        self.reset()

    def reset(self) -> None:
        self._frames[:] = 0
        self._cross=np.zeros(BINS,np.complex64);self._epow=np.zeros(BINS,np.float32);self._rpow=np.zeros(BINS,np.float32);self._z=0.
        self._tail[:] = 0
        self._leak_db = np.full(BINS, _START_DB, np.float32)
        self._echo = np.zeros(BINS, np.float32)
        self._doubt = np.zeros(BINS, np.float32)
        self._noise = np.full(BINS, _NOISE_START, np.float32)
        self._smooth = np.zeros(BINS, np.float32)
        self._near = np.zeros(BINS, np.float32)
        self._played = 0

    def process(self, linear, estimate, expected, doubted):
        self._frames[:,:HEARING_BLOCK] = self._frames[:,HEARING_BLOCK:]
        self._frames[0,HEARING_BLOCK:] = linear
        self._frames[1,HEARING_BLOCK:] = 0 if estimate is None else estimate
        spectra = np.fft.rfft(self._frames * _WINDOW, axis=1)
        spectrum, echo = spectra
        power = spectrum.real**2 + spectrum.imag**2
        self._echo *= _TAIL
        self._doubt *= _TAIL
        if expected is not None:
            np.maximum(self._echo, expected * _WINDOWED, out=self._echo)
            np.maximum(self._doubt, doubted * _WINDOWED, out=self._doubt)
        gain = self._gain(spectrum, power, echo)
        out = np.fft.irfft(spectrum * gain, FRAME)
        out *= _WINDOW
        done = self._tail + out[:HEARING_BLOCK]
        self._tail = out[HEARING_BLOCK:]
        return done

    def _gain(self, spectrum, power, echo):
        T=TUNE
        self._smooth += _SMOOTH * (power - self._smooth)
        self._noise = np.minimum(self._noise * _NOISE_RISE, np.maximum(self._smooth, _NOISE_LEAST))
        c=np.float32(T['ca'])
        self._cross += c*(spectrum*echo.conj()-self._cross)
        self._epow += c*(echo.real**2+echo.imag**2-self._epow)
        self._rpow += c*(power-self._rpow)
        coh=(self._cross.real**2+self._cross.imag**2)/(self._epow*self._rpow+np.float32(1e-12))
        k=T['ck']
        cs=np.concatenate([[0],np.cumsum(np.pad(coh,k,'edge'))]); coh=(cs[2*k+1:]-cs[:-2*k-1])/(2*k+1)
        coh=np.clip((coh-T['cb'])/(1-T['cb']),0,1)
        leak = 10 ** (self._leak_db / 10)
        med = leak*self._echo+self._doubt+T['co']*coh*power
        z = np.log(np.maximum(power[_SPEECH],1e-12)/(med+self._noise)[_SPEECH]).clip(-2,5).mean()
        self._z += (T['zu'] if z>self._z else T['zd'])*(z-self._z)
        p = 1/(1+np.exp(-(self._z-T['z0'])/T['zw']))
        self.p=p
        active = self._echo > self._noise
        if active.any():
            self._played += 1
            step = max(_SLOW_DB*(1-T['pf']*p), _FAST_DB * (1 - self._played / _FAST_BLOCKS))
            up = power > leak * self._echo + self._noise
            self._leak_db += active * np.where(up, step, -step).astype(np.float32)
            np.clip(self._leak_db, _LEAST_DB, _MOST_DB, out=self._leak_db)
        over = T['of']*(1-p)+T['on']*p
        residual = over * med
        snr = np.maximum(power / (residual + _TINY) - 1, 0)
        prior = T['dd'] * self._near / (residual + _TINY) + (1 - T['dd']) * snr
        gain = prior / (1 + prior)
        floor = np.minimum(1, _FLOOR_DEPTH * np.sqrt(self._noise / (power + _TINY)))
        gain = np.maximum(gain, floor)
        gain[residual < 0.1 * self._noise] = 1
        self._near = gain**2 * power
        return gain.astype(np.float32)
import os
TUNE=dict(ca=.2,ck=2,cb=.17,co=2.,zu=.5,zd=.2,z0=1.0,zw=.3,pf=.7,of=8.,on=1.5,dd=.9)
TUNE.update(eval('dict('+os.environ.get('TUNE','')+')'))
