"""The conversation as a person would tell it: what happens, and what the agent then does."""

from __future__ import annotations

from dataclasses import replace

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


class Story:
    """An agent, its clock, and everything it asked for."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.agent = Agent(policy or Policy())
        self.now = 100.0
        self.effects: list[ef.Effect] = []

    def tell(self, *events: ev.Event) -> Story:
        """What is told; `effects` are those of these events alone."""
        self.effects = []
        for event in events:
            self.agent, effects = step(self.agent, event, self.now)
            self.effects += effects
        return self

    def wait(self, seconds: float) -> Story:
        self.now += seconds
        return self.tell(ev.Tick())

    @property
    def phase(self) -> Phase:
        return self.agent.turn.phase

    @property
    def turn(self) -> int:
        return self.agent.turn.number

    def asked(self, kind: type[ef.Effect]) -> list[ef.Effect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]


def ready(policy: Policy | None = None) -> Story:
    return Story(policy).tell(ev.Started(), ev.LinkReady())


def woken(policy: Policy | None = None) -> Story:
    return ready(policy).tell(ev.WakeDetected("hey_jarvis", 0.97, since=420))


def speaking() -> Story:
    story = woken().tell(ev.SpeechStarted(421), ev.SpeechEnded(900))
    return story.tell(ev.ReplyAudio(story.turn, 2000))


def following_up() -> Story:
    story = speaking()
    return story.tell(ev.ResponseFinished(story.turn, "completed"), ev.PlaybackDrained(story.turn))


class TestTheSignThatItListens:
    def test_is_given_to_a_person_who_waits_for_it(self) -> None:
        assert woken().tell(ev.PersonWaits()).effects == [ef.Earcon("wake")]
        assert ready().tell(ev.ButtonPressed(5), ev.PersonWaits()).asked(ef.Earcon) == [ef.Earcon("wake")]

    def test_is_never_given_over_a_sentence(self) -> None:
        assert woken().tell(ev.SpeechStarted(425), ev.PersonWaits()).effects == []

    def test_is_not_needed_by_one_who_answers(self) -> None:
        assert following_up().tell(ev.SpeechStarted(425), ev.PersonWaits()).asked(ef.Earcon) == []


class TestAWakeWord:
    def test_opens_a_turn_at_the_end_of_the_phrase(self) -> None:
        story = woken()
        assert story.phase is Phase.LISTENING
        assert attention(story.agent).uplink == 1
        assert attention(story.agent).since == 420

    def test_never_delays_listening_for_its_sound(self) -> None:
        assert woken().effects == [ef.OpenTurn(1)]

    def test_without_a_word_ends_quietly_and_nothing_is_kept(self) -> None:
        story = woken().wait(6.1)
        assert story.phase is Phase.IDLE
        assert story.asked(ef.Discard) == [ef.Discard(1)]

    def test_is_heard_while_the_link_is_away_and_hurries_it(self) -> None:
        story = ready().tell(ev.LinkLost("gone")).tell(ev.WakeDetected("alexa", 0.9, 7))
        assert story.phase is Phase.LISTENING
        assert story.asked(ef.Connect)

    def test_says_so_when_the_provider_refuses_us(self) -> None:
        story = ready().tell(ev.LinkLost("401: key refused", fatal=True)).tell(ev.WakeDetected("alexa", 0.9, 7))
        assert story.phase is Phase.IDLE
        assert ef.Earcon("error") in story.effects

    def test_interrupts_a_reply(self) -> None:
        story = speaking().tell(ev.WakeDetected("hey_jarvis", 0.9, 900))
        assert story.phase is Phase.LISTENING
        assert story.effects == [ef.FlushPlayback(1), ef.CancelReply(1), ef.OpenTurn(2)]


class TestASentence:
    def test_is_committed_when_it_is_over(self) -> None:
        story = woken().tell(ev.SpeechStarted(421), ev.SpeechEnded(900))
        assert story.phase is Phase.THINKING
        assert story.effects == [ef.Commit(1)]

    def test_stops_leaving_the_device_with_its_end(self) -> None:
        story = woken().tell(ev.SpeechEnded(900))
        assert attention(story.agent).uplink == 0

    def test_that_never_ends_is_answered_as_far_as_it_went(self) -> None:
        story = woken().tell(ev.SpeechStarted(421)).wait(30.1)
        assert story.asked(ef.Commit) == [ef.Commit(1)]

    def test_that_goes_on_after_a_thoughtful_pause_takes_the_floor_back(self) -> None:
        story = woken().tell(ev.SpeechEnded(900)).tell(ev.SpeechStarted(600))
        assert story.phase is Phase.LISTENING
        assert story.effects == [ef.OpenTurn(2, continues=True), ef.CancelReply(1)]
        assert attention(story.agent).since == 600

    def test_is_left_to_the_provider_to_end_where_the_provider_detects(self) -> None:
        story = woken(Policy(provider_detects=True)).tell(ev.SpeechStarted(421), ev.SpeechEnded(900))
        assert story.phase is Phase.LISTENING
        assert story.effects == []
        assert story.tell(ev.ServerEndedSpeech(1)).phase is Phase.THINKING


class TestAReply:
    def test_that_is_slow_is_shown(self) -> None:
        story = woken().tell(ev.SpeechEnded(900))
        assert indication(story.agent) is Indication.THINKING
        assert indication(story.wait(1.1).agent) is Indication.WAITING

    def test_that_never_comes_is_given_up_with_a_sound(self) -> None:
        story = woken().tell(ev.SpeechEnded(900)).wait(15.1)
        assert story.phase is Phase.IDLE
        assert story.effects == [ef.CancelReply(1), ef.Earcon("error"), ef.Say("no_answer"), ef.Connect()]

    def test_that_never_comes_makes_the_connection_suspect(self) -> None:
        story = woken().tell(ev.SpeechEnded(900)).wait(15.1)
        assert story.agent.link.phase is LinkPhase.CONNECTING

    def test_that_waits_for_a_slow_tool_of_ours_does_not(self) -> None:
        story = woken().tell(ev.SpeechEnded(900), ev.ToolRequested(1, "c1", "get_volume", {})).wait(15.1)
        assert story.phase is Phase.IDLE
        assert not story.asked(ef.Connect)

    def test_that_only_calls_tools_ends(self) -> None:
        story = woken().tell(ev.SpeechEnded(900))
        for number in range(17):
            story.tell(ev.ToolRequested(1, f"c{number}", "get_volume", {}))
            if story.phase is Phase.THINKING:
                assert story.asked(ef.RunTool)
                story.tell(ev.ToolFinished(1, f"c{number}", "70"), ev.ResponseFinished(1, "tool_calls"))
        assert story.phase is Phase.IDLE

    def test_that_streamed_as_fast_as_it_plays_and_stops_is_given_up_as_soon(self) -> None:
        story = woken().tell(ev.SpeechEnded(900))
        for _ in range(60):
            story.tell(ev.ReplyAudio(1, 1000)).wait(1.0)
        assert story.wait(9.8).phase is Phase.SPEAKING
        assert story.wait(0.4).phase is Phase.IDLE

    def test_that_stops_arriving_is_given_up(self) -> None:
        story = speaking().wait(12.1)
        assert story.phase is Phase.IDLE
        assert story.asked(ef.FlushPlayback)
        assert story.asked(ef.CancelReply)

    def test_of_half_a_minute_in_one_burst_is_played_to_its_end(self) -> None:
        story = speaking()
        story.tell(*[ev.ReplyAudio(1, 100)] * 300, ev.ResponseFinished(1, "completed")).wait(31)
        assert story.phase is Phase.SPEAKING

    def test_is_followed_by_a_window_counted_from_the_end_of_playback(self) -> None:
        story = speaking().tell(ev.ResponseFinished(1, "completed")).wait(3)
        phases = [story.phase, story.tell(ev.PlaybackDrained(1)).wait(5.9).phase, story.wait(0.2).phase]
        assert phases == [Phase.SPEAKING, Phase.FOLLOW_UP, Phase.IDLE]

    def test_that_broke_off_is_heard_as_far_as_it_came_and_ends_with_a_sound(self) -> None:
        story = speaking().tell(ev.ResponseFinished(1, "lost"), ev.LinkLost("gone"))
        assert story.phase is Phase.SPEAKING
        assert story.tell(ev.PlaybackDrained(1)).effects == [ef.Earcon("lost")]

    def test_that_failed_unheard_is_told(self) -> None:
        story = woken().tell(ev.SpeechEnded(900)).tell(ev.ResponseFinished(1, "failed", "server_error"))
        assert (story.phase, story.effects) == (Phase.IDLE, [ef.Earcon("error"), ef.Say("failed")])


class TestTalkingOverAReply:
    def test_silences_it_cancels_it_and_listens_from_the_first_word(self) -> None:
        story = speaking().tell(ev.NearEndConfirmed(since=777))
        assert story.effects == [ef.FlushPlayback(1), ef.CancelReply(1), ef.OpenTurn(2)]
        assert attention(story.agent).since == 777

    def test_tells_the_provider_what_was_heard_even_when_the_next_turn_runs(self) -> None:
        heard = (ev.ItemHeard("item_1", 640, 2000),)
        story = speaking().tell(ev.NearEndConfirmed(777)).tell(ev.PlaybackFlushed(1, heard))
        assert story.effects == [ef.Truncate(1, heard)]

    def test_makes_everything_late_of_the_old_turn_meaningless(self) -> None:
        story = speaking().tell(ev.NearEndConfirmed(777))
        before = story.agent
        late = [ev.ReplyAudio(1, 100), ev.ResponseFinished(1, "cancelled"), ev.PlaybackDrained(1)]
        assert story.tell(*late, ev.ToolRequested(1, "c", "set_volume", {})).agent == before
        assert story.effects == []


class TestAfterAReply:
    def test_speech_needs_no_wake_word(self) -> None:
        story = following_up().tell(ev.SpeechStarted(since=1234))
        assert story.phase is Phase.LISTENING
        assert attention(story.agent).since == 1234

    def test_nothing_leaves_before_somebody_speaks(self) -> None:
        assert attention(following_up().agent).uplink == 0

    def test_the_window_can_be_turned_off(self) -> None:
        story = woken(Policy(follow_up_s=0)).tell(ev.SpeechEnded(900), ev.ReplyAudio(1, 100))
        assert story.tell(ev.ResponseFinished(1, "completed"), ev.PlaybackDrained(1)).phase is Phase.IDLE


class TestTheButton:
    def test_opens_a_turn_from_rest(self) -> None:
        story = ready().tell(ev.ButtonPressed(since=50))
        assert attention(story.agent).since == 50

    def test_stops_a_reply_and_listens_no_further(self) -> None:
        story = speaking().tell(ev.ButtonPressed(900))
        assert story.phase is Phase.IDLE
        assert story.effects == [ef.FlushPlayback(1), ef.CancelReply(1)]

    def test_ends_a_sentence(self) -> None:
        story = woken().tell(ev.SpeechStarted(421)).tell(ev.ButtonPressed(500))
        assert story.effects == [ef.Commit(1)]

    def test_calls_off_a_wake_without_a_word(self) -> None:
        assert woken().tell(ev.ButtonPressed(500)).phase is Phase.IDLE

    def test_calls_off_a_reply_that_is_late(self) -> None:
        story = woken().tell(ev.SpeechEnded(900)).tell(ev.ButtonPressed(500))
        assert story.phase is Phase.IDLE
        assert story.asked(ef.CancelReply)

    def test_tells_that_the_device_is_muted(self) -> None:
        story = ready().tell(ev.MuteChanged(True)).tell(ev.ButtonPressed(5))
        assert (story.phase, story.effects) == (Phase.IDLE, [ef.Earcon("mute")])


STOP = ev.StopWordHeard("stop", 0.9)


class TestTheStopWord:
    def test_silences_a_reply_and_listens_no_further(self) -> None:
        story = speaking().tell(STOP)
        assert story.phase is Phase.IDLE
        assert story.effects == [ef.FlushPlayback(1), ef.CancelReply(1)]
        assert attention(story.agent).uplink == 0

    def test_tells_the_provider_what_of_that_reply_was_heard(self) -> None:
        heard = (ev.ItemHeard("item_1", 640, 2000),)
        assert speaking().tell(STOP).tell(ev.PlaybackFlushed(1, heard)).effects == [ef.Truncate(1, heard)]

    def test_calls_off_a_reply_that_is_awaited(self) -> None:
        story = woken().tell(ev.SpeechEnded(900)).tell(STOP)
        assert story.phase is Phase.IDLE
        assert story.effects == [ef.CancelReply(1), ef.Earcon("dismissed")]

    def test_lets_no_tool_act_and_no_sound_play_that_was_on_its_way(self) -> None:
        story = woken().tell(ev.SpeechEnded(900), ev.ToolRequested(1, "c1", "set_volume", {})).tell(STOP)
        before = story.agent
        late = [ev.ToolRequested(1, "c2", "set_volume", {}), ev.ToolFinished(1, "c1", "30"), ev.ReplyAudio(1, 100)]
        assert story.tell(*late).agent == before
        assert story.effects == []

    def test_takes_back_a_sentence_that_has_begun_and_nothing_is_answered(self) -> None:
        for story in (woken(), woken().tell(ev.SpeechStarted(421))):
            assert story.tell(STOP).effects == [ef.Discard(1), ef.Earcon("dismissed")]
            assert story.phase is Phase.IDLE
            assert story.tell(ev.SpeechEnded(900)).effects == []

    def test_said_over_a_reply_that_has_given_way_already_is_no_question(self) -> None:
        story = speaking().tell(ev.NearEndConfirmed(777)).tell(STOP)
        assert (story.phase, story.effects) == (Phase.IDLE, [ef.Discard(2), ef.Earcon("dismissed")])

    def test_closes_the_follow_up_window(self) -> None:
        story = following_up().tell(STOP)
        assert (story.phase, story.effects) == (Phase.IDLE, [])
        assert story.tell(ev.SpeechStarted(1234)).phase is Phase.IDLE

    def test_means_nothing_at_rest(self) -> None:
        before = ready().agent
        story = ready().tell(STOP)
        assert (story.agent, story.effects) == (before, [])

    def test_does_not_hurry_a_link_that_is_away(self) -> None:
        assert not ready().tell(ev.LinkLost("gone")).tell(STOP).asked(ef.Connect)

    def test_is_not_heard_while_muted_or_without_a_card(self) -> None:
        for away in (ev.MuteChanged(True), ev.SoundLost()):
            story = ready().tell(away)
            before = story.agent
            assert (story.tell(STOP).agent, story.effects) == (before, [])


class TestMute:
    def test_ends_whatever_goes_on(self) -> None:
        for story in (ready(), woken(), woken().tell(ev.SpeechEnded(9)), speaking(), following_up()):
            story.tell(ev.MuteChanged(True))
            assert story.phase is Phase.IDLE
            assert attention(story.agent).muted
            assert indication(story.agent) is Indication.MUTED

    def test_stops_a_reply_and_clears_what_was_captured(self) -> None:
        assert woken().tell(ev.MuteChanged(True)).effects == [ef.Discard(1), ef.Earcon("mute")]
        assert speaking().tell(ev.MuteChanged(True)).effects[:2] == [ef.FlushPlayback(1), ef.CancelReply(1)]

    def test_cannot_be_talked_out_of(self) -> None:
        story = ready().tell(ev.MuteChanged(True))
        story.tell(ev.WakeDetected("alexa", 0.99, 1), ev.SpeechStarted(1), ev.NearEndConfirmed(1))
        assert story.phase is Phase.IDLE
        assert attention(story.agent).uplink == 0

    def test_said_twice_is_said_once(self) -> None:
        assert ready().tell(ev.MuteChanged(True)).tell(ev.MuteChanged(True)).effects == []

    def test_is_shown_even_over_a_fault(self) -> None:
        story = ready().tell(ev.LinkLost("401", fatal=True), ev.MuteChanged(True))
        assert indication(story.agent) is Indication.MUTED


class TestTheGreeting:
    policy = Policy(greeting="Say hello.")

    def test_is_asked_for_once_when_the_link_is_ready(self) -> None:
        story = Story(self.policy).tell(ev.Started(), ev.LinkReady())
        assert ef.Ask(1, "Say hello.") in story.effects
        assert story.phase is Phase.THINKING

    def test_is_not_repeated_after_a_drop(self) -> None:
        story = Story(self.policy).tell(ev.Started(), ev.LinkReady())
        story.tell(ev.ResponseFinished(1, "completed")).wait(10)
        assert not story.tell(ev.LinkLost("gone"), ev.LinkReady()).asked(ef.Ask)

    def test_is_dropped_where_the_person_was_faster(self) -> None:
        story = Story(self.policy).tell(ev.Started(), ev.WakeDetected("alexa", 0.9, 3), ev.LinkReady())
        assert story.phase is Phase.LISTENING
        assert not story.asked(ef.Ask)


class TestATool:
    def test_is_run_and_its_answer_passed_on(self) -> None:
        story = woken().tell(ev.SpeechEnded(900)).tell(ev.ToolRequested(1, "c1", "set_volume", {"percent": 30}))
        assert story.effects == [ef.RunTool(1, "c1", "set_volume", {"percent": 30})]
        assert story.tell(ev.ToolFinished(1, "c1", "30")).effects == [ef.AnswerTool(1, "c1", "30")]
        assert story.phase is Phase.THINKING

    def test_that_nobody_waits_for_any_more_is_not_answered(self) -> None:
        story = woken().tell(ev.SpeechEnded(900)).tell(ev.ToolRequested(1, "c1", "set_volume", {}))
        story.tell(ev.ButtonPressed(5))
        assert story.tell(ev.ToolFinished(1, "c1", "30")).effects == []

    def test_of_a_stopped_reply_does_not_act(self) -> None:
        story = speaking().tell(ev.ButtonPressed(5)).tell(ev.ToolRequested(1, "c1", "set_volume", {}))
        assert story.effects == []


class TestTheLink:
    def test_is_opened_at_start(self) -> None:
        story = Story().tell(ev.Started())
        assert story.asked(ef.Connect)
        assert indication(story.agent) is Indication.CONNECTING

    def test_backs_off_longer_each_time_and_never_gives_up(self) -> None:
        story = Story().tell(ev.Started())
        pauses = []
        for _ in range(7):
            story.tell(ev.LinkLost("refused"))
            assert story.agent.link.deadline is not None
            pauses.append(story.agent.link.deadline - story.now)
            assert story.wait(pauses[-1]).asked(ef.Connect)
        assert [round(pause, 3) for pause in pauses] == [0.5, 1, 2, 4, 8, 8, 8]

    def test_starts_over_with_the_first_pause_once_it_has_held(self) -> None:
        story = ready().tell(*[ev.LinkLost("x")] * 4, ev.LinkReady()).wait(31).tell(ev.LinkLost("x"))
        assert story.agent.link.attempts == 1

    def test_that_is_made_and_lost_at_once_again_and_again_is_tried_ever_more_rarely(self) -> None:
        story, made = ready(), 0
        for _ in range(3600 * 10):
            if story.wait(0.1).asked(ef.Connect):
                story.tell(ev.LinkReady())
                made += 1
            if story.agent.link.phase is LinkPhase.READY:
                story.tell(ev.LinkLost("closed at once"))
        assert made <= 3600 / 8 + 5

    def test_that_is_refused_shows_a_fault_and_tries_rarely(self) -> None:
        story = ready().tell(ev.LinkLost("401: key refused", fatal=True))
        assert indication(story.agent) is Indication.FAULT
        assert not story.wait(59).asked(ef.Connect)
        assert story.wait(1.1).asked(ef.Connect)

    def test_that_hangs_while_connecting_is_given_up(self) -> None:
        story = Story().tell(ev.Started()).wait(15.1)
        assert story.agent.link.phase is LinkPhase.BACKING_OFF

    def test_is_renewed_by_our_own_clock(self) -> None:
        assert not ready().wait(50 * 60 - 1).asked(ef.Connect)
        assert ready().wait(50 * 60 + 1).asked(ef.Connect)

    def test_does_not_renew_inside_a_reply(self) -> None:
        policy = replace(Policy(), renew_s=5.0, stall_s=60)
        story = woken(policy).tell(ev.SpeechEnded(9), ev.ReplyAudio(1, 20_000)).wait(6)
        assert not story.asked(ef.Connect)
        story.tell(ev.ButtonPressed(1))
        assert story.wait(5.1).asked(ef.Connect)

    def test_lost_while_thinking_and_back_gives_the_reply_more_time(self) -> None:
        story = woken().tell(ev.SpeechEnded(900)).wait(14).tell(ev.LinkLost("gone"), ev.LinkReady()).wait(5)
        assert story.phase is Phase.THINKING
        assert story.tell(ev.ReplyAudio(1, 100)).phase is Phase.SPEAKING

    def test_lost_while_thinking_for_good_is_not_waited_for_without_end(self) -> None:
        story = woken().tell(ev.SpeechEnded(900))
        for _ in range(40):
            story.tell(ev.LinkLost("unreachable")).wait(0.5)
        assert story.phase is Phase.IDLE

    def test_is_not_renewed_while_muted(self) -> None:
        story = ready().tell(ev.MuteChanged(True)).wait(51 * 60)
        assert not story.asked(ef.Connect)
        assert story.tell(ev.MuteChanged(False)).wait(6).asked(ef.Connect)


class TestTheSoundCard:
    def test_gone_ends_the_turn_and_shows_a_fault(self) -> None:
        story = speaking().tell(ev.SoundLost())
        assert story.phase is Phase.IDLE
        assert indication(story.agent) is Indication.FAULT
        assert attention(story.agent).muted

    def test_back_is_told_and_the_session_was_kept(self) -> None:
        story = ready().tell(ev.SoundLost(), ev.SoundBack())
        assert story.agent.link.phase is LinkPhase.READY
        assert story.effects[-1] == ef.Earcon("ready")


EVENTS = st.sampled_from([event for examples in EXAMPLES.values() for event in examples])


class TestWhateverHappens:
    @given(st.lists(st.tuples(EVENTS, st.floats(0, 20)), max_size=60))
    def test_no_state_is_without_a_deadline_or_an_exit(self, happenings: list[tuple[ev.Event, float]]) -> None:
        agent, now = Agent(), 0.0
        for event, pause in happenings:
            now += pause
            agent, _ = step(agent, event, now)
            assert agent.turn.phase is Phase.IDLE or agent.turn.deadline is not None
            assert not agent.ringing.sounding or agent.ringing.until is not None
            started = agent.link.phase is not LinkPhase.OFFLINE
            assert agent.link.deadline is not None or not started

    @given(st.lists(st.tuples(EVENTS, st.floats(0, 20)), max_size=60))
    def test_nothing_is_sent_while_muted(self, happenings: list[tuple[ev.Event, float]]) -> None:
        agent, now = Agent(), 0.0
        for event, pause in happenings:
            now += pause
            agent, effects = step(agent, event, now)
            if agent.muted:
                assert attention(agent).uplink == 0
                assert not any(isinstance(e, ef.OpenTurn | ef.Commit | ef.Ask) for e in effects)

    @given(st.lists(st.tuples(EVENTS, st.floats(0, 20)), max_size=60))
    def test_the_deadlines_bring_it_back_to_rest(self, happenings: list[tuple[ev.Event, float]]) -> None:
        agent, now = Agent(), 0.0
        for event, pause in [*happenings, (ev.SoundBack(), 0.0)]:  # an alarm waits until it can be heard
            now += pause
            agent, _ = step(agent, event, now)
        for _ in range(12):
            now = max(now, agent.turn.deadline or now, agent.ringing.until or now)
            agent, _ = step(agent, ev.Tick(), now)
        assert agent.turn.phase is Phase.IDLE
        assert not agent.ringing.due

    @given(st.lists(st.tuples(EVENTS, st.floats(0, 20)), max_size=60))
    def test_turn_numbers_never_go_back(self, happenings: list[tuple[ev.Event, float]]) -> None:
        agent, now = Agent(), 0.0
        for event, pause in happenings:
            now += pause
            before = agent.turn.number
            agent, _ = step(agent, event, now)
            assert agent.turn.number >= before
