"""What became of a drawn scenario, judged on a run composed by hand: each failure is made, and found."""

from __future__ import annotations

from edge_agent.sim.draft import ASKS, BEGINS, INTERRUPTS, PROBES
from edge_agent.sim.evidence import Evidence, WireRecord
from edge_agent.sim.outcome_kinds import KINDS, TIMES
from edge_agent.sim.outcomes import outcomes, times
from edge_agent.timeline import Happening
from tests.sim import staged
from tests.sim.staged import Stage, also, with_air, with_caption, without

MODEL_MS = 500.0


def asks(stage: Stage, role: str, text: str, at_ms: int, for_ms: int) -> None:
    stage.says(text, at_ms, for_ms)
    last = stage.happenings.pop()
    stage.note(last.t_ms, last.kind, last.turn, **last.data, name=role)


def drawn_run() -> Evidence:
    """A question in one breath, an interruption of its answer, and the last question after a press."""
    stage = Stage()
    stage.state(0, "idle", "idle")
    asks(stage, ASKS, "hey jarvis, tell me a story", 2000, 2000)
    stage.note(2900, "wake", 1, word="hey_jarvis", score=0.97, since_ms=2700)
    stage.listens(1, "wake", 2900, 2700, 4800, "tell me a story")
    stage.replies(1, "Once upon a time", 5400, 20_000, stopped_ms=8400)
    asks(stage, INTERRUPTS, "what time is it", 8000, 1000)
    stage.note(8200, "duck", 1)
    stage.note(8350, "barge_in", 1, since_ms=8000)
    stage.listens(2, "interruption", 8350, 8000, 9800, "what time is it")
    stage.replies(2, "It is noon.", 10_500, 1500)
    stage.state(18_100, "idle", "idle")
    stage.note(25_000, "press")
    asks(stage, PROBES, "what day is it today", 25_600, 1400)
    stage.listens(3, "press", 25_000, 25_000, 27_800, "what day is it today")
    stage.replies(3, "Today is Saturday.", 28_400, 1500)
    return stage.evidence()


RUN = drawn_run()


def failed(evidence: Evidence, background: str = "none") -> set[str]:
    return {key for key, found in outcomes(evidence, background, MODEL_MS).items() if found.good is False}


def moved(evidence: Evidence, kind: str, turn: int, t_ms: int) -> Evidence:
    (one,) = [h for h in evidence.happenings if h.kind == kind and h.turn == turn]
    rest = [h for h in evidence.happenings if h is not one]
    return also(without(evidence, kind), *(h for h in rest if h.kind == kind), Happening(t_ms, turn, kind, one.data))


class TestAScenarioThatWentWell:
    def test_has_no_failure_and_an_outcome_of_every_kind(self) -> None:
        found = outcomes(RUN, "none", MODEL_MS)
        assert list(found) == list(KINDS)
        assert failed(RUN) == set()
        assert {key for key, outcome in found.items() if outcome.good is None} == {
            *("not_cut_off", "press_stops", "not_distracted"),
        }

    def test_tells_its_times(self) -> None:
        found = times(RUN)
        assert list(found) == list(TIMES)
        assert found["answer_ms"] == 5400 - 4000
        assert found["first_byte_ms"] == 20
        assert found["duck_ms"] == 200
        assert abs(found["silence_ms"] - 400) <= 20


class TestACall:
    def test_that_wakes_nothing_fails_and_nothing_after_it_is_judged(self) -> None:
        deaf = without(RUN, "wake", "listening", "commit", "duck", "barge_in")
        found = outcomes(deaf, "none", MODEL_MS)
        assert found["woke"].good is False
        assert [found[key].good for key in ("noticed", "understood", "answered")] == [None, None, None]

    def test_of_nobody_is_a_false_one(self) -> None:
        assert failed(also(RUN, Happening(15_000, 3, "wake", {"since_ms": 14_900}))) == {"no_false_wake"}


