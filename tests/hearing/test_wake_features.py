"""The wake words' shared features: however long nobody asked, what comes then is what would have come."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.hearing.wake_features import EMBEDDING, FRAME, WakeFeatures
from tests.hearing.voices import blocks, silence, speech

WINDOW, TOLD = 16, 5
Windows = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    words = speech("hey jarvis what time is it in alexandria", tmp_path_factory.mktemp("spoken"))
    return blocks(silence(0.5), words, silence(0.3), words, silence(0.5))


def after(sound: Samples, asked: set[int]) -> dict[int, list[Windows]]:
    """The windows told in the frames (from 1) in which they are asked for."""
    features = WakeFeatures(window=WINDOW, told=TOLD)
    found, frame = {}, 0
    for block in sound:
        if features.keep(block):
            frame += 1
            if frame in asked:
                found[frame] = [windows.copy() for windows in features.catch_up()]
    return found


@pytest.fixture(scope="module")
def always(sound: Samples) -> dict[int, Windows]:
    every = after(sound, set(range(1000)))
    assert all(len(told) == 1 for told in every.values())
    return {frame: told[0] for frame, told in every.items()}


class TestTheWindows:
    def test_have_the_shape_that_heads_look_at(self, always: dict[int, Windows]) -> None:
        assert {windows.shape for windows in always.values()} == {(1, WINDOW, EMBEDDING)}
        assert len(always) > 40

    @pytest.mark.parametrize("slept", [2, 4, 6, 15, 16, 20, 24, 29, 30, 31, 38])
    def test_after_a_sleep_are_those_of_one_who_never_slept(
        self, sound: Samples, always: dict[int, Windows], slept: int
    ) -> None:
        last = len(always)
        found = after(sound, {*range(1, last - slept + 1), last})[last]
        expected = [always[frame] for frame in range(last - min(slept, TOLD) + 1, last + 1)]
        assert len(found) == len(expected)
        assert all(np.array_equal(ours, theirs) for ours, theirs in zip(found, expected, strict=True))

    def test_go_on_after_a_sleep_as_if_there_had_been_none(self, sound: Samples, always: dict[int, Windows]) -> None:
        last = len(always)
        found = after(sound, set(range(last - 3, last + 1)))
        assert all(np.array_equal(found[frame][-1], always[frame]) for frame in found)

    def test_are_told_once(self, sound: Samples) -> None:
        features = WakeFeatures(window=WINDOW, told=TOLD)
        for block in sound:
            features.keep(block)
        assert len(list(features.catch_up())) == TOLD
        assert list(features.catch_up()) == []


class TestAReset:
    def test_leaves_nothing_of_what_was_heard(self, sound: Samples, always: dict[int, Windows]) -> None:
        features = WakeFeatures(window=WINDOW, told=TOLD)
        for block in sound[:300]:
            if features.keep(block):
                list(features.catch_up())
        features.reset()
        found = [windows.copy() for block in sound if features.keep(block) for windows in features.catch_up()]
        assert np.array_equal(np.stack(found), np.stack(list(always.values())))


class TestTheLoudness:
    def heard(self, sound: Samples) -> WakeFeatures:
        features = WakeFeatures(window=WINDOW, told=TOLD)
        for block in blocks(sound):
            features.keep(block)
        return features

    def test_of_the_last_frame_is_its_mean_square(self) -> None:
        tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(10 * FRAME - 320) / HEARING_RATE).astype(np.float32)
        assert self.heard(tone).power == pytest.approx(0.005, rel=1e-3)

    def test_does_not_count_an_offset_of_the_microphone(self) -> None:
        faint = silence((10 * FRAME - 320) / HEARING_RATE)
        alone, offset = self.heard(faint).power, self.heard(faint + np.float32(0.05)).power
        assert alone == pytest.approx(1e-7, rel=0.1)
        assert offset < 3 * alone

    def test_of_blocks_is_told_oldest_first(self) -> None:
        steps = np.repeat(np.arange(1, 79) / 1000, 160).astype(np.float32)
        powers = self.heard(steps).block_powers(20)
        assert np.sqrt(powers / powers[-1]) * 78 == pytest.approx(np.arange(59, 79), rel=1e-3)
