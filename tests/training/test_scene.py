"""Scenes to learn from: what is in them, and that a number names one for ever."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_RATE, Samples
from tests.training.corpus import JUDGE, LEARN, MUSIC, SOURCES, Corpus, trimmed
from tests.training.device import colour, filtered, later, loudspeaker, rms, turning_gain
from tests.training.rooms import room_sound
from tests.training.scene import SECONDS, Scene, scene


def voice(seconds: float, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """A buzz in syllables: enough of a talker for arithmetic."""
    random = np.random.default_rng(seed)
    at = np.arange(int(seconds * HEARING_RATE)) / HEARING_RATE
    buzz = np.sign(np.sin(2 * np.pi * (100 + 60 * random.random()) * at)) * (np.sin(2 * np.pi * 3 * at) > -0.3)
    return (buzz * 5000 + random.normal(0, 3, len(at))).astype(np.int16)


CORPUS = Corpus({"one": [voice(1.5, 1), voice(2.5, 2)], "two": [voice(3, 3)]}, [voice(20, 4)])


def draw(number: int) -> Scene:
    return scene(CORPUS, np.random.default_rng([7, number]))


@pytest.fixture(scope="module")
def drawn() -> list[Scene]:
    return [draw(number) for number in range(6)]


class TestAScene:
    def test_is_the_same_for_the_same_number(self, drawn: list[Scene]) -> None:
        again = draw(3)
        for field in fields(Scene):
            if field.name != "story":
                np.testing.assert_array_equal(getattr(again, field.name), getattr(drawn[3], field.name))
        assert again.story == drawn[3].story

    def test_is_what_two_converters_can_carry(self, drawn: list[Scene]) -> None:
        for one in drawn:
            for sound in (one.mic, one.ref):
                assert sound.shape == (int(SECONDS * HEARING_RATE),)
                assert sound.dtype == np.float32
                assert np.abs(sound).max() <= 1

    def test_holds_an_echo_beside_what_is_kept(self, drawn: list[Scene]) -> None:
        for one in drawn:
            assert rms(one.mic - one.kept) > 1e-3

    def test_keeps_the_talker_where_there_is_one(self, drawn: list[Scene]) -> None:
        told = {str(one.story["near"]): one for one in drawn}
        assert len(told) > 1
        for kind, one in told.items():
            if kind != "nobody":
                assert rms(one.near) > 1e-3


class TestTheHalves:
    def test_share_no_talker(self) -> None:
        names = [source.name for source in SOURCES]
        assert len(set(names)) == len(names)
        assert {source.half for source in SOURCES if source.kind != MUSIC} == {LEARN, JUDGE}

    def test_hold_nothing_that_the_echo_stage_is_scored_with(self) -> None:
        for source in SOURCES:
            assert not source.package.startswith(("asterisk-core-sounds", "extremetuxracer", "frozen-bubble"))


class TestARecording:
    def test_loses_the_silence_around_it(self) -> None:
        silence = np.zeros(HEARING_RATE, np.int16)
        sound = voice(1, 1)
        cut = trimmed(np.concatenate([silence, sound, silence]))
        assert len(sound) <= len(cut) < len(sound) + HEARING_RATE // 5

    def test_of_nothing_is_nothing(self) -> None:
        assert len(trimmed(np.zeros(HEARING_RATE, np.int16))) == 0


def sound() -> Samples:
    return voice(2, 5).astype(np.float32) / np.float32(32768)


class TestTheDevice:
    def test_delays_by_whole_samples_exactly(self) -> None:
        delayed = later(sound(), np.full(len(sound()), 37.0, np.float64))
        np.testing.assert_array_equal(delayed[37:], sound()[:-37])

    def test_drifts_as_two_clocks_do(self) -> None:
        at = np.arange(2 * HEARING_RATE)
        tone = np.sin(0.2 * at).astype(np.float32)
        drifted = later(tone, np.asarray(10 + at * 1e-4, np.float64))
        np.testing.assert_allclose(drifted[100:-100], np.sin(0.2 * (at - 10 - at * 1e-4))[100:-100], atol=0.02)

    @pytest.mark.parametrize("seed", range(12))
    def test_bends_what_it_plays_and_keeps_its_level(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        played = loudspeaker(random, sound(), 1.0)
        straight = loudspeaker(np.random.default_rng(seed), sound(), 0.0)
        assert np.isfinite(played).all()
        assert rms(played) == pytest.approx(rms(straight), rel=0.02)
        assert rms(played - straight) > 0.03 * rms(straight)

    def test_has_a_microphone_that_turns_down_what_is_loud(self) -> None:
        gain = turning_gain(np.random.default_rng(1), sound())
        assert gain.min() < 0.95
        assert 0.29 < gain.min() <= gain.max() <= 1

    def test_colours_without_a_delay(self) -> None:
        click = np.zeros(1000, np.float32)
        click[100] = 1
        assert abs(int(np.abs(filtered(click, colour(np.random.default_rng(2), 3, 50))).argmax()) - 100) <= 2


class TestARoom:
    def test_hears_the_loudspeaker_sooner_and_louder_than_the_talker(self) -> None:
        for seed in range(4):
            room = room_sound(np.random.default_rng(seed))
            assert np.abs(room.speaker).argmax() <= np.abs(room.talker).argmax() + 40
            assert np.square(room.speaker).sum() > np.square(room.talker).sum()
            assert np.isfinite(room.other).all()

    def test_hears_it_otherwise_after_something_moved(self) -> None:
        room = room_sound(np.random.default_rng(5))
        assert rms(room.speaker - room.moved) > 0.1 * rms(room.speaker)
