"""The loudspeaker that is driven too far."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.sim.loudspeaker import Loudspeaker, thd_percent


def played(speaker: Loudspeaker, samples: Samples) -> Samples:
    return np.concatenate([speaker.step(block.copy()) for block in samples.reshape(-1, HEARING_BLOCK)])


def tone(hz: float, amplitude: float) -> Samples:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(HEARING_RATE) / HEARING_RATE)).astype(np.float32)


class TestALoudspeaker:
    def test_is_linear_as_it_comes(self) -> None:
        sound = tone(300.0, 0.9)
        assert np.array_equal(played(Loudspeaker(0.0, 0.0), sound), sound)
        assert thd_percent(0.0, 0.0) < 0.01

    def test_distorts_bass_and_leaves_treble(self) -> None:
        assert thd_percent(0.0, 0.5, hz=100.0) > 5 * thd_percent(0.0, 0.5, hz=1000.0) > 0.0

    @pytest.mark.parametrize("kind", ["clipping", "excursion"])
    def test_distorts_more_the_louder_it_plays(self, kind: str) -> None:
        quiet, loud = (
            thd_percent(*((2.0, 0.0) if kind == "clipping" else (0.0, 1.0)), level_dbfs=level) for level in (-20, -3)
        )
        assert loud > 4 * quiet

    def test_adds_even_harmonics_with_its_cone_and_odd_ones_only_with_its_amplifier(self) -> None:
        def second(clipping: float, excursion: float) -> float:
            spectrum = np.abs(np.fft.rfft(played(Loudspeaker(clipping, excursion), tone(200.0, 0.7))))
            return float(spectrum[400] / spectrum[200])

        assert second(0.0, 0.5) > 0.01
        assert second(2.0, 0.0) < 0.001

    def test_lets_bass_modulate_what_sounds_with_it(self) -> None:
        """The mark of an excursion, which no memoryless curve of the same harmonics has to this extent."""
        both = tone(100.0, 0.6) + tone(2000.0, 0.1)
        spectrum = np.abs(np.fft.rfft(played(Loudspeaker(0.0, 1.0), both)))
        assert spectrum[2200] / spectrum[2000] > 0.02

    def test_has_the_distortion_that_is_told(self) -> None:
        sound = played(Loudspeaker(0.0, 0.4), tone(200.0, 10 ** (-6 / 20)))
        spectrum = np.abs(np.fft.rfft(sound))
        percent = 100 * float(np.sqrt(np.sum(spectrum[400::200] ** 2)) / spectrum[200])
        assert percent == pytest.approx(thd_percent(0.0, 0.4), rel=0.05)
