"""A conversation by `openai-agents`, run in an environment of its own: ADDRESS SPEECH... in, one JSON object out.

SPEECH: files of PCM16 at 24 kHz: a question, and a wish to have the volume turned up. Nothing of this project is
imported: this is what a user of that package would write.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from agents import function_tool
from agents.realtime import RealtimeAgent, RealtimeRunner

PATIENCE_S = 30.0
BLOCK = 4_800  # bytes of 100 ms
MODEL_SETTINGS = {
    "model_name": "local",
    "audio": {
        "input": {
            "format": "pcm16",
            "transcription": {"model": "local"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 400, "interrupt_response": True},
        },
        "output": {"format": "pcm16"},
    },
}


class Volume:
    """The device, as its tools see it."""

    def __init__(self) -> None:
        self.percent = 40
        self.calls: list[str] = []

    def get_volume(self) -> str:
        """How loud the device is."""
        self.calls.append("get_volume")
        return json.dumps({"percent": self.percent})

    def set_volume(self, percent: int) -> str:
        """Make the device louder or softer.

        Args:
            percent: how loud, from 0 to 100
        """
        self.calls.append(f"set_volume {percent}")
        self.percent = percent
        return json.dumps({"percent": percent})


class Told:
    """All that a session says, kept by a task of its own."""

    def __init__(self, session: Any) -> None:
        self.events: list[Any] = []
        self._session = session
        self._fresh = asyncio.Event()

    async def listen(self) -> None:
        async for event in self._session:
            self.events.append(event)
            self._fresh.set()

    async def wait_for(self, kind: str, after: int = 0) -> int:
        """The number of the event behind the next of this type."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for number, event in enumerate(self.events[after:], start=after):
                    if event.type == kind:
                        return number + 1
                self._fresh.clear()
                await self._fresh.wait()

    async def wait_for_raw(self, *kinds: str, after: int) -> int:
        """The number of the event behind the next in which the server itself says one of these."""
        while True:
            after = await self.wait_for("raw_model_event", after)
            data = self.events[after - 1].data
            if data.type == "raw_server_event" and data.data["type"] in kinds:
                return after

    def sound(self, after: int = 0) -> int:
        return sum(len(event.audio.data) for event in self.events[after:] if event.type == "audio")

    def kinds(self) -> list[str]:
        return list(dict.fromkeys(event.type for event in self.events))

    def errors(self) -> list[str]:
        said = [str(event.error) for event in self.events if event.type == "error"]
        raw = [event.data for event in self.events if event.type == "raw_model_event"]
        return said + [repr(data) for data in raw if data.type in ("error", "exception")]


async def say(session: Any, speech: Path) -> None:
    """As fast as anybody speaks."""
    pcm = speech.read_bytes() + bytes(10 * BLOCK)
    for start in range(0, len(pcm), BLOCK):
        await session.send_audio(pcm[start : start + BLOCK])
        await asyncio.sleep(0.1)


async def talk(url: str, question: Path, wish: Path) -> dict[str, Any]:
    device = Volume()
    tools = [function_tool(device.get_volume), function_tool(device.set_volume)]
    agent = RealtimeAgent(name="assistant", instructions="Be brief.", tools=tools)
    runner = RealtimeRunner(agent, config={"model_settings": MODEL_SETTINGS, "tracing_disabled": True})
    async with await runner.run(model_config={"url": url, "api_key": "none"}) as session:
        told = Told(session)
        listener = asyncio.create_task(told.listen())
        answered = await ask(session, told, question)
        answer_bytes = told.sound()
        changed = await change_volume(session, told, wish, answered)
        stopped = await interrupt_by_voice(session, told, question, changed)
        errors = told.errors()
        await interrupt_by_button(session, told, stopped)
        listener.cancel()
        history = [event.history for event in told.events if event.type == "history_updated"][-1]
        return {
            "answer_bytes": answer_bytes,
            "calls": device.calls,
            "percent": device.percent,
            "interrupted": [event.type for event in told.events[changed:stopped]].count("audio_interrupted"),
            "errors": errors,
            "errors_of_the_button": told.errors()[len(errors) :],
            "said": [words_of(item) for item in history if item.type == "message"],
        }


async def ask(session: Any, told: Told, question: Path) -> int:
    await say(session, question)
    return await told.wait_for("agent_end")


async def change_volume(session: Any, told: Told, wish: Path, after: int) -> int:
    """Two functions are called, one after the other; then the server says what came of it."""
    await say(session, wish)
    for kind in ("tool_end", "tool_end", "audio_end", "agent_end"):
        after = await told.wait_for(kind, after)
    return after


async def interrupt_by_voice(session: Any, told: Told, question: Path, after: int) -> int:
    await session.send_message("tell me a story")
    after = await told.wait_for("audio", after)
    await say(session, question)
    for kind in ("audio_interrupted", "agent_start", "agent_end"):
        after = await told.wait_for(kind, after)
    return after


async def interrupt_by_button(session: Any, told: Told, after: int) -> None:
    await session.send_message("tell me a story")
    after = await told.wait_for("audio", after)
    await session.interrupt()
    await told.wait_for_raw("error", "conversation.item.truncated", after=after)


def words_of(item: Any) -> list[str]:
    """Who speaks, and what is said in each part of a message."""
    return [item.role, *(part.transcript if "audio" in part.type else part.text for part in item.content)]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(talk(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))))
