"""A plain voice client, for comparison: the `openai` SDK and a sound card, as its documentation suggests to write one.

Law: nothing of edge-agent is imported, and nothing clever is done; nothing foolish either. A thread moves 20 ms at a
time between card and client, because PyAudio's calls block; everything else is asyncio. It has no ears: who uses it
says when a sentence begins and ends and when a reply is to stop (push to talk). Sound is PCM16, 24 kHz, mono.

With a card of its own: `python -m tests.bench.plain_client URL`, Enter to talk, Enter again to be answered.
"""

from __future__ import annotations

import asyncio
import base64
import sys
import threading
from collections.abc import Callable
from typing import Literal, Protocol

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeSessionCreateRequestParam

RATE: Literal[24000] = 24_000
CHUNK = RATE // 50  # frames: 20 ms
CHUNK_BYTES = 2 * CHUNK
SESSION: RealtimeSessionCreateRequestParam = {
    "type": "realtime",
    "output_modalities": ["audio"],
    "audio": {
        "input": {"format": {"type": "audio/pcm", "rate": RATE}, "turn_detection": None},
        "output": {"format": {"type": "audio/pcm", "rate": RATE}},
    },
}
AGAIN_S = 0.1  # between two attempts to connect


class Stream(Protocol):
    """What PyAudio's stream can do, as far as it is used here. Both calls block."""

    def write(self, frames: bytes, num_frames: int) -> None: ...
    def read(self, num_frames: int, exception_on_overflow: bool) -> bytes: ...


class PlainClient:
    """url: of the API, without `/realtime`.  told: called with the type of every event from the server. `run` until
    `end`; `begin`, `commit` and `stop` may be called from any thread."""

    def __init__(self, stream: Stream, url: str, told: Callable[[str], None] = lambda kind: None) -> None:
        self._stream, self._told = stream, told
        self._client = AsyncOpenAI(api_key="none", websocket_base_url=url)
        self._speaker = bytearray()
        self._lock = threading.Lock()
        self._talking = self._stopped = self._ending = False
        self._connection: AsyncRealtimeConnection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._to_send: asyncio.Queue[bytes | str] = asyncio.Queue()

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        sound = threading.Thread(target=self._move_sound, daemon=True)
        sound.start()
        sender = asyncio.create_task(self._send())
        while not self._ending:
            try:
                async with self._client.realtime.connect(model="gpt-realtime") as connection:
                    await self._converse(connection)
            except Exception as error:  # whatever it was, try again: the SDK lets the socket's own errors through
                print(f"connection lost: {error!r}", file=sys.stderr)
                await asyncio.sleep(AGAIN_S)
        sender.cancel()
        sound.join(1.0)

    def begin(self) -> None:
        """What the microphone hears is sent from now on."""
        self._talking = True

    def commit(self) -> None:
        """The sentence is over: ask for the answer."""
        self._talking = False
        self._soon("commit")

    def stop(self) -> None:
        """Silence, now."""
        with self._lock:
            self._stopped = True  # what is still on its way belongs to nobody
            self._speaker.clear()
        self._soon("cancel")

    def end(self) -> None:
        self._ending = True
        self._soon("close")

    # --- the network ------------------------------------------------------------------------------------------------

    async def _converse(self, connection: AsyncRealtimeConnection) -> None:
        await connection.session.update(session=SESSION)
        self._connection = connection
        try:
            async for event in connection:
                if event.type == "response.output_audio.delta":
                    with self._lock:
                        if not self._stopped:
                            self._speaker += base64.b64decode(event.delta)
                elif event.type == "response.created":
                    self._stopped = False
                self._told(event.type)
        finally:
            self._connection = None

    async def _send(self) -> None:
        while True:
            item = await self._to_send.get()
            connection = self._connection
            if connection is None:
                continue
            if isinstance(item, bytes):
                await connection.input_audio_buffer.append(audio=base64.b64encode(item).decode())
            elif item == "commit":
                await connection.input_audio_buffer.commit()
                await connection.response.create()
            elif item == "cancel":
                await connection.response.cancel()
            else:
                await connection.close()

    def _soon(self, item: bytes | str) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._to_send.put_nowait, item)

    # --- the sound --------------------------------------------------------------------------------------------------

    def _move_sound(self) -> None:
        while not self._ending:
            with self._lock:
                chunk = bytes(self._speaker[:CHUNK_BYTES])
                del self._speaker[:CHUNK_BYTES]
            self._stream.write(chunk.ljust(CHUNK_BYTES, b"\0"), CHUNK)
            heard = self._stream.read(CHUNK, exception_on_overflow=False)
            if self._talking:
                self._soon(heard)


def main() -> None:
    """On this machine's own sound card."""
    import pyaudio

    port = pyaudio.PyAudio()
    stream = port.open(rate=RATE, channels=1, format=pyaudio.paInt16, input=True, output=True, frames_per_buffer=CHUNK)
    client = PlainClient(stream, sys.argv[1])

    def keys() -> None:
        for number, _ in enumerate(sys.stdin):
            (client.commit if number % 2 else client.begin)()
        client.end()

    threading.Thread(target=keys, daemon=True).start()
    asyncio.run(client.run())


if __name__ == "__main__":
    main()
