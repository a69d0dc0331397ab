"""A transcription session over a real socket, opened as the official SDK opens it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import pytest
from openai import AsyncOpenAI

from edge_agent.local.child import ServerChild
from tests.local.test_server import PATIENCE_S, spoken


@pytest.fixture(scope="module")
def server() -> Iterator[ServerChild]:
    child = ServerChild()
    yield child
    child.stop()


async def connected(server: ServerChild, **how: Any) -> Any:
    client = AsyncOpenAI(api_key="none", websocket_base_url=server.url.removesuffix("/realtime"))
    return client.realtime.connect(**how)


class TestATranscriptionSession:
    def test_writes_down_what_the_sdk_sends(self, server: ServerChild) -> None:
        async def talk() -> tuple[str, str]:
            async with (
                asyncio.timeout(PATIENCE_S),
                await connected(server, extra_query={"intent": "transcription"}) as link,
            ):
                created = await link.recv()
                await link.session.update(
                    session={"type": "transcription", "audio": {"input": {"turn_detection": None}}}
                )
                await link.input_audio_buffer.append(audio=base64.b64encode(spoken("what can you do")).decode())
                await link.input_audio_buffer.commit()
                async for event in link:
                    if event.type == "conversation.item.input_audio_transcription.completed":
                        return created.session.type, event.transcript
            return "", ""

        assert asyncio.run(talk()) == ("transcription", "what can you do")

    def test_is_another_than_that_of_a_client_with_a_model(self, server: ServerChild) -> None:
        async def opened() -> list[str]:
            async with asyncio.timeout(PATIENCE_S), await connected(server, model="gpt-realtime-2") as link:
                created = await link.recv()
                await link.recv()
                await link.session.update(session={"type": "realtime", "model": "gpt-realtime-2"})
                updated = await link.recv()
                return [created.session.type, updated.type, updated.session.model]

        assert asyncio.run(opened()) == ["realtime", "session.updated", "edge-agent-local"]
