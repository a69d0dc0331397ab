"""The picture of a recording's frequencies."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.spectrogram import ROWS, spectrogram


def tone(hz: float, seconds: float = 1.0) -> Samples:
    return (0.1 * np.sin(2 * np.pi * hz * np.arange(int(seconds * HEARING_RATE)) / HEARING_RATE)).astype(np.float32)


def brightest_row(track: Samples) -> int:
    return int(np.argmax(spectrogram(track).astype(int).sum(axis=(1, 2))))


class TestTheSpectrogram:
    def test_is_dark_in_silence(self) -> None:
        assert int(spectrogram(np.zeros(HEARING_RATE, np.float32)).max()) < 40

    def test_has_high_frequencies_above_low_ones(self) -> None:
        rows = [brightest_row(tone(hz)) for hz in (200.0, 800.0, 3000.0, 7000.0)]
        assert rows == sorted(rows, reverse=True)
        assert len(set(rows)) == 4

    def test_shows_when_something_sounded(self) -> None:
        track = np.concatenate([np.zeros(HEARING_RATE, np.float32), tone(1000.0), np.zeros(HEARING_RATE, np.float32)])
        bright = np.flatnonzero(spectrogram(track).max(axis=(0, 2)) > 100)
        assert bright[0] * 0.04 == pytest.approx(1.0, abs=0.1)
        assert bright[-1] * 0.04 == pytest.approx(2.0, abs=0.1)

    def test_of_an_hour_stays_small_and_keeps_a_click(self) -> None:
        track = np.zeros(1200 * HEARING_RATE, np.float32)
        track[600 * HEARING_RATE : 600 * HEARING_RATE + 100] = 0.5
        pixels = spectrogram(track)
        assert pixels.shape[0] == ROWS
        assert pixels.shape[1] <= 4000
        brightness = pixels.max(axis=(0, 2))
        assert int(brightness.max()) > 100
        assert int(np.argmax(brightness)) == pytest.approx(pixels.shape[1] / 2, abs=2)

    def test_of_nothing_is_still_a_picture(self) -> None:
        assert spectrogram(np.zeros(0, np.float32)).shape == (ROWS, 1, 3)
