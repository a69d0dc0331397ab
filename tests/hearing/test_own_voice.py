"""A wake word in our own reply."""

from __future__ import annotations

from edge_agent.hearing.own_voice import OwnVoice

SILENT, PLAYING = -120.0, -23.0


def after(*stretches: tuple[int, float, float]) -> bool:
    """stretches: milliseconds, probability of speech, level of the reference."""
    own = OwnVoice()
    for ms, probability, reference in stretches:
        for _ in range(ms // 10):
            own.observe(probability, reference)
    return own.said_it


class TestAWakeWord:
    def test_while_we_play_and_nobody_speaks_is_ours(self) -> None:
        assert after((1200, 0.02, PLAYING))

    def test_while_we_play_and_somebody_speaks_is_a_persons(self) -> None:
        assert not after((700, 0.02, PLAYING), (500, 0.95, PLAYING))

    def test_is_ours_still_when_the_last_of_it_rings_on(self) -> None:
        assert after((400, 0.02, PLAYING), (600, 0.02, SILENT))

    def test_in_silence_is_a_persons_however_doubtful_its_speech(self) -> None:
        assert not after((1200, 0.02, PLAYING), (1200, 0.3, SILENT))

    def test_is_not_made_a_persons_by_what_was_said_before_it(self) -> None:
        assert after((1000, 0.95, SILENT), (1200, 0.02, PLAYING))

    def test_is_not_made_a_persons_by_a_click(self) -> None:
        assert after((800, 0.02, PLAYING), (60, 0.9, PLAYING), (300, 0.02, PLAYING))


class TestTheEnginesJudgement:
    def heard(self, *stretches: tuple[int, float, float | None]) -> bool:
        """stretches: milliseconds, the detector's probability, the engine's."""
        own = OwnVoice()
        for ms, probability, near_end in stretches:
            for _ in range(ms // 10):
                own.observe(probability, PLAYING, near_end)
        return own.said_it

    def test_that_nobody_is_there_outweighs_a_detector_that_hears_our_leavings(self) -> None:
        assert self.heard((1200, 0.9, 0.02))
        assert not self.heard((1200, 0.9, None))

    def test_lets_a_person_through_whom_the_detector_does_not_hear(self) -> None:
        assert not self.heard((700, 0.1, 0.02), (400, 0.1, 0.6), (100, 0.1, 0.02))

    def test_lets_a_person_through_of_whom_it_is_not_sure(self) -> None:
        assert not self.heard((700, 0.1, 0.02), (400, 0.1, 0.35))
