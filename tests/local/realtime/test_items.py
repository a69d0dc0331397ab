"""The conversation's items: opened, ordered, cut, counted."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.audio.wire import FORMATS
from edge_agent.local.realtime import items
from edge_agent.local.realtime.ids import Ids
from edge_agent.local.realtime.items import Conversation, Entry, heard, message, opened, shown_with_sound
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.tokens import Tokens, tokens_of
from edge_agent.local.speech.work import WORK_RATE
from tests.local.wire_client import base64_of, noise

PCM = FORMATS["audio/pcm"]


def written(item_id: str, words: str = "hello") -> Entry:
    return Entry(message(item_id, "user", {"type": "input_text", "text": words}))


def spoken(item_id: str, ms: int = 1_000, words: str = "one two three four") -> Entry:
    part = {"type": "output_audio", "transcript": words}
    return Entry(message(item_id, "assistant", part), noise(ms), WORK_RATE, ms)


def conversation(*entries: Entry) -> Conversation:
    filled = Conversation()
    for entry in entries:
        filled.insert(entry)
    return filled


def order(of: Conversation) -> list[str]:
    return [entry.id for entry in of]


class TestTheOrder:
    def test_is_that_of_arrival_unless_said_otherwise(self) -> None:
        talk = Conversation()
        assert talk.last is None
        assert talk.insert(written("a")) is None
        assert talk.insert(written("b")) == "a"
        assert talk.insert(written("c"), "a") == "a"
        assert talk.insert(written("d"), "root") is None
        assert order(talk) == ["d", "a", "c", "b"]
        assert talk.last == "b"

    def test_does_not_change_when_an_item_is_refused(self) -> None:
        talk = conversation(written("a"), written("b"))
        for entry, after in ((written("a"), None), (written("c"), "nowhere")):
            with pytest.raises(Refused):
                talk.insert(entry, after)
        assert order(talk) == ["a", "b"]

    def test_closes_up_after_a_deletion(self) -> None:
        talk = conversation(written("a"), written("b"), written("c"))
        talk.delete("b")
        assert order(talk) == ["a", "c"]
        with pytest.raises(Refused, match="not found: b"):
            talk.delete("b")


class TestATruncation:
    def test_cuts_sound_and_words_alike(self) -> None:
        talk = conversation(spoken("a"))
        entry = talk.entry("a")
        talk.truncate(entry, 500)
        assert entry.pcm == noise(1_000)[: 2 * 24 * 500]
        assert entry.item["content"][0]["transcript"] == "one two"
        assert tokens_of(entry) == Tokens(0, 10)

    def test_can_be_repeated_but_not_undone(self) -> None:
        talk = conversation(spoken("a"))
        for ms in (500, 500, 100, 0, 0):
            talk.truncate(talk.entry("a"), ms)
        with pytest.raises(Refused, match="Audio content of 0ms is already shorter than 1ms"):
            talk.truncate(talk.entry("a"), 1)

    def test_is_for_what_was_spoken_alone(self) -> None:
        words = Entry(message("b", "assistant", {"type": "output_text", "text": "hello"}))
        call = Entry(items.function_call("c", "call", "f", "{}"))
        talk = conversation(written("a"), words, call)
        for item_id in order(talk):
            with pytest.raises(Refused, match="spoken in this session"):
                talk.truncate(talk.entry(item_id), 0)


class TestWordsHeard:
    @pytest.mark.parametrize(
        ("share", "words"),
        [(0.0, ""), (0.2, "one"), (0.3, "one"), (0.4, "one two"), (0.99, "one two three"), (1.0, "one two three four")],
    )
    def test_are_whole(self, share: float, words: str) -> None:
        assert heard("one two three four", share) == words

    @given(st.text(), st.floats(0, 2))
    def test_are_a_beginning(self, words: str, share: float) -> None:
        assert words.startswith(heard(words, share))

    @given(st.text(alphabet="ab "), st.floats(0, 1), st.floats(0, 1))
    def test_are_more_the_longer_it_was_heard(self, words: str, one: float, other: float) -> None:
        assert len(heard(words, min(one, other))) <= len(heard(words, max(one, other)))


class TestTheSound:
    def test_of_the_newest_items_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(items, "RETAINED_BYTES", 2 * 24 * 2_500)
        talk = conversation(*(spoken(name) for name in "abc"))
        assert [bool(entry.pcm) for entry in talk] == [False, True, True]
        assert [tokens_of(entry).audio for entry in talk] == [20, 20, 20]
        forgotten = shown_with_sound(talk.entry("a"), PCM)
        assert forgotten["content"] == [{"type": "output_audio", "transcript": "one two three four"}]

    def test_is_shown_on_request_and_not_kept_in_the_item(self) -> None:
        entry = spoken("a")
        shown = shown_with_sound(entry, PCM)
        assert base64.b64decode(shown["content"][0]["audio"]) == noise(1_000)
        assert "audio" not in entry.item["content"][0]


class TestAnItemOfTheClients:
    def open(self, **described: Any) -> tuple[Entry, int | None]:
        return opened(described, PCM, Ids())

    def message(self, *content: dict[str, Any], **more: Any) -> tuple[Entry, int | None]:
        return self.open(type="message", role="user", content=list(content), **more)

    def test_gets_what_it_does_not_say(self) -> None:
        entry, unheard = self.message({"type": "input_text", "text": "hi"}, status=None, id=None)
        assert (entry.id, entry.item["object"], entry.item["status"]) == ("item_0001", "realtime.item", "completed")
        assert unheard is None

    def test_keeps_what_it_says(self) -> None:
        entry, _ = self.message(id="mine", status="incomplete")
        assert (entry.id, entry.item["status"]) == ("mine", "incomplete")

    def test_is_not_the_clients_own_object(self) -> None:
        content = [{"type": "input_audio", "audio": base64_of(noise(100))}]
        described = {"type": "message", "role": "user", "content": content}
        opened(described, PCM, Ids())
        assert content[0]["audio"] == base64_of(noise(100))

    def test_with_sound_has_it_beside_the_item(self) -> None:
        text = {"type": "input_text", "text": "listen"}
        entry, unheard = self.message(text, {"type": "input_audio", "audio": base64_of(noise(250))})
        assert (entry.pcm, entry.rate, entry.ms, unheard) == (noise(250), 24_000, 250, 1)
        assert tokens_of(entry).audio == 3

    def test_with_sound_and_words_need_not_be_recognised(self) -> None:
        part = {"type": "input_audio", "audio": base64_of(noise(250)), "transcript": "hi"}
        assert self.message(part)[1] is None

    def test_with_no_sound_at_all_is_still_a_recording(self) -> None:
        assert self.message({"type": "input_audio", "audio": ""})[1] == 0

    def test_that_calls_a_function_gets_a_number_of_its_own(self) -> None:
        ids = Ids()
        given, _ = opened({"type": "function_call", "name": "f", "arguments": "{}", "call_id": "call_0001"}, PCM, ids)
        fresh, _ = opened({"type": "function_call", "name": "f", "arguments": "{}"}, PCM, ids)
        assert given.item["call_id"] == "call_0001"
        assert fresh.item["call_id"] == "call_0002"

    def test_is_billed_by_its_words(self) -> None:
        assert tokens_of(self.message({"type": "input_text", "text": "x" * 9})[0]) == Tokens(3, 0)
        output = self.open(type="function_call_output", call_id="c", output="x" * 40)[0]
        assert tokens_of(output) == Tokens(10, 0)


class TestIds:
    def test_count_each_kind(self) -> None:
        ids = Ids()
        assert [ids.next("item"), ids.next("item"), ids.next("call")] == ["item_0001", "item_0002", "call_0001"]

    def test_pass_over_those_that_a_client_has_claimed(self) -> None:
        ids = Ids()
        for claimed in ("item_0001", "item_0003", "poem"):
            ids.claim(claimed)
        assert [ids.next("item"), ids.next("item")] == ["item_0002", "item_0004"]
