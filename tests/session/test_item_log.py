"""Our own record of the conversation."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.session.item_log import LIMIT_CHARS, ItemLog


def told(log: ItemLog, around: str = "", awaited: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    before, after = log.renew(around, awaited)
    return [(item.kind, item.text) for item in (*before, *after)]


class TestTheOrder:
    def test_is_the_providers_whatever_arrives_first(self) -> None:
        log = ItemLog()
        log.assistant("a1", "noon")
        log.user("u1", "what time")
        log.place("u1", None)
        log.place("a1", "u1")
        assert told(log) == [("user", "what time"), ("assistant", "noon")]

    def test_is_that_of_arrival_without_better_knowledge(self) -> None:
        log = ItemLog()
        log.user("u1", "one")
        log.place("a1", "never heard of")
        log.assistant("a1", "two")
        assert told(log) == [("user", "one"), ("assistant", "two")]

    def test_does_not_change_when_an_item_is_told_twice(self) -> None:
        log = ItemLog()
        log.place("u1", None)
        log.place("a1", "u1")
        log.place("x", "u1")
        log.place("a1", "u1")
        for item in ("u1", "a1", "x"):
            log.assistant(item, item)
        assert [text for _, text in told(log)] == ["u1", "x", "a1"]

    def test_keeps_an_answer_next_to_its_call(self) -> None:
        log = ItemLog()
        log.call("f1", "c1", "t", "{}")
        log.user("u2", "meanwhile")
        log.output("c1", "done", "o1")
        assert told(log) == [("call", "{}"), ("output", "done"), ("user", "meanwhile")]


class TestWhatIsTold:
    def test_leaves_out_what_has_no_words(self) -> None:
        log = ItemLog()
        log.place("u1", None)
        log.assistant("a1", "  ")
        assert told(log) == []

    def test_leaves_out_a_call_without_an_answer_unless_it_is_awaited(self) -> None:
        log = ItemLog()
        log.call("f1", "c1", "t", "{}")
        log.call("f2", "c2", "t", "{}")
        assert told(log, awaited=("c2",)) == [("call", "{}")]

    def test_keeps_an_empty_answer(self) -> None:
        log = ItemLog()
        log.call("f1", "c1", "t", "{}")
        log.output("c1", "", "o1")
        assert told(log) == [("call", "{}"), ("output", "")]

    def test_gives_new_ids_each_time(self) -> None:
        log = ItemLog()
        log.user("u1", "one")
        first = log.renew("", ())[0][0].item_id
        second = log.renew("", ())[0][0].item_id
        assert len({"u1", first, second}) == 3

    def test_leaves_a_gap_for_what_is_said_again(self) -> None:
        log = ItemLog()
        log.user("u1", "before")
        log.user("u2", "what was said")
        log.call("f1", "c1", "t", "{}")
        before, after = log.renew("u2", ("c1",))
        assert [item.text for item in before] == ["before"]
        assert [item.text for item in after] == ["{}"]

    def test_is_not_told_of_an_answer_without_a_call(self) -> None:
        log = ItemLog()
        log.output("c1", "done", "o1")
        assert told(log) == []


class TestShortening:
    def test_keeps_the_share_that_was_heard_in_whole_words(self) -> None:
        log = ItemLog()
        log.assistant("a1", "one two three four")
        log.shorten("a1", 0.5)
        assert told(log) == [("assistant", "one two")]

    def test_to_nothing_leaves_nothing(self) -> None:
        log = ItemLog()
        log.assistant("a1", "one two three four")
        log.shorten("a1", 0)
        assert told(log) == []

    def test_leaves_the_persons_words_alone(self) -> None:
        log = ItemLog()
        log.user("u1", "one two")
        log.shorten("u1", 0)
        log.shorten("unknown", 0)
        assert told(log) == [("user", "one two")]

    def test_finds_a_reply_that_was_said_on_an_older_connection(self) -> None:
        log = ItemLog()
        log.user("u1", "count")
        log.assistant("a1", "one two three four")
        told(log)
        told(log)
        log.shorten("a1", 0.5)
        assert told(log) == [("user", "count"), ("assistant", "one two")]

    def test_takes_the_name_for_that_of_the_connection_it_is_on(self) -> None:
        log = ItemLog()
        log.assistant("a1", "one two three four")
        told(log)
        log.assistant("a1", "five six seven eight")
        log.shorten("a1", 0.5)
        assert told(log) == [("assistant", "one two three four"), ("assistant", "five six")]


class TestTheBounds:
    def test_forget_the_oldest_items(self) -> None:
        log = ItemLog(limit=3)
        for number in range(5):
            log.user(f"u{number}", str(number))
        assert [text for _, text in told(log)] == ["2", "3", "4"]

    def test_forget_an_answer_with_its_call(self) -> None:
        log = ItemLog(limit=2)
        log.call("f1", "c1", "t", "{}")
        log.output("c1", "done", "o1")
        log.user("u1", "next")
        assert told(log) == [("user", "next")]

    def test_cut_an_endless_text(self) -> None:
        log = ItemLog()
        for _ in range(10):
            log.assistant("a1", "x" * 1000)
        assert [len(text) for _, text in told(log)] == [LIMIT_CHARS]

    @settings(max_examples=100, deadline=None)
    @given(
        st.lists(
            st.tuples(st.sampled_from(["place", "user", "say", "call", "out"]), st.sampled_from("abcdef"), st.text())
        )
    )
    def test_hold_whatever_comes_and_every_answer_follows_its_call(self, steps: list[tuple[str, str, str]]) -> None:
        log = ItemLog(limit=4)
        for step, name, text in steps:
            match step:
                case "place":
                    log.place(name, text)
                case "user":
                    log.user(name, text)
                case "say":
                    log.assistant(name, text)
                case "call":
                    log.call(name, name, "t", "{}")
                case _:
                    log.output(name, text, f"o{name}")
        before, after = log.renew("a", ())
        items = [*before, *after]
        assert len(items) <= 4
        called: set[str] = set()
        for item in items:
            if item.kind == "output":
                assert item.call_id in called
            called.add(item.call_id)
