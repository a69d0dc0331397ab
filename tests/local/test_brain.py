"""The brain: from the conversation's items to an answer."""

from __future__ import annotations

import itertools
import json
import re
import wave
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.audio.wav import WavError
from edge_agent.local import language_en as language
from edge_agent.local.brain import Brain, Call, FixedReply, Mind, Question, Say
from edge_agent.local.work import WORK_RATE

NOW = datetime(2026, 11, 21, 15, 5)
BOTH = frozenset({"get_volume", "set_volume"})
NONE: frozenset[str] = frozenset()
Item = dict[str, Any]


def spoken(sentence: str) -> Item:
    """As the session keeps what was said."""
    return {"type": "message", "role": "user", "content": [{"type": "input_audio", "transcript": sentence}]}


def written(sentence: str) -> Item:
    """As a resumed session replays it."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": sentence}]}


def replied(sentence: str, kind: str = "output_audio") -> Item:
    field = "transcript" if kind == "output_audio" else "text"
    return {"type": "message", "role": "assistant", "content": [{"type": kind, field: sentence}]}


def called(name: str, call_id: str = "call_1", arguments: str = "{}") -> Item:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def returned(output: str, call_id: str = "call_1") -> Item:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def answer(*items: Item, instructions: str = "", tools: frozenset[str] = NONE) -> Say | Call:
    return Brain().answer(Question(items, NOW, instructions, tools))


def said(*items: Item, instructions: str = "", tools: frozenset[str] = NONE) -> str:
    reply = answer(*items, instructions=instructions, tools=tools)
    assert isinstance(reply, Say), reply
    return reply.text


def every_sentence() -> list[str]:
    """One for each alternative of each pattern, optional parts left out and slots filled."""
    sentences = []
    for pattern in itertools.chain.from_iterable(language.INTENTS.values()):
        plain = re.sub(r"\[[^\]]*\]", "", pattern).replace("<percent>", "fifty")
        choices = [part.split("|") for part in re.findall(r"\(([^)]*)\)", plain)]
        frame = re.sub(r"\([^)]*\)", "{}", plain)
        sentences += [" ".join(frame.format(*chosen).split()) for chosen in itertools.product(*choices)]
    return sentences


class TestEverySentence:
    @pytest.mark.parametrize("sentence", every_sentence())
    def test_of_the_grammar_is_understood_and_answered(self, sentence: str) -> None:
        reply = answer(spoken(sentence), tools=BOTH)
        if isinstance(reply, Say):
            assert reply.text
            assert reply.text not in language.DID_NOT_UNDERSTAND
            assert reply.pcm == b""
        else:
            assert reply.name in BOTH
            json.loads(reply.arguments)

    def test_is_answered_in_its_own_way(self) -> None:
        assert said(spoken("what time is it")) == "It is three oh five in the afternoon."
        assert said(spoken("what day is it today")) == "Today is Saturday, November 21st, 2026."
        assert said(spoken("tell me a story")) == language.STORY
        assert said(spoken("what can you do")) == language.ABILITIES

    def test_may_be_written_or_have_a_wake_word_in_front(self) -> None:
        assert said(written("Hey Jarvis, what time is it?")) == said(spoken("what time is it"))


class TestWithNothingToAnswer:
    def test_it_greets_when_it_is_told_what_to_do(self) -> None:
        greeting = said(instructions="Greet the person.")
        assert greeting == language.greeting("hey jarvis")
        assert "without" not in greeting
        assert "offline" in greeting

    def test_the_greeting_tells_how_to_call_it(self) -> None:
        reply = Brain("alexa").answer(Question([], NOW, "Greet the person."))
        assert isinstance(reply, Say)
        assert "Say: alexa," in reply.text

    def test_it_listens_when_it_is_not_told_anything(self) -> None:
        assert said() == language.LISTENING
        assert said(spoken("hello"), replied(language.HELLO)) == language.LISTENING

    def test_a_system_message_is_no_question(self) -> None:
        system = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "what time is it"}]}
        assert said(system) == language.LISTENING

    def test_but_a_question_left_unanswered_goes_before_a_greeting(self) -> None:
        assert said(spoken("what time is it"), instructions="Greet the person.").startswith("It is")


class TestWhatItDidNotUnderstand:
    @pytest.mark.parametrize("item", [spoken(""), spoken("order a pizza"), written("?!"), spoken("hey jarvis")])
    def test_it_says_so_and_offers_a_sentence(self, item: Item) -> None:
        assert said(item) == language.DID_NOT_UNDERSTAND[0]

    def test_it_does_not_say_the_same_twice_running(self) -> None:
        items: list[Item] = []
        heard = []
        for _ in range(4):
            items.append(spoken("mumble"))
            heard.append(said(*items))
            items.append(replied(heard[-1]))
        assert all(one != other for one, other in itertools.pairwise(heard))
        assert set(heard) == set(language.DID_NOT_UNDERSTAND)

    def test_an_item_without_content_is_not_understood(self) -> None:
        assert said({"type": "message", "role": "user", "content": []}) == language.DID_NOT_UNDERSTAND[0]


class TestMemory:
    ASKED = (spoken("Hey Jarvis, what time is it?"), replied("x"), spoken("tell me a joke"), replied("y"))

    def test_has_the_first_and_the_last_question(self) -> None:
        assert said(*self.ASKED, spoken("what was my first question")) == language.first_question("what time is it")
        assert said(*self.ASKED, spoken("what did i ask you last")) == language.last_question("tell me a joke")

    def test_is_the_same_after_a_resume(self) -> None:
        replayed = (written("what time is it"), replied("x", "output_text"), written("tell me a joke"))
        assert "what time is it" in said(*replayed, spoken("what was my first question"))
        assert "tell me a joke" in said(*replayed, written("what was my last question"))

    def test_is_empty_at_first(self) -> None:
        assert said(spoken("what was my first question")) == language.NOTHING_ASKED

    def test_leaves_out_what_was_not_heard_and_a_wake_word_alone(self) -> None:
        assert said(spoken(""), spoken("hey jarvis"), spoken("what was my first question")) == language.NOTHING_ASKED

    def test_does_not_take_the_assistants_words_for_a_question(self) -> None:
        assert said(replied("what time is it"), spoken("what was my first question")) == language.NOTHING_ASKED


class TestJokes:
    def test_come_in_turn_and_begin_again(self) -> None:
        items: list[Item] = []
        told = []
        for _ in range(len(language.JOKES) + 1):
            items.append(spoken("tell me a joke"))
            told.append(said(*items))
            items.append(replied(told[-1]))
        assert sorted(told[:-1]) == sorted(language.JOKES)
        assert told[-1] == told[0]


class TestRepeatAfterMe:
    @pytest.mark.parametrize(
        "item", [spoken("repeat after me good cheese"), written("Jarvis: Repeat after me, good cheese!")]
    )
    def test_says_the_rest(self, item: Item) -> None:
        assert said(item) == "Good cheese."

    def test_asks_for_words_where_there_are_none(self) -> None:
        assert said(spoken("repeat after me")) == language.NOTHING_TO_REPEAT

    def test_needs_the_whole_phrase(self) -> None:
        assert said(written("repeat after meals")) == language.DID_NOT_UNDERSTAND[0]


class TestTheVolume:
    @pytest.mark.parametrize(
        ("sentence", "now", "then"),
        [
            ("volume up", 40, 55),
            ("louder", 95, 100),
            ("turn it down", 40, 25),
            ("quieter", 5, 0),
        ],
    )
    def test_is_asked_for_then_changed_then_told(self, sentence: str, now: int, then: int) -> None:
        items = [spoken(sentence)]
        assert answer(*items, tools=BOTH) == Call("get_volume", "{}")
        items += [called("get_volume"), returned(json.dumps({"percent": now}))]
        change = answer(*items, tools=BOTH)
        assert change == Call("set_volume", json.dumps({"percent": then}))
        items += [called("set_volume", "call_2", change.arguments), returned(json.dumps({"percent": then}), "call_2")]
        assert said(*items, tools=BOTH) == language.volume_set(then)

    @pytest.mark.parametrize(
        ("words", "percent"), [("fifty", 50), ("a hundred", 100), ("zero", 0), ("thirty five", 35)]
    )
    def test_is_set_as_it_was_said(self, words: str, percent: int) -> None:
        reply = answer(spoken(f"set the volume to {words} percent"), tools=BOTH)
        assert isinstance(reply, Call)
        assert (reply.name, json.loads(reply.arguments)) == ("set_volume", {"percent": percent})

    def test_is_told_when_asked(self) -> None:
        items = (spoken("what is the volume"), called("get_volume"), returned('{"percent": 40}'))
        assert said(*items, tools=BOTH) == "The volume is at forty percent."

    def test_without_the_tools_it_is_not_pretended(self) -> None:
        for sentence in ("volume up", "volume fifty", "what is the volume"):
            assert said(spoken(sentence)) == language.NO_VOLUME
        assert said(spoken("louder"), tools=frozenset({"set_volume"})) == language.VOLUME_UNKNOWN
        assert said(spoken("volume fifty"), tools=frozenset({"get_volume"})) == language.NO_VOLUME

    def test_is_only_told_where_it_cannot_be_set(self) -> None:
        items = (spoken("louder"), called("get_volume"), returned('{"percent": 40}'))
        assert said(*items, tools=frozenset({"get_volume"})) == language.volume_is(40)

    @pytest.mark.parametrize("output", ['{"error": "no mixer with 2 channels"}', "", "ok", "{}"])
    def test_a_tool_that_failed_is_admitted(self, output: str) -> None:
        assert said(spoken("louder"), called("get_volume"), returned(output), tools=BOTH) == language.VOLUME_FAILED

    @pytest.mark.parametrize(("output", "percent"), [("9" * 400, 100), ("-7", 0), ('{"percent": 41.6}', 42)])
    def test_a_strange_number_is_brought_into_range(self, output: str, percent: int) -> None:
        items = (spoken("what is the volume"), called("get_volume"), returned(output))
        assert said(*items, tools=BOTH) == language.volume_is(percent)

    def test_another_function_is_only_confirmed(self) -> None:
        assert said(spoken("x"), called("open_door"), returned("12")) == language.TOOL_FINISHED
        assert said(spoken("x"), returned("12", "call_unknown")) == language.TOOL_FINISHED


PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["input_text", "input_audio", "output_text", "output_audio"])},
    optional={
        "text": st.one_of(st.text(max_size=40), st.sampled_from(every_sentence())),
        "transcript": st.one_of(st.none(), st.text(max_size=40), st.sampled_from(["repeat after me", "louder"])),
    },
)
IDS = st.sampled_from(["a", "b"])
NAMES = st.sampled_from(["get_volume", "set_volume", "other"])
OUTPUTS = st.one_of(st.text(max_size=40), st.integers().map(str), st.floats().map(str), st.just('{"percent": 50}'))
ITEMS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "type": st.just("message"),
                "role": st.sampled_from(["user", "assistant", "system"]),
                "content": st.lists(PARTS, max_size=3),
            }
        ),
        st.builds(called, NAMES, IDS, st.text(max_size=20)),
        st.builds(returned, OUTPUTS, IDS),
    ),
    max_size=8,
)


class TestWhateverTheConversation:
    @given(ITEMS, st.datetimes(), st.text(max_size=10), st.frozensets(NAMES))
    def test_there_is_an_answer_and_it_calls_only_what_it_may(
        self, items: list[Item], now: datetime, instructions: str, tools: frozenset[str]
    ) -> None:
        reply = Brain().answer(Question(items, now, instructions, tools))
        if isinstance(reply, Call):
            assert reply.name in tools
            assert 0 <= json.loads(reply.arguments).get("percent", 0) <= 100
        else:
            assert reply.text

    @given(ITEMS)
    def test_the_same_conversation_has_the_same_answer(self, items: list[Item]) -> None:
        assert answer(*items, tools=BOTH) == answer(*items, tools=BOTH)


def wav_file(path: Path, *, rate: int = WORK_RATE, channels: int = 1, width: int = 2, frames: int = 2400) -> Path:
    left = (np.sin(np.arange(frames) * 0.05) * 8000).astype("<i2")
    rows = np.stack([left, *[np.zeros_like(left)] * (channels - 1)], axis=1)
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(width)
        wav.setframerate(rate)
        wav.writeframes(rows.tobytes() if width == 2 else bytes(frames * channels * width))
    return path


class TestAFixedReply:
    def test_is_the_recording_whatever_was_said(self, tmp_path: Path) -> None:
        mind: Mind = FixedReply(wav_file(tmp_path / "a.wav"), "Beep.")
        one, other = mind.answer(Question([], NOW)), mind.answer(Question([spoken("stop")], NOW))
        assert one == other
        assert isinstance(one, Say)
        assert one.text == "Beep."
        assert len(one.pcm) == 2 * 2400

    @pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (16_000, 2), (24_000, 2)])
    def test_is_brought_to_the_wires_rate_and_one_channel(self, tmp_path: Path, rate: int, channels: int) -> None:
        path = wav_file(tmp_path / "a.wav", rate=rate, channels=channels, frames=rate)
        reply = FixedReply(path).answer(Question([], NOW))
        assert isinstance(reply, Say)
        assert abs(len(reply.pcm) - 2 * WORK_RATE) <= 4
        loudest = int(np.abs(np.frombuffer(reply.pcm, "<i2")[2000:-2000].astype(int)).max())
        assert loudest == pytest.approx(8000 / channels, rel=0.02)  # the others are silent

    def test_may_have_been_cut_short(self, tmp_path: Path) -> None:
        path = wav_file(tmp_path / "cut.wav", channels=2)
        path.write_bytes(path.read_bytes()[:-1001])
        reply = FixedReply(path).answer(Question([], NOW))
        assert isinstance(reply, Say)
        assert len(reply.pcm) == 2 * (2400 - 251)

    @pytest.mark.parametrize("content", [None, b"", b"RIFF", b"hello, I am no sound", b"RIFF\x00\x00\x00\x00WAVE"])
    def test_that_is_no_recording_is_named(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "bad.wav"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(WavError, match=re.escape(str(path))):
            FixedReply(path)

    def test_without_sound_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(WavError, match=r"empty\.wav: found no sound"):
            FixedReply(wav_file(tmp_path / "empty.wav", frames=0))
