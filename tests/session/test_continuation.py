"""The person goes on with a sentence that had been taken as finished."""

from __future__ import annotations

from edge_agent.dialogue.events import ItemHeard
from tests.session.test_conversation import MS, Desk

FIRST, SECOND = b"\x01" * 1000 * MS, b"\x02" * 1000 * MS
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"


def half(*, committed: str = "u1", held: bool = False) -> Desk:
    """The first half has been committed. committed: the item the provider made of it, or empty: it has not said."""
    desk = Desk().ready()
    desk.talk.open_turn(1)
    desk.talk.append(1, FIRST)
    desk.talk.commit(1, held=held)
    if committed:
        desk.says("input_audio_buffer.committed", item_id=committed)
    desk.fresh()
    return desk


def go_on(desk: Desk) -> None:
    desk.talk.open_turn(2, continues=True)
    desk.talk.append(2, SECOND)
    desk.talk.commit(2)


class TestTheProvider:
    def test_hears_the_sentence_as_one(self) -> None:
        desk = half()
        go_on(desk)
        assert desk.link.audio() == FIRST + SECOND

    def test_is_told_to_forget_the_half_of_it(self) -> None:
        desk = half()
        go_on(desk)
        assert desk.link.of("conversation.item.delete") == [{"type": "conversation.item.delete", "item_id": "u1"}]

    def test_is_told_as_soon_as_it_has_given_the_half_a_name(self) -> None:
        desk = half(committed="")
        go_on(desk)
        assert desk.link.of("conversation.item.delete") == []
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.says("input_audio_buffer.committed", item_id="u2", previous_item_id="u1")
        assert [event["item_id"] for event in desk.link.of("conversation.item.delete")] == ["u1"]

    def test_is_stopped_in_its_reply_to_the_half(self) -> None:
        desk = half()
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        go_on(desk)
        assert [event["response_id"] for event in desk.link.of("response.cancel")] == ["r1"]
        assert desk.link.of("response.create") == []
        desk.done("r1", "cancelled")
        assert len(desk.link.of("response.create")) == 1

    def test_that_decides_itself_when_a_sentence_is_over_keeps_what_it_took(self) -> None:
        desk = Desk("server_vad").ready()
        desk.talk.open_turn(1)
        desk.talk.append(1, FIRST)
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.fresh()
        desk.talk.open_turn(2, continues=True)
        desk.talk.append(2, SECOND)
        assert desk.link.audio() == SECOND
        assert desk.link.of("conversation.item.delete") == []


class TestTheHalfSentence:
    def test_is_in_no_caption_and_in_no_later_session(self) -> None:
        desk = half()
        go_on(desk)
        desk.says(TRANSCRIBED, item_id="u1", transcript="what is the")
        desk.says("input_audio_buffer.committed", item_id="u2", previous_item_id="u1")
        desk.says("conversation.item.added", item={"id": "u1"})
        desk.says(TRANSCRIBED, item_id="u2", transcript="what is the time")
        assert desk.captions == [("user", "what is the time")]
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        desk.done("r1", "cancelled")
        desk.created("r2")
        desk.delta(response="r2")
        desk.drop()
        desk.fresh()
        desk.ready()
        assert desk.replayed() == [("user", "what is the time")]

    def test_is_said_again_when_the_connection_breaks_behind_it(self) -> None:
        desk = half()
        go_on(desk)
        desk.drop()
        desk.fresh()
        desk.ready()
        assert desk.link.audio() == FIRST + SECOND
        assert desk.replayed() == []

    def test_that_a_tool_has_acted_on_stays(self) -> None:
        desk = half()
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        desk.calls(("c1", "get_volume", "{}"))
        desk.talk.answer_tool(1, "c1", "40")
        go_on(desk)
        assert desk.link.audio() == SECOND
        assert desk.link.of("conversation.item.delete") == []


