"""The second stage of a wake word: was anything said?"""

from __future__ import annotations

from edge_agent.hearing.phrase_speech import PhraseSpeech


def after(*stretches: tuple[int, float, float]) -> bool:
    """stretches: milliseconds, probability of speech, level."""
    phrase = PhraseSpeech()
    for ms, probability, dbfs in stretches:
        for _ in range(ms // 10):
            phrase.observe(probability, dbfs)
    return phrase.was_spoken


class TestAPhrase:
    def test_with_speech_in_it_was_spoken(self) -> None:
        assert after((900, 0.02, -60), (500, 0.9, -26), (100, 0.05, -60))

    def test_of_which_the_detector_was_only_half_sure_was_spoken(self) -> None:
        assert after((1000, 0.02, -60), (100, 0.2, -40), (400, 0.05, -60))

    def test_without_speech_was_not(self) -> None:
        assert not after((1500, 0.02, -26))

    def test_is_not_made_speech_by_a_click(self) -> None:
        assert not after((1000, 0.02, -26), (30, 0.9, -10), (470, 0.02, -26))

    def test_is_not_made_speech_by_what_was_said_before_it(self) -> None:
        assert not after((1000, 0.95, -26), (1500, 0.02, -26))

    def test_too_soft_for_the_detector_is_believed(self) -> None:
        assert after((1500, 0.02, -55))

    def test_is_not_too_soft_where_its_loudest_is_not(self) -> None:
        assert not after((1400, 0.02, -80), (100, 0.02, -45))


class TestNothing:
    def test_was_not_spoken(self) -> None:
        assert not after()

    def test_is_left_after_a_reset(self) -> None:
        phrase = PhraseSpeech()
        for _ in range(100):
            phrase.observe(0.9, -26)
        phrase.reset()
        assert not phrase.was_spoken
