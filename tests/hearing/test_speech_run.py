"""A run of speech: where a probability becomes yes or no."""

from __future__ import annotations

import pytest

from edge_agent.hearing.speech_run import SpeechRun


def heard(run: SpeechRun, *probabilities: float) -> list[bool]:
    return [run.hear(index, probability) for index, probability in enumerate(probabilities)]


class TestARun:
    def test_asks_more_to_begin_than_to_go_on(self) -> None:
        assert heard(SpeechRun(0.5), 0.4, 0.6, 0.4, 0.3, 0.4) == [False, True, True, False, False]

    def test_knows_its_first_and_last_block_and_its_length(self) -> None:
        run = SpeechRun(0.5)
        heard(run, 0.0, 0.9, 0.9, 0.9, 0.0)
        assert (run.first, run.last, run.length_ms) == (1, 3, 30)

    def test_counts_lost_blocks_as_time(self) -> None:
        run = SpeechRun(0.5)
        run.hear(10, 0.9)
        run.hear(15, 0.9)
        assert run.length_ms == 60

    def test_can_end_however_low_the_threshold(self) -> None:
        assert heard(SpeechRun(0.05), 0.9, 0.0) == [True, False]


class TestAReset:
    def test_ends_the_run(self) -> None:
        run = SpeechRun(0.5)
        heard(run, 0.9, 0.9)
        run.reset()
        assert not run.speaking
        assert run.length_ms == 0


class TestAThreshold:
    @pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0])
    def test_that_is_no_probability_is_refused(self, threshold: float) -> None:
        with pytest.raises(ValueError, match="found speech threshold"):
            SpeechRun(threshold)