class TestAHeldReply:
    def test_that_has_begun_does_not_lose_what_was_said(self) -> None:
        desk = half(held=True)
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        desk.delta()
        go_on(desk)
        assert desk.link.audio() == FIRST + SECOND

    def test_that_has_come_in_full_does_not_either(self) -> None:
        desk = half(held=True)
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        desk.delta()
        desk.done()
        go_on(desk)
        assert desk.link.audio() == FIRST + SECOND
        assert [event["item_id"] for event in desk.link.of("conversation.item.delete")] == ["u1"]

    def test_that_nobody_heard_is_cut_to_nothing(self) -> None:
        desk = half(held=True)
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        desk.delta()
        go_on(desk)
        desk.talk.truncate(1, (ItemHeard("a1", 0, 100),))
        (told,) = desk.link.of("conversation.item.truncate")
        assert (told["item_id"], told["audio_end_ms"]) == ("a1", 0)

    def test_once_released_is_a_reply_like_any_other(self) -> None:
        desk = half(held=True)
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        desk.delta()
        desk.talk.release(1)
        go_on(desk)
        assert desk.link.audio() == SECOND

    def test_that_was_called_off_keeps_nothing(self) -> None:
        desk = half(held=True)
        desk.talk.cancel(1)
        go_on(desk)
        assert desk.link.audio() == SECOND


class TestWhatAHeldReplySays:
    def replied(self) -> Desk:
        desk = half(held=True)
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        desk.words("It is")
        desk.words(" noon.")
        return desk

    def test_is_shown_once_it_may_be_heard(self) -> None:
        desk = self.replied()
        assert desk.captions == []
        desk.talk.release(1)
        assert desk.captions == [("assistant", "It is noon.")]

    def test_is_never_shown_if_it_was_not_heard(self) -> None:
        desk = self.replied()
        desk.talk.go_on(1)
        assert desk.captions == []


