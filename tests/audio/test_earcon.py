"""The earcons: every sound that dialogue may ask for, soft at both ends."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.earcon import ALARM, PEAK, SOFT_DB, synthesise
from edge_agent.audio.format import WIRE_RATE
from edge_agent.dialogue.policy import Policy

SOUNDS = synthesise()


class TestTheTable:
    def test_has_every_name_that_dialogue_uses(self) -> None:
        assert set(SOUNDS) == {
            *("wake", "dismissed", "mute", "unmute", "error", "lost", "ready", "start", "working", "alarm")
        }

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
        soft = 10 ** (SOFT_DB.get(name, 0.0) / 20)
        assert np.abs(SOUNDS[name]).max() == pytest.approx(PEAK * soft)

    def test_is_short(self, name: str) -> None:
        ms = 1000 * len(SOUNDS[name]) / WIRE_RATE
        assert 60 <= ms <= {"start": 650, "alarm": 1400}.get(name, 250)


class TestTheStartSound:
    def test_fills_the_bands_the_echo_filter_must_learn(self) -> None:
        power = np.abs(np.fft.rfft(SOUNDS["start"])) ** 2
        hz = np.fft.rfftfreq(len(SOUNDS["start"]), 1 / WIRE_RATE)
        bands = [power[(hz >= low) & (hz < low + 500)].mean() for low in range(500, 7000, 500)]
        assert 10 * np.log10(max(bands) / min(bands)) < 25


class TestTheAlarm:
    def test_rises(self) -> None:
        pitches = [pitch for _, pitch, _ in ALARM]
        assert pitches[: len(pitches) // 2] == sorted(pitches[: len(pitches) // 2])
        assert sum(pitches[len(pitches) // 2 :]) > sum(pitches[: len(pitches) // 2])

    def test_is_over_before_it_sounds_again_so_that_a_word_fits_between(self) -> None:
        assert len(SOUNDS["alarm"]) / WIRE_RATE < Policy().ring_every_s - 0.5

    def test_is_made_of_pitches_a_small_loudspeaker_has(self) -> None:
        assert all(500 <= pitch <= 2000 for _, pitch, _ in ALARM)
