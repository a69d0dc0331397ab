"""When something is due: when it rings, what ends it, and what it never does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.dialogue.agent import step
from edge_agent.dialogue.attention import attention
from edge_agent.dialogue.chart import EXAMPLES
from edge_agent.dialogue.indication import Indication, indication
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Agent, LinkPhase, Phase
from tests.dialogue.test_agent import STOP, Story, following_up, ready, speaking, woken

DUE = ev.AlarmDue("timer-1")
WAKE = ev.WakeDetected("hey_jarvis", 0.9, 900)


def ringing(policy: Policy | None = None) -> Story:
    return ready(policy).tell(DUE)


class TestWhatIsDue:
    def test_rings_at_rest_at_once(self) -> None:
        story = ringing()
        assert story.effects == [ef.Ring()]
        assert indication(story.agent) is Indication.ALARM

    @pytest.mark.parametrize(
        "story",
        [
            Story(),
            Story().tell(ev.Started()),
            ready().tell(ev.LinkLost("gone")),
            ready().tell(ev.LinkLost("401: key refused", fatal=True)),
            ready().tell(ev.MuteChanged(True)),
        ],
        ids=["before the start", "connecting", "offline", "refused", "muted"],
    )
    def test_rings_whatever_is_wrong_with_the_rest(self, story: Story) -> None:
        assert story.tell(DUE).effects == [ef.Ring()]

    def test_sounds_again_and_again(self) -> None:
        story = ringing()
        rung = [len(story.wait(1.0).asked(ef.Ring)) for _ in range(10)]
        assert sum(rung) == 3

    def test_twice_rings_once(self) -> None:
        assert ringing().tell(DUE).effects == []

    def test_beside_another_that_rings_ends_with_it(self) -> None:
        story = ringing().tell(ev.AlarmDue("alarm-1"))
        assert story.tell(ev.ButtonPressed(5)).effects == [ef.EndRing(("timer-1", "alarm-1"), "press")]

    def test_without_a_card_makes_no_sound_until_the_card_is_back(self) -> None:
        story = ready().tell(ev.SoundLost(), DUE)
        assert not story.asked(ef.Ring)
        assert story.tell(ev.SoundBack()).wait(3.1).effects == [ef.Ring()]


class TestWhileATurnIsInProgress:
    @pytest.mark.parametrize(
        "story",
        [
            woken,
            speaking,
            lambda: woken().tell(ev.SpeechStarted(421), ev.SpeechPaused(500)),
            lambda: woken().tell(ev.SpeechEnded(900)),
        ],
        ids=["listening", "speaking", "pausing", "thinking"],
    )
    def test_it_waits(self, story: type[Story]) -> None:
        told = story().tell(DUE)
        assert told.effects == []
        assert indication(told.agent) is not Indication.ALARM

    def test_it_rings_when_the_reply_has_been_heard(self) -> None:
        story = speaking().tell(DUE, ev.ResponseFinished(1, "completed"))
        assert story.tell(ev.PlaybackDrained(1)).effects == [ef.Ring()]
        assert story.phase is Phase.IDLE

    def test_it_rings_when_the_reply_is_stopped(self) -> None:
        assert speaking().tell(DUE).tell(STOP).asked(ef.Ring)

    def test_a_persons_sentence_is_never_cut_off(self) -> None:
        story = woken().tell(ev.SpeechStarted(421), DUE)
        for _ in range(29):
            assert story.wait(1.0).effects == []
        assert story.tell(ev.SpeechEnded(9000)).effects == [ef.Commit(1)]

    def test_a_question_gets_the_beginning_of_its_answer(self) -> None:
        story = woken().tell(ev.SpeechStarted(421), DUE).wait(20).tell(ev.SpeechEnded(9000)).wait(5)
        story.tell(ev.ReplyAudio(1, 60_000))
        assert story.wait(9.9).effects == []
        assert story.wait(0.2).effects == [ef.FlushPlayback(1), ef.CancelReply(1), ef.Ring()]

    def test_a_reply_that_goes_on_and_on_gives_way_and_what_was_heard_of_it_is_told(self) -> None:
        story = speaking().tell(ev.ReplyAudio(1, 600_000)).wait(30).tell(DUE)
        assert story.wait(9.9).effects == []
        assert story.wait(0.2).effects == [ef.FlushPlayback(1), ef.CancelReply(1), ef.Ring()]
        heard = (ev.ItemHeard("item_1", 40_000, 600_000),)
        assert story.tell(ev.PlaybackFlushed(1, heard)).effects == [ef.Truncate(1, heard)]

    def test_the_daemon_is_woken_in_time_for_it(self) -> None:
        story = speaking().tell(ev.ReplyAudio(1, 600_000)).wait(30).tell(DUE)
        assert story.agent.deadline == story.now + 10

    def test_an_answer_window_is_closed_by_it(self) -> None:
        story = following_up().tell(DUE)
        assert (story.phase, story.effects) == (Phase.IDLE, [ef.Ring()])


class TestARing:
    def test_is_ended_by_the_button_which_opens_no_turn(self) -> None:
        story = ringing().tell(ev.ButtonPressed(5))
        assert (story.phase, story.effects) == (Phase.IDLE, [ef.EndRing(("timer-1",), "press")])
        assert story.wait(5).effects == []

    def test_is_ended_by_a_stop_word(self) -> None:
        story = ringing().tell(STOP)
        assert (story.phase, story.effects) == (Phase.IDLE, [ef.EndRing(("timer-1",), "stop_word")])

    def test_is_ended_by_the_wake_word_and_the_turn_goes_on(self) -> None:
        story = ringing().tell(WAKE)
        assert story.effects == [ef.EndRing(("timer-1",), "wake"), ef.OpenTurn(1)]
        assert attention(story.agent).uplink == 1

    def test_is_not_ended_by_speech(self) -> None:
        story = ringing().tell(ev.SpeechStarted(5), ev.NearEndSuspected(), ev.NearEndConfirmed(5), ev.SpeechEnded(900))
        assert story.effects == []
        assert story.agent.ringing.sounding

    def test_asks_hearing_for_the_stop_word_and_for_no_speech(self) -> None:
        wanted = attention(ringing().agent)
        assert (wanted.ringing, wanted.speech, wanted.reply, wanted.uplink) == (True, False, False, 0)

    def test_goes_on_through_a_mute_and_is_then_ended_by_the_button(self) -> None:
        story = ringing().tell(ev.MuteChanged(True))
        assert story.wait(3.1).effects == [ef.Ring()]
        assert indication(story.agent) is Indication.MUTED
        assert story.tell(ev.ButtonPressed(5)).effects == [ef.EndRing(("timer-1",), "press")]

    def test_is_not_ended_by_what_crossed_the_mute_on_its_way(self) -> None:
        for late in (STOP, WAKE):
            assert ringing().tell(ev.MuteChanged(True)).tell(late).agent.ringing.sounding

    def test_ends_by_itself_after_two_minutes_and_the_light_stays(self) -> None:
        story = ringing().wait(119)
        assert story.agent.ringing.sounding
        assert story.wait(1.1).effects == [ef.EndRing(("timer-1",), "nobody")]
        assert indication(story.wait(3600).agent) is Indication.ALARM

    @pytest.mark.parametrize("person", [ev.ButtonPressed(5), WAKE])
    def test_that_was_missed_is_shown_until_somebody_is_there(self, person: ev.Event) -> None:
        story = ringing().wait(121).tell(person)
        assert story.phase is Phase.LISTENING
        assert indication(story.wait(6.1).agent) is not Indication.ALARM

    def test_ends_when_what_rings_is_cancelled(self) -> None:
        assert ringing().tell(ev.AlarmGone("timer-1")).effects == [ef.EndRing(("timer-1",), "cancelled")]
        assert ringing().tell(ev.AlarmGone("timer-2")).effects == []
        assert not woken().tell(DUE, ev.AlarmGone("timer-1")).tell(ev.ButtonPressed(5)).asked(ef.Ring)

    def test_keeps_the_greeting_away(self) -> None:
        story = Story(Policy(greeting="Say hello.")).tell(ev.Started(), DUE, ev.LinkReady())
        assert story.phase is Phase.IDLE
        assert not story.asked(ef.Ask)

    def test_does_not_keep_the_link_from_coming_back(self) -> None:
        story = ringing().tell(ev.LinkLost("gone")).wait(0.6)
        assert story.agent.link.phase is LinkPhase.CONNECTING


EVENTS = st.sampled_from([event for examples in EXAMPLES.values() for event in examples])


class TestWhateverHappens:
    @given(st.lists(st.tuples(EVENTS, st.floats(0, 20)), max_size=60))
    def test_nobody_has_the_floor_while_it_rings(self, happenings: list[tuple[ev.Event, float]]) -> None:
        agent, now = Agent(), 0.0
        for event, pause in happenings:
            now += pause
            agent, _ = step(agent, event, now)
            assert agent.turn.phase is Phase.IDLE or not agent.ringing.sounding

    @given(st.lists(st.tuples(EVENTS, st.floats(0, 20)), max_size=60))
    def test_all_that_is_due_is_ended_once(self, happenings: list[tuple[ev.Event, float]]) -> None:
        agent, now, asked, ended = Agent(), 0.0, 0, 0
        for event, pause in [*happenings, (ev.SoundBack(), 0), (ev.ButtonPressed(1), 0), *[(ev.Tick(), 130.0)] * 12]:
            now += pause
            before = agent.ringing.due
            agent, effects = step(agent, event, now)
            asked += len(agent.ringing.due) > len(before)
            ended += sum(len(e.alarms) for e in effects if isinstance(e, ef.EndRing))
            ended += len(before) > len(agent.ringing.due) and not any(isinstance(e, ef.EndRing) for e in effects)
        assert not agent.ringing.due
        assert asked == ended
