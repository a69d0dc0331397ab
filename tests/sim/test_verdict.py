"""The judge: every check passes on the staged run, and fails once its subject is taken out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from edge_agent.sim.evidence import Evidence, WireRecord
from edge_agent.sim.loudness import cut
from edge_agent.sim.scenario import Expectation, load
from edge_agent.sim.turn_table import turn_table
from edge_agent.sim.verdict import CHECKS, Step, complaints, judge, summary
from edge_agent.timeline import Happening
from tests.sim import staged

run = cache(staged.run)  # evidence is never changed in place
BREATH = "hey jarvis what time is it"
OVER = "stop what can you do"
MEMORY = {"talk": "what was my first question", "contains": "what time it is"}


def step(evidence: Evidence, check: str, **args: object) -> Step:
    return judge([Expectation(check, check, dict(args))], evidence)[0]


class TestAGreeting:
    def test_is_heard_before_anyone_speaks(self) -> None:
        greeting = step(run(), "greets", contains="hello")
        assert greeting.passed
        assert greeting.at_ms == 1500
        assert "3.5 s before anyone spoke" in greeting.why

    def test_must_be_audible_at_the_air_whatever_the_daemon_says(self) -> None:
        assert not step(staged.with_air(run(), 0, 4900, 0.0), "greets").passed

    def test_is_not_an_earcon(self) -> None:
        silent = staged.with_air(run(), 0, 4900, 0.0)
        assert not step(staged.with_air(silent, 1000, 1240, 0.1), "greets").passed

    def test_must_say_what_was_expected(self) -> None:
        greeting = step(run(), "greets", contains="good morning")
        assert not greeting.passed
        assert "Hello, I am ready." in greeting.why


class TestAnAnswer:
    def test_is_audible_in_time_with_the_words_expected(self) -> None:
        answer = step(run(), "answers", talk=BREATH, contains=["the time is", "it is"], heard="what time is it")
        assert answer.passed
        assert "1400 ms after the last word (allowed 3000)" in answer.why

    def test_that_is_late_is_none(self) -> None:
        assert not step(run(), "answers", talk=BREATH, within_ms=1000).passed

    def test_that_nobody_hears_is_none(self) -> None:
        assert not step(staged.with_air(run(), 7900, 10_500, 0.0), "answers", talk=BREATH).passed

    def test_with_other_words_fails(self) -> None:
        wrong = staged.with_caption(run(), 2, "assistant", "Sorry, I did not understand that.")
        assert not step(wrong, "answers", talk=BREATH, contains="it is").passed

    def test_to_something_else_than_was_said_fails(self) -> None:
        wrong = staged.with_caption(run(), 2, "user", "what dime is it")
        assert not step(wrong, "answers", talk=BREATH, heard="what time is it").passed

    def test_words_match_whole(self) -> None:
        wrong = staged.with_caption(run(), 2, "assistant", "Summit isolated.")
        assert not step(wrong, "answers", talk=BREATH, contains="it is").passed

    def test_to_a_question_never_asked_cannot_be_judged(self) -> None:
        answer = step(run(), "answers", talk="open the door")
        assert not answer.passed
        assert "never" in answer.why

    def test_to_a_question_nobody_listened_to_fails(self) -> None:
        answer = step(run(), "answers", talk=BREATH, nth=2)
        assert not answer.passed
        assert "never listened" in answer.why


class TestTheFirstWord:
    def sent(self, from_ms: float, to_ms: float = 7300) -> Evidence:
        return replace(run(), sent={**run().sent, 2: cut(run().clean, from_ms, to_ms)})

    def test_crosses_the_socket_without_the_wake_word(self) -> None:
        word = step(run(), "first_word_sent", talk=BREATH)
        assert word.passed
        assert "20 ms before the wake phrase's end" in word.why

    def test_is_lost_without_pre_roll(self) -> None:
        word = step(self.sent(5750), "first_word_sent", talk=BREATH)
        assert not word.passed
        assert "the first word was cut" in word.why

    def test_does_not_excuse_the_wake_word_leaving(self) -> None:
        word = step(self.sent(5200), "first_word_sent", talk=BREATH)
        assert not word.passed
        assert "the wake phrase left the device" in word.why

    def test_is_not_there_when_something_else_was_sent(self) -> None:
        noise = np.random.default_rng(1).standard_normal(25_000).astype(np.float32)
        assert not step(replace(run(), sent={2: noise}), "first_word_sent", talk=BREATH).passed

    def test_is_not_there_when_nothing_was_sent(self) -> None:
        assert not step(replace(run(), sent={}), "first_word_sent", talk=BREATH).passed
        assert not step(replace(run(), sent={2: np.zeros(9000, np.float32)}), "first_word_sent", talk=BREATH).passed

    def test_fails_when_the_wake_phrase_is_spliced_in_front(self) -> None:
        leak = np.concatenate([cut(run().clean, 5000, 5300), cut(run().clean, 5850, 7300)])
        word = step(replace(run(), sent={2: leak}), "first_word_sent", talk=BREATH)
        assert not word.passed

    def test_is_found_though_an_earcon_sounds_over_it(self) -> None:
        loud = run().mic.copy()
        loud[int(5.7 * 16_000) : int(5.9 * 16_000)] += 0.3 * np.sin(np.arange(3200) * 0.4).astype(np.float32)
        assert step(replace(run(), mic=loud), "first_word_sent", talk=BREATH).passed

    def test_can_be_judged_by_the_length_of_the_wake_phrase(self) -> None:
        talks = [
            replace(h, data={key: value for key, value in h.data.items() if key != "wake_end_ms"})
            for h in run().happenings
        ]
        unmarked = replace(run(), happenings=talks)
        assert step(unmarked, "first_word_sent", talk=BREATH, wake_s=0.6).passed
        assert not step(unmarked, "first_word_sent", talk=BREATH, wake_s=1.0).passed
        assert "wake_s" in step(unmarked, "first_word_sent", talk=BREATH).why


class TestAnInterruption:
    def test_silences_the_air_in_time(self) -> None:
        silence = step(run(), "interrupted", talk=OVER)
        assert silence.passed
        assert "silent 400 ms after" in silence.why

    def test_that_takes_too_long_fails(self) -> None:
        assert not step(run(), "interrupted", talk=OVER, within_ms=300).passed

    def test_that_is_ignored_fails(self) -> None:
        going_on = staged.with_air(run(), 23_300, 25_500, 0.1)
        assert not step(going_on, "interrupted", talk=OVER).passed

    def test_is_not_a_pause_for_breath(self) -> None:
        going_on = staged.with_air(run(), 23_800, 25_500, 0.1)
        assert not step(going_on, "interrupted", talk=OVER).passed

    def test_is_none_when_nothing_was_playing(self) -> None:
        silence = step(run(), "interrupted", talk="what is the date today")
        assert not silence.passed
        assert "nothing to stop" in silence.why

    def test_tells_the_server_what_was_heard(self) -> None:
        told = step(run(), "truncated_to_heard", talk=OVER)
        assert told.passed
        assert "told 4200 ms, the air played 4200 ms" in told.why

    def test_that_tells_what_was_received_fails(self) -> None:
        others = staged.without(run(), "truncate")
        assert not step(others, "truncated_to_heard", talk=OVER).passed
        wrong = staged.also(others, Happening(23_415, 4, "truncate", {"item": "item_4", "audio_end_ms": 25_000}))
        assert not step(wrong, "truncated_to_heard", talk=OVER).passed


class TestSelfInterruption:
    def test_never_happens(self) -> None:
        assert step(run(), "not_self_interrupted").passed

    def test_is_a_barge_in_while_nobody_speaks(self) -> None:
        self_made = staged.also(run(), Happening(8900, 2, "barge_in", {"since_ms": 8700}))
        alone = step(self_made, "not_self_interrupted")
        assert not alone.passed
        assert "first at 0:08.90" in alone.why

    def test_is_a_reply_that_stops_without_a_reason(self) -> None:
        happenings = [
            replace(h, kind="flushed") if h.kind == "drained" and h.turn == 2 else h for h in run().happenings
        ]
        assert not step(replace(run(), happenings=happenings), "not_self_interrupted").passed

    def test_begins_with_ducking_again_and_again(self) -> None:
        ducks = [Happening(t_ms, 2, "duck") for t_ms in (8300, 8800, 9300)]
        assert step(staged.also(run(), *ducks[:1]), "not_self_interrupted").passed
        assert not step(staged.also(run(), *ducks), "not_self_interrupted").passed

    def test_cannot_be_judged_without_replies(self) -> None:
        assert not step(staged.without(run(), "playing"), "not_self_interrupted").passed


class TestAPress:
    def test_stops_the_reply(self) -> None:
        assert step(run(), "stopped_by_press").passed

    def test_that_is_ignored_fails(self) -> None:
        assert not step(staged.with_air(run(), 28_000, 29_800, 0.1), "stopped_by_press").passed

    def test_that_never_happened_fails(self) -> None:
        assert not step(staged.without(run(), "press"), "stopped_by_press").passed

    def test_outside_of_a_reply_is_none(self) -> None:
        early = staged.also(staged.without(run(), "press"), Happening(4500, 0, "press"))
        assert not step(early, "stopped_by_press").passed


class TestResuming:
    def test_is_coming_back_with_the_memory(self) -> None:
        back = step(run(), "resumed", **MEMORY)
        assert back.passed
        assert "back 2.5 s after the fault" in back.why

    @pytest.mark.parametrize("gone", ["fault", "drop", "ready"])
    def test_takes_a_fault_a_loss_and_a_return(self, gone: str) -> None:
        assert not step(staged.without(run(), gone), "resumed", **MEMORY).passed

    def test_too_late_fails(self) -> None:
        assert not step(run(), "resumed", within_ms=2000, **MEMORY).passed

    def test_without_the_memory_fails(self) -> None:
        blank = staged.with_caption(run(), 6, "assistant", "You have not asked me anything yet.")
        assert not step(blank, "resumed", **MEMORY).passed

    def test_is_not_proven_by_an_answer_before_the_fault(self) -> None:
        assert not step(run(), "resumed", talk=BREATH).passed


class TestMuted:
    def test_means_that_nothing_leaves(self) -> None:
        muted = step(run(), "silent_while_muted")
        assert muted.passed
        assert "0 PCM bytes" in muted.why

    def test_is_broken_by_a_single_append(self) -> None:
        leak = replace(run(), wire=[*run().wire, WireRecord(47_500, "input_audio_buffer.append", 960)])
        muted = step(leak, "silent_while_muted")
        assert not muted.passed
        assert "960 PCM bytes" in muted.why
        assert summary([], [], leak)["bytes_while_muted"] == 960

    def test_is_broken_by_a_reply(self) -> None:
        assert not step(staged.with_air(run(), 49_000, 50_500, 0.1), "silent_while_muted").passed

    def test_is_broken_by_noticing_the_wake_word(self) -> None:
        assert not step(staged.also(run(), Happening(47_700, 7, "wake")), "silent_while_muted").passed

    def test_may_sound_an_earcon(self) -> None:
        assert step(staged.with_air(run(), 45_020, 45_300, 0.1), "silent_while_muted").passed

    def test_proves_nothing_when_nobody_speaks(self) -> None:
        talks = [h for h in run().happenings if not (h.kind == "talk" and h.t_ms == 47_000)]
        assert not step(replace(run(), happenings=talks), "silent_while_muted").passed

    def test_proves_nothing_when_the_person_cannot_be_heard(self) -> None:
        quiet = run().mic.copy()
        quiet[45 * 16_000 : 52 * 16_000] = 1e-4
        assert not step(replace(run(), mic=quiet), "silent_while_muted").passed

    def test_that_never_was_fails(self) -> None:
        assert not step(staged.without(run(), "mute", "unmute"), "silent_while_muted").passed


class TestBeforeTheWakeWord:
    def test_nothing_leaves(self) -> None:
        assert step(run(), "nothing_before_wake").passed

    def test_a_single_append_is_too_much(self) -> None:
        leak = replace(run(), wire=[WireRecord(2000, "input_audio_buffer.append", 960), *run().wire])
        assert not step(leak, "nothing_before_wake").passed
        assert summary([], [], leak)["bytes_before_wake"] == 960

    def test_what_the_server_says_does_not_count(self) -> None:
        assert any(record.kind == "response.output_audio.delta" and record.t_ms < 5000 for record in run().wire)
        assert summary([], [], run())["bytes_before_wake"] == 0

    def test_an_empty_log_proves_nothing(self) -> None:
        assert not step(replace(run(), wire=()), "nothing_before_wake").passed

    def test_without_a_wake_word_there_is_no_before(self) -> None:
        assert not step(staged.without(run(), "wake", "press"), "nothing_before_wake").passed


class TestBetweenTurns:
    def test_nothing_leaves(self) -> None:
        assert step(run(), "nothing_between_turns").passed

    def test_an_uplink_left_open_is_noticed(self) -> None:
        leak = replace(run(), wire=[*run().wire, WireRecord(42_000, "input_audio_buffer.append", 960)])
        assert not step(leak, "nothing_between_turns").passed

    def test_an_empty_log_proves_nothing(self) -> None:
        assert not step(replace(run(), wire=()), "nothing_between_turns").passed


class TestTheEchoStage:
    def test_takes_the_devices_own_voice_out(self) -> None:
        echo = step(run(), "echo_reduced")
        assert echo.passed
        assert "31." in echo.why

    def test_taken_out_is_noticed(self) -> None:
        assert not step(replace(run(), clean=run().mic), "echo_reduced").passed

    def test_that_takes_out_the_person_too_is_of_no_use(self) -> None:
        assert not step(replace(run(), clean=np.zeros_like(run().mic)), "echo_reduced").passed

    def test_that_was_not_recorded_is_not_proven(self) -> None:
        assert not step(replace(run(), clean=np.zeros(0, np.float32)), "echo_reduced").passed

    def test_cannot_be_judged_in_silence(self) -> None:
        assert not step(replace(run(), air=np.zeros_like(run().air)), "echo_reduced").passed


class TestJudging:
    def test_an_empty_run_passes_nothing(self) -> None:
        nothing = np.zeros(0, np.float32)
        empty = Evidence([], nothing, nothing, nothing)
        talk = {
            check: {"talk": "x"}
            for check in ("answers", "first_word_sent", "interrupted", "truncated_to_heard", "resumed")
        }
        steps = judge([Expectation(name, name, talk.get(name, {})) for name in CHECKS], empty)
        assert [step.name for step in steps if step.passed] == []
        assert all(step.why for step in steps)

    def test_an_unknown_check_is_told_with_those_there_are(self) -> None:
        [complaint] = complaints([Expectation("a step", "sings")])
        assert 'found "sings"' in complaint
        assert "greets" in complaint

    def test_an_unknown_argument_is_told_with_those_there_are(self) -> None:
        [complaint] = complaints([Expectation("a step", "stopped_by_press", {"after_ms": 3})])
        assert "after_ms" in complaint
        assert "within_ms" in complaint
        [missing] = complaints([Expectation("a step", "answers")])
        assert "talk" in missing

    def test_refuses_what_cannot_be_judged(self) -> None:
        with pytest.raises(ValueError, match="sings"):
            judge([Expectation("a step", "sings")], run())

    def test_the_demo_that_is_shipped_can_be_judged(self) -> None:
        scenario = load(Path(__file__).parents[2] / "edge_agent" / "sim" / "scenarios" / "demo.toml")
        assert scenario.expectations
        assert complaints(scenario.expectations) == []


class TestTheSummary:
    def test_has_the_keys_of_the_contract(self) -> None:
        steps = judge([Expectation("It greets", "greets")], run())
        told = summary(steps, turn_table(run().happenings), run())
        assert set(told) == {"passed", "steps", "turns", "bytes_before_wake", "bytes_while_muted"}
        assert told["passed"] is True
        assert set(told["steps"][0]) == {"name", "passed", "why"}
        assert set(told["turns"][0]) == {
            "turn",
            "wake_to_first_byte_ms",
            "speech_end_to_first_sample_ms",
            "interruption_to_silence_ms",
            "heard_ms",
            "truncated_ms",
            "underruns",
            "echo_reduction_db",
        }

    def test_of_one_failed_step_is_a_failure(self) -> None:
        steps = [Step("one", True, "it did"), Step("other", False, "it did not")]
        assert summary(steps, [], run())["passed"] is False

    def test_of_no_step_has_passed_for_nothing_was_expected(self) -> None:
        assert summary([], [], run())["passed"] is True
