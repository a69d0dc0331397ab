"""The daemon holds a conversation with Hugging Face's `speech-to-speech` server, which knows nothing of us.

`make test-foreign`: 4.6 GB, installed on demand (see `server.py` for what of it is theirs).
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.clients.speech import in_blocks, spoken
from tests.foreign.models import LOUDER, STORY, TIME, Models
from tests.foreign.performance import Performance, perform
from tests.foreign.server import SpeechToSpeech

pytestmark = pytest.mark.foreign

SCENARIO = """
duration_s = 90
ends_after = "drained"

[room]                           # an easy one: what is judged is the talk, not the stand-in's ears
rt60_s = 0.2
talker_m = 0.6
noise_dbfs = -70

[config.session]
provider = "speech-to-speech"
model = "local"
voice = ""
[config.turn]
detection = "server_vad"

[[cue]]
kind = "talk"
voice = "flite:kal16"
after = "ready"
delay_s = 1.0
text = "hey jarvis what time is it"

[[cue]]
kind = "talk"
voice = "flite:kal16"
after = "drained"
delay_s = 1.5
text = "turn up the volume"

# The wake word where none is needed: for us the sentence begins anew in the middle, which the server never learns.
[[cue]]
kind = "talk"
voice = "flite:kal16"
after = "drained"
delay_s = 1.5
text = "hey jarvis tell me a story"

[[cue]]
kind = "talk"
voice = "flite:kal16"
after = "first_sample"
delay_s = 4.0
text = "what time is it"
"""
PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def models() -> Iterator[Models]:
    models = Models()
    yield models
    models.stop()


@pytest.fixture(scope="module")
def server(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpeechToSpeech]:
    server = SpeechToSpeech(models, tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def performance(server: SpeechToSpeech, tmp_path_factory: pytest.TempPathFactory) -> Performance:
    return perform(SCENARIO, server.url, tmp_path_factory.mktemp("daemon"))


class TestAVoiceTurn:
    def test_is_ended_heard_and_answered_by_the_server(self, performance: Performance) -> None:
        assert performance.words("user")[0] == "what time is it"
        assert performance.words("assistant")[0] == TIME
        stopped = next(said for said in performance.of("server_speech") if said.data["state"] == "stopped")
        assert performance.of("first_sample")[0].t_ms > stopped.t_ms
        assert performance.of("commit") == [], "the server has found the end of every sentence"

    def test_is_heard_to_its_end_in_the_room(self, performance: Performance) -> None:
        first, *_ = performance.of("silence")
        assert first.data["audible_ms"] > 1_000

    def test_with_a_wake_word_in_the_middle_is_answered_all_the_same(self, performance: Performance) -> None:
        again = performance.of("wake")[1]
        assert again.turn > performance.of("tool")[0].turn, "a new turn, in the middle of a sentence"
        assert performance.words("user")[2].endswith("tell me a story")

    def test_leaves_no_error_behind(self, performance: Performance) -> None:
        assert performance.of("error", "drop", "unexpected") == []


class TestAFunctionCall:
    def test_goes_round(self, performance: Performance, models: Models) -> None:
        assert performance.words("user")[1] == "turn up the volume"
        (called,) = performance.of("tool")
        assert called.data["name"] == "set_volume"
        assert performance.volume == LOUDER
        told = [message for asked in models.asked for message in asked if message["role"] == "tool"]
        assert json.loads(told[0]["content"]) == {"percent": LOUDER}

    def test_has_its_result_spoken_in_the_same_turn(self, performance: Performance) -> None:
        (called,) = performance.of("tool")
        spoken = [caption.data["text"] for caption in performance.of("caption") if caption.turn == called.turn]
        assert spoken[-1] == f"The device says {LOUDER} percent."


class TestAnInterruption:
    def test_stops_the_story_at_once(self, performance: Performance) -> None:
        (interruption,) = performance.of("barge_in")
        silence = next(h for h in performance.of("silence") if h.turn == interruption.turn)
        assert silence.t_ms - interruption.t_ms < 300
        assert STORY in " ".join(performance.words("assistant")), "it had been sent to its end"

    def test_tells_the_server_how_much_was_heard(self, performance: Performance) -> None:
        (truncated,) = [event for event in performance.out if event["type"] == "conversation.item.truncate"]
        (flushed,) = performance.of("flushed")
        ((item, heard_ms, received_ms),) = flushed.data["heard"]
        assert (truncated["item_id"], truncated["audio_end_ms"]) == (item, heard_ms)
        assert 3_000 < heard_ms < received_ms

    def test_is_answered(self, performance: Performance) -> None:
        assert performance.words("user")[3] == "what time is it"
        assert performance.words("assistant")[3] == TIME


class TestItsRowInTheTable:
    """`session/servers.py` says what this server does otherwise; should it mend its ways, this fails."""

    def test_is_right_that_it_cannot_clear(self, performance: Performance, server: SpeechToSpeech) -> None:
        async def talk() -> Any:
            async with connect(server.url) as socket:
                await socket.send(json.dumps({"type": "input_audio_buffer.clear"}))
                return await _next(socket, "error", "input_audio_buffer.cleared")

        refused = asyncio.run(talk())
        assert refused["error"]["type"] == "unknown_or_invalid_event"
        assert "input_audio_buffer.clear" not in [event["type"] for event in performance.out]

    def test_is_right_that_it_finds_the_turns_itself(self, performance: Performance, server: SpeechToSpeech) -> None:
        async def talk() -> Any:
            async with connect(server.url) as socket:
                heard = {"format": {"type": "audio/pcm", "rate": 24_000}, "turn_detection": None}
                session = {"type": "realtime", "audio": {"input": heard}}
                await socket.send(json.dumps({"type": "session.update", "session": session}))
                await _next(socket, "session.updated")
                for block in in_blocks(spoken("what time is it") + bytes(96_000)):
                    audio = base64.b64encode(block).decode()
                    await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
                return await _next(socket, "response.output_audio_transcript.done")

        assert asyncio.run(talk())["transcript"] == TIME, "nothing was committed, no response was asked for"


async def _next(socket: ClientConnection, *kinds: str) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            event = json.loads(await socket.recv())
            if event["type"] in kinds:
                return event
