"""Our own echo canceller: a Kalman filter over the loudspeaker's path, then a suppressor for what it leaves.

Law: one block in, one block of each tap out, and nothing of a later block is ever needed. The linear tap is the
microphone less an estimate of the echo: no gain, no delay, and bit for bit the microphone while the reference is
silent and its last echo is over. The clean tap is 10 ms later and otherwise the same then. What is known of the path
lives in `path.py`, of its residue in the suppressor; here is only where to look and when to learn.

Units: samples at 16 kHz in [-1, 1]; spectra are (161,) complex64 of 320-sample frames, hop 160. Delays in samples.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import BLOCK_MS, HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.hearing.echo.delay import DelaySearch
from edge_agent.hearing.echo.engine import EchoTaps
from edge_agent.hearing.echo.path import EchoPath
from edge_agent.hearing.echo.reduction_meter import ReductionMeter
from edge_agent.hearing.echo.spectra import BINS, FRAME
from edge_agent.hearing.echo.suppressor import EchoForecast, Suppressor

_HANN = np.hanning(FRAME).astype(np.float32)
_AUDIBLE = 1e-7 * HEARING_BLOCK  # energy of a reference block at -70 dBFS: below it nobody hears an echo
_LEAD = 1  # blocks kept before the direct path: an early reflection of a chassis, the estimate's own error
_SLACK = 2  # blocks the direct path may stray from its place before the filter moves
_AGREED_NEW = 2  # scans that agree before a filter that explains nothing moves
_AGREED_SURE = 12  # the same, while it explains something: about 1 s; music repeats itself
_EXPLAINS = 0.5  # residual over microphone power, below which the filter explains something
_RECENT = 0.05  # blend per block of the powers that say whether it does: 200 ms
_ABSURD = np.float32(4.0)  # 12 dB over full scale


class EchoCanceller:
    """An `EchoEngine`: delay search, Kalman filter, residual suppressor.

    reduction_db: median over the last 3 s of playback of the microphone's power over the clean tap's, block by block:
    the clean tap is where a device would hear itself. 0 until something was played.
    delay_ms: where the echo was found to begin after the reference, 0 before that.
    Not safe for two threads; the same input gives the same bits.
    """

    def __init__(self, suppressor: Suppressor, *, tail_ms: int = 192, max_delay_ms: int = 500) -> None:
        """tail_ms: echo explained after the direct path (10..1000). max_delay_ms: longest bulk delay (0..2000).

        Both are rounded up to whole blocks. Raises ValueError outside these ranges.
        """
        if not 10 <= tail_ms <= 1000:
            raise ValueError(f"tail_ms: found {tail_ms}, allowed 10 to 1000")
        if not 0 <= max_delay_ms <= 2000:
            raise ValueError(f"max_delay_ms: found {max_delay_ms}, allowed 0 to 2000")
        most_offset = -(-max_delay_ms // BLOCK_MS)
        self._path = EchoPath(-(-tail_ms // BLOCK_MS), most_offset)
        self._search = DelaySearch(most_offset * BLOCK_MS)
        self._suppressor = suppressor
        self._meter = ReductionMeter()
        self._mic = np.zeros(FRAME, np.float32)
        self._mic_spectrum = np.zeros(BINS, np.complex64)
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next block is the first."""
        self._path.reset()
        self._search.reset()
        self._suppressor.reset()
        self._meter.reset()
        self._mic[:] = 0
        self._silent_blocks = self._path.history.shape[0]
        self._inaudible_blocks = self._silent_blocks
        self._mic_recent = self._error_recent = 0.0
        self.reduction_db = 0.0
        self.delay_ms = 0.0

    def process(self, mic: Samples, ref: Samples) -> EchoTaps:
        """mic and ref: (160,) float32 at 16 kHz, the same 10 ms. The clean tap is 10 ms later than the linear one.

        NaN is taken as 0, and what is beyond 4 as 4. The arrays returned are the caller's.
        """
        mic, ref = _sane(mic), _sane(ref)
        self._mic[:HEARING_BLOCK] = self._mic[HEARING_BLOCK:]
        self._mic[HEARING_BLOCK:] = mic
        energy = float(ref @ ref)
        rows = self._path.history.shape[0]
        self._silent_blocks = 0 if energy > 0 else self._silent_blocks + 1
        self._inaudible_blocks = 0 if energy > _AUDIBLE else self._inaudible_blocks + 1
        if self._silent_blocks > rows:
            return EchoTaps(mic.copy(), self._suppressor.process(mic, None), self._suppressor.near_end)
        self._path.hear_reference(ref)
        estimate = self._path.estimate()
        linear = mic - estimate
        known, doubted = self._path.expected_power()
        clean = self._suppressor.process(linear, EchoForecast(estimate, known, doubted, self._path.reference_power))
        if self._inaudible_blocks <= self._path.offset + self._path.partitions:
            self._path.learn(linear, estimate, doubted)
            self._place(mic, linear)
            self._meter.pair(clean)
            self.reduction_db = self._meter.db
        self._meter.expect(mic, known)
        return EchoTaps(linear, clean, self._suppressor.near_end)

    def _place(self, mic: Samples, linear: Samples) -> None:
        """Keep the direct path just inside the filter's window."""
        self._mic_recent += _RECENT * (float(mic @ mic) - self._mic_recent)
        self._error_recent += _RECENT * (float(linear @ linear) - self._error_recent)
        path = self._path
        self._mic_spectrum[:] = np.fft.rfft(self._mic * _HANN)
        if not self._search.observe(self._mic_spectrum, path.history) or self._search.delay is None:
            return
        explains = self._error_recent < _EXPLAINS * self._mic_recent
        if self._search.agreed < (_AGREED_SURE if explains else _AGREED_NEW):
            return
        self.delay_ms = self._search.delay * 1000 / HEARING_RATE
        wanted = max(0, self._search.delay // HEARING_BLOCK - _LEAD)
        if not 0 <= wanted - path.offset <= _SLACK:
            path.move(wanted)


def _sane(block: Samples) -> Samples:
    """`block`, or a repaired copy where it holds values no converter gives."""
    if block.min() >= -_ABSURD and block.max() <= _ABSURD:
        return block
    return np.clip(np.nan_to_num(block, nan=0.0), -_ABSURD, _ABSURD)
