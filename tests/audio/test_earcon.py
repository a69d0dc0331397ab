"""The earcons: every sound that dialogue may ask for, soft at both ends."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.earcon import PEAK, synthesise
from edge_agent.audio.format import WIRE_RATE

SOUNDS = synthesise()


class TestTheTable:
    def test_has_every_name_that_dialogue_uses(self) -> None:
        assert set(SOUNDS) == {"wake", "dismissed", "mute", "unmute", "error", "lost", "ready", "start"}

    def test_sounds_differ_from_each_other(self) -> None:
        assert len({sound.tobytes() for sound in SOUNDS.values()}) == len(SOUNDS)


@pytest.mark.parametrize("name", sorted(SOUNDS))
class TestASound:
    def test_begins_and_ends_softly(self, name: str) -> None:
        sound = SOUNDS[name]
        assert abs(sound[0]) < 0.001
        assert abs(sound[-1]) < 0.001
        assert np.abs(np.diff(sound)).max() < PEAK  # no jump as large as the sound itself

    def test_is_as_loud_as_a_voice_and_no_louder(self, name: str) -> None:
        assert np.abs(SOUNDS[name]).max() == pytest.approx(PEAK)

    def test_is_short(self, name: str) -> None:
        ms = 1000 * len(SOUNDS[name]) / WIRE_RATE
        assert 60 <= ms <= (650 if name == "start" else 250)


class TestTheStartSound:
    def test_fills_the_bands_the_echo_filter_must_learn(self) -> None:
        power = np.abs(np.fft.rfft(SOUNDS["start"])) ** 2
        hz = np.fft.rfftfreq(len(SOUNDS["start"]), 1 / WIRE_RATE)
        bands = [power[(hz >= low) & (hz < low + 500)].mean() for low in range(500, 7000, 500)]
        assert 10 * np.log10(max(bands) / min(bands)) < 25
