"""The ear in the room: when a reply is audible."""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.sim.air import AirMeter
from edge_agent.timeline import Happening, Recorder

SILENT: Samples = np.zeros(HEARING_BLOCK, np.float32)
VOICE: Samples = np.full(HEARING_BLOCK, 0.1, np.float32)
WHISPER: Samples = np.full(HEARING_BLOCK, 0.0009, np.float32)  # just below -60 dBFS


class Ear:
    """A meter and what it has recorded, as (t_ms, turn, kind)."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []
        self.meter = AirMeter(Recorder(lambda: -1, self.happenings.append))

    def hear(self, *parts: tuple[Samples, int, int]) -> None:
        for block, turn, times in parts:
            for _ in range(times):
                self.meter.hear(block, turn)

    @property
    def story(self) -> list[tuple[int, int, str]]:
        return [(h.t_ms, h.turn, h.kind) for h in self.happenings]


class TestTheFirstSample:
    def test_is_timed_to_the_millisecond(self) -> None:
        block = SILENT.copy()
        block[70] = 0.5  # 4.375 ms into the block
        ear = Ear()
        ear.hear((SILENT, 3, 5), (block, 3, 1))
        assert ear.story == [(54, 3, "first_sample")]

    def test_is_not_a_sound_of_nobodys(self) -> None:
        ear = Ear()
        ear.hear((VOICE, 0, 50))
        assert ear.story == []

    def test_is_not_what_nobody_could_hear(self) -> None:
        ear = Ear()
        ear.hear((WHISPER, 1, 50))
        assert ear.story == []

    def test_comes_once(self) -> None:
        ear = Ear()
        ear.hear((VOICE, 1, 50))
        assert ear.story == [(0, 1, "first_sample")]


class TestSilence:
    def test_bears_the_time_of_the_last_audible_sample(self) -> None:
        fading = SILENT.copy()
        fading[: HEARING_BLOCK // 2] = 0.1
        ear = Ear()
        ear.hear((VOICE, 1, 10), (fading, 1, 1), (SILENT, 1, 3), (SILENT, 0, 6))
        assert ear.story == [(0, 1, "first_sample"), (104, 1, "silence")]
        assert ear.happenings[-1].data == {"audible_ms": 104}

    def test_is_known_sixty_milliseconds_after_the_voice_has_gone(self) -> None:
        ear = Ear()
        ear.hear((VOICE, 1, 10), (SILENT, 0, 5))
        assert len(ear.story) == 1
        ear.hear((SILENT, 0, 1))
        assert ear.story[1:] == [(99, 1, "silence")]

    def test_is_no_gap_in_the_supply(self) -> None:
        ear = Ear()
        ear.hear((VOICE, 1, 10), (SILENT, 0, 4), (VOICE, 1, 10), (SILENT, 0, 6))
        assert ear.story == [(0, 1, "first_sample"), (239, 1, "silence")]

    def test_is_no_pause_between_sentences(self) -> None:
        ear = Ear()
        ear.hear((VOICE, 1, 10), (SILENT, 1, 69), (VOICE, 1, 10))
        assert ear.story == [(0, 1, "first_sample")]

    def test_is_a_pause_of_more_than_seven_hundred_milliseconds(self) -> None:
        ear = Ear()
        ear.hear((VOICE, 1, 10), (SILENT, 1, 80), (VOICE, 1, 10))
        assert ear.story == [(0, 1, "first_sample"), (99, 1, "silence"), (900, 1, "first_sample")]

    def test_is_no_sound_of_nobodys(self) -> None:
        ear = Ear()
        ear.hear((VOICE, 1, 10), (VOICE, 0, 10))
        assert ear.story == [(0, 1, "first_sample"), (99, 1, "silence")]

    def test_comes_before_another_turns_first_sample(self) -> None:
        ear = Ear()
        ear.hear((VOICE, 1, 10), (VOICE, 2, 10))
        assert ear.story == [(0, 1, "first_sample"), (99, 1, "silence"), (100, 2, "first_sample")]

    def test_comes_even_if_the_next_turn_says_nothing_yet(self) -> None:
        ear = Ear()
        ear.hear((VOICE, 1, 10), (SILENT, 2, 1))
        assert ear.story == [(0, 1, "first_sample"), (99, 1, "silence")]

    def test_comes_at_the_end_of_the_run(self) -> None:
        ear = Ear()
        ear.hear((VOICE, 1, 10))
        ear.meter.finish()
        ear.meter.finish()
        assert ear.story == [(0, 1, "first_sample"), (99, 1, "silence")]


class TestPiecesOfAnyLength:
    def test_are_told_apart_to_the_sample(self) -> None:
        ear = Ear()
        ear.hear((VOICE[:48], 1, 1), (VOICE[:112], 2, 1), (VOICE, 2, 1))
        assert ear.story == [(0, 1, "first_sample"), (2, 1, "silence"), (3, 2, "first_sample")]
