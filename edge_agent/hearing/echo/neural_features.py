"""What the network of the echo stage is shown of one frame, and in which bands it answers.

Law: causal arithmetic on one frame and a short memory, the same code on the device and in training (`tests/training`);
nothing here is learned. A band is one bin up to 1 kHz, where a voice's harmonics are resolved, and wider above.

Units: spectra of 320-sample frames under a square-root Hann window, hop 160 (the forecast's powers are of unwindowed
frames, as it gives them); white noise at full scale has a power of 160 per bin.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.echo.spectra import BINS, FRAME, Powers, Spectra
from edge_agent.hearing.echo.suppressor import EchoForecast

WINDOW = np.sqrt(np.hanning(FRAME + 1)[:FRAME]).astype(np.float32)  # squared and overlapped by half it sums to one
EDGES = (*range(21), *range(21, 41, 2), *range(41, 62, 3), *range(62, 86, 4), *range(86, 116, 6), *range(116, 161, 9))
BANDS = len(EDGES)
_KINDS = 6  # of feature in each band: tap, estimate, microphone, reference, doubt, agreement
FEATURES = _KINDS * BANDS

_STARTS = np.array(EDGES, np.intp)
_PER_BAND = (1 / np.diff([*EDGES, BINS])).astype(np.float32)
_AGREEMENT_BLEND = np.float32(0.25)  # per block: seven frames
_LEAST = np.float32(1e-8)  # power of a converter's last bit; below it there is nothing to see
_TINY = np.float32(1e-16)  # a product of two powers
_CENTRE, _SPREAD = np.float32(7.0), np.float32(0.25)  # of the logarithms: most of what is heard lies in -2 to 2
_AGREEMENT_CENTRE, _AGREEMENT_SPREAD = np.float32(0.3), np.float32(3.0)


class FrameFeatures:
    """Shows frame after frame. After `hear`: `values` (324,), the network's input; `spectrum` (161,), the tap's frame;
    `powers` (5, bands): of the tap, the estimate, the microphone, the reference, the doubt."""

    def __init__(self) -> None:
        self._frames = np.zeros((2, FRAME), np.float32)
        self._windowed = np.zeros((2, FRAME), np.float32)
        # Both parts of the tap's product with the estimate, the powers of both; and what the forecast says of a bin.
        self._bins = np.zeros((7, BINS), np.float32)
        self._recent = np.zeros((4, BINS), np.float32)
        self._step = np.zeros((4, BINS), np.float32)
        self._cross = np.zeros(BINS, np.complex64)
        self.powers = np.zeros((_KINDS - 1, BANDS), np.float32)
        self.values = np.zeros(FEATURES, np.float32)
        self.spectrum: Spectra = np.zeros(BINS, np.complex64)

    def reset(self) -> None:
        """Forget the last frame and what was recent."""
        self._frames[:] = 0
        self._recent[:] = 0

    @property
    def tap(self) -> Samples:
        """(320,): the newest two blocks of the linear tap."""
        newest: Samples = self._frames[0]
        return newest

    def rest(self, linear: Samples) -> None:
        """A block without an echo: it is the first half of the next frame, and no more."""
        self._frames[:, :HEARING_BLOCK] = self._frames[:, HEARING_BLOCK:]
        self._frames[0, HEARING_BLOCK:] = linear
        self._frames[1, HEARING_BLOCK:] = 0

    def hear(self, linear: Samples, forecast: EchoForecast) -> None:
        """One block, (160,), and what the filter says of it."""
        self.rest(linear)
        self._frames[1, HEARING_BLOCK:] = forecast.estimate
        np.multiply(self._frames, WINDOW, out=self._windowed)
        spectra = np.fft.rfft(self._windowed, axis=1)
        self.spectrum = spectra[0]
        bins = self._bins
        np.conjugate(spectra[1], out=self._cross)
        self._cross *= spectra[0]
        bins[0], bins[1] = self._cross.real, self._cross.imag
        squared = np.square(spectra.view(np.float32))
        np.add(squared[:, ::2], squared[:, 1::2], out=bins[2:4])
        bins[4] = forecast.reference
        bins[5] = forecast.doubted
        self._agree(bins[:4], bins[6])
        bands = np.add.reduceat(bins, _STARTS, axis=1)
        bands *= _PER_BAND
        self._show(bands)

    def _agree(self, now: Powers, agreement: Powers) -> None:
        """Coherence of the tap with the estimate over a short while, bin by bin: what is left of a misjudged path."""
        recent, step = self._recent, self._step
        np.subtract(now, recent, out=step)
        step *= _AGREEMENT_BLEND
        recent += step
        np.multiply(recent[2], recent[3], out=step[2])
        step[2] += _TINY
        np.square(recent[:2], out=step[:2])
        np.add(step[0], step[1], out=agreement)
        agreement /= step[2]

    def _show(self, bands: npt.NDArray[np.float32]) -> None:
        powers = self.powers
        powers[:2] = bands[2:4]
        np.add(bands[0], bands[0], out=powers[2])
        powers[2] += powers[0]
        powers[2] += powers[1]
        powers[3:] = bands[4:6]
        np.maximum(powers, 0, out=powers)
        shown = self.values.reshape(_KINDS, BANDS)
        logarithms = shown[:-1]
        np.add(powers, _LEAST, out=logarithms)
        np.log(logarithms, out=logarithms)
        logarithms += _CENTRE
        logarithms *= _SPREAD
        np.subtract(bands[6], _AGREEMENT_CENTRE, out=shown[-1])
        shown[-1] *= _AGREEMENT_SPREAD


def spread() -> npt.NDArray[np.float32]:
    """(161, bands): from gains in bands to gains in bins, linear between the bands' centres."""
    middles = (np.array(EDGES) + np.array([*EDGES[1:], BINS]) - 1) / 2
    bins = np.arange(BINS)
    columns = [np.interp(bins, middles, unit) for unit in np.eye(BANDS)]
    return np.stack(columns, axis=1).astype(np.float32)
