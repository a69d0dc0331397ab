"""The one response at a time, as bookkeeping; its effect on the wire is in test_conversation.py."""

from __future__ import annotations

from edge_agent.session.response_slot import Reply, ResponseSlot


class Wire:
    def __init__(self) -> None:
        self.sent: list[Reply] = []
        self.slot = ResponseSlot(self.send)

    def send(self, reply: Reply) -> None:
        self.sent.append(reply)
        reply.event_id = f"e{len(self.sent)}"

    def turns(self) -> list[int]:
        return [reply.turn for reply in self.sent]


class TestTheSlot:
    def test_sends_the_next_request_when_the_last_response_is_done(self) -> None:
        wire = Wire()
        wire.slot.ask(1)
        wire.slot.ask(2)
        assert wire.slot.begun("r1", "e1") is wire.sent[0]
        assert wire.turns() == [1]
        assert wire.slot.done("r1", "") is wire.sent[0]
        assert wire.turns() == [1, 2]

    def test_is_not_freed_by_the_end_of_another_response(self) -> None:
        wire = Wire()
        wire.slot.ask(1)
        wire.slot.begun("r1", "e1")
        assert wire.slot.done("r9", "e9") is None
        assert wire.slot.reply is wire.sent[0]

    def test_is_freed_by_an_end_without_a_beginning_if_it_names_our_request(self) -> None:
        wire = Wire()
        wire.slot.ask(1)
        assert wire.slot.done("r1", "") is None
        assert wire.slot.done("r1", "e1") is wire.sent[0]

    def test_takes_an_untagged_response_for_ours_while_we_wait(self) -> None:
        wire = Wire()
        wire.slot.ask(1)
        assert wire.slot.begun("r1", "") is wire.sent[0]

    def test_asks_again_once_after_a_refusal(self) -> None:
        wire = Wire()
        wire.slot.ask(1)
        assert wire.slot.busy("e1") is None
        assert wire.slot.done("in the way", "") is None
        assert wire.turns() == [1, 1]
        assert wire.slot.busy("e2") is wire.sent[0]
        assert wire.slot.reply is None

    def test_does_not_ask_again_for_what_nobody_wants_any_more(self) -> None:
        wire = Wire()
        wire.slot.ask(1)
        wire.slot.busy("e1")
        assert wire.slot.cancel(1) == ("", False)
        wire.slot.done("in the way", "")
        assert wire.turns() == [1]

    def test_forgets_everything_with_the_connection(self) -> None:
        wire = Wire()
        wire.slot.ask(1)
        wire.slot.ask(2)
        assert wire.slot.reset() is wire.sent[0]
        assert wire.slot.reply is None
        wire.slot.ask(3)
        assert wire.turns() == [1, 3]

    def test_does_not_take_a_response_back_that_it_has_given_up_until_it_has_ended(self) -> None:
        wire = Wire()
        wire.slot.ask(1)
        wire.slot.begun("r1", "e1")
        wire.slot.ask(2)
        wire.slot.cancel(2)  # waited in vain
        wire.slot.ask(3)
        assert wire.slot.begun("r1", "") is None
        wire.slot.done("r1", "")
        assert wire.slot.begun("r1", "") is wire.sent[-1]
