"""A pause that may be the end: the answer is asked for and held, until hearing is sure, one way or the other."""

from __future__ import annotations

from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.dialogue.attention import attention
from edge_agent.dialogue.chart import EXAMPLES
from edge_agent.dialogue.indication import Indication, indication
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Phase
from tests.dialogue.test_agent import Story, woken


def paused(policy: Policy | None = None) -> Story:
    return woken(policy).tell(ev.SpeechStarted(421), ev.SpeechPaused(500))


class TestAPause:
    def test_asks_for_the_answer_and_holds_it(self) -> None:
        story = paused()
        assert story.phase is Phase.ENDING
        assert story.effects == [ef.Commit(1, held=True)]

    def test_still_has_the_persons_ear(self) -> None:
        story = paused()
        assert attention(story.agent).uplink == 1
        assert attention(story.agent).spoke
        assert indication(story.agent) is Indication.LISTENING

    def test_means_nothing_where_the_provider_decides(self) -> None:
        story = paused(Policy(provider_detects=True))
        assert story.phase is Phase.LISTENING
        assert story.effects == []

    def test_does_not_last(self) -> None:
        story = paused().wait(3.1)
        assert story.phase is Phase.THINKING
        assert ef.Release(1) in story.effects


class TestTheEndOfIt:
    def test_lets_the_answer_be_heard(self) -> None:
        story = paused().tell(ev.SpeechEnded(900))
        assert story.phase is Phase.THINKING
        assert story.effects == [ef.Release(1)]

    def test_may_be_the_buttons(self) -> None:
        story = paused().tell(ev.ButtonPressed(600))
        assert story.phase is Phase.THINKING
        assert story.effects == [ef.Release(1)]

    def test_counts_the_wait_from_when_it_was_asked(self) -> None:
        story = paused(Policy(cue_s=1.0))
        story.wait(0.5).tell(ev.SpeechEnded(900))
        assert story.wait(0.4).asked(ef.Earcon) == []
        assert story.wait(0.2).asked(ef.Earcon) == [ef.Earcon("working")]

    def test_finds_an_answer_that_has_come_already(self) -> None:
        story = paused().tell(ev.ReplyAudio(1, 400), ev.ReplyAudio(1, 600))
        assert (story.phase, story.effects) == (Phase.ENDING, [])
        story.tell(ev.SpeechEnded(900))
        assert story.phase is Phase.SPEAKING
        assert story.agent.turn.received_ms == 1000
        assert story.effects == [ef.Release(1)]

    def test_finds_one_that_is_complete(self) -> None:
        story = paused().tell(ev.ReplyAudio(1, 400), ev.ResponseFinished(1, "completed"), ev.SpeechEnded(900))
        assert story.phase is Phase.SPEAKING
        assert story.effects[-2:] == [ef.Release(1), ef.FinishPlayback(1)]
        assert story.tell(ev.PlaybackDrained(1)).phase is Phase.FOLLOW_UP

    def test_finds_one_that_failed_and_says_so(self) -> None:
        story = paused().tell(ev.ResponseFinished(1, "failed", "full"), ev.SpeechEnded(900))
        assert story.phase is Phase.IDLE
        assert ef.Earcon("error") in story.effects

    def test_lets_a_tool_run_that_was_waiting_for_it(self) -> None:
        story = paused().tell(ev.ToolRequested(1, "c1", "set_volume", {"percent": 20}))
        assert story.effects == []
        story.tell(ev.SpeechEnded(900))
        assert story.asked(ef.RunTool) == [ef.RunTool(1, "c1", "set_volume", {"percent": 20})]


class TestGoingOn:
    def test_takes_back_what_was_asked(self) -> None:
        story = paused().tell(ev.SpeechResumed())
        assert (story.phase, story.turn) == (Phase.LISTENING, 1)
        assert story.effects == [ef.GoOn(1)]

    def test_forgets_what_came_of_it(self) -> None:
        story = paused().tell(
            ev.ReplyAudio(1, 400), ev.ToolRequested(1, "c1", "set_volume", {}), ev.SpeechResumed(), ev.SpeechPaused(700)
        )
        story.tell(ev.SpeechEnded(1900))
        assert story.phase is Phase.THINKING
        assert story.effects == [ef.Release(1)]

    def test_has_the_time_that_is_left_of_a_sentence(self) -> None:
        story = paused(Policy(max_speech_s=30.0, guesses=100))
        for _ in range(14):
            story.wait(1.0).tell(ev.SpeechResumed()).wait(1.0).tell(ev.SpeechPaused(900))
        phases = [story.tell(ev.SpeechResumed()).phase, story.wait(2.1).phase]
        assert phases == [Phase.LISTENING, Phase.THINKING]

    def test_is_guessed_at_twice_and_then_waited_for(self) -> None:
        """Each guess costs an answer, and the sentence once more."""
        story = paused().tell(ev.SpeechResumed(), ev.SpeechPaused(600), ev.SpeechResumed(), ev.SpeechPaused(700))
        phases = [story.phase, story.tell(ev.SpeechEnded(2000)).phase]
        assert phases == [Phase.LISTENING, Phase.THINKING]
        assert story.effects == [ef.Commit(1)]


class TestWhatEndsIt:
    def test_is_a_wake_word_for_another_question(self) -> None:
        story = paused().tell(ev.WakeDetected("hey_jarvis", 0.9, 600))
        assert (story.phase, story.turn) == (Phase.LISTENING, 2)
        assert story.effects == [ef.FlushPlayback(1), ef.Discard(1), ef.OpenTurn(2)]

    def test_is_a_stop_word(self) -> None:
        story = paused().tell(ev.StopWordHeard("stop", 0.9))
        assert story.phase is Phase.IDLE
        assert {ef.FlushPlayback(1), ef.Discard(1)} <= set(story.effects)

    def test_is_the_mute(self) -> None:
        story = paused().tell(ev.MuteChanged(True, 600))
        assert story.phase is Phase.IDLE
        assert {ef.FlushPlayback(1), ef.Discard(1)} <= set(story.effects)
        assert attention(story.agent).uplink == 0

    def test_is_a_refusal_for_good_and_no_passing_trouble(self) -> None:
        assert paused().tell(ev.LinkLost("gone")).phase is Phase.ENDING
        refused = paused().tell(ev.LinkLost("key", fatal=True))
        assert refused.phase is Phase.IDLE
        assert {ef.FlushPlayback(1), ef.Discard(1)} <= set(refused.effects)


class TestWhatIsToldLate:
    def test_of_another_turns_sentence_counts_for_nothing(self) -> None:
        story = woken().tell(ev.SpeechPaused(400, turn=7), ev.SpeechEnded(900, 400, turn=7))
        assert (story.phase, story.effects) == (Phase.LISTENING, [])


class TestAnyWayOut:
    def test_says_what_becomes_of_the_answer(self) -> None:
        """Nothing that was held may be forgotten in the loudspeaker."""
        for kind in EXAMPLES:
            for event in EXAMPLES[kind]:
                for late in (0.0, 1000.0):
                    story = paused()
                    story.now += late
                    story.tell(event)
                    told = {type(effect) for effect in story.effects}
                    if story.agent.turn.phase is not Phase.ENDING:
                        assert told & {ef.Release, ef.GoOn, ef.FlushPlayback}, event
