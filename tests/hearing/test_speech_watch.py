"""The speech detector, asleep while nobody needs its word."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.format import Samples
from edge_agent.hearing.pre_roll import PreRoll
from edge_agent.hearing.speech_watch import LOUDER, SpeechWatch
from edge_agent.hearing.vad_silero import SileroVad
from tests.hearing.voices import blocks, silence, speech

STEP = 1e-5  # of a sample's value, from one block to the next


@dataclass
class Notebook:
    """A detector that writes down what it was given, and calls the hundredth of a sample a probability."""

    heard: list[float] = field(default_factory=list)

    def hear(self, block: Samples) -> float:
        self.heard.append(round(float(block[0]) / LOUDER / STEP))
        return self.heard[-1] / 10_000

    def reset(self) -> None:
        self.heard.clear()

    def refresh(self) -> None:
        self.heard.append(-1)


class Watched:
    """A watch whose blocks bear their numbers."""

    def __init__(self) -> None:
        self.detector = Notebook()
        self.pre_roll = PreRoll(3.0)
        self.watch = SpeechWatch(self.detector, self.pre_roll)
        self.number = 0

    def hear(self, count: int, *, needed: bool = False) -> list[list[int]]:
        """So many blocks; what each brought, as block numbers."""
        found = []
        for _ in range(count):
            judged = self.watch.hear(self.number, np.full(160, self.number * STEP, np.float32), needed=needed)
            assert all(round(float(heard.samples[0]) / STEP) == heard.block for heard in judged)
            found.append([heard.block for heard in judged])
            self.number += 1
        return found


@pytest.fixture
def watched() -> Watched:
    return Watched()


class TestAsleep:
    def test_nothing_runs_and_nothing_is_claimed(self, watched: Watched) -> None:
        assert watched.hear(500) == [[]] * 500
        assert watched.detector.heard == []
        assert watched.watch.probability == 0.0


class TestWaking:
    def test_catches_up_with_two_seconds_and_then_goes_on(self, watched: Watched) -> None:
        watched.hear(1000)
        assert watched.hear(1, needed=True) == [list(range(801, 1001))]
        assert watched.hear(3, needed=True) == [[1001], [1002], [1003]]

    def test_early_catches_up_with_what_there_is(self, watched: Watched) -> None:
        watched.hear(7)
        assert watched.hear(1, needed=True) == [list(range(8))]

    def test_writes_the_probabilities_where_the_sound_is_remembered(self, watched: Watched) -> None:
        watched.hear(1000)
        watched.hear(1, needed=True)
        kept = watched.pre_roll.since(0)
        assert [k.probability for k in kept if k.block > 800] == [k.block / 10_000 for k in kept if k.block > 800]
        assert watched.watch.probability == 0.1

    @pytest.mark.parametrize("asleep", [3, 100, 199, 200, 211, 1234])
    def test_keeps_the_detector_in_step_with_the_wake_networks(self, watched: Watched, asleep: int) -> None:
        watched.hear(asleep)
        watched.hear(1, needed=True)
        assert len(watched.detector.heard) % 16 == (asleep + 1) % 16

    def test_in_the_middle_of_a_block_includes_it(self, watched: Watched) -> None:
        watched.hear(300)
        assert [heard.block for heard in watched.watch.wake_up()] == list(range(100, 300))
        assert watched.watch.wake_up() == []

    def test_after_the_device_was_opened_again_judges_what_there_is(self, watched: Watched) -> None:
        watched.hear(500)
        watched.number = 0
        assert watched.hear(1, needed=True) == [[0]]


class TestAwake:
    def test_it_stays_a_while_when_the_need_is_over(self, watched: Watched) -> None:
        watched.hear(100, needed=True)
        found = watched.hear(600)
        assert found[200] == [300]
        assert found[280:] == [[]] * 320
        assert watched.watch.probability == 0.0


class TestForgetting:
    def test_leaves_nothing_and_sleeps(self, watched: Watched) -> None:
        watched.hear(100, needed=True)
        watched.watch.forget()
        assert watched.detector.heard == []
        assert watched.pre_roll.since(0) == []
        assert watched.hear(1) == [[]]
        assert watched.hear(1, needed=True) == [[100, 101]]


class TestTheRealDetector:
    def test_says_of_a_phrase_what_it_would_have_said_awake(self, tmp_path: Path) -> None:
        heard = blocks(silence(3.0), speech("hey jarvis what time is it", tmp_path), silence(0.2))
        awake, asleep = SileroVad(), SpeechWatch(SileroVad(), PreRoll())
        told = [awake.hear(block) for block in heard]
        for number, block in enumerate(heard):
            asleep.hear(number, block, needed=False)
        caught_up = {judged.block: judged.probability for judged in asleep.wake_up()}
        differences = [abs(told[number] - probability) for number, probability in caught_up.items()]
        assert max(told) > 0.9
        assert float(np.quantile(differences, 0.9)) < 0.05
        assert sum((told[n] > 0.5) != (p > 0.5) for n, p in caught_up.items()) <= 6, "two windows"
