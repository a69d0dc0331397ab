"""The embedded server as its clients meet it: a process of its own, real sockets, a real voice."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from edge_agent.local.child import ServerChild

PATIENCE_S = 30.0  # for a machine that does something else as well
Event = dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[ServerChild]:
    child = ServerChild()
    yield child
    child.stop()


async def next_of(socket: ClientConnection, *kinds: str) -> Event:
    """The next event of these types; the others are passed over."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            event: Event = json.loads(await socket.recv())
            if event["type"] in kinds:
                return event


async def send(socket: ClientConnection, kind: str, **fields: Any) -> None:
    await socket.send(json.dumps({"type": kind, **fields}))


async def manual(socket: ClientConnection) -> None:
    """Turns are made by the client."""
    audio = {"input": {"turn_detection": None, "transcription": {"model": "local"}}}
    await send(socket, "session.update", session={"type": "realtime", "audio": audio})
    await next_of(socket, "session.updated")


def spoken(text: str, rate: int = 24_000) -> bytes:
    """A sentence by another synthesiser than the server's own, PCM16."""
    import numpy as np
    import soxr

    from edge_agent.sim.voice import synthesise

    samples = soxr.resample(synthesise("flite:kal16", text), 16_000, rate)
    return np.asarray(np.clip(samples, -1, 1) * 32767, "<i2").tobytes()


async def ask(socket: ClientConnection, text: str) -> tuple[str, str, bytes]:
    """Say it, and return what was understood, and the reply's words and sound."""
    pcm = spoken(text) + bytes(9_600)
    for start in range(0, len(pcm), 4_800):
        audio = base64.b64encode(pcm[start : start + 4_800]).decode()
        await send(socket, "input_audio_buffer.append", audio=audio)
    await send(socket, "input_audio_buffer.commit")
    await send(socket, "response.create")
    understood, sound = "", b""
    while True:
        event = await next_of(
            socket,
            "conversation.item.input_audio_transcription.completed",
            "response.output_audio.delta",
            "response.output_audio_transcript.done",
            "response.done",
            "error",
        )
        match event["type"]:
            case "conversation.item.input_audio_transcription.completed":
                understood = event["transcript"]
            case "response.output_audio.delta":
                sound += base64.b64decode(event["delta"])
            case "response.output_audio_transcript.done":
                words = event["transcript"]
            case "error":
                raise AssertionError(event)
            case "response.done":
                return understood, words, sound


class TestAConversation:
    def test_is_heard_and_answered_aloud(self, server: ServerChild) -> None:
        async def talk() -> tuple[str, str, bytes]:
            async with connect(server.url) as socket:
                await manual(socket)
                return await ask(socket, "what can you do")

        understood, words, sound = asyncio.run(talk())
        assert understood == "what can you do"
        assert words.startswith("I know the time")
        assert 4 < len(sound) / 48_000 < 20, "seconds of speech"

    def test_is_remembered_for_its_own_client_only(self, server: ServerChild) -> None:
        async def talk() -> tuple[str, str]:
            async with connect(server.url) as mine, connect(server.url) as theirs:
                await asyncio.gather(manual(mine), manual(theirs))
                await ask(mine, "tell me a joke")
                (_, my_memory, _), (_, their_memory, _) = await asyncio.gather(
                    ask(mine, "what was my first question"), ask(theirs, "what was my first question")
                )
                return my_memory, their_memory

        mine, theirs = asyncio.run(talk())
        assert "tell me a joke" in mine
        assert "joke" not in theirs


class TestAReply:
    def test_that_is_cancelled_stops_in_the_middle(self, server: ServerChild) -> None:
        async def talk() -> Event:
            async with connect(server.url) as socket:
                await manual(socket)
                content = [{"type": "input_text", "text": "tell me a story"}]
                item = {"type": "message", "role": "user", "content": content}
                await send(socket, "conversation.item.create", item=item)
                await send(socket, "response.create")
                await next_of(socket, "response.output_audio.delta")
                await send(socket, "response.cancel")
                done = await next_of(socket, "response.done")
                await asyncio.sleep(0.5)
                await send(socket, "input_audio_buffer.clear")
                late = await next_of(socket, "response.output_audio.delta", "input_audio_buffer.cleared")
                assert late["type"] == "input_audio_buffer.cleared"
                return done

        done = asyncio.run(talk())
        assert done["response"]["status"] == "cancelled"


