"""The loudness gate: shut while a room is as quiet as it ever is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.hearing.loudness_gate import FRAME_MS, LoudnessGate
from tests.hearing.voices import SHARED, recording, speech

FRAME = HEARING_RATE * FRAME_MS // 1000
MEMORY_S, HANG_OVER_S = 5.2, 1.6  # a frame more than they are


def db(level: float) -> float:
    return float(10 ** (level / 10))


def frames(seconds: float) -> int:
    return round(seconds * 1000 / FRAME_MS)


def steady(seconds: float, level: float) -> list[float]:
    return [db(level)] * frames(seconds)


def opened(gate: LoudnessGate, powers: Iterable[float]) -> list[bool]:
    return [gate.hear(power) for power in powers]


def powers(sound: Samples) -> list[float]:
    cut = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return [float(np.mean(np.square(frame, dtype=np.float64))) for frame in cut]


def noise(seconds: float, dbfs: float, seed: int = 1) -> Samples:
    drawn = np.random.default_rng(seed).standard_normal(round(seconds * HEARING_RATE))
    return (10 ** (dbfs / 20) * drawn).astype(np.float32)


@pytest.fixture
def settled() -> LoudnessGate:
    """It has known a quiet room for ten seconds."""
    gate = LoudnessGate()
    opened(gate, steady(10, -70))
    return gate


class TestAnUnknownRoom:
    def test_is_listened_to_until_it_is_known(self) -> None:
        found = opened(LoudnessGate(), steady(MEMORY_S + HANG_OVER_S, -70))
        assert all(found[: frames(5.0)])
        assert not found[-1]

    def test_that_is_digitally_silent_is_not_listened_to(self) -> None:
        assert not any(opened(LoudnessGate(), [0.0] * 200))


class TestAQuietRoom:
    @pytest.mark.parametrize("dbfs", [-75.0, -60.0, -45.0, -30.0])
    def test_keeps_it_shut_whatever_its_level(self, dbfs: float) -> None:
        found = opened(LoudnessGate(), powers(noise(60, dbfs)))
        assert not any(found[frames(MEMORY_S + HANG_OVER_S) :])


class TestASound:
    def test_over_the_floor_opens_it_in_the_same_frame(self, settled: LoudnessGate) -> None:
        assert opened(settled, [db(-64)]) == [True]

    def test_that_ends_is_listened_to_a_little_longer(self, settled: LoudnessGate) -> None:
        opened(settled, steady(0.5, -40))
        found = opened(settled, steady(3, -70))
        assert all(found[: frames(1.4)])
        assert not any(found[frames(HANG_OVER_S) :])

    def test_too_soft_for_any_word_is_none(self) -> None:
        gate = LoudnessGate()
        opened(gate, [0.0] * 200)
        assert not any(opened(gate, steady(1, -90)))


class TestAFan:
    def test_that_starts_becomes_the_floor(self, settled: LoudnessGate) -> None:
        found = opened(settled, powers(noise(30, -50)))
        assert all(found[: frames(5.0)])
        assert not any(found[frames(MEMORY_S + HANG_OVER_S) :])

    def test_that_stops_leaves_the_soft_voice_audible_at_once(self) -> None:
        gate = LoudnessGate()
        opened(gate, steady(20, -45))
        opened(gate, steady(0.2, -70))
        assert opened(gate, [db(-60)]) == [True]


class TestAVoice:
    @pytest.mark.parametrize("snr_db", [20, 10, 3, 0])
    def test_opens_it_even_in_noise_as_loud_as_itself(self, tmp_path: Path, snr_db: int) -> None:
        phrase = speech("hey jarvis", tmp_path)
        level = 10 * np.log10(np.mean(np.square(phrase)))
        room = noise(10, level - snr_db)
        room[-len(phrase) :] += phrase
        gate = LoudnessGate()
        found = opened(gate, powers(room))
        start = (len(room) - len(phrase)) // FRAME
        assert not any(found[start - 10 : start])
        assert any(found[start:])

    def test_that_talks_without_end_does_not_become_the_floor(self) -> None:
        """A minute of an audio book in one breath after another: the pauses between the words are enough."""
        if not SHARED.is_dir():
            pytest.skip("the recordings for development are not part of the product")
        talk = recording("wake/negatives/moonshine_two_cities.wav")
        talk = talk + noise(len(talk) / HEARING_RATE, -60)[: len(talk)]
        heard = powers(talk)
        found = opened(LoudnessGate(), heard)
        loud = np.quantile(heard, 0.5)
        assert all(is_open for is_open, power in zip(found, heard, strict=True) if power >= loud)


class TestAReset:
    def test_makes_every_room_unknown(self, settled: LoudnessGate) -> None:
        assert opened(settled, [db(-70)]) == [False]
        settled.reset()
        assert opened(settled, [db(-70)]) == [True]


class TestWhateverIsHeard:
    @given(st.lists(st.floats(0.0, 10.0), max_size=200), st.floats(1e-6, 1.0))
    def test_something_louder_than_all_of_it_opens(self, before: list[float], more: float) -> None:
        gate = LoudnessGate()
        opened(gate, before)
        assert gate.hear((max(before, default=0.0) + more) * 4)
