"""What became of the sound: lost sound told once a second with the right sums, lateness with the right quantiles."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.system.sound_watch import BIN_MS, BINS, TELL_LATENESS_S, Lateness, SoundWatch

Data = dict[str, Any]


class Story:
    """A timeline that keeps what is noted."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, Data]] = []

    def note(self, kind: str, turn: int = 0, /, **data: Any) -> None:
        self.notes.append((kind, data))

    def told(self, kind: str) -> list[Data]:
        return [data for name, data in self.notes if name == kind]


class Sound:
    """A card and its watch: blocks every 10 ms, counts that may rise."""

    def __init__(self) -> None:
        self.story = Story()
        self.now_s = 100.0
        self.overflows = self.underruns = self.unheard = 0
        self.watch = SoundWatch(self.story, lambda: self.unheard)

    def flow(self, seconds: float, every_s: float = 0.01) -> None:
        for _ in range(round(seconds / every_s)):
            self.now_s += every_s
            self.watch.block(self.now_s, self.overflows, self.underruns, 12.34)


class TestLostSound:
    def test_is_told_with_its_sums(self) -> None:
        sound = Sound()
        sound.flow(1)
        sound.overflows, sound.underruns, sound.unheard = 6, 2, 3
        sound.flow(0.01)
        (gap,) = sound.story.told("sound_gap")
        assert (gap["lost_ms"], gap["gaps"], gap["unheard_ms"]) == (60, 2, 30)

    def test_is_told_once_a_second_at_most_and_none_is_forgotten(self) -> None:
        sound = Sound()
        for _ in range(500):  # in every block something is lost
            sound.overflows += 1
            sound.flow(0.01)
        sound.flow(1.5)
        gaps = sound.story.told("sound_gap")
        assert 5 <= len(gaps) <= 6
        assert sum(gap["lost_ms"] for gap in gaps) == 5000

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2)), max_size=300))
    def test_adds_up_however_it_comes(self, losses: list[tuple[int, int, int]]) -> None:
        sound = Sound()
        times: list[float] = []
        for lost, gap, unheard in losses:
            sound.overflows += lost
            sound.underruns += gap
            sound.unheard += unheard
            told = len(sound.story.told("sound_gap"))
            sound.flow(0.01)
            times += [sound.now_s] * (len(sound.story.told("sound_gap")) - told)
        sound.flow(1.1)
        gaps = sound.story.told("sound_gap")
        assert [sum(gap[name] for gap in gaps) for name in ("lost_ms", "gaps", "unheard_ms")] == [
            10 * sound.overflows,
            sound.underruns,
            10 * sound.unheard,
        ]
        assert all(later - earlier > 0.99 for earlier, later in pairwise(times))

    def test_that_there_was_none_of_is_not_told(self) -> None:
        sound = Sound()
        sound.flow(30)
        assert sound.story.notes == []

    def test_of_a_card_is_counted_from_its_opening(self) -> None:
        """Its counts begin anew; the ring's go on."""
        sound = Sound()
        sound.overflows, sound.unheard = 6, 4
        sound.flow(2)
        sound.overflows = 0
        sound.watch.opened({"input": "Mic"})
        sound.flow(2)
        assert len(sound.story.told("sound_gap")) == 1
        sound.overflows = 2
        sound.flow(2)
        assert sound.story.told("sound_gap")[1]["lost_ms"] == 20
        assert sound.story.told("sound_gap")[1]["unheard_ms"] == 0

    def test_just_before_a_card_goes_is_told_before_that(self) -> None:
        sound = Sound()
        sound.overflows = 6
        sound.flow(2)
        sound.overflows = 30
        sound.flow(0.3)
        sound.watch.gone("unplugged")
        kinds = [kind for kind, _ in sound.story.notes]
        assert kinds == ["sound_gap", "sound_gap", "card_gone"]
        assert sound.story.told("sound_gap")[1]["lost_ms"] == 240

    def test_comes_with_how_late_the_thread_was(self) -> None:
        sound = Sound()
        sound.flow(1)
        sound.now_s += 0.07
        sound.overflows = 6
        sound.flow(0.01)
        (gap,) = sound.story.told("sound_gap")
        assert gap["worst_ms"] == pytest.approx(70, abs=0.1)
        assert gap["median_ms"] < 1
        assert gap["blocks"] == 100


