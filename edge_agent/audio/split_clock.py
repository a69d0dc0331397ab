"""Two cards, two clocks: the microphone's card is the clock of the daemon, and the loudspeaker's is made to follow it.

Law: samples and a buffer's fill in, samples out; time is the count of blocks. A USB microphone and a DAC differ by
tens of ppm; left alone, the pair of one and the other slides apart until a buffer runs over or dry, and no echo
canceller can follow. So what is played is resampled by the measured difference, and the loudspeaker's buffer keeps its
fill. Since the reference is what was given *before* that resampling, it is in the microphone's time already: the pair's
delay stands still. (Resampling the reference instead would leave the buffers to run over or dry every few minutes.)

The estimate is a Kalman filter of two states, the buffer's fill less its target (ms) and the clocks' difference (ppm),
measured ten times a second. Its noise is set for the worst there is, PulseAudio, whose fill moves in steps of 10 ms.

Sign: drift_ppm > 0 means that the loudspeaker's clock is the faster one: it takes more samples than the microphone
gives.
"""

from __future__ import annotations

import numpy as np
import soxr

from edge_agent.audio.format import BLOCKS_PER_S, Samples

STEP_BLOCKS = 10  # blocks a measurement is the mean of
STEP_S = STEP_BLOCKS / BLOCKS_PER_S
FILL_NOISE_MS = 5.0  # of one measurement, one sigma: steps of 10 ms, and they do not average out over seconds
SURPRISING = 3.0  # sigmas; a fill so far from where it should be has jumped
FIRST_OFFSET_MS = 5.0  # one sigma, when streams have just been opened
FIRST_DRIFT_PPM = 100.0  # one sigma; the worst USB crystals and the Pi's I2S clock together stay below three
WANDER_PPM = 0.05  # the clocks' change in a second, one sigma: crystals that warm up move a few ppm in minutes
PULL_S = 30.0  # time constant in which a wrong fill is put right
MOST_PULL_PPM = 60.0  # a change of delay that an echo canceller follows, and a tenth of a cent
MOST_PPM = 1000.0  # of the whole correction: more is no clock but a fault
SLEW = 480  # samples over which a new ratio is reached: no step in the phase
HELD_BACK = 240  # samples that soxr's variable-rate stream keeps to itself, measured


class SplitClock:
    """rate: Hz, nominal, of the loudspeaker.  target_ms: fill of its buffer to keep, as read before each block.

    drift_ppm: estimate, survives `restart`.  latency_ms: what the resampling adds.
    """

    def __init__(self, *, rate: int, target_ms: float) -> None:
        self.target_ms = target_ms
        self.latency_ms = 1000 * HELD_BACK / rate
        self.rate = rate
        self._block = rate // BLOCKS_PER_S
        self._drift = 0.0
        self._drift_variance = FIRST_DRIFT_PPM**2
        self.restart()

    @property
    def drift_ppm(self) -> float:
        return self._drift

    @property
    def blocks_held_back(self) -> int:
        """Blocks of silence after which `resample` has nothing else left."""
        return -(-4 * HELD_BACK // self._block)

    def restart(self) -> None:
        """The streams were opened anew: the fill is a new one, the clocks are the same."""
        self._offset = 0.0
        self._offset_variance = FIRST_OFFSET_MS**2
        self._covariance = 0.0
        self._correction = self._drift
        self._fills = 0.0
        self._count = 0
        self._owed = 0.0
        # 2: the most that the ratio may ever be, a limit soxr wants to know
        self._resampler = soxr.ResampleStream(2, 1, 1, dtype="float32", vr=True)
        self._set_ratio(0)
        # It is given silence to keep, or what it keeps would be missing in the loudspeaker's buffer.
        self._resampler.resample_chunk(np.zeros(2 * HELD_BACK, np.float32))

    def jump(self) -> None:
        """The fill was changed at one stroke, by the card's owner or by a hiccup: it says nothing of the clocks."""
        self._offset_variance = FIRST_OFFSET_MS**2 * 4
        self._covariance = 0.0
        self._fills, self._count = 0.0, 0

    def pace(self, waiting_ms: float) -> None:
        """Before each block. waiting_ms: sound in the loudspeaker's buffer at this moment."""
        self._fills += waiting_ms
        self._count += 1
        if self._count == STEP_BLOCKS:
            self._predict()
            self._learn(self._fills / STEP_BLOCKS - self.target_ms)
            self._steer()
            self._fills, self._count = 0.0, 0

    def resample(self, block: Samples) -> Samples:
        """10 ms, shape (rate/100,), at the microphone's pace, to about as many samples at the loudspeaker's."""
        if block.shape != (self._block,):
            raise ValueError(f"expected {self._block} samples, got shape {block.shape}")
        out: Samples = self._resampler.resample_chunk(block)
        return out

    def silent_length(self) -> int:
        """How many samples 10 ms of silence are for the loudspeaker; what is less than one is owed to the next.

        Only after `blocks_held_back` blocks of silence have been through `resample`, which then holds nothing else.
        """
        self._owed += self._block * (1.0 + self._correction * 1e-6)
        length = int(self._owed)
        self._owed -= length
        return length

    def _predict(self) -> None:
        """A step of time: the fill moves by what was put in beyond what is taken."""
        per_ppm = STEP_S / 1000  # ms of fill for each ppm
        self._offset += (self._correction - self._drift) * per_ppm
        self._offset_variance += per_ppm * (per_ppm * self._drift_variance - 2 * self._covariance)
        self._covariance -= per_ppm * self._drift_variance
        self._drift_variance += WANDER_PPM**2 * STEP_S

    def _learn(self, offset_ms: float) -> None:
        surprise = offset_ms - self._offset
        if surprise**2 > SURPRISING**2 * (self._offset_variance + FILL_NOISE_MS**2):
            self.jump()
        gain = 1 / (self._offset_variance + FILL_NOISE_MS**2)
        self._offset += self._offset_variance * gain * surprise
        self._drift += self._covariance * gain * surprise
        self._drift_variance -= self._covariance**2 * gain
        self._covariance -= self._covariance * self._offset_variance * gain
        self._offset_variance -= self._offset_variance**2 * gain

    def _steer(self) -> None:
        pull = min(max(self._offset * 1000 / PULL_S, -MOST_PULL_PPM), MOST_PULL_PPM)
        self._correction = min(max(self._drift - pull, -MOST_PPM), MOST_PPM)
        self._set_ratio(SLEW)

    def _set_ratio(self, slew: int) -> None:
        self._resampler.set_io_ratio(1.0, 1.0 + self._correction * 1e-6, slew)
