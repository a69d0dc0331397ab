"""A conversation by LiveKit's agents, run in an environment of its own: ADDRESS SPEECH... in, one JSON object out.

SPEECH: files of PCM16 at 24 kHz: a question, and a wish to have the volume turned up. Nothing of this project is
imported: this is what a user of that package would write, with a microphone and a loudspeaker instead of a room.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from livekit import rtc
from livekit.agents import Agent, AgentSession, function_tool
from livekit.agents.voice import io
from livekit.plugins import openai
from openai.types.beta.realtime.session import TurnDetection

PATIENCE_S = 30.0
RATE = 24_000
BLOCK = RATE // 10  # samples
HASTE = 4.0  # the loudspeaker plays this many times too fast: nobody listens


class Microphone(io.AudioInput):  # type: ignore[misc]
    """What is said into it comes out as frames, as fast as anybody speaks; after that, nothing."""

    def __init__(self) -> None:
        super().__init__(label="microphone")
        self._frames: asyncio.Queue[Any] = asyncio.Queue()

    async def __anext__(self) -> Any:
        frame = await self._frames.get()
        await asyncio.sleep(frame.duration)
        return frame

    def say(self, speech: Path) -> None:
        pcm = speech.read_bytes() + bytes(2 * RATE)
        for start in range(0, len(pcm), 2 * BLOCK):
            block = pcm[start : start + 2 * BLOCK]
            self._frames.put_nowait(rtc.AudioFrame(block, RATE, 1, len(block) // 2))


class Loudspeaker(io.AudioOutput):  # type: ignore[misc]
    """Plays by the clock. played_s: of each segment, and whether it was broken off."""

    def __init__(self) -> None:
        super().__init__(label="loudspeaker", capabilities=io.AudioOutputCapabilities(pause=False), sample_rate=RATE)
        self.played_s: list[tuple[float, bool]] = []
        self._pushed_s = 0.0
        self._began = 0.0
        self._end: asyncio.TimerHandle | None = None

    async def capture_frame(self, frame: Any) -> None:
        await super().capture_frame(frame)
        if not self._pushed_s:
            self._began = time.monotonic()
            self.on_playback_started(created_at=time.time())
        self._pushed_s += frame.duration

    def flush(self) -> None:
        super().flush()
        if self._pushed_s and self._end is None:
            rest_s = max(0.0, self._pushed_s / HASTE - (time.monotonic() - self._began))
            self._end = asyncio.get_running_loop().call_later(rest_s, self._finish, False)

    def clear_buffer(self) -> None:
        if self._pushed_s:
            self._finish(True)

    def _finish(self, interrupted: bool) -> None:
        if self._end is not None:
            self._end.cancel()
        position = min(self._pushed_s, (time.monotonic() - self._began) * HASTE)
        self._pushed_s, self._end = 0.0, None
        self.played_s.append((position, interrupted))
        self.on_playback_finished(playback_position=position, interrupted=interrupted)


class Device(Agent):  # type: ignore[misc]
    def __init__(self) -> None:
        tools = [function_tool(self.get_volume), function_tool(self.set_volume)]
        super().__init__(instructions="Be brief.", tools=tools)
        self.percent = 40
        self.calls: list[str] = []

    async def get_volume(self) -> dict[str, int]:
        """How loud the device is."""
        self.calls.append("get_volume")
        return {"percent": self.percent}

    async def set_volume(self, percent: int) -> dict[str, int]:
        """Make the device louder or softer.

        Args:
            percent: how loud, from 0 to 100
        """
        self.calls.append(f"set_volume {percent}")
        self.percent = percent
        return {"percent": percent}


class Told:
    """All that a session says."""

    def __init__(self, session: Any) -> None:
        self.errors: list[str] = []
        self.states: list[str] = []
        self.said: list[tuple[str, str, bool]] = []
        self._fresh = asyncio.Event()
        session.on("error", lambda event: self._keep(self.errors, repr(event.error)))
        session.on("agent_state_changed", lambda event: self._keep(self.states, event.new_state))
        session.on("conversation_item_added", self._item)

    def _keep(self, where: list[Any], what: Any) -> None:
        where.append(what)
        self._fresh.set()

    def _item(self, event: Any) -> None:
        item = event.item
        if item.type == "message":
            self._keep(self.said, (item.role, item.text_content or "", item.interrupted))

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._fresh.clear()
                await self._fresh.wait()

    async def replied(self, times: int = 1) -> None:
        """So many more messages of the assistant are over."""
        wanted = self.replies() + times
        await self.until(lambda: self.replies() >= wanted)

    def replies(self) -> int:
        return sum(role == "assistant" for role, _, _ in self.said)


async def talk(url: str, question: Path, wish: Path) -> dict[str, Any]:
    detection = TurnDetection(type="server_vad", silence_duration_ms=400, create_response=True, interrupt_response=True)
    model = openai.realtime.RealtimeModel(
        model="local", api_key="none", base_url=url.removesuffix("/realtime"), turn_detection=detection
    )
    microphone, loudspeaker, device = Microphone(), Loudspeaker(), Device()
    session: Any = AgentSession(llm=model, vad=None, turn_handling={"turn_detection": "realtime_llm"})
    session.input.audio, session.output.audio = microphone, loudspeaker
    told = Told(session)
    await session.start(device, record=False)
    microphone.say(question)
    await told.replied()
    microphone.say(wish)
    await told.replied()
    spoken = len(loudspeaker.played_s)
    session.generate_reply(user_input="tell me a story")
    await told.until(lambda: told.states[-1] == "speaking")
    await asyncio.sleep(1.0)  # a little of the story is to be heard
    microphone.say(question)
    await told.replied(2)
    session.generate_reply(user_input="tell me a story")
    await told.until(lambda: told.states[-1] == "speaking")
    await asyncio.sleep(1.0)
    session.interrupt()
    await told.replied()
    session.generate_reply(user_input="what time is it")
    await told.replied()
    await session.aclose()
    await model.aclose()
    return {
        "said": told.said,
        "errors": told.errors,
        "calls": device.calls,
        "percent": device.percent,
        "played_s": loudspeaker.played_s,
        "first_story": spoken,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(talk(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))))