class TestACard:
    def test_is_told_as_it_was_opened(self) -> None:
        sound = Sound()
        sound.watch.opened({"input": "Mic", "rate": 48_000})
        assert sound.story.notes == [("card_open", {"input": "Mic", "rate": 48_000})]

    def test_that_is_gone_is_told_with_the_reason(self) -> None:
        sound = Sound()
        sound.watch.gone("pulled out")
        assert sound.story.notes == [("card_gone", {"reason": "pulled out"})]

    def test_that_was_away_is_not_late_by_that(self) -> None:
        sound = Sound()
        sound.flow(1)
        sound.now_s += 60
        sound.watch.opened({})
        sound.flow(1)
        assert sound.watch.lateness.worst_ms < 1


class TestTheStatus:
    def test_says_whether_there_is_sound_each_time_that_changes(self) -> None:
        sound, lines = Sound(), list[str]()
        sound.watch = SoundWatch(sound.story, status=lines.append)
        sound.watch.gone("no card")
        sound.watch.opened({})
        sound.flow(1.0)
        sound.watch.gone("it was disconnected")
        sound.flow(0.1)
        assert lines == ["without sound: no card", "sound flows", "without sound: it was disconnected", "sound flows"]


class TestTheLatenessOfTheThread:
    def test_is_told_every_ten_minutes_and_begins_anew(self) -> None:
        sound = Sound()
        sound.flow(2 * TELL_LATENESS_S + 1)
        told = sound.story.told("audio_thread")
        assert [data["blocks"] for data in told] == [pytest.approx(60_000, abs=2)] * 2
        assert told[0]["drift_ppm"] == 12.3
        assert sound.story.told("sound_gap") == []

    def test_is_told_when_it_is_asked_for(self) -> None:
        sound = Sound()
        sound.flow(1, every_s=0.015)
        sound.watch.tell_lateness(-3.21)
        (told,) = sound.story.told("audio_thread")
        assert told["median_ms"] == pytest.approx(5, abs=BIN_MS)
        assert told["drift_ppm"] == -3.2


class TestLateness:
    @given(st.lists(st.floats(-10, 99), min_size=1, max_size=300), st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
    def test_has_the_quantiles_to_half_a_millisecond(self, late: list[float], share: float) -> None:
        lateness = Lateness()
        for ms in late:
            lateness.add(ms)
        exact = np.quantile(np.maximum(late, 0), share, method="inverted_cdf")
        assert exact <= lateness.quantile(share) + 1e-9
        assert lateness.quantile(share) <= exact + BIN_MS

    def test_of_some_realistic_minutes_is_what_numpy_says(self) -> None:
        late = np.random.default_rng(4).gamma(0.5, 1.5, 20_000)
        lateness = Lateness()
        for ms in late:
            lateness.add(float(ms))
        figures = lateness.figures()
        assert figures["median_ms"] == pytest.approx(np.median(late), abs=0.55)
        assert figures["p99_ms"] == pytest.approx(np.quantile(late, 0.99), abs=0.55)
        assert figures["worst_ms"] == pytest.approx(late.max(), abs=0.06)
        assert figures["blocks"] == 20_000

    def test_keeps_the_worst_beyond_its_bins(self) -> None:
        lateness = Lateness()
        lateness.add(5000.0)
        assert lateness.worst_ms == 5000.0
        assert lateness.quantile(0.5) == BINS * BIN_MS  # as late as it can tell, or later

    def test_of_a_block_that_came_early_is_none(self) -> None:
        lateness = Lateness()
        lateness.add(-8.0)
        assert (lateness.worst_ms, lateness.quantile(0.99)) == (0.0, 0.0)

    def test_of_nothing_is_nothing(self) -> None:
        assert Lateness().figures() == {"median_ms": 0.0, "p99_ms": 0.0, "worst_ms": 0.0, "blocks": 0}

    def test_can_be_forgotten(self) -> None:
        lateness = Lateness()
        lateness.add(50.0)
        lateness.clear()
        assert lateness.figures()["blocks"] == 0
        assert lateness.worst_ms == 0.0
