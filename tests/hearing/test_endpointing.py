"""The end of a sentence, from probabilities alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.hearing.endpointing import Ending, Endpointer
from edge_agent.hearing.facts import SpeechEnded, SpeechPaused, SpeechResumed
from edge_agent.patience import LONGEST_WAIT

SPEECH, SILENCE, UNSURE = 0.95, 0.02, 0.4
Sound = list[tuple[float, int]]  # (probability, milliseconds)
ANYTHING = st.binary(max_size=12)  # a draw a sound: lists of tuples took longer to draw than the test itself


def as_sound(drawn: bytes) -> Sound:
    """A byte a piece: 10 to 1500 ms of speech, of silence, or of neither."""
    return [((SPEECH, SILENCE, UNSURE)[byte % 3], 10 + byte // 3 * 1490 // 850 * 10) for byte in drawn]


def ended(*sound: tuple[float, int], first: int = 1000, silence_ms: int = 700) -> list[SpeechEnded]:
    endpointer = Endpointer(threshold=0.5, silence_ms=silence_ms)
    endpointer.open()
    heard = [probability for probability, ms in sound for _ in range(ms // 10)]
    facts = [endpointer.hear(first + number, probability) for number, probability in enumerate(heard)]
    return [fact for fact in facts if isinstance(fact, SpeechEnded)]


class TestASentence:
    def test_ends_once_after_the_silence(self) -> None:
        (fact,) = ended((SILENCE, 300), (SPEECH, 1000), (SILENCE, 3000))
        assert fact == SpeechEnded(speech_ms=1000, last=1129, block=1129 + 70)

    def test_goes_on_through_shorter_pauses_and_adds_up(self) -> None:
        (fact,) = ended((SILENCE, 300), (SPEECH, 800), (SILENCE, 600), (SPEECH, 500), (SILENCE, 3000))
        assert fact.speech_ms == 1300
        assert fact.last == 1000 + 30 + 80 + 60 + 50 - 1

    def test_is_not_cut_where_the_detector_is_less_sure(self) -> None:
        (fact,) = ended((SILENCE, 300), (SPEECH, 300), (UNSURE, 900), (SPEECH, 300), (SILENCE, 3000))
        assert fact.speech_ms == 1500

    def test_does_not_begin_where_the_detector_is_less_sure(self) -> None:
        assert ended((SILENCE, 300), (UNSURE, 2000), (SILENCE, 3000)) == []

    def test_never_ends_before_it_has_begun(self) -> None:
        assert ended((SILENCE, 8000)) == []

    def test_never_ends_while_it_goes_on(self) -> None:
        assert ended((SILENCE, 300), (SPEECH, 8000)) == []


class TestAShortStart:
    def test_gets_more_patience_because_more_is_likely_to_come(self) -> None:
        (fact,) = ended((SILENCE, 300), (SPEECH, 300), (SILENCE, 3000))
        assert (fact.block - fact.last) * 10 == 1050

    def test_gets_less_of_it_the_more_was_said(self) -> None:
        (fact,) = ended((SILENCE, 300), (SPEECH, 500), (SILENCE, 3000))
        assert 700 < (fact.block - fact.last) * 10 < 1050

    def test_gets_none_where_none_was_asked_for(self) -> None:
        endpointer = Endpointer(threshold=0.5, silence_ms=700, patience=1.0)
        endpointer.open()
        facts = [endpointer.hear(n, SPEECH if 30 <= n < 60 else SILENCE) for n in range(400)]
        assert [fact.block - fact.last for fact in facts if isinstance(fact, SpeechEnded)] == [70]

    def test_and_its_sentence_are_one(self) -> None:
        (fact,) = ended((SILENCE, 300), (SPEECH, 300), (SILENCE, 900), (SPEECH, 700), (SILENCE, 3000))
        assert fact.speech_ms == 1000


class TestAClick:
    def test_is_no_sentence(self) -> None:
        assert ended((SILENCE, 300), (SPEECH, 30), (SILENCE, 3000)) == []

    def test_does_not_hold_a_sentence_open(self) -> None:
        (fact,) = ended((SILENCE, 300), (SPEECH, 1000), (SILENCE, 500), (SPEECH, 30), (SILENCE, 3000))
        assert fact.block == fact.last + 70

    def test_repeated_for_a_while_is_still_no_sentence(self) -> None:
        coughs: Sound = [(SPEECH, 90), (SILENCE, 1500)] * 4
        assert ended((SILENCE, 300), *coughs) == []


class TestTheTailOfTheWakePhrase:
    def test_alone_is_not_a_sentence(self) -> None:
        assert ended((SPEECH, 320), (SILENCE, 5000)) == []

    def test_is_not_counted_when_the_sentence_follows_after_a_pause(self) -> None:
        (fact,) = ended((SPEECH, 320), (SILENCE, 1500), (SPEECH, 800), (SILENCE, 3000))
        assert fact.speech_ms == 800

    def test_is_not_counted_when_the_detector_notices_it_a_moment_late(self) -> None:
        assert ended((SILENCE, 50), (SPEECH, 300), (SILENCE, 5000)) == []

    def test_in_one_breath_with_a_sentence_begins_it(self) -> None:
        (fact,) = ended((SPEECH, 1200), (SILENCE, 3000))
        assert fact.last == 1119


class TestABlockThatWasLost:
    def test_is_time_that_passed(self) -> None:
        endpointer = Endpointer(threshold=0.5, silence_ms=700)
        endpointer.open()
        for index in range(200):
            assert endpointer.hear(index, SPEECH if 50 <= index < 150 else SILENCE) is None
        assert endpointer.hear(280, SILENCE) == SpeechEnded(1000, 149, 280)


class TestOpening:
    def test_is_needed_before_anything_ends(self) -> None:
        endpointer = Endpointer(threshold=0.5, silence_ms=700)
        assert all(endpointer.hear(n, SPEECH if n < 100 else SILENCE) is None for n in range(400))

    def test_again_forgets_what_was_said_before(self) -> None:
        endpointer = Endpointer(threshold=0.5, silence_ms=700)
        endpointer.open()
        for index in range(150):
            endpointer.hear(index, SPEECH if 20 <= index < 120 else SILENCE)
        endpointer.open()
        assert all(endpointer.hear(index, SILENCE) is None for index in range(150, 600))

    def test_taken_back_ends_nothing(self) -> None:
        endpointer = Endpointer(threshold=0.5, silence_ms=700)
        endpointer.open()
        for index in range(150):
            endpointer.hear(index, SPEECH if 20 <= index < 120 else SILENCE)
        endpointer.close()
        assert all(endpointer.hear(index, SILENCE) is None for index in range(150, 600))


class TestAnything:
    @settings(deadline=None)  # a machine may be busy
    @given(ANYTHING)
    def test_ends_at_most_once_and_only_in_silence_after_speech(self, drawn: bytes) -> None:
        facts = ended(*as_sound(drawn), (SILENCE, 200))
        assert len(facts) <= 1
        for fact in facts:
            assert fact.speech_ms >= 150
            assert (fact.block - fact.last) * 10 >= 700


class TestBadSettings:
    @pytest.mark.parametrize(("threshold", "silence_ms"), [(0.0, 700), (1.0, 700), (0.5, 0)])
    def test_are_refused(self, threshold: float, silence_ms: int) -> None:
        with pytest.raises(ValueError, match=r"found .*expected"):
            Endpointer(threshold=threshold, silence_ms=silence_ms)

    def test_include_a_patience_that_would_shorten_the_silence(self) -> None:
        with pytest.raises(ValueError, match=r"found .*patience 0\.5; expected"):
            Endpointer(threshold=0.5, silence_ms=700, patience=0.5)


class TestASentenceThatIsKnownToHaveBegun:
    def claimed(self, *sound: tuple[float, int]) -> list[SpeechEnded]:
        endpointer = Endpointer(threshold=0.5, silence_ms=700)
        endpointer.open()
        heard = [probability for probability, ms in sound for _ in range(ms // 10)]
        facts = [endpointer.hear(number, probability, claimed=True) for number, probability in enumerate(heard)]
        return [fact for fact in facts if isinstance(fact, SpeechEnded)]

    def test_is_followed_with_less_certainty(self) -> None:
        (fact,) = self.claimed((SILENCE, 300), (UNSURE, 1000), (SILENCE, 3000))
        assert fact.speech_ms == 1000

    def test_ends_without_speech_when_nothing_comes_of_it(self) -> None:
        assert self.claimed((SILENCE, 5000)) == [SpeechEnded(0, 210, 210)]

    def test_does_not_end_so_while_somebody_speaks(self) -> None:
        assert self.claimed((SILENCE, 300), (SPEECH, 8000)) == []

    def test_is_followed_from_the_moment_it_is_known(self) -> None:
        endpointer = Endpointer(threshold=0.5, silence_ms=700)
        endpointer.open()
        facts = [endpointer.hear(n, SPEECH if 20 <= n < 60 else SILENCE, claimed=n >= 40) for n in range(300)]
        assert [fact.speech_ms for fact in facts if isinstance(fact, SpeechEnded)] == [400]


class TestASentenceThatSounds:
    """`finality` tells how likely it is over, in log odds, whenever it is asked."""

    def silence_ms(self, *odds: float, sound: Sound | None = None, pause_ms: int = 0) -> int:
        """Of the last silence, until the sentence was over. odds: one an answer."""
        answers = iter(odds)
        endpointer = Endpointer(threshold=0.5, silence_ms=800, pause_ms=pause_ms, finality=lambda: next(answers))
        endpointer.open()
        heard = [probability for probability, ms in sound or [(SPEECH, 1000)] for _ in range(ms // 10)]
        facts = [endpointer.hear(30 + number, probability) for number, probability in enumerate([0.0] * 30 + heard)]
        facts += [endpointer.hear(60 + len(heard) + number, SILENCE) for number in range(200)]
        (over,) = [fact for fact in facts if isinstance(fact, SpeechEnded)]
        return (over.block - over.last) * 10

    def test_finished_ends_sooner_and_unfinished_later(self) -> None:
        assert self.silence_ms(2.0) < self.silence_ms(0.0) < 800 < self.silence_ms(-2.0)

    def test_ever_so_finished_still_needs_a_silence(self) -> None:
        assert self.silence_ms(100.0) == 320

    def test_ever_so_unfinished_ends_within_the_patience_of_the_dialogue(self) -> None:
        assert self.silence_ms(-100.0) == 1200 == 800 * LONGEST_WAIT
        assert self.silence_ms(-100.0, sound=[(SPEECH, 300)]) == 1200

    def test_finished_after_a_word_still_gets_more_patience_than_after_many(self) -> None:
        assert self.silence_ms(0.0, sound=[(SPEECH, 300)]) > self.silence_ms(0.0)

    def test_finished_twice_is_asked_about_twice(self) -> None:
        twice: Sound = [(SPEECH, 1000), (SILENCE, 400), (SPEECH, 500)]
        assert self.silence_ms(-3.0, 3.0, sound=twice) == self.silence_ms(3.0)

    def test_is_asked_about_once_a_silence_whatever_clicks_in_it(self) -> None:
        click: Sound = [(SPEECH, 1000), (SILENCE, 400), (SPEECH, 30)]
        assert self.silence_ms(-3.0, sound=click) == self.silence_ms(-3.0)

    def test_is_not_asked_about_before_the_silence_has_lasted(self) -> None:
        breath: Sound = [(SPEECH, 1000), (SILENCE, 180), (SPEECH, 500)]
        assert self.silence_ms(2.0, sound=breath) == self.silence_ms(2.0)

    def test_finished_is_paused_after_no_longer_than_otherwise(self) -> None:
        assert self.silence_ms(100.0, pause_ms=200) == 320

    def test_some_way_in_the_past_is_not_told(self) -> None:
        """The detector's memory is of now, the blocks of the pre-roll are not."""
        endpointer = Endpointer(threshold=0.5, silence_ms=800, finality=lambda: 100.0)
        endpointer.open()
        facts = [endpointer.hear(n, SPEECH if 30 <= n < 130 else SILENCE, remembered=True) for n in range(300)]
        assert [fact.block - fact.last for fact in facts if isinstance(fact, SpeechEnded)] == [80]

    @settings(deadline=None)  # a machine may be busy
    @given(ANYTHING, st.floats(allow_nan=False, width=32))
    def test_anyhow_ends_at_most_once_and_within_its_bounds(self, drawn: bytes, odds: float) -> None:
        endpointer = Endpointer(threshold=0.5, silence_ms=700, finality=lambda: odds)
        endpointer.open()
        heard = [probability for probability, ms in as_sound(drawn) for _ in range(ms // 10)]
        facts = [endpointer.hear(number, probability) for number, probability in enumerate(heard)]
        over = [fact for fact in facts if isinstance(fact, SpeechEnded)]
        assert len(over) <= 1
        assert all(280 <= (fact.block - fact.last) * 10 <= 1050 for fact in over)


def guesses(*sound: tuple[float, int], pause_ms: int = 300) -> list[Ending]:
    endpointer = Endpointer(threshold=0.5, silence_ms=800, pause_ms=pause_ms)
    endpointer.open()
    heard = [probability for probability, ms in sound for _ in range(ms // 10)]
    facts = [endpointer.hear(number, probability) for number, probability in enumerate(heard)]
    return [fact for fact in facts if fact is not None]


class TestAPause:
    def test_is_told_before_the_end_is_sure(self) -> None:
        paused, ended = guesses((SILENCE, 300), (SPEECH, 1000), (SILENCE, 1000))
        assert paused == SpeechPaused(last=129, block=129 + 30)
        assert isinstance(ended, SpeechEnded)
        assert ended.block == 129 + 80

    def test_is_taken_back_when_the_person_goes_on(self) -> None:
        facts = guesses((SILENCE, 300), (SPEECH, 1000), (SILENCE, 500), (SPEECH, 1000), (SILENCE, 1000))
        assert [type(fact) for fact in facts] == [SpeechPaused, SpeechResumed, SpeechPaused, SpeechEnded]
        assert facts[1] == SpeechResumed(block=180 + 9)
        assert isinstance(facts[-1], SpeechEnded)
        assert facts[-1].speech_ms == 2000

    def test_is_not_taken_back_by_a_click(self) -> None:
        facts = guesses((SILENCE, 300), (SPEECH, 1000), (SILENCE, 400), (SPEECH, 30), (SILENCE, 1000))
        assert [type(fact) for fact in facts] == [SpeechPaused, SpeechEnded]

    def test_between_words_is_none(self) -> None:
        facts = guesses((SILENCE, 300), (SPEECH, 500), (SILENCE, 200), (SPEECH, 500), (SILENCE, 100))
        assert facts == []

    def test_after_a_cough_is_none(self) -> None:
        assert guesses((SILENCE, 300), (SPEECH, 100), (SILENCE, 3000)) == []

    def test_is_not_guessed_at_where_nobody_asked_for_it(self) -> None:
        (only,) = guesses((SILENCE, 300), (SPEECH, 1000), (SILENCE, 1000), pause_ms=0)
        assert isinstance(only, SpeechEnded)

    def test_comes_no_later_after_a_short_start_whose_end_does(self) -> None:
        paused, ended = guesses((SILENCE, 300), (SPEECH, 300), (SILENCE, 3000))
        assert isinstance(paused, SpeechPaused)
        assert isinstance(ended, SpeechEnded)
        assert (paused.block - paused.last, ended.block - ended.last) == (30, 120)

    @settings(deadline=None)  # a machine may be busy
    @given(ANYTHING)
    def test_is_answered_exactly_once(self, drawn: bytes) -> None:
        """Pause, resumption, pause ... and at most one end, which is the last word."""
        facts = [type(fact) for fact in guesses(*as_sound(drawn))]
        assert facts.count(SpeechEnded) <= 1
        assert SpeechEnded not in facts[:-1]
        told = [fact for fact in facts if fact is not SpeechEnded]
        assert told == [SpeechPaused, SpeechResumed] * (len(told) // 2) + [SpeechPaused] * (len(told) % 2)
