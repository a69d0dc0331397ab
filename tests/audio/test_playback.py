"""Playback: order of turns, the account of what was heard, fades, ducking, volume, earcons."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.audio.format import WIRE_BLOCK, WIRE_RATE, Samples
from edge_agent.audio.playback import Drained, Fact, Flushed, Heard, Playback, Started

BLOCK = WIRE_BLOCK


def level(count: int, value: float = 0.5) -> Samples:
    return np.full(count, value, np.float32)


def tone(count: int, hz: float = 440.0) -> Samples:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(count) / WIRE_RATE)).astype(np.float32)


def run(playback: Playback, blocks: int) -> tuple[Samples, list[tuple[int, Fact]]]:
    """Render so many blocks: the sound, and every fact with the number of its block."""
    sound, facts = [], []
    for block in range(blocks):
        sound.append(playback.render())
        facts += [(block, fact) for fact in playback.facts()]
    return np.concatenate(sound), facts


def loud(**settings: float) -> Playback:
    return Playback(volume=100, prebuffer_ms=0, latency_ms=settings.get("latency_ms", 0.0))


class TestAReply:
    def test_comes_out_sample_by_sample(self) -> None:
        playback = loud()
        voice = tone(1000)
        playback.push(1, "a", voice)
        playback.finish(1)
        sound, _ = run(playback, 5)
        assert np.array_equal(sound[:1000], voice)

    def test_is_silence_in_full_blocks_when_there_is_none(self) -> None:
        block = Playback().render()
        assert block.shape == (BLOCK,)
        assert block.dtype == np.float32
        assert not block.any()

    def test_waits_for_the_prebuffer(self) -> None:
        playback = Playback(volume=100, prebuffer_ms=60)
        playback.push(1, "a", level(59 * 24))
        assert not playback.render().any()
        playback.push(1, "a", level(24))
        assert playback.render().any()

    def test_starts_at_once_when_it_is_short_and_finished(self) -> None:
        playback = Playback(volume=100, prebuffer_ms=60)
        playback.push(1, "a", level(BLOCK))
        playback.finish(1)
        assert playback.render().any()

    def test_is_announced_when_its_first_sample_is_at_the_air(self) -> None:
        playback = loud(latency_ms=60)
        playback.push(1, "a", level(BLOCK * 20))
        _, facts = run(playback, 10)
        assert facts == [(6, Started(1))]

    def test_is_drained_when_its_last_sample_has_left_the_loudspeaker(self) -> None:
        playback = loud(latency_ms=30)
        playback.push(1, "a", level(BLOCK * 4))
        playback.finish(1)
        _, facts = run(playback, 12)
        assert facts == [(3, Started(1)), (7, Drained(1))]

    def test_is_never_drained_before_it_was_finished(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK))
        _, facts = run(playback, 20)
        assert facts == [(0, Started(1))]
        playback.finish(1)
        _, facts = run(playback, 2)
        assert facts == [(0, Drained(1))]

    def test_without_a_sample_is_drained_too(self) -> None:
        playback = loud()
        playback.finish(3)
        _, facts = run(playback, 2)
        assert facts == [(0, Drained(3))]

    def test_tells_whose_voice_is_in_the_block(self) -> None:
        playback = loud()
        playback.push(4, "a", level(BLOCK))
        playback.finish(4)
        playback.render()
        assert playback.rendering == 4
        playback.render()
        assert playback.rendering == 0

    def test_that_ends_in_mid_wave_does_not_click(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK * 2))
        playback.finish(1)
        sound, _ = run(playback, 4)
        assert np.abs(np.diff(sound)).max() <= 0.5 / 40
        assert sound[-1] == 0


class TestTheOrderOfTurns:
    def test_a_newer_turn_waits_for_the_older_one(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK, 0.25))
        playback.push(2, "b", level(BLOCK, 0.5))
        playback.finish(2)
        sound, facts = run(playback, 5)
        assert 0.5 not in sound
        playback.finish(1)
        sound, facts = run(playback, 5)
        assert np.count_nonzero(sound == 0.5) == BLOCK
        assert [fact for _, fact in facts] == [Drained(1), Started(2), Drained(2)]

    @pytest.mark.parametrize("latency_ms", [0, 7, 60])
    def test_the_older_is_drained_before_the_newer_starts(self, latency_ms: int) -> None:
        playback = loud(latency_ms=latency_ms)
        for turn in (1, 2):
            playback.push(turn, "a", level(500))
            playback.finish(turn)
        _, facts = run(playback, 20)
        assert [fact for _, fact in facts] == [Started(1), Drained(1), Started(2), Drained(2)]

    def test_sound_for_a_flushed_turn_or_an_older_one_is_dropped(self) -> None:
        playback = loud()
        playback.flush(5)
        playback.push(5, "late", level(BLOCK))
        playback.push(4, "older", level(BLOCK))
        playback.finish(5)
        sound, facts = run(playback, 4)
        assert not sound.any()
        assert facts == [(0, Flushed(5, ()))]

    def test_a_newer_turn_plays_after_a_flush(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK * 10, 0.25))
        playback.render()
        playback.facts()
        playback.push(2, "b", level(BLOCK * 2, 0.5))
        playback.flush(1)
        sound, facts = run(playback, 3)
        assert 0.5 not in sound[:BLOCK]
        assert (sound[BLOCK:] == 0.5).all()
        assert [type(fact) for _, fact in facts] == [Flushed, Started]

    def test_a_flush_of_an_older_turn_leaves_the_newer_alone(self) -> None:
        playback = loud()
        playback.push(7, "a", level(BLOCK * 4))
        playback.render()
        playback.facts()
        playback.flush(6)
        sound, facts = run(playback, 2)
        assert (sound == 0.5).all()
        assert facts == [(0, Flushed(6, ()))]

    def test_a_flush_takes_the_older_turns_with_it(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK * 4))
        playback.push(2, "b", level(BLOCK * 4))
        playback.render()
        playback.facts()
        playback.flush(2)
        _, facts = run(playback, 5)
        assert facts == [(0, Flushed(2, (Heard("a", 10, 40), Heard("b", 0, 40))))]


class TestAFlush:
    def test_fades_within_eight_milliseconds_and_ends_in_silence_without_a_click(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK * 20))
        before, _ = run(playback, 3)
        playback.flush(1)
        after, _ = run(playback, 5)
        assert not after[8 * 24 :].any()
        assert np.abs(np.diff(np.concatenate((before, after)))).max() < 0.5 * np.pi / (2 * 8 * 24) * 1.01

    def test_is_told_once_in_the_block_in_which_it_happens(self) -> None:
        playback = loud(latency_ms=60)
        playback.push(1, "a", level(BLOCK * 20))
        run(playback, 10)
        playback.flush(1)
        _, facts = run(playback, 20)
        assert facts == [(0, Flushed(1, (Heard("a", 40, 200),)))]

    def test_is_told_even_if_nothing_was_playing(self) -> None:
        playback = loud()
        playback.flush(1)
        playback.flush(1)
        _, facts = run(playback, 2)
        assert facts == [(0, Flushed(1, ())), (0, Flushed(1, ()))]

    def test_of_a_turn_that_has_drained_finds_nothing(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK))
        playback.finish(1)
        run(playback, 4)
        playback.flush(1)
        assert run(playback, 2)[1] == [(0, Flushed(1, ()))]

    def test_replaces_the_drained_that_was_due(self) -> None:
        playback = loud(latency_ms=100)
        playback.push(1, "a", level(BLOCK * 2))
        playback.finish(1)
        run(playback, 5)
        playback.flush(1)
        _, facts = run(playback, 20)
        assert facts == [(0, Flushed(1, (Heard("a", 0, 20),)))]

    def test_leaves_an_earcon_alone(self) -> None:
        playback = loud()
        playback.cues.earcon("wake")
        playback.flush(1)
        assert playback.render()[200:].any()


class TestWhatWasHeard:
    def test_is_what_the_card_took_less_its_latency(self) -> None:
        playback = loud(latency_ms=25)
        playback.push(1, "a", level(BLOCK * 50))
        run(playback, 10)
        playback.flush(1)
        _, facts = run(playback, 1)
        assert facts[-1][1] == Flushed(1, (Heard("a", 75, 500),))

    def test_is_exact_to_a_sample_before_it_is_rounded_down(self) -> None:
        for count, expected in ((23, 0), (24, 1), (47, 1), (48, 2)):
            playback = loud()
            playback.push(1, "a", level(count))
            playback.push(1, "b", level(BLOCK * 4))
            run(playback, 1)
            playback.flush(1)
            _, facts = run(playback, 1)
            assert facts[-1][1] == Flushed(1, (Heard("a", expected, expected), Heard("b", (BLOCK - count) // 24, 40)))

    @pytest.mark.parametrize(("latency", "heard_ms"), [(239, 10), (240, 10), (241, 9), (479, 0), (480, 0), (456, 1)])
    def test_counts_a_sample_of_latency_as_a_sample(self, latency: int, heard_ms: int) -> None:
        playback = loud(latency_ms=latency / 24)
        playback.push(1, "a", level(BLOCK * 4))
        run(playback, 2)
        playback.flush(1)
        _, facts = run(playback, 1)
        assert facts[-1][1] == Flushed(1, (Heard("a", heard_ms, 40),))

    def test_lists_items_in_order_with_those_heard_fully_and_those_not_at_all(self) -> None:
        playback = loud()
        for item in ("c", "a", "b"):
            playback.push(1, item, level(BLOCK * 2))
        run(playback, 3)
        playback.flush(1)
        _, facts = run(playback, 1)
        assert facts[-1][1] == Flushed(1, (Heard("c", 20, 20), Heard("a", 10, 20), Heard("b", 0, 20)))

    def test_does_not_count_a_gap(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK * 2))
        run(playback, 10)
        playback.push(1, "a", level(BLOCK * 4))
        run(playback, 1)
        playback.flush(1)
        _, facts = run(playback, 1)
        assert facts[-1][1] == Flushed(1, (Heard("a", 30, 60),))

    @settings(max_examples=150, deadline=None)
    @given(
        pushes=st.lists(
            st.tuples(st.integers(0, 12), st.sampled_from("abc"), st.integers(0, 3000)), min_size=1, max_size=8
        ),
        latency_ms=st.integers(0, 80),
        flush_at=st.integers(0, 40),
        prebuffer_ms=st.integers(0, 60),
        finished=st.booleans(),
    )
    def test_agrees_with_counting_the_very_samples_at_the_air(
        self,
        pushes: list[tuple[int, str, int]],
        latency_ms: int,
        flush_at: int,
        prebuffer_ms: int,
        finished: bool,
    ) -> None:
        """Every item has a level of its own; the card's record, cut at the air, tells what was heard."""
        playback = Playback(volume=100, latency_ms=latency_ms, prebuffer_ms=prebuffer_ms)
        values = {"a": 0.503, "b": 0.307, "c": 0.211}  # no fade of one passes through another
        received = dict.fromkeys((item for _, item, count in sorted(pushes, key=lambda push: push[0]) if count), 0)
        taken: list[Samples] = []
        schedule = sorted(pushes, key=lambda push: push[0])
        for block in range(flush_at):
            for at, item, count in schedule:
                if at == block:
                    playback.push(1, item, level(count, values[item]))
                    if count:
                        received[item] += count
            if finished and block == 13:
                playback.finish(1)
            taken.append(playback.render())
        facts = playback.facts()
        playback.flush(1)
        playback.render()
        flushed = [fact for fact in playback.facts() if isinstance(fact, Flushed)]
        assert len(flushed) == 1
        if Drained(1) in facts:
            assert flushed[0].heard == ()
            return
        sound = np.concatenate([*taken, np.zeros(0, np.float32)])
        air = sound[: max(0, flush_at * BLOCK - latency_ms * 24)]
        for heard in flushed[0].heard:
            exact = int(np.count_nonzero(air == np.float32(values[heard.item_id])))
            risen = 48 * playback.underruns  # the gentle rise after a gap is not at the item's own level
            assert exact // 24 <= heard.heard_ms <= (exact + risen) // 24
            assert heard.heard_ms <= heard.received_ms == received[heard.item_id] // 24


