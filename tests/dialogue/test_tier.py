"""Who may stop a reply: what was set, what was measured, and what came of it."""

from __future__ import annotations

import pytest

from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.dialogue.attention import attention
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Phase, Tier
from edge_agent.dialogue.tier import DISTRUST_S, MEMORY_S, MOST_UNCALLED
from tests.dialogue.test_agent import Story, ready


def heard_out(story: Story) -> Story:
    """The reply that plays is heard to its end."""
    turn = story.turn
    return story.tell(ev.ResponseFinished(turn, "completed"), ev.PlaybackDrained(turn))


def answered(story: Story, *opening: ev.Event) -> Story:
    """Somebody asks, and the reply begins. opening: what gives them the floor; the wake word if nothing does."""
    story.tell(*(opening or (ev.WakeDetected("hey_jarvis", 0.9, 5), ev.SpeechStarted(6))))
    story.tell(ev.SpeechEnded(900))
    return story.tell(ev.ReplyAudio(story.turn, 3000))


def stopped_in_vain(story: Story) -> Story:
    """Something stops the reply, and then nothing is said."""
    return story.tell(ev.NearEndConfirmed(5), ev.SpeechEnded(0))


def tier(story: Story) -> tuple[Tier, str]:
    return story.agent.floor.tier, story.agent.floor.why


class TestWhatWasSet:
    @pytest.mark.parametrize("name", ["speech", "wake", "button"])
    def test_holds_whatever_is_measured(self, name: str) -> None:
        story = answered(ready(Policy(listen_while_speaking=name)))
        for _ in range(5):
            story.tell(ev.EchoMeasured(1.0))
        for _ in range(3):
            stopped_in_vain(story)
            answered(story)
        assert tier(story) == (Tier(name), "configured")

    def test_is_what_hearing_attends_to(self) -> None:
        gates = {}
        for name in ("speech", "wake", "button"):
            told = attention(answered(ready(Policy(listen_while_speaking=name))).agent)
            gates[name] = (told.reply, told.by_speech, told.by_word)
        assert gates == {
            "speech": (True, True, True),
            "wake": (True, False, True),
            "button": (True, False, False),
        }


class TestTheFirstReply:
    def test_may_be_talked_over(self) -> None:
        assert tier(answered(ready())) == (Tier.SPEECH, "nothing is measured yet")


class TestTheEcho:
    def measured(self, story: Story, *reductions: float) -> Story:
        for reduction_db in reductions:
            story.tell(ev.EchoMeasured(reduction_db))
        return answered(heard_out(story))

    def test_that_is_cancelled_lets_people_talk_over_it(self) -> None:
        assert tier(self.measured(answered(ready()), 20, 25, 25)) == (Tier.SPEECH, "our echo is cancelled")

    def test_that_is_too_loud_leaves_it_to_words(self) -> None:
        assert tier(self.measured(answered(ready()), 3, 4, 4)) == (Tier.WAKE, "our echo is too loud")

    def test_is_not_judged_by_how_the_filter_begins(self) -> None:
        assert tier(self.measured(answered(ready()), 1, 2))[0] is Tier.SPEECH

    def test_that_is_better_again_is_talked_over_again_but_not_for_a_hair(self) -> None:
        story = self.measured(answered(ready()), 3, 4, 4)
        assert tier(self.measured(story, 7))[0] is Tier.WAKE
        assert tier(self.measured(story, 12))[0] is Tier.SPEECH
        assert tier(self.measured(story, 7))[0] is Tier.SPEECH

    def test_changes_nothing_in_the_middle_of_a_reply(self) -> None:
        story = answered(ready())
        for _ in range(5):
            story.tell(ev.EchoMeasured(1.0))
        assert attention(story.agent).by_speech


