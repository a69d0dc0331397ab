"""Who stopped a reply, who could not, and how long it took: stories told by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge_agent.sim.evidence import Evidence, excerpt
from edge_agent.sim.playback_draft import named, read_name
from edge_agent.sim.playback_judge import ITSELF, Scene, judged
from edge_agent.timeline import Happening


class Tale:
    """Happenings in the making. Times in ms."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []

    def note(self, t_ms: int, kind: str, turn: int = 0, /, **data: Any) -> Tale:
        self.happenings.append(Happening(t_ms, turn, kind, data))
        return self

    def replies(self, turn: int, from_ms: int, to_ms: int, *, by: str = "") -> Tale:
        """by: what stopped it at its end; empty for a reply that was heard out."""
        self.note(from_ms, "first_sample", turn).note(from_ms, "playing", turn)
        if by:
            self.note(to_ms, by, turn).note(to_ms, "flushed", turn, heard=[])
        self.note(to_ms, "silence", turn, audible_ms=to_ms - from_ms)
        return self if by else self.note(to_ms, "drained", turn)

    def does(self, what: str, from_ms: int, to_ms: int, ser_db: float = 0.0) -> Tale:
        return self.note(from_ms, "talk", name=named(what, ser_db), text=what, from_ms=from_ms, to_ms=to_ms)

    def judged(self, background: str = "none") -> Scene:
        return judged(self.evidence(), background)

    def evidence(self) -> Evidence:
        silence = np.zeros(16_000 * 60, np.float32)
        return Evidence([*self.happenings, Happening(60_000, 0, "state", {})], silence, silence, silence)


class TestARealInterruption:
    def test_is_caught_when_the_reply_is_stopped_by_it(self) -> None:
        tale = Tale().does("interrupts", 10_000, 12_000, -5.0).note(10_090, "duck", 1)
        tale.replies(1, 5_000, 10_310, by="barge_in")
        (attempt,) = tale.judged().attempts
        assert (attempt.caught, attempt.ser_db, attempt.what, attempt.first) == (True, -5.0, "interrupts", True)
        assert (attempt.duck_ms, attempt.decided_ms, attempt.silence_ms) == (90, 310, 310)
        assert tale.judged().stops == ()

    def test_is_softer_at_the_latest_when_it_is_silent(self) -> None:
        (attempt,) = Tale().does("calls", 10_000, 12_000).replies(1, 5_000, 10_300, by="wake").judged().attempts
        assert attempt.duck_ms == 300

    def test_is_silent_when_the_reply_pauses_and_decided_when_it_is_given_up(self) -> None:
        tale = Tale().does("interrupts", 10_000, 12_000).replies(1, 5_000, 10_700, by="barge_in")
        tale.happenings = [h for h in tale.happenings if h.kind != "silence"]
        (attempt,) = tale.note(10_250, "silence", 1, audible_ms=5250).judged().attempts
        assert (attempt.silence_ms, attempt.decided_ms) == (250, 700)

    def test_is_missed_when_the_reply_goes_on(self) -> None:
        (attempt,) = Tale().does("interrupts", 10_000, 12_000, 3.0).replies(1, 5_000, 20_000).judged().attempts
        assert not attempt.caught
        assert attempt.silence_ms is None

    def test_is_missed_when_the_reply_is_stopped_long_after(self) -> None:
        tale = Tale().does("interrupts", 10_000, 12_000).replies(1, 5_000, 14_000, by="barge_in")
        assert not tale.judged().attempts[0].caught
        assert tale.judged().stops[0].cause == ITSELF

    def test_is_none_where_no_reply_plays_or_it_ends_by_itself_at_once(self) -> None:
        assert Tale().does("interrupts", 3_000, 4_000).replies(1, 5_000, 9_000).judged().attempts == ()
        assert Tale().does("interrupts", 8_000, 9_500).replies(1, 5_000, 9_000).judged().attempts == ()

    def test_in_a_later_reply_is_not_in_the_first(self) -> None:
        tale = Tale().replies(1, 1_000, 4_000).replies(2, 5_000, 20_000).does("interrupts", 8_000, 9_000)
        assert not tale.judged().attempts[0].first