class TestUnderruns:
    def test_are_counted_when_the_voice_goes_on(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK))
        run(playback, 5)
        assert playback.underruns == 0
        playback.push(1, "a", level(BLOCK))
        assert playback.underruns == 1

    def test_are_not_counted_at_the_end_of_a_reply(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK))
        run(playback, 5)
        playback.finish(1)
        run(playback, 5)
        assert playback.underruns == 0

    def test_stay_counted_after_the_turn(self) -> None:
        playback = loud()
        for _ in range(2):
            playback.push(1, "a", level(BLOCK))
            run(playback, 3)
        playback.flush(1)
        run(playback, 1)
        assert playback.underruns == 1

    def test_do_not_click(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK + 100))
        first, _ = run(playback, 4)
        playback.push(1, "a", level(10 * BLOCK))
        second, _ = run(playback, 3)
        steps = np.abs(np.diff(np.concatenate((first, second))))
        assert steps[1:].max() <= 0.5 / 40


class TestDucking:
    def test_lowers_the_voice_by_12_db_within_10_ms(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK * 40))
        run(playback, 2)
        playback.duck(True)
        sound, _ = run(playback, 3)
        assert np.allclose(sound[BLOCK:], 0.125)
        assert np.abs(np.diff(sound)).max() < 0.5 / 100

    def test_is_released_over_100_ms(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK * 40))
        playback.render()
        playback.duck(True)
        run(playback, 2)
        playback.duck(False)
        sound, _ = run(playback, 12)
        assert sound[BLOCK * 4] < 0.4
        assert np.allclose(sound[BLOCK * 10 :], 0.5)
        assert np.abs(np.diff(sound)).max() < 0.5 / 1000

    def test_ends_with_the_voice_it_was_meant_for(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK * 40))
        playback.render()
        playback.duck(True)
        playback.render()
        playback.flush(1)
        playback.push(2, "b", level(BLOCK * 2))
        sound, _ = run(playback, 2)
        assert (sound[BLOCK:] == 0.5).all()

    def test_leaves_earcons_as_they_are(self) -> None:
        ducked, plain = loud(), loud()
        ducked.push(1, "a", level(1))
        ducked.render()
        ducked.duck(True)
        for playback in (ducked, plain):
            playback.render()
            playback.cues.earcon("wake")
        assert np.allclose(run(ducked, 10)[0], run(plain, 10)[0])


