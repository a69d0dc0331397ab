"""One row a turn, out of happenings."""

from __future__ import annotations

import random

from edge_agent.sim.turn_table import TurnRow, turn_table
from edge_agent.timeline import Happening
from tests.sim import staged

RUN = staged.run()
ROWS = {row.turn: row for row in turn_table(RUN.happenings)}


class TestARow:
    def test_is_there_for_every_turn_that_listened_or_spoke(self) -> None:
        assert list(ROWS) == [1, 2, 3, 4, 5, 6]

    def test_of_the_greeting_has_a_reply_and_no_person(self) -> None:
        assert ROWS[1] == TurnRow(1, heard_ms=1800, truncated_ms=0, echo_reduction_db=31.5)

    def test_counts_from_the_wake_word_to_the_first_byte(self) -> None:
        assert ROWS[2].wake_to_first_byte_ms == 20
        assert ROWS[3].wake_to_first_byte_ms is None

    def test_counts_from_the_persons_true_last_sound_to_the_first_at_the_air(self) -> None:
        assert ROWS[2].speech_end_to_first_sample_ms == 1400

    def test_falls_back_on_what_hearing_took_for_the_last_sound(self) -> None:
        blind = turn_table(staged.without(RUN, "talk").happenings)
        assert blind[1].speech_end_to_first_sample_ms == 8000 - (7300 - 690)

    def test_counts_an_interruption_from_the_persons_first_sound(self) -> None:
        assert ROWS[4].interruption_to_silence_ms == 400

    def test_counts_a_press_from_the_press(self) -> None:
        assert ROWS[5].interruption_to_silence_ms == 90

    def test_of_a_reply_heard_out_has_no_interruption(self) -> None:
        assert ROWS[6].interruption_to_silence_ms is None
        assert (ROWS[6].heard_ms, ROWS[6].truncated_ms) == (2600, 0)

    def test_tells_what_was_heard_and_what_was_not(self) -> None:
        assert (ROWS[4].heard_ms, ROWS[4].truncated_ms) == (4200, 20_800)

    def test_counts_underruns_of_its_own_reply(self) -> None:
        gaps = [Happening(8500, 0, "underrun", {"count": 2}), Happening(9000, 2, "underrun", {"count": 1})]
        rows = {row.turn: row.underruns for row in turn_table([*RUN.happenings, *gaps])}
        assert rows == {1: 0, 2: 3, 3: 0, 4: 0, 5: 0, 6: 0}

    def test_without_a_measured_echo_has_none(self) -> None:
        assert all(row.echo_reduction_db is None for row in turn_table(staged.without(RUN, "echo").happenings))

    def test_without_a_reply_has_only_its_first_byte(self) -> None:
        quiet = [Happening(100, 1, "wake", {"since_ms": 50}), Happening(130, 1, "append", {"bytes": 960})]
        assert turn_table(quiet) == [TurnRow(1, 30)]

    def test_of_a_reply_the_run_cut_short_ends_with_the_run(self) -> None:
        started = [
            Happening(1000, 1, "playing"),
            Happening(1100, 1, "first_sample"),
            Happening(3000, 0, "echo", {"reduction_db": 9}),
        ]
        assert turn_table(started) == [TurnRow(1, heard_ms=1900, truncated_ms=0)]


class TestTheTable:
    def test_of_nothing_is_empty(self) -> None:
        assert turn_table([]) == []

    def test_does_not_depend_on_the_order_in_which_things_were_noted(self) -> None:
        shuffled = list(RUN.happenings)
        random.Random(5).shuffle(shuffled)
        assert turn_table(shuffled) == list(ROWS.values())
