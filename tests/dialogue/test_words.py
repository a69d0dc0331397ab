"""What the device says by itself when an answer is late or does not come, and when it falls silent again."""

from __future__ import annotations

import pytest

from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.dialogue.attention import attention
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Phase
from tests.dialogue.test_agent import Story, ready, woken

MOMENT = ef.Say("moment")


def thinking(policy: Policy | None = None) -> Story:
    return woken(policy).tell(ev.SpeechStarted(421), ev.SpeechEnded(900))


def excused() -> Story:
    """The device says that it takes a moment."""
    story = thinking().wait(1.0).wait(1.0)
    assert story.effects == [MOMENT]
    return story


class TestAReplyThatIsLate:
    def test_is_announced_by_a_sound_after_a_second_and_in_words_after_two(self) -> None:
        story = thinking()
        told = [story.wait(0.5).effects for _ in range(6)]
        assert told == [[], [ef.Earcon("working")], [], [MOMENT], [], []]

    def test_wakes_the_daemon_for_both(self) -> None:
        story = thinking()
        assert story.agent.deadline == story.now + 1.0
        story.wait(1.0)
        assert story.agent.deadline == story.now + 1.0

    def test_is_excused_once_a_turn_however_many_tools_it_takes(self) -> None:
        story = excused()
        for number in range(3):
            story.tell(ev.ToolRequested(1, f"c{number}", "get_volume", {}), ev.ToolFinished(1, f"c{number}", "70"))
            assert story.wait(3.0).effects == []

    def test_is_excused_in_the_next_turn_again(self) -> None:
        story = excused().tell(ev.WakeDetected("hey_jarvis", 0.9, 900), ev.SpeechEnded(900)).wait(1.0)
        assert story.wait(1.0).effects == [MOMENT]

    def test_is_not_when_it_comes_in_time(self) -> None:
        story = thinking().wait(0.9).tell(ev.ReplyAudio(1, 100))
        assert [story.wait(0.5).effects for _ in range(6)] == [[]] * 6

    def test_is_only_shown_where_words_are_turned_off(self) -> None:
        story = thinking(Policy(words=False))
        assert [story.wait(1.0).effects for _ in range(3)] == [[ef.Earcon("working")], [], []]
        assert story.agent.saying == ""

    def test_is_not_excused_to_nobody(self) -> None:
        story = Story(Policy(greeting="Say hello.")).tell(ev.Started(), ev.LinkReady())
        assert [story.wait(1.0).effects for _ in range(4)] == [[]] * 4


class TestWhileItSpeaks:
    def test_its_own_echo_is_no_beginning_of_speech(self) -> None:
        story = excused()
        assert not attention(story.agent).speech
        assert attention(story.tell(ev.PhraseSaid("moment")).agent).speech

    def test_the_reply_takes_the_floor_from_it(self) -> None:
        assert excused().tell(ev.ReplyAudio(1, 100)).effects == [ef.Hush()]

    def test_it_makes_room_for_a_person_a_ring_and_a_mute(self) -> None:
        assert excused().tell(ev.WakeDetected("hey_jarvis", 0.9, 900)).effects[0] == ef.Hush()
        assert excused().tell(ev.ButtonPressed(900)).effects[0] == ef.Hush()
        assert excused().tell(ev.MuteChanged(True)).effects[0] == ef.Hush()
        assert excused().tell(ev.SoundLost()).effects[0] == ef.Hush()
        story = thinking().tell(ev.ResponseFinished(1, "failed", "x")).tell(ev.AlarmDue("timer-1"))
        assert story.effects == [ef.Hush(), ef.Ring()]

    def test_it_is_hushed_once(self) -> None:
        story = excused().tell(ev.ReplyAudio(1, 100))
        assert story.tell(ev.ReplyAudio(1, 100)).effects == []

    def test_what_it_said_does_not_count_as_the_reply(self) -> None:
        story = excused().tell(ev.PhraseSaid("moment"))
        assert (story.phase, story.agent.turn.received_ms) == (Phase.THINKING, 0)

    def test_the_end_of_another_sentence_is_not_its_own(self) -> None:
        assert excused().tell(ev.PhraseSaid("failed")).agent.saying == "moment"


class TestAReplyThatDoesNotCome:
    @pytest.mark.parametrize(
        ("events", "phrase"),
        [
            ((ev.ResponseFinished(1, "failed", "server_error"),), "failed"),
            ((ev.ResponseFinished(1, "incomplete", "max_output_tokens"),), "failed"),
            ((ev.ResponseFinished(1, "lost"),), "unreachable"),
            ((ev.LinkLost("401: key refused", fatal=True),), "refused"),
        ],
    )
    def test_is_told_in_words_after_the_sound(self, events: tuple[ev.Event, ...], phrase: str) -> None:
        assert thinking().tell(*events).effects == [ef.Earcon("error"), ef.Say(phrase)]

    def test_in_time_is_told(self) -> None:
        assert ef.Say("no_answer") in thinking().wait(15.1).effects

    def test_for_want_of_a_connection_is_told_as_that(self) -> None:
        told = thinking().tell(ev.LinkLost("gone")).wait(15.1).effects
        assert ef.Say("unreachable") in told
        assert ef.Say("no_answer") not in told

    def test_because_we_are_refused_is_told_to_whoever_asks(self) -> None:
        story = ready().tell(ev.LinkLost("401: key refused", fatal=True)).tell(ev.WakeDetected("alexa", 0.9, 7))
        assert ef.Say("refused") in story.effects

    def test_is_told_by_the_sound_alone_where_words_are_turned_off(self) -> None:
        told = thinking(Policy(words=False)).tell(ev.ResponseFinished(1, "failed", "x"))
        assert told.effects == [ef.Earcon("error")]

    def test_after_the_excuse_is_told_in_its_place(self) -> None:
        story = excused().tell(ev.ResponseFinished(1, "failed", "x"))
        assert story.effects == [ef.Earcon("error"), ef.Say("failed")]
        assert story.agent.saying == "failed"