class TestAPause:
    def test_brings_the_voice_to_rest_and_loses_no_sample(self) -> None:
        playback = loud()
        wave = np.linspace(-0.5, 0.5, BLOCK * 8).astype(np.float32)
        playback.push(1, "a", wave)
        before, _ = run(playback, 2)
        playback.pause(True)
        resting, _ = run(playback, 5)
        playback.pause(False)
        after, _ = run(playback, 6)
        assert not resting[BLOCK // 4 :].any()
        assert np.allclose(before, wave[: 2 * BLOCK], atol=1e-6)
        assert abs(after[0]) < 0.05 * abs(wave[2 * BLOCK]), "it comes back without a click"
        assert np.allclose(after[BLOCK // 4 :], wave[2 * BLOCK + BLOCK // 4 :], atol=1e-6)

    def test_is_not_heard_and_no_gap_of_the_network(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK * 4))
        run(playback, 2)
        playback.pause(True)
        run(playback, 50)
        playback.flush(1)
        playback.pause(False)
        sound, facts = run(playback, 1)
        assert [fact for _, fact in facts] == [Flushed(1, (Heard("a", 20, 40),))]
        assert not sound.any(), "what is paused ends without another sound"
        assert playback.underruns == 0

    def test_holds_a_voice_that_has_not_begun(self) -> None:
        playback = loud()
        playback.pause(True)
        playback.push(1, "a", level(BLOCK * 10))
        assert not run(playback, 3)[0].any()
        playback.pause(False)
        assert run(playback, 3)[0].any()

    def test_leaves_earcons_as_they_are(self) -> None:
        playback = loud()
        playback.pause(True)
        playback.cues.earcon("wake")
        assert run(playback, 10)[0].any()


class TestVolume:
    def test_follows_a_perceptual_curve(self) -> None:
        peaks = []
        for volume in (0, 25, 50, 75, 100):
            playback = Playback(volume=volume, prebuffer_ms=0)
            playback.push(1, "a", level(BLOCK))
            peaks.append(float(playback.render().max()))
        assert peaks == pytest.approx([0, 0.5 / 64, 0.5 / 8, 0.5 * 27 / 64, 0.5])

    def test_changes_without_a_click(self) -> None:
        playback = loud()
        playback.push(1, "a", level(BLOCK * 10))
        first, _ = run(playback, 2)
        playback.volume = 30
        second, _ = run(playback, 3)
        assert np.abs(np.diff(np.concatenate((first, second)))).max() < 0.5 / 200
        assert second[-1] == pytest.approx(0.5 * 0.027)
        assert playback.volume == 30

    @pytest.mark.parametrize("wrong", [-1, 101])
    def test_outside_0_to_100_is_refused(self, wrong: int) -> None:
        with pytest.raises(ValueError, match="0 to 100"):
            Playback().volume = wrong

    def test_never_leaves_full_scale(self) -> None:
        playback = loud()
        playback.push(1, "a", tone(BLOCK * 40) * 2)
        playback.cues.earcon("start")
        playback.cues.earcon("wake")
        sound, _ = run(playback, 40)
        assert np.abs(sound).max() <= 1.0


class TestEarcons:
    def test_play_at_once_over_the_voice(self) -> None:
        playback, silent = loud(), loud()
        for each in (playback, silent):
            each.push(1, "a", level(BLOCK * 40, 0.125))
            each.render()
        playback.cues.earcon("wake")
        assert np.abs(playback.render() - silent.render()).max() > 0.05

    def test_may_overlap(self) -> None:
        playback, other = loud(), loud()
        playback.cues.earcon("wake")
        playback.cues.earcon("error")
        other.cues.earcon("error")
        assert not np.array_equal(run(playback, 5)[0], run(other, 5)[0])

    def test_do_not_count_as_a_voice(self) -> None:
        playback = loud()
        playback.cues.earcon("wake")
        playback.render()
        assert playback.rendering == 0
        assert playback.facts() == []

    def test_of_an_unknown_name_raise_at_the_call(self) -> None:
        with pytest.raises(KeyError):
            Playback().cues.earcon("fanfare")
        with pytest.raises(KeyError):
            Playback(earcons=False).cues.earcon("fanfare")

    def test_are_silent_when_turned_off(self) -> None:
        playback = Playback(volume=100, earcons=False)
        playback.cues.earcon("wake")
        assert not playback.render().any()


class TestThreads:
    def test_pushing_and_flushing_while_rendering_loses_no_fact(self) -> None:
        playback = loud()
        done = threading.Event()

        def talk() -> None:
            for turn in range(1, 200):
                for _ in range(5):
                    playback.push(turn, "a", level(100))
                playback.flush(turn) if turn % 2 else playback.finish(turn)
            done.set()

        talker = threading.Thread(target=talk)
        talker.start()
        facts: list[Fact] = []
        while not done.is_set():
            playback.render()
            facts += playback.facts()
        talker.join()
        for _ in range(2000):
            playback.render()
            facts += playback.facts()
        assert [fact.turn for fact in facts if isinstance(fact, Flushed)] == list(range(1, 200, 2))
        ended = [fact.turn for fact in facts if isinstance(fact, Drained | Flushed)]
        assert ended[-1] == 199
        assert len(ended) == len(set(ended))


class TestAVoiceThatIsHeld:
    def held(self) -> Playback:
        playback = loud()
        playback.hold(1)
        playback.push(1, "a", tone(1000))
        playback.finish(1)
        return playback

    def test_arrives_but_does_not_begin(self) -> None:
        sound, facts = run(self.held(), 20)
        assert not sound.any()
        assert facts == []

    def test_is_heard_from_its_first_sample_once_it_is_released(self) -> None:
        playback = self.held()
        run(playback, 3)
        playback.release(1)
        sound, facts = run(playback, 10)
        assert np.array_equal(sound[:1000], tone(1000))
        assert [type(fact) for _, fact in facts] == [Started, Drained]

    def test_is_forgotten_when_it_is_taken_back_and_another_may_come(self) -> None:
        playback = self.held()
        playback.take_back(1)
        playback.push(1, "b", level(BLOCK))
        playback.finish(1)
        sound, facts = run(playback, 4)
        assert np.array_equal(sound[:BLOCK], level(BLOCK))
        assert [type(fact) for _, fact in facts] == [Started, Drained]

    def test_can_be_silenced_and_nothing_of_it_counts_as_heard(self) -> None:
        playback = self.held()
        playback.flush(1)
        _, facts = run(playback, 2)
        assert facts == [(0, Flushed(1, (Heard("a", 0, 41),)))]

    def test_that_is_heard_already_cannot_be_taken_back(self) -> None:
        playback = self.held()
        playback.release(1)
        run(playback, 1)
        playback.take_back(1)
        sound, _ = run(playback, 1)
        assert sound.any()
