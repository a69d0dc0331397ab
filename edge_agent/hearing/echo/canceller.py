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
from edge_agent.hearing.echo.drift import PPM, ClockDrift
from edge_agent.hearing.echo.engine import EchoTaps
from edge_agent.hearing.echo.late_reference import MOST_BLOCKS, LateReference
from edge_agent.hearing.echo.path import EchoPath
from edge_agent.hearing.echo.reduction_meter import ReductionMeter
from edge_agent.hearing.echo.sane import sane
from edge_agent.hearing.echo.spectra import FRAME, spectra_of
from edge_agent.hearing.echo.suppressor import EchoForecast, Suppressor

_HANN = np.hanning(FRAME).astype(np.float32)
_AUDIBLE = 1e-7 * HEARING_BLOCK  # energy of a reference block at -70 dBFS: below it nobody hears an echo
_LEAD = 1  # blocks kept before the direct path: an early reflection of a chassis, the estimate's own error
_SLACK = 2  # blocks the direct path may stray from its place before the filter moves
_AGREED_FIRST = 2  # scans that agree before the first delay is believed
_AGREED_NEW = 3  # the same, before a filter that explains nothing moves
_AGREED_SURE = 12  # the same, while it explains something: about 1 s; music repeats itself
_HIGH = 9.0  # standard deviations of a peak that is believed so soon
_AGREED_LOST = 8  # scans that agree on a lower peak before a filter that lost its echo moves: 0.7 s
_CLEAR = 7.0  # standard deviations it must have all the same: rhythms agree with themselves up to there
_RESTING = 4  # the search looks at every fourth pair of blocks while the filter explains what is heard where it is
_EXPLAINS = 0.5  # residual over microphone power, below which the filter explains something
_LOST = 0.8  # the same, above which a filter that did explain is lost
_JUMPED = HEARING_BLOCK // 4  # samples: by more than this a delay does not drift between two scans
_RUNS_ON = (
    6000  # blocks of silence in which the clocks are followed unheard: 1 min, later an old estimate only misleads
)
_RECENT = 0.05  # blend per block of the powers that say whether it does: 200 ms


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
        self._late = LateReference(self._path)
        self._search = DelaySearch(most_offset * BLOCK_MS)
        self._drift = ClockDrift()
        self._suppressor = suppressor
        self._meter = ReductionMeter()
        self._mic = np.zeros(FRAME, np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next block is the first."""
        self._path.reset()
        self._late.reset()
        self._search.reset()
        self._drift.reset()
        self._suppressor.reset()
        self._meter.reset()
        self._mic[:] = 0
        self._time = 0
        self._silent_blocks = self._path.rows + MOST_BLOCKS
        self._inaudible_blocks = self._silent_blocks
        self._mic_recent = self._error_recent = 0.0
        self._explained = self._lost = False
        self._direct: int | None = None
        self.reduction_db = 0.0
        self.delay_ms = 0.0

    @property
    def drift_ppm(self) -> float:
        """By how much the microphone's clock is faster than the loudspeaker's; 0.0 until a difference was found."""
        return self._drift.per_block / PPM

    def process(self, mic: Samples, ref: Samples) -> EchoTaps:
        """mic and ref: (160,) float32 at 16 kHz, the same 10 ms. The clean tap is 10 ms later than the linear one.

        NaN is taken as 0, and what is beyond 4 as 4. The arrays returned are the caller's.
        """
        mic, ref = sane(mic), sane(ref)
        self._time += 1
        energy = float(ref @ ref)
        self._silent_blocks = 0 if energy > 0 else self._silent_blocks + 1
        self._inaudible_blocks = 0 if energy > _AUDIBLE else self._inaudible_blocks + 1
        moved = self._late.run(self._drift.per_block if self._silent_blocks < _RUNS_ON else 0.0)
        if moved:
            self._search.shift(moved)
        if self._silent_blocks > self._path.rows + self._late.blocks:
            return EchoTaps(mic.copy(), self._suppressor.process(mic, None), self._suppressor.near_end)
        self._mic[:HEARING_BLOCK] = self._mic[HEARING_BLOCK:]
        self._mic[HEARING_BLOCK:] = mic
        self._late.hear(ref)
        estimate = self._path.estimate()
        linear = mic - estimate
        known, doubted = self._path.expected_power()
        clean = self._suppressor.process(linear, EchoForecast(estimate, known, doubted, self._path.reference_power))
        if self._inaudible_blocks <= self._path.offset + self._path.partitions:
            self._path.learn(mic, linear, doubted)
            self._place(mic, linear)
            self._meter.pair(clean)
            self.reduction_db = self._meter.db
        self._meter.expect(mic, known)
        return EchoTaps(linear, clean, self._suppressor.near_end)

    def _place(self, mic: Samples, linear: Samples) -> None:
        """Keep the direct path just inside the filter's window, and the two clocks together."""
        self._mic_recent += _RECENT * (float(mic @ mic) - self._mic_recent)
        self._error_recent += _RECENT * (float(linear @ linear) - self._error_recent)
        explains = self._error_recent < _EXPLAINS * self._mic_recent
        if explains:
            self._explained = True
        elif self._explained and self._error_recent > _LOST * self._mic_recent:
            self._explained = False
            self._path.changed = True
        if self._path.changed and self._direct is not None:
            self._path.changed = False
            self._lost = True
            self._search.doubt()
        if self._direct is not None and self._drift.due() and explains:
            if not self._lost:
                self._path.remember()
            self._drift.observe(self._time, self._late.bulk, *self._path.early_response())
        if self._searched(explains):
            self._follow(explains)

    def _searched(self, explains: bool) -> bool:
        """Whether the search completed a scan that found something."""
        search = self._search
        if explains and not self._lost and search.agreed >= _AGREED_SURE and self._time // 2 % _RESTING:
            return False
        spectrum = spectra_of(self._mic * _HANN)
        return search.observe(spectrum, self._path.reference.history) and search.delay is not None and search.agreed > 0

    def _follow(self, explains: bool) -> None:
        """The search found a delay; believe it in time."""
        search, path, direct = self._search, self._path, self._direct
        assert search.delay is not None
        if search.agreed < self._enough(explains):
            return
        found = search.delay
        self.delay_ms = (found + self._late.delay) * 1000 / HEARING_RATE
        if direct is not None:
            by = found - path.offset * HEARING_BLOCK - direct
            if abs(by) > _JUMPED and self._lost and self._late.jump(by):
                self._lost = False
                path.recall()
                self._drift.interrupt()
                search.reset()
                return
        self._lost = False
        wanted = max(0, found // HEARING_BLOCK - _LEAD)
        if not 0 <= wanted - path.offset <= _SLACK:
            path.move(wanted)
            self._drift.interrupt()
        self._direct = found - path.offset * HEARING_BLOCK
        path.direct = max(0, self._direct // HEARING_BLOCK)
        if direct is None:
            path.expect_direct(path.direct)

    def _enough(self, explains: bool) -> int:
        """How many scans must agree."""
        if explains and not self._lost and self._direct is not None:
            return _AGREED_SURE
        if self._search.height > _HIGH:
            return _AGREED_FIRST if self._direct is None else _AGREED_NEW
        return _AGREED_LOST if self._lost and self._search.height > _CLEAR else _AGREED_SURE