class TestAPauseInASentence:
    """The same turn goes on: what was asked for when it paused is taken back."""

    def paused(self, **about: str) -> Desk:
        desk = half(held=True, **about)
        desk.talk.append(1, bytes(100 * MS))  # the pause itself
        return desk

    def go_on(self, desk: Desk) -> None:
        desk.talk.go_on(1)
        desk.talk.append(1, SECOND)
        desk.talk.commit(1)

    def test_is_kept_but_not_sent_while_the_reply_is_held(self) -> None:
        assert self.paused().link.audio() == b""

    def test_is_heard_by_the_provider_as_it_was(self) -> None:
        desk = self.paused()
        self.go_on(desk)
        assert desk.link.audio() == FIRST + bytes(100 * MS) + SECOND
        assert [event["item_id"] for event in desk.link.of("conversation.item.delete")] == ["u1"]

    def test_ends_the_reply_to_the_half_without_a_word(self) -> None:
        desk = self.paused()
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        desk.delta()
        self.go_on(desk)
        assert [event["response_id"] for event in desk.link.of("response.cancel")] == ["r1"]
        desk.delta()
        desk.done("r1", "cancelled")
        assert desk.finished() == []
        assert len(desk.played) == 1  # only what came before
        desk.created("r2")
        desk.delta(response="r2")
        assert len(desk.played) == 2

    def test_may_come_before_the_commit_is_answered(self) -> None:
        desk = self.paused(committed="")
        self.go_on(desk)
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.says("input_audio_buffer.committed", item_id="u2")
        assert [event["item_id"] for event in desk.link.of("conversation.item.delete")] == ["u1"]
        desk.says(TRANSCRIBED, item_id="u1", transcript="what is the")
        desk.says(TRANSCRIBED, item_id="u2", transcript="what is the time")
        assert desk.captions == [("user", "what is the time")]

    def test_may_come_again(self) -> None:
        desk = self.paused()
        desk.talk.go_on(1)
        desk.talk.append(1, SECOND)
        desk.talk.commit(1, held=True)
        desk.says("input_audio_buffer.committed", item_id="u2")
        self.go_on(desk)
        assert [event["item_id"] for event in desk.link.of("conversation.item.delete")] == ["u1", "u2"]
        assert desk.link.audio().endswith(FIRST + bytes(100 * MS) + SECOND + SECOND)

    def test_takes_back_the_calls_that_were_made_too_early(self) -> None:
        desk = self.paused()
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        desk.calls(("c1", "set_volume", '{"percent": 40}'))
        self.go_on(desk)
        assert [event["item_id"] for event in desk.link.of("conversation.item.delete")] == ["f_c1", "u1"]
        assert desk.replayed() == []

    def test_takes_back_what_was_said_to_the_half(self) -> None:
        """From the provider's memory and from ours, whether the reply is complete or still running."""
        for complete in (True, False):
            desk = self.paused()
            desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
            desk.words("It is the wrong answer.")
            desk.delta()
            if complete:
                desk.done()
            self.go_on(desk)
            if not complete:
                desk.done("r1", "cancelled")
            deleted = {event["item_id"] for event in desk.link.of("conversation.item.delete")}
            assert deleted == {"u1", "a1"}
            desk.created("r2")
            desk.delta(response="r2", item="a2")
            desk.drop()
            desk.fresh()
            desk.ready()
            assert ("assistant", "It is the wrong answer.") not in desk.replayed()

    def test_is_no_reason_to_ask_out_of_turn(self) -> None:
        desk = self.paused()
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        for _ in range(2):
            desk.talk.go_on(1)
            desk.talk.append(1, SECOND)
            desk.talk.commit(1, held=True)
        assert desk.link.of("response.create") == []
        desk.done("r1", "cancelled")
        assert len(desk.link.of("response.create")) == 1

    def test_outlives_a_refusal_of_what_was_asked(self) -> None:
        desk = half(held=True)
        desk.fresh()
        desk.error("rate_limit_exceeded", "ea_event_3")
        self.go_on(desk)
        assert desk.link.audio() == FIRST + SECOND
        assert len(desk.link.of("response.create")) == 1

    def test_withdraws_what_has_not_left_yet_when_it_is_called_off(self) -> None:
        desk = self.paused(committed="")
        desk.talk.go_on(1)
        desk.link.forgotten.clear()
        desk.talk.discard(1)
        assert desk.link.forgotten

    def test_without_a_connection_is_not_told_as_text_as_well(self) -> None:
        desk = half(held=True)
        desk.says(TRANSCRIBED, item_id="u1", transcript="what is the")
        desk.drop()
        self.go_on(desk)
        desk.fresh()
        desk.ready()
        assert desk.replayed() == []
        assert desk.link.audio() == FIRST + SECOND

    def test_without_a_connection_is_said_as_a_whole_when_it_is_back(self) -> None:
        desk = self.paused()
        desk.drop()
        self.go_on(desk)
        desk.fresh()
        desk.ready()
        assert desk.link.audio() == FIRST + bytes(100 * MS) + SECOND
        assert len(desk.link.of("response.create")) == 1

    def test_after_which_nothing_is_said_is_the_end(self) -> None:
        desk = self.paused()
        desk.talk.release(1)
        desk.created("r1", {"turn": "1", "ask": "ea_event_3"})
        desk.delta()
        desk.done()
        assert desk.finished() == [(1, "completed", "")]
        desk.talk.go_on(1)
        assert desk.link.audio() == b""

    def test_that_is_called_off_keeps_nothing(self) -> None:
        desk = self.paused()
        desk.says(TRANSCRIBED, item_id="u1", transcript="my secret")
        desk.talk.discard(1)
        desk.talk.go_on(1)
        assert desk.link.audio() == b""
        assert [event["item_id"] for event in desk.link.of("conversation.item.delete")] == ["u1"]
        desk.drop()
        desk.fresh()
        desk.ready()
        assert desk.replayed() == []
