"""The beginning of speech, from probabilities alone."""

from __future__ import annotations

from edge_agent.hearing.facts import SpeechBegan
from edge_agent.hearing.onset import SpeechOnset

SPEECH, WONDERING, SILENCE = 0.95, 0.3, 0.02


def began(*sound: tuple[float, int], first: int = 1000) -> list[SpeechBegan]:
    onset = SpeechOnset(threshold=0.5)
    heard = [probability for probability, ms in sound for _ in range(ms // 10)]
    facts = [onset.hear(first + number, probability) for number, probability in enumerate(heard)]
    return [fact for fact in facts if fact is not None]


class TestSpeech:
    def test_is_reported_after_a_seventh_of_a_second_with_a_margin_before_it(self) -> None:
        assert began((SILENCE, 500), (SPEECH, 2000)) == [SpeechBegan(since=1050 - 30, block=1064)]

    def test_that_does_not_last_is_a_click(self) -> None:
        assert began((SILENCE, 500), (SPEECH, 140), (SILENCE, 500)) == []

    def test_is_reported_again_only_after_silence(self) -> None:
        assert len(began((SILENCE, 500), (SPEECH, 500), (SILENCE, 200), (SPEECH, 500))) == 1
        assert len(began((SILENCE, 500), (SPEECH, 500), (SILENCE, 400), (SPEECH, 500))) == 2

    def test_at_the_very_start_of_the_device_does_not_reach_before_it(self) -> None:
        assert began((SILENCE, 100), (SPEECH, 200), first=0)[0].since == 0


class TestSpeechThatTheDetectorIsSlowToBelieve:
    def test_began_where_it_began_to_wonder(self) -> None:
        (fact,) = began((SILENCE, 500), (WONDERING, 400), (SPEECH, 500))
        assert fact.since == 1000 + 50 - 30

    def test_began_there_also_across_a_consonant(self) -> None:
        (fact,) = began((SILENCE, 500), (WONDERING, 200), (SILENCE, 100), (WONDERING, 100), (SPEECH, 500))
        assert fact.since == 1000 + 50 - 30

    def test_did_not_begin_with_what_was_there_a_moment_before(self) -> None:
        (fact,) = began((SILENCE, 300), (WONDERING, 100), (SILENCE, 200), (SPEECH, 500))
        assert fact.since == 1000 + 60 - 30

    def test_did_not_begin_more_than_a_second_before_it_was_sure(self) -> None:
        (fact,) = began((SILENCE, 300), (WONDERING, 3000), (SPEECH, 500))
        assert fact.since == 1000 + 330 - 100 - 30

    def test_is_none_if_it_never_gets_sure(self) -> None:
        assert began((SILENCE, 500), (WONDERING, 3000)) == []


class TestSoundThatWasThereBefore:
    def test_is_the_end_of_something_else(self) -> None:
        assert began((SPEECH, 350), (SILENCE, 500)) == []

    def test_is_a_person_once_it_has_outlasted_any_echo(self) -> None:
        (fact,) = began((SPEECH, 1000))
        assert fact.block == 1039

    def test_does_not_hide_what_follows(self) -> None:
        (fact,) = began((SPEECH, 300), (SILENCE, 200), (SPEECH, 300))
        assert fact.since == 1000 + 50 - 30


class TestAReset:
    def test_begins_a_new_wait(self) -> None:
        onset = SpeechOnset(threshold=0.5)
        for index in range(80):
            onset.hear(index, SPEECH if index > 20 else SILENCE)
        onset.reset()
        assert onset.hear(80, SILENCE) is None
        facts = [onset.hear(index, SILENCE if index < 100 else SPEECH) for index in range(81, 120)]
        assert [fact for fact in facts if fact] == [SpeechBegan(70, 114)]