class TestServerSideTurns:
    def test_are_found_by_the_server(self, server: ServerChild) -> None:
        async def talk() -> list[str]:
            async with connect(server.url) as socket:
                detection = {"type": "server_vad", "silence_duration_ms": 400}
                session = {"type": "realtime", "audio": {"input": {"turn_detection": detection}}}
                await send(socket, "session.update", session=session)
                pcm = bytes(24_000) + spoken("what time is it") + bytes(48_000)
                for start in range(0, len(pcm), 4_800):
                    audio = base64.b64encode(pcm[start : start + 4_800]).decode()
                    await send(socket, "input_audio_buffer.append", audio=audio)
                order: list[str] = []
                wanted = (
                    "input_audio_buffer.speech_started",
                    "input_audio_buffer.speech_stopped",
                    "input_audio_buffer.committed",
                    "response.output_audio_transcript.done",
                )
                while len(order) < 4:
                    event = await next_of(socket, *wanted)
                    order.append(str(event.get("transcript", event["type"])))
                return order

        started, stopped, committed, said = asyncio.run(talk())
        assert (started, stopped, committed) == (
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
        )
        assert said.startswith("It is ")


class TestWhatIsNoEvent:
    @pytest.mark.parametrize(
        "message", ["", "{", "[1, 2]", "null", '"text"', b"\x00\x01", '{"type": "nonsense"}', "[" * 100_000, "NaN"]
    )
    def test_is_refused_and_the_session_goes_on(self, server: ServerChild, message: str | bytes) -> None:
        async def talk() -> tuple[Event, Event]:
            async with connect(server.url) as socket:
                await next_of(socket, "session.created")
                await socket.send(message)
                refused = await next_of(socket, "error")
                await send(socket, "input_audio_buffer.clear")
                return refused, await next_of(socket, "input_audio_buffer.cleared", "error")

        refused, after = asyncio.run(talk())
        assert refused["error"]["type"] == "invalid_request_error"
        assert after["type"] == "input_audio_buffer.cleared"

    def test_and_too_large_ends_the_connection_and_no_other(self, server: ServerChild) -> None:
        async def talk() -> Event:
            async with connect(server.url) as other:
                socket = await connect(server.url)
                too_much = "A" * (30 * 1024 * 1024)
                with pytest.raises(ConnectionClosed):
                    await asyncio.gather(
                        send(socket, "input_audio_buffer.append", audio=too_much), next_of(socket, "error")
                    )
                await send(other, "input_audio_buffer.clear")
                return await next_of(other, "input_audio_buffer.cleared")

        assert asyncio.run(talk())["type"] == "input_audio_buffer.cleared"


class TestTheDoor:
    def test_is_one_path(self, server: ServerChild) -> None:
        async def knock() -> int:
            with pytest.raises(InvalidStatus) as refused:
                async with connect(server.url.replace("realtime", "elsewhere")):
                    pass
            return refused.value.response.status_code

        assert asyncio.run(knock()) == 404

    def test_is_shut_to_web_pages(self, server: ServerChild) -> None:
        async def knock() -> int:
            with pytest.raises(InvalidStatus) as refused:
                async with connect(server.url, origin=Origin("https://example.org")):
                    pass
            return refused.value.response.status_code

        assert asyncio.run(knock()) == 403

    def test_tells_a_plain_request_what_it_wants(self, server: ServerChild) -> None:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(server.url.replace("ws://", "http://"), timeout=PATIENCE_S)
        assert refused.value.code == 426
        refused.value.close()


class TestTheCommand:
    def run(self, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "edge_agent", "local-server", *options]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def test_prints_its_address_first_and_ends_with_its_parent(self) -> None:
        process = self.run("--until-eof")
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening ws://127.0.0.1:")
        _, log = process.communicate(timeout=PATIENCE_S)  # which closes its standard input
        assert (process.returncode, log) == (0, "")

    def test_takes_faults(self) -> None:
        process = self.run("--until-eof", "--fault", "certificate,value=good", "--fault", "refuse,value=401")
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening wss://127.0.0.1:")
        _, authority = process.stdout.readline().strip().split("SSL_CERT_FILE=")
        assert "CERTIFICATE" in Path(authority).read_text()
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert not Path(authority).parent.exists(), "made for the occasion, and left behind"

    def test_says_that_a_port_is_taken(self, server: ServerChild) -> None:
        port = server.url.partition("127.0.0.1:")[2].partition("/")[0]
        process = self.run("--port", port)
        _, log = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 6
        assert port in log
        assert "--port" in log
        assert "Traceback" not in log

    @pytest.mark.parametrize("content", [None, b"", b"this is no WAV file"])
    def test_says_what_is_wrong_with_a_recording(self, tmp_path: Path, content: bytes | None) -> None:
        wav = tmp_path / "reply.wav"
        if content is not None:
            wav.write_bytes(content)
        process = self.run("--reply-wav", str(wav))
        _, log = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 2
        assert str(wav) in log
        assert "Traceback" not in log
