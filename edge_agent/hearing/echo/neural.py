"""What the linear filter leaves of the echo, pushed down by a small recurrent network, which also says who talks.

Law: sees the linear tap and what the filter says of the echo; changes magnitudes only, one frame (10 ms) late. Where no
echo is possible the tap passes as it is and the network rests, its memory kept. Where the echo, as far as it can be
known, lies under the room's own noise, its gain is one.

The network learned to keep the room (talker, noise, a television) and to remove the loudspeaker: `tests/training`, and
`neural.md` for how.

Units: as in `neural_features.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.echo.neural_features import BANDS, FEATURES, WINDOW, FrameFeatures, spread
from edge_agent.hearing.echo.neural_network import WEIGHTS, Network
from edge_agent.hearing.echo.spectra import FRAME, Powers
from edge_agent.hearing.echo.suppressor import EchoForecast

_REBUILT = WINDOW * WINDOW  # what a frame becomes whose spectrum nobody changed
_SPREAD = spread()
_TAP, _ESTIMATE, _DOUBT = 0, 1, 4  # rows of FrameFeatures.powers

_REVERBERATION = np.float32(0.8)  # per block: 0.6 s to -60 dB, the echo that is later than the filter is long
_WINDOWED = np.float32(0.5)  # mean of the window squared: from the filter's frames to ours
_NOISE_START = np.float32(2e-6)  # a quiet room, -80 dBFS
_NOISE_LEAST = np.float32(1e-9)
_NOISE_BLEND = np.float32(0.3)
_RISE = np.float32(10 ** (0.3 / 100))  # 3 dB/s: residual echo is not the room
_ABSURD = 160.0 * 100.0  # energy of a block 20 dB over full scale: a filter that has lost its way
_UNHEARD = np.float32(0.02)  # of the noise's power: echo 17 dB under it needs no suppression
_HEARD = np.float32(0.1)  # 10 dB under it: the network's gain holds in full


class NeuralSuppressor:
    """Turns the linear tap into the clean one, 10 ms later.

    near_end: the network's probability that a person talks; None while no echo is possible and the network rests.
    """

    near_end: float | None

    def __init__(self, weights: Path = WEIGHTS) -> None:
        """Raises neural_network.WeightsError."""
        self._network = Network(weights, features=FEATURES, bands=BANDS)
        self._features = FrameFeatures()
        self._overlap = np.zeros(HEARING_BLOCK, np.float32)
        self._smooth, self._noise, self._echo, self._power = np.zeros((4, BANDS), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget the room, what was heard and the last frame."""
        self._network.reset()
        self._features.reset()
        self._overlap[:] = 0
        self._smooth[:] = self._echo[:] = 0
        self._noise[:] = _NOISE_START
        self.near_end = None

    def process(self, linear: Samples, forecast: EchoForecast | None) -> Samples:
        """The block before this one, suppressed, (160,). linear: (160,). forecast: None where no echo is possible.

        A block that holds what is no number, or is louder than any sound, is taken for silence without an echo.
        """
        energy = float(linear @ linear)
        if forecast is not None:
            energy += float(forecast.estimate @ forecast.estimate)
        if not energy < _ABSURD:
            linear, forecast = np.zeros_like(linear), None
        if forecast is None:
            self._features.rest(linear)
            self.near_end = None
            frame = self._features.tap * _REBUILT
        else:
            self._features.hear(linear, forecast)
            gains, self.near_end = self._network.hear(self._features.values)
            self._spare_the_unheard(gains)
            frame = np.fft.irfft(self._features.spectrum * (_SPREAD @ gains), FRAME) * WINDOW
        done: Samples = self._overlap + frame[:HEARING_BLOCK]
        self._overlap[:] = frame[HEARING_BLOCK:]
        return done

    def _spare_the_unheard(self, gains: Powers) -> None:
        """Gain one in the bands whose echo, at the most, is under the room's noise."""
        powers = self._features.powers
        np.subtract(powers[_TAP], self._smooth, out=self._power)
        self._power *= _NOISE_BLEND
        self._smooth += self._power
        self._noise *= _RISE
        np.minimum(self._noise, self._smooth, out=self._noise)
        np.maximum(self._noise, _NOISE_LEAST, out=self._noise)
        self._echo *= _REVERBERATION
        np.multiply(powers[_DOUBT], _WINDOWED, out=self._power)
        self._power += powers[_ESTIMATE]
        np.maximum(self._echo, self._power, out=self._echo)
        heard = self._echo / self._noise
        heard -= _UNHEARD
        heard *= 1 / (_HEARD - _UNHEARD)
        np.clip(heard, 0, 1, out=heard)
        gains -= 1
        gains *= heard
        gains += 1