class TestStopsThatCameToNothing:
    def test_leave_it_to_words_for_a_while(self) -> None:
        story = stopped_in_vain(answered(ready()))
        assert tier(answered(story))[0] is Tier.SPEECH
        stopped_in_vain(story)
        assert tier(answered(story)) == (Tier.WAKE, "it was stopped in vain")
        story.now += DISTRUST_S
        assert tier(answered(heard_out(story)))[0] is Tier.SPEECH

    def test_are_forgotten_when_they_are_long_ago(self) -> None:
        story = stopped_in_vain(answered(ready()))
        story.now += MEMORY_S + 1
        stopped_in_vain(answered(story))
        assert tier(answered(story))[0] is Tier.SPEECH

    def test_are_forgotten_when_a_person_was_answered_in_between(self) -> None:
        story = stopped_in_vain(answered(ready()))
        answered(story)
        answered(story, ev.NearEndConfirmed(5))
        stopped_in_vain(story)
        assert tier(answered(story))[0] is Tier.SPEECH

    @pytest.mark.parametrize(
        "end",
        [
            ev.SpeechEnded(0),
            ev.ButtonPressed(9),
            (ev.SpeechEnded(900), "nothing was said"),
            (ev.SpeechEnded(900), "not_for_me"),
        ],
    )
    def test_are_silence_a_press_and_what_the_server_or_the_model_had_no_use_for(self, end: object) -> None:
        story = answered(ready())
        for _ in range(2):
            story.tell(ev.NearEndConfirmed(5))
            if isinstance(end, ev.Event):
                story.tell(end)
            elif isinstance(end, tuple) and end[1] == "not_for_me":
                story.tell(end[0]).tell(ev.ToolRequested(story.turn, "call", "not_for_me", {}))
            elif isinstance(end, tuple):
                story.tell(end[0]).tell(ev.ResponseFinished(story.turn, "failed", end[1]))
            assert story.phase is Phase.IDLE
            answered(story)
        assert tier(story) == (Tier.WAKE, "it was stopped in vain")

    def test_are_not_those_of_a_person_who_wanted_silence(self) -> None:
        story = answered(ready())
        for _ in range(3):
            story.tell(ev.NearEndConfirmed(5), ev.StopWordHeard("stop", 0.9))
            answered(story)
        assert tier(story)[0] is Tier.SPEECH

    def test_are_not_the_lines_fault(self) -> None:
        story = answered(ready())
        for _ in range(3):
            story.tell(ev.NearEndConfirmed(5), ev.SpeechEnded(900))
            story.tell(ev.ResponseFinished(story.turn, "failed"))
            answered(story)
        assert tier(story)[0] is Tier.SPEECH

    def test_are_not_the_lines_fault_where_the_answer_was_asked_for_early(self) -> None:
        story = answered(ready())
        for _ in range(3):
            story.tell(ev.NearEndConfirmed(5), ev.SpeechStarted(6), ev.SpeechPaused(400, story.turn))
            story.tell(ev.ResponseFinished(story.turn, "failed", "rate limit"), ev.SpeechEnded(900))
            answered(story)
        assert tier(story)[0] is Tier.SPEECH


class TestPausesThatCameToNothing:
    def paused(self, story: Story, times: int) -> Story:
        for _ in range(times):
            story.tell(ev.NearEndSuspected(), ev.NearEndSpeaks(), ev.NearEndDismissed())
        return answered(heard_out(story))

    def test_may_be_somebody_who_agrees(self) -> None:
        assert tier(self.paused(answered(ready()), 3))[0] is Tier.SPEECH

    def test_are_our_own_echo_when_there_are_many(self) -> None:
        assert tier(self.paused(answered(ready()), 4)) == (Tier.WAKE, "it was stopped in vain")

    def test_are_none_where_the_reply_was_only_turned_down(self) -> None:
        story = answered(ready())
        for _ in range(10):
            story.tell(ev.NearEndSuspected(), ev.NearEndDismissed())
        assert tier(answered(heard_out(story)))[0] is Tier.SPEECH

    def test_are_none_where_the_button_ended_the_reply(self) -> None:
        story = answered(ready())
        for _ in range(4):
            story.tell(ev.NearEndSuspected(), ev.NearEndSpeaks(), ev.ButtonPressed(9))
            answered(story).tell(ev.NearEndSuspected(), ev.NearEndDismissed())
        assert tier(answered(heard_out(story)))[0] is Tier.SPEECH

    def test_do_not_close_the_window_after_a_turn_that_was_called_for(self) -> None:
        story = self.paused(answered(ready()), 4)
        assert tier(story)[0] is Tier.WAKE
        assert heard_out(story).phase is Phase.FOLLOW_UP


