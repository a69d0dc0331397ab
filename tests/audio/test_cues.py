"""What sounds beside a reply: the device's own sentences and the alarm, in time, in level, and out of the account."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.cues import HUSH_MS
from edge_agent.audio.earcon import synthesise
from edge_agent.audio.format import BLOCK_MS, WIRE_BLOCK, Samples
from edge_agent.audio.playback import SILENCE, Drained, Flushed, Heard, Playback, Said, Started

HUSH_BLOCKS = HUSH_MS // BLOCK_MS
WORDS = 30  # blocks


def device(**settings: float) -> Playback:
    playback = Playback(volume=100, alarm_volume=100, prebuffer_ms=0, latency_ms=settings.get("latency_ms", 0.0))
    playback.cues.learn("moment", level(WORDS, 0.25))
    return playback


def level(blocks: int, value: float = 0.5) -> Samples:
    return np.full(blocks * WIRE_BLOCK, value, np.float32)


def blocks(playback: Playback, count: int) -> list[Samples]:
    return [playback.render() for _ in range(count)]


class TestASentence:
    def test_is_played_to_its_end_and_then_told(self) -> None:
        playback = device()
        playback.cues.say("moment")
        sound = blocks(playback, WORDS)
        assert all(block[-1] == 0.25 for block in sound)
        assert playback.facts() == []
        assert not playback.render().any()
        assert playback.facts() == [Said("moment")]
        assert playback.render() is SILENCE

    def test_is_told_when_its_last_sample_has_left_the_loudspeaker(self) -> None:
        playback = device(latency_ms=50)
        playback.cues.say("moment")
        told = [(playback.render(), playback.facts())[1] for _ in range(WORDS + 10)]
        assert told.index([Said("moment")]) == WORDS + 5
        assert sum(map(len, told)) == 1

    def test_that_has_no_sound_is_told_at_once(self) -> None:
        playback = device()
        playback.cues.say("sonnet")
        playback.render()
        playback.render()
        assert playback.facts() == [Said("sonnet")]

    def test_waits_for_the_earcon_before_it(self) -> None:
        playback = device()
        playback.cues.earcon("error")
        playback.cues.say("moment")
        earcon = -(-len(synthesise()["error"]) // WIRE_BLOCK)
        assert all(block[-1] != 0.25 for block in blocks(playback, earcon))
        assert playback.render()[0] == 0.25

    def test_goes_on_under_an_earcon_that_comes_later(self) -> None:
        playback = device()
        playback.cues.say("moment")
        playback.render()
        playback.cues.earcon("error")
        assert playback.render().mean() > 0.2

    def test_follows_the_volume(self) -> None:
        playback = device()
        playback.volume = 50
        playback.cues.say("moment")
        assert blocks(playback, 3)[-1][-1] == pytest.approx(0.25 * 0.125)

    def test_is_said_where_earcons_are_turned_off(self) -> None:
        playback = Playback(volume=100, earcons=False)
        playback.cues.learn("moment", level(WORDS))
        playback.cues.say("moment")
        assert playback.render().any()

    def test_takes_the_place_of_the_one_before(self) -> None:
        playback = device()
        playback.cues.learn("failed", level(2, 0.125))
        playback.cues.say("moment")
        playback.render()
        playback.cues.say("failed")
        blocks(playback, HUSH_BLOCKS + 1)
        assert playback.facts() == [Said("failed")]


class TestAHush:
    def test_fades_within_forty_milliseconds_without_a_step(self) -> None:
        playback = device()
        playback.cues.say("moment")
        blocks(playback, 3)
        playback.cues.hush()
        sound = np.concatenate(blocks(playback, HUSH_BLOCKS))
        assert np.abs(np.diff(np.concatenate(([0.25], sound, [0.0])))).max() < 0.001
        assert playback.render() is SILENCE
        assert playback.facts() == []

    def test_of_a_sentence_that_waits_leaves_nothing_of_it(self) -> None:
        playback = device()
        playback.cues.earcon("error")
        playback.cues.say("moment")
        playback.cues.hush()
        assert all(abs(block[-1]) != 0.25 for block in blocks(playback, 60))
        assert playback.facts() == []

    def test_of_nothing_is_nothing(self) -> None:
        playback = device()
        playback.cues.hush()
        assert playback.render() is SILENCE


class TestAReply:
    def test_begins_when_the_words_have_faded_and_never_over_them(self) -> None:
        playback = device()
        playback.cues.say("moment")
        blocks(playback, 3)
        playback.push(1, "a", level(10, 0.5))
        playback.cues.hush()
        sound = blocks(playback, HUSH_BLOCKS + 1)
        assert max(block.max() for block in sound[:-1]) <= 0.25
        assert (sound[-1] == 0.5).all()

    def test_that_comes_without_a_hush_begins_right_after_the_words(self) -> None:
        playback = device()
        playback.push(1, "a", level(10, 0.5))
        playback.cues.say("moment")
        sound = blocks(playback, WORDS + 1)
        assert max(block.max() for block in sound[:-1]) <= 0.25
        assert (sound[-1] == 0.5).all()

    def test_is_accounted_for_as_if_there_had_been_no_words(self) -> None:
        playback = device()
        playback.cues.say("moment")
        facts, rendering = [], []
        for block in range(60):
            if block == 10:
                playback.push(1, "a", level(20))
                playback.cues.hush()
            if block == 25:
                playback.flush(1)
            playback.render()
            facts += playback.facts()
            rendering.append(playback.rendering)
        heard = (25 - 10 - HUSH_BLOCKS) * BLOCK_MS
        assert facts == [Started(1), Flushed(1, (Heard("a", heard, 200),))]
        assert rendering.index(1) == 10 + HUSH_BLOCKS

    def test_that_plays_is_not_held_up_by_a_sentence(self) -> None:
        playback = device()
        playback.push(1, "a", level(10))
        playback.finish(1)
        playback.render()
        playback.cues.say("moment")
        assert all(block[-1] >= 0.5 for block in blocks(playback, 9))
        playback.render()
        assert Drained(1) in playback.facts()


class TestTheAlarm:
    def test_has_a_volume_of_its_own(self) -> None:
        playback = Playback(volume=0, alarm_volume=50)
        playback.cues.ring()
        sound = np.concatenate(blocks(playback, 140))
        assert np.abs(sound).max() == pytest.approx(np.abs(synthesise()["alarm"]).max() * 0.125, rel=1e-3)

    def test_rings_where_earcons_are_turned_off(self) -> None:
        playback = Playback(earcons=False)
        playback.cues.ring()
        assert np.concatenate(blocks(playback, 10)).any()

    def test_is_silent_within_forty_milliseconds_of_its_end(self) -> None:
        playback = device()
        playback.cues.ring()
        blocks(playback, 20)
        playback.cues.end_ring()
        blocks(playback, HUSH_BLOCKS)
        assert playback.render() is SILENCE

    def test_belongs_to_no_turn(self) -> None:
        playback = device()
        playback.cues.ring()
        blocks(playback, 140)
        assert playback.rendering == 0
        assert playback.facts() == []

    def test_with_a_voice_and_words_never_leaves_full_scale(self) -> None:
        playback = device()
        playback.cues.learn("loud", level(WORDS, 0.9))
        playback.push(1, "a", level(40, 0.9))
        playback.render()
        playback.cues.ring()
        playback.cues.say("loud")
        assert max(np.abs(block).max() for block in blocks(playback, 40)) <= 1.0

    @pytest.mark.parametrize("wrong", [-1, 101])
    def test_of_an_impossible_volume_is_refused(self, wrong: int) -> None:
        with pytest.raises(ValueError, match="0 to 100"):
            Playback(alarm_volume=wrong)
