"""The official `openai` SDK drives the embedded server: what its users write works, and its types fit every event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from edge_agent.local.child import ServerChild
from tests.clients.sdk_talk import SILENCE, Talk, talk_with
from tests.clients.speech import spoken

BY_HAND = {"input": {"turn_detection": None, "transcription": {"model": "local"}}}
HEARD = "conversation.item.input_audio_transcription.completed"
TOOLS = [
    {"type": "function", "name": "get_volume", "description": "How loud it is.", "parameters": {"type": "object"}},
    {
        "type": "function",
        "name": "set_volume",
        "description": "How loud it is to be.",
        "parameters": {"type": "object", "properties": {"percent": {"type": "integer"}}, "required": ["percent"]},
    },
]


def run(server: ServerChild, act: Callable[[Talk], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        async with talk_with(server.url) as talk:
            return await act(talk)

    return asyncio.run(whole())


class TestASpokenQuestion:
    def test_is_found_heard_and_answered_with_server_vad(self, server: ServerChild) -> None:
        async def act(talk: Talk) -> tuple[list[str], str, str, bytes]:
            detection = {"type": "server_vad", "silence_duration_ms": 400, "prefix_padding_ms": 300}
            await talk.configure(audio={"input": {"turn_detection": detection, "transcription": {"model": "local"}}})
            await talk.send(bytes(24_000))
            await talk.say("what can you do", SILENCE)
            response = await talk.until_done()
            if HEARD not in talk.kinds():
                await talk.next(HEARD)
            heard = next(event.transcript for event in talk.events if event.type == HEARD)
            return talk.kinds(), heard, talk.words(response.id), talk.sound(response.id)

        kinds, heard, words, sound = run(server, act)
        steps = [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "response.created",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_audio.delta",
            "response.output_audio.done",
            "response.output_item.done",
            "response.done",
        ]
        assert [kind for kind in dict.fromkeys(kinds) if kind in steps] == steps
        assert heard == "what can you do"
        assert words.startswith("I know the time")
        assert 4 < len(sound) / 48_000 < 20, "seconds of speech"

    def test_is_answered_when_a_button_says_that_it_is_over(self, server: ServerChild) -> None:
        async def act(talk: Talk) -> tuple[list[str], str, str]:
            await talk.configure(audio=BY_HAND)
            await talk.say("what time is it", bytes(9_600))
            await talk.connection.input_audio_buffer.commit()
            heard = await talk.next(HEARD)
            await talk.connection.response.create()
            response = await talk.until_done()
            return talk.kinds(), heard.transcript, talk.words(response.id)

        kinds, heard, words = run(server, act)
        assert heard == "what time is it"
        assert words.startswith("It is ")
        assert "input_audio_buffer.speech_started" not in kinds

    @pytest.mark.parametrize("law", ["audio/pcmu", "audio/pcma"])
    def test_travels_as_telephones_do(self, server: ServerChild, law: str) -> None:
        async def act(talk: Talk) -> tuple[Any, str, bytes]:
            told = await talk.configure(
                audio={"input": {**BY_HAND["input"], "format": {"type": law}}, "output": {"format": {"type": law}}}
            )
            await talk.send(_companded(spoken("what can you do", 8_000) + bytes(3_200), law))
            await talk.connection.input_audio_buffer.commit()
            heard = await talk.next(HEARD)
            await talk.connection.response.create()
            response = await talk.until_done()
            return told, heard.transcript, talk.sound(response.id)

        told, heard, sound = run(server, act)
        assert told.audio.input.format.type == told.audio.output.format.type == law
        assert heard == "what can you do"
        assert 4 < len(sound) / 8_000 < 20, "seconds of speech, a byte a sample"


class TestAWrittenQuestion:
    def test_is_answered_in_writing_where_that_is_wanted(self, server: ServerChild) -> None:
        async def act(talk: Talk) -> tuple[list[str], str]:
            await talk.configure(output_modalities=["text"])
            await talk.write("what time is it")
            await talk.connection.response.create()
            response = await talk.until_done()
            return talk.kinds(), response.output[0].content[0].text

        kinds, words = run(server, act)
        assert words.startswith("It is ")
        assert "response.output_text.delta" in kinds
        assert "response.output_audio.delta" not in kinds


class TestAFunctionCall:
    def test_goes_round_twice_and_is_told_in_words(self, server: ServerChild) -> None:
        async def act(talk: Talk) -> tuple[list[tuple[str, Any]], str]:
            await talk.configure(tools=TOOLS, tool_choice="auto")
            await talk.write("turn up the volume")
            called = []
            for output in ('{"percent": 40}', '{"percent": 55}'):
                await talk.connection.response.create()
                (call,) = (await talk.until_done()).output
                called.append((call.name, json.loads(call.arguments)))
                item: Any = {"type": "function_call_output", "call_id": call.call_id, "output": output}
                await talk.connection.conversation.item.create(item=item)
            await talk.connection.response.create()
            return called, talk.words((await talk.until_done()).id)

        called, words = run(server, act)
        assert called == [("get_volume", {}), ("set_volume", {"percent": 55})]
        assert "fifty" in words or "55" in words


class TestAnInterruption:
    def test_cancels_truncates_and_is_answered(self, server: ServerChild) -> None:
        async def act(talk: Talk) -> tuple[Any, Any, str]:
            await talk.configure(audio=BY_HAND)
            await talk.write("tell me a story")
            await talk.connection.response.create()
            delta = await talk.next("response.output_audio.delta")
            await talk.connection.response.cancel(response_id=delta.response_id)
            broken_off = await talk.until_done()
            await talk.connection.conversation.item.truncate(item_id=delta.item_id, content_index=0, audio_end_ms=50)
            truncated = await talk.next("conversation.item.truncated")
            await talk.write("what time is it")
            await talk.connection.response.create()
            return broken_off, truncated, talk.words((await talk.until_done()).id)

        broken_off, truncated, words = run(server, act)
        assert (broken_off.status, broken_off.status_details.reason) == ("cancelled", "client_cancelled")
        assert truncated.audio_end_ms == 50
        assert words.startswith("It is ")

    def test_by_speech_is_the_servers_own_affair_if_it_may(self, server: ServerChild) -> None:
        async def act(talk: Talk) -> tuple[Any, str]:
            await talk.configure(
                audio={"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 400}}}
            )
            await talk.write("tell me a story")
            await talk.connection.response.create()
            await talk.next("response.output_audio.delta")
            await talk.say("what time is it", SILENCE)
            broken_off = await talk.until_done()
            return broken_off, talk.words((await talk.until_done()).id)

        broken_off, words = run(server, act)
        assert (broken_off.status, broken_off.status_details.reason) == ("cancelled", "turn_detected")
        assert words.startswith("It is ")


class TestAResponseOutOfBand:
    def test_is_given_beside_the_conversation_and_not_remembered(self, server: ServerChild) -> None:
        async def act(talk: Talk) -> tuple[Any, str, str]:
            await talk.configure(output_modalities=["text"])
            await talk.write("tell me a joke")
            await talk.connection.response.create()
            await talk.until_done()
            asked: Any = {
                "conversation": "none",
                "metadata": {"topic": "aside"},
                "input": [
                    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "what time is it"}]}
                ],
            }
            await talk.connection.response.create(response=asked)
            aside = await talk.until_done()
            await talk.write("what was my first question")
            await talk.connection.response.create()
            after = await talk.until_done()
            return aside, aside.output[0].content[0].text, after.output[0].content[0].text

        aside, words, memory = run(server, act)
        assert aside.metadata == {"topic": "aside"}
        assert aside.conversation_id is None
        assert words.startswith("It is ")
        assert "joke" in memory


class TestAMistake:
    def test_is_told_with_the_name_of_the_event_and_forgiven(self, server: ServerChild) -> None:
        async def act(talk: Talk) -> Any:
            await talk.connection.conversation.item.delete(item_id="item_nowhere", event_id="mine")
            refused = await talk.next("error")
            await talk.configure(instructions="Be brief.")
            return refused.error

        error = run(server, act)
        assert error.event_id == "mine"
        assert error.type == "invalid_request_error"


def _companded(pcm: bytes, law: str) -> bytes:
    """G.711 as ITU-T prints it, sample by sample: slow, and nothing of the server's own in it."""
    samples = np.frombuffer(pcm, "<i2").astype(int)
    return bytes((_ulaw if law == "audio/pcmu" else _alaw)(int(sample)) for sample in samples)


def _ulaw(sample: int) -> int:
    sign, magnitude = (0x80 if sample < 0 else 0), min(abs(sample), 32_635) + 132
    exponent = max(0, magnitude.bit_length() - 8)
    return ~(sign | exponent << 4 | (magnitude >> exponent + 3) & 15) & 0xFF


def _alaw(sample: int) -> int:
    sign, magnitude = (0x80 if sample >= 0 else 0), min(abs(sample) >> 3, 4_095)
    exponent = max(0, magnitude.bit_length() - 5)
    mantissa = (magnitude >> (exponent if exponent else 1)) & 15
    return (sign | exponent << 4 | mantissa) ^ 0x55