class TestAPausedReply:
    def test_has_as_much_more_time_to_be_heard(self) -> None:
        story = answered(ready(Policy(stall_s=2.0)))
        for _ in range(8):
            story.tell(ev.NearEndSuspected(), ev.NearEndSpeaks()).wait(0.9).tell(ev.NearEndDismissed())
        assert story.phase is Phase.SPEAKING, "7 s of pauses, 3 s of sound"

    def test_that_does_not_go_on_is_given_up(self) -> None:
        story = answered(ready(Policy(stall_s=2.0))).tell(ev.NearEndSuspected(), ev.NearEndSpeaks()).wait(6.0)
        assert story.phase is not Phase.SPEAKING


class TestATelevision:
    def test_cannot_go_on_for_ever_with_turns_that_nobody_called_for(self) -> None:
        story = answered(ready())
        for _ in range(MOST_UNCALLED):
            assert tier(story)[0] is Tier.SPEECH
            answered(story, ev.NearEndConfirmed(5))
        assert tier(story) == (Tier.WAKE, "nobody has called for long")

    def test_gets_no_follow_up_then_and_a_call_makes_all_well(self) -> None:
        story = answered(ready())
        for _ in range(MOST_UNCALLED):
            answered(story, ev.NearEndConfirmed(5))
        assert heard_out(story).phase is Phase.IDLE
        assert tier(answered(story))[0] is Tier.SPEECH
        assert heard_out(story).phase is Phase.FOLLOW_UP

    def test_that_talks_without_a_pause_loses_the_floor_unanswered(self) -> None:
        story = answered(ready()).tell(ev.NearEndConfirmed(5))
        story.wait(Policy().max_speech_s)
        assert story.phase is Phase.IDLE
        assert story.asked(ef.Discard)
        assert not story.asked(ef.Commit)

    def test_is_not_a_person_who_paused_and_went_on(self) -> None:
        story = answered(ready()).tell(ev.NearEndConfirmed(5))
        story.tell(ev.SpeechPaused(400, story.turn), ev.SpeechResumed(story.turn))
        story.wait(Policy().max_speech_s)
        assert story.phase is Phase.THINKING


class TestNeverMind:
    def test_is_a_press_while_it_listens_to_what_nobody_called_for(self) -> None:
        story = answered(ready()).tell(ev.NearEndConfirmed(5)).tell(ev.ButtonPressed(9))
        assert story.phase is Phase.IDLE
        assert story.asked(ef.Discard)

    def test_is_a_press_in_a_pause_too_and_the_answer_is_not_heard(self) -> None:
        story = answered(ready()).tell(ev.NearEndConfirmed(5))
        story.tell(ev.SpeechPaused(400, story.turn)).tell(ev.ButtonPressed(9))
        assert story.phase is Phase.IDLE
        assert story.asked(ef.FlushPlayback)

    def test_is_no_press_of_a_person_who_called(self) -> None:
        story = ready().tell(ev.WakeDetected("hey_jarvis", 0.9, 5), ev.SpeechStarted(6), ev.ButtonPressed(9))
        assert story.phase is Phase.THINKING

    def test_may_be_the_models_word_and_nothing_is_said(self) -> None:
        story = ready().tell(ev.WakeDetected("hey_jarvis", 0.9, 5), ev.SpeechStarted(6), ev.SpeechEnded(900))
        story.tell(ev.ToolRequested(story.turn, "call", "not_for_me", {}))
        assert story.phase is Phase.IDLE
        assert [type(effect) for effect in story.effects] == [ef.AnswerTool, ef.CancelReply]
