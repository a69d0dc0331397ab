"""A talk with a server by the official SDK's own connection; each event is judged by the SDK's types as it arrives."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from tests.clients.speech import in_blocks, spoken
from tests.local.sdk import misfit

PATIENCE_S = 30.0  # for a machine that does something else as well
SILENCE = bytes(96_000)  # two seconds of it: longer than any detection waits


class Talk:
    """events: all that the server sent, oldest first, as the SDK hands them to its user."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self.connection = connection
        self.events: list[Any] = []

    async def next(self, *kinds: str) -> Any:
        """The next event of these types; others are passed over, but an error is a failure unless it is asked for."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                raw = await self.connection.recv_bytes()
                assert misfit(json.loads(raw)) == ""
                event: Any = self.connection.parse_event(raw)
                self.events.append(event)
                if event.type in kinds:
                    return event
                assert event.type != "error", event

    async def until_done(self) -> Any:
        """The response that ends next."""
        return (await self.next("response.done")).response

    async def configure(self, **session: Any) -> Any:
        whole: Any = {"type": "realtime", **session}
        await self.connection.session.update(session=whole)
        return (await self.next("session.updated")).session

    async def say(self, text: str, after: bytes = b"") -> None:
        """Speech, block by block, faster than anybody speaks."""
        await self.send(spoken(text) + after)

    async def send(self, sound: bytes) -> None:
        for block in in_blocks(sound):
            await self.connection.input_audio_buffer.append(audio=base64.b64encode(block).decode())

    async def write(self, text: str) -> None:
        content = [{"type": "input_text", "text": text}]
        item: Any = {"type": "message", "role": "user", "content": content}
        await self.connection.conversation.item.create(item=item)

    # --- what was received ------------------------------------------------------------------------------------------

    def kinds(self) -> list[str]:
        return [event.type for event in self.events]

    def sound(self, response_id: str) -> bytes:
        deltas = [event for event in self.events if event.type == "response.output_audio.delta"]
        return b"".join(base64.b64decode(event.delta) for event in deltas if event.response_id == response_id)

    def words(self, response_id: str) -> str:
        deltas = [event for event in self.events if event.type == "response.output_audio_transcript.delta"]
        return "".join(event.delta for event in deltas if event.response_id == response_id)


@asynccontextmanager
async def talk_with(url: str) -> AsyncIterator[Talk]:
    """url: as the server prints it; the SDK adds `/realtime` by itself."""
    client = AsyncOpenAI(api_key="none", websocket_base_url=url.removesuffix("/realtime"))
    async with client.realtime.connect(model="local") as connection:
        talk = Talk(connection)
        await talk.next("session.created")
        yield talk
    await client.close()