class TestAStop:
    def test_by_nobody_is_the_devices_own(self) -> None:
        (stop,) = Tale().replies(1, 5_000, 9_000, by="barge_in").judged().stops
        assert (stop.cause, stop.by, stop.first, stop.at_ms) == (ITSELF, "barge_in", True, 9_000)

    def test_belongs_to_what_somebody_did(self) -> None:
        for what in ("agrees", "coughs", "shuts a door"):
            (stop,) = Tale().does(what, 8_500, 8_900).replies(1, 5_000, 9_000, by="barge_in").judged().stops
            assert stop.cause == what

    def test_belongs_to_a_television_that_is_on_but_to_no_fan(self) -> None:
        tale = Tale().replies(1, 5_000, 9_000, by="barge_in")
        assert [tale.judged(kind).stops[0].cause for kind in ("tv", "music", "fan", "hum")] == ["tv", "music"] + 2 * [
            ITSELF
        ]

    def test_belongs_to_the_person_who_meant_it_whoever_else_was_heard(self) -> None:
        tale = (
            Tale().does("coughs", 8_500, 9_200).does("interrupts", 8_400, 9_400).replies(1, 5_000, 9_000, by="barge_in")
        )
        assert tale.judged("tv").stops == ()

    def test_in_time_for_who_asked_is_none(self) -> None:
        assert Tale().does("asks", 8_000, 9_000).replies(1, 8_500, 9_000, by="press").judged().stops == ()


class TestTheRest:
    def test_is_counted_where_nobody_was_there(self) -> None:
        tale = Tale().replies(1, 5_000, 20_000).does("coughs", 10_000, 11_000)
        tale.note(7_000, "duck", 1).note(10_500, "duck", 1).note(12_500, "reply_paused", 1).note(13_000, "wake", 1)
        scene = tale.judged()
        assert (scene.ducks_ms, scene.pauses_ms, scene.wakes_ms) == ((7_000,), (12_500,), (13_000,))
        assert scene.others["coughs"] == 1

    def test_tells_a_duck_in_a_pause_of_its_voice_from_one_that_is_heard(self) -> None:
        tale = Tale().replies(1, 5_000, 20_000).note(7_000, "duck", 1).note(9_000, "duck", 1)
        evidence = tale.evidence()
        evidence.air[16 * 6_900 : 16 * 7_100] = 0.1
        scene = judged(evidence, "none")
        assert (len(scene.ducks_ms), scene.ducks_aloud) == (2, 1)

    def test_is_excused_by_a_television(self) -> None:
        tale = Tale().replies(1, 5_000, 20_000).note(7_000, "duck", 1).note(8_000, "wake", 1)
        scene = tale.judged("tv")
        assert (scene.ducks_ms, scene.wakes_ms, scene.alone_ms, scene.over_background_ms) == ((), (), 0, 15_000)

    def test_has_no_wake_word_of_a_person_who_calls(self) -> None:
        tale = Tale().replies(1, 5_000, 20_000).does("calls", 8_000, 9_000).note(8_600, "wake", 1)
        assert tale.judged().wakes_ms == ()

    def test_is_alone_but_for_what_somebody_does_and_a_moment_behind_it(self) -> None:
        scene = Tale().replies(1, 5_000, 20_000).does("claps", 10_000, 10_200).judged()
        assert (scene.played_ms, scene.alone_ms) == (15_000, 14_000)


class TestAName:
    def test_tells_what_and_at_which_level(self) -> None:
        assert read_name(named("shuts a door", -7.5)) == ("shuts a door", -7.5)
        assert read_name("asks")[0] == "asks"


class TestAnExcerpt:
    def test_counts_its_times_from_its_beginning(self) -> None:
        tale = Tale().replies(1, 5_000, 20_000).does("coughs", 9_800, 10_400).note(12_000, "duck", 1)
        part = excerpt(tale.evidence(), 10_000, 15_000)
        assert part.duration_ms == 5_000
        assert [h.t_ms for h in part.story.of("duck")] == [2_000]
        (said,) = part.story.said
        assert (said.span.start_ms, said.span.end_ms) == (-200, 400)

    def test_begins_with_the_reply_that_is_being_heard(self) -> None:
        tale = Tale().replies(1, 1_000, 4_000).replies(2, 5_000, 20_000)
        assert [reply.turn for reply in excerpt(tale.evidence(), 10_000, 15_000).story.replies] == [2]
