"""The bulk delay between what the loudspeaker was given and what the microphone heard.

Law: looks at spectra only, never touches a sample; says where the echo begins and how sure it is, and moves nothing
itself. The method is generalised cross-correlation with phase transform (Knapp & Carter 1976), taken per block of lag:
the microphone's frame is correlated with each of the last `max_delay_ms` reference frames, one cross-spectrum each, and
each is turned back into time by its own short inverse transform. A few lags a block, so that no block is dearer than
another.

Units: delays in samples at 16 kHz, positive = the echo is later than the reference. Spectra: (161,) complex64, the real
transform of the last 320 samples, hop 160.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE
from edge_agent.hearing.echo.spectra import FRAME, Spectra

_HZ_PER_BIN = HEARING_RATE / FRAME
_LOW = int(200 / _HZ_PER_BIN)  # below, rooms hum and small loudspeakers are silent
_HIGH = int(4000 / _HZ_PER_BIN)  # above, speech has too little energy for its phase to mean much
_BINS = _HIGH - _LOW
_MEMORY_UPDATES = 50  # each lag is updated every second block (frames overlap by half): a memory of 1 s of playback
_LAGS_A_BLOCK = 6  # inverse transforms a block: all lags of half a second are seen again after 90 ms
_SURE = 6.0  # standard deviations of the correlation of unrelated signals; the highest of 8000 such values lies near 4
_SAME = HEARING_BLOCK // 4  # samples: two findings closer than this are the same one
_DOUBTED = np.float32(0.0)  # of the memory, after a sign that the delay has changed
_TINY = np.float32(1e-12)


class DelaySearch:
    """Finds the lag at which the microphone repeats the reference.

    delay: samples, the last lag found, or None before the first.
    height: of the latest scan's peak, in standard deviations of what unrelated signals show; at most 12.3.
    agreed: how many scans in a row (one each ~90 ms of playback) found this same lag; 0 while the latest found none.
    """

    def __init__(self, max_delay_ms: int) -> None:
        """max_delay_ms: the longest delay looked for, a multiple of 10."""
        self._lags = max_delay_ms * HEARING_RATE // 1000 // HEARING_BLOCK + 1
        self._cross = np.zeros((self._lags, _BINS), np.complex64)
        self._step = np.empty_like(self._cross)
        self._phase = np.zeros((_LAGS_A_BLOCK, HEARING_BLOCK + 1), np.complex64)
        self._peaks = np.zeros(self._lags, np.float32)
        self._places = np.zeros(self._lags, np.intp)
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        self.delay: int | None = None
        self.agreed = 0
        self.height = 0.0
        self._cross[:] = 0
        self._mic_power = np.zeros(_BINS, np.float32)
        self._ref_power = np.zeros(_BINS, np.float32)
        self._turn = 0
        self._next = 0

    def doubt(self) -> None:
        """What was heard so far may be of another delay: let what is heard from now on weigh more."""
        self._cross *= _DOUBTED
        self.agreed = 0

    def shift(self, blocks: int) -> None:
        """The reference given from now on is `blocks` of 10 ms later than so far: delays are that much shorter."""
        self._cross[:] = np.roll(self._cross, -blocks, axis=0)
        if self.delay is not None:
            self.delay = max(0, self.delay - blocks * HEARING_BLOCK)
        self._next = 0

    def observe(self, mic: Spectra, ref: Spectra) -> bool:
        """One block of playback. mic: (161,). ref: (lags or more, 161), newest first. True when a scan is complete.

        mic must be of a Hann-windowed frame: a frame's edges repeat every block on both sides, and would correlate.
        """
        near = mic[_LOW:_HIGH]
        self._turn ^= 1
        blend = np.float32(1 / _MEMORY_UPDATES)
        self._mic_power += blend * (near.real**2 + near.imag**2 - self._mic_power)
        newest = ref[0, _LOW:_HIGH]
        self._ref_power += blend * (newest.real**2 + newest.imag**2 - self._ref_power)
        whitened = near / np.sqrt(self._mic_power * self._ref_power + _TINY)
        lags = slice(self._turn, self._lags, 2)
        cross, step = self._cross[lags], self._step[lags]
        np.conjugate(ref[lags.start : self._lags : 2, _LOW:_HIGH], out=step)
        step *= whitened
        step -= cross
        step *= blend
        cross += step
        return self._scan()

    def _scan(self) -> bool:
        """Turn the next few lags into time; judge when all were seen."""
        first = self._next
        count = min(_LAGS_A_BLOCK, self._lags - first)
        chosen = self._cross[first : first + count]
        magnitude = np.abs(chosen)
        magnitude += _TINY
        np.divide(chosen, magnitude, out=self._phase[:count, _LOW:_HIGH])
        times = np.fft.irfft(self._phase[:count], FRAME, axis=1)[:, :HEARING_BLOCK]
        places = times.argmax(axis=1)
        self._places[first : first + count] = places
        self._peaks[first : first + count] = times[np.arange(count), places]
        self._next = first + count
        if self._next < self._lags:
            return False
        self._next = 0
        self._judge()
        return True

    def _judge(self) -> None:
        best = int(self._peaks.argmax())
        # _BINS unit phasors of random phase sum to a real part of variance _BINS / 2; irfft counts each bin twice.
        deviation = 2 * np.sqrt(_BINS / 2) / FRAME
        self.height = float(self._peaks[best]) / deviation
        if self.height < _SURE:
            self.agreed = 0
            return
        found = best * HEARING_BLOCK + int(self._places[best])
        same = self.delay is not None and abs(found - self.delay) <= _SAME
        self.agreed = self.agreed + 1 if same else 1
        self.delay = found