class TestAQuestion:
    def test_that_opens_a_turn_and_is_not_noticed_is_no_fault_of_the_ears(self) -> None:
        assert failed(without(RUN, "commit", "caption")) == {"noticed"}

    def test_that_goes_on_for_too_long_is_judged_no_further(self) -> None:
        late = moved(with_caption(RUN, 2, "user", "a lot of television"), "commit", 2, 13_000)
        found = outcomes(late, "none", MODEL_MS)
        assert found["end_noticed"].good is False
        assert found["understood"].good is True  # of the other one, whose end was noticed

    def test_that_means_something_else_to_the_server_was_not_understood(self) -> None:
        assert failed(with_caption(RUN, 1, "user", "what's the time")) == {"understood"}

    def test_of_which_the_server_caught_no_word_was_not_understood(self) -> None:
        deaf = [h for h in RUN.happenings if not (h.kind == "caption" and h.turn == 1 and h.data["role"] == "user")]
        assert failed(also(without(RUN, "caption"), *(h for h in deaf if h.kind == "caption"))) == {"understood"}

    def test_may_be_understood_in_other_words(self) -> None:
        assert failed(with_caption(RUN, 2, "user", "What's the time?")) == set()

    def test_that_nothing_at_the_air_follows_was_not_answered(self) -> None:
        assert failed(with_air(RUN, 9500, 18_000, 0.0)) == {"answered"}

    def test_that_is_ended_by_its_own_pause_was_cut_off(self) -> None:
        stage = Stage()
        asks(stage, BEGINS, "hey jarvis, tell me", 2000, 1200)
        stage.note(2700, "wake", 1, word="hey_jarvis", score=0.97, since_ms=2600)
        stage.listens(1, "wake", 2700, 2600, 4000, "tell me")
        asks(stage, ASKS, "a story", 4200, 700)
        found = outcomes(stage.evidence(), "none", MODEL_MS)
        assert found["not_cut_off"].good is False
        assert "1000 ms" in found["not_cut_off"].why
        assert found["understood"].good is None


class TestAnInterruption:
    def test_that_the_reply_outlasts_was_not_noticed(self) -> None:
        deaf = without(RUN, "flushed", "duck", "barge_in", "silence", "truncate")
        assert "interruption_noticed" in failed(with_air(deaf, 8300, 12_000, 0.1))
        assert "silence_ms" not in times(deaf)

    def test_into_silence_is_none(self) -> None:
        found = outcomes(with_air(RUN, 5000, 8000, 0.0), "none", MODEL_MS)
        assert found["interruption_noticed"].good is None


class TestAReply:
    def test_that_stops_without_a_cause_stopped_itself(self) -> None:
        alone = without(RUN, "talk", "duck")
        assert "not_self_interrupted" in failed(alone)

    def test_that_stops_beside_a_television_is_the_televisions_doing(self) -> None:
        found = failed(without(RUN, "talk", "duck"), "tv")
        assert "not_distracted" in found
        assert "not_self_interrupted" not in found


class TestATurn:
    def test_that_listens_to_nobody_is_found(self) -> None:
        stray = Happening(15_000, 9, "listening", {"by": "follow_up", "since_ms": 14_800})
        assert failed(also(RUN, stray)) == {"people_only"}


class TestWhatMustNeverHappen:
    def test_is_sound_that_leaves_before_a_call(self) -> None:
        leak = WireRecord(1000, "input_audio_buffer.append", 960)
        assert failed(Evidence(RUN.happenings, RUN.mic, RUN.air, RUN.clean, [leak, *RUN.wire], RUN.sent)) == {"private"}

    def test_is_sound_that_leaves_between_turns(self) -> None:
        leak = WireRecord(20_000, "input_audio_buffer.append", 960)
        assert failed(Evidence(RUN.happenings, RUN.mic, RUN.air, RUN.clean, [*RUN.wire, leak], RUN.sent)) == {"private"}

    def test_is_a_last_question_that_nobody_answers(self) -> None:
        assert failed(with_air(RUN, 27_000, 40_000, 0.0)) == {"not_stuck"}

    def test_is_a_press_that_opens_no_turn(self) -> None:
        assert "not_stuck" in failed(without(RUN, "listening", "commit"))

    def test_is_not_a_last_question_in_which_no_speech_was_heard(self) -> None:
        kept = [h for h in RUN.happenings if h.kind == "commit" and h.turn != 3]
        assert failed(with_air(also(without(RUN, "commit"), *kept), 27_000, 40_000, 0.0)) == {"noticed"}

    def test_is_a_phase_that_does_not_end(self) -> None:
        hung = also(without(RUN, "state"), Happening(9900, 0, "state", {"phase": "thinking"}))
        assert failed(also(hung, Happening(40_000, 0, "state", {"phase": "idle"}))) == {"not_stuck"}

    def test_is_not_a_press_that_ended_something_else(self) -> None:
        busy = also(RUN, Happening(24_000, 0, "state", {"phase": "speaking"}))
        assert outcomes(with_air(busy, 27_000, 40_000, 0.0), "none", MODEL_MS)["not_stuck"].good is None

    def test_is_what_the_survey_calls_hard(self) -> None:
        assert {key for key, kind in KINDS.items() if kind.hard} == {"private", "not_stuck"}


class TestAPauseThatWasTakenBack:
    def test_does_not_end_the_turn(self) -> None:
        """The answer is asked for early; the sound that goes on leaving is that of the same sentence."""
        early = Happening(3400, 1, "commit", {})
        assert failed(also(RUN, early)) == set()


def test_a_staged_demo_is_judged_as_far_as_its_people_are_named() -> None:
    assert outcomes(staged.run(), "none", MODEL_MS)["private"].good is True
