"""One client of the counting proxy and its server, and the line between them.

Law: as the proxy's. When one side dies the other is dropped at once; when one side closes, the other is closed with its
code and reason.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from edge_agent.local.faults.crossing import LOST, Crossing
from edge_agent.local.faults.fault_events import BrokenText
from edge_agent.local.faults.faulty_socket import FaultySocket
from edge_agent.local.faults.lane import Close, Item
from edge_agent.sim.tap import Tap

_log = logging.getLogger(__name__)
_UNSENDABLE = (1005, LOST, 1015)  # close codes that only say there was none (RFC 6455, 7.4.1)


@dataclass(frozen=True, slots=True)
class Passed:
    """One message from device to server. kind: its `type`, or "?" if it is no event. pcm_bytes: audio, after base64."""

    at_s: float
    kind: str
    pcm_bytes: int
    wire_bytes: int


class Relay:
    """One client and its server. Everything crosses the line between them, where faults hold it back."""

    def __init__(
        self, client: FaultySocket, server: ClientConnection, crossing: Crossing, log: list[Passed], tap: Tap | None
    ) -> None:
        self._client, self._server, self._crossing, self._log, self._tap = client, server, crossing, log, tap
        self._fresh = asyncio.Event()
        crossing.wake = self._fresh.set
        client.late_goodbye_s = crossing.late_goodbye_s

    def drop(self) -> None:
        """Lose both sides, without a goodbye."""
        self._client.transport.abort()
        self._server.transport.abort()

    async def run(self) -> None:
        """Relay until either side is gone, then let the other go the same way."""
        pumps = [asyncio.create_task(pump()) for pump in (self._pump_up, self._pump_down, self._carry)]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            ended = await asyncio.gather(*pumps, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionClosed):
                _log.error("relay ended by %r", outcome)
        await asyncio.gather(self._close_like(self._client, self._server), self._close_like(self._server, self._client))

    async def _pump_up(self) -> None:
        async for message in self._client:
            now = time.monotonic()
            self._log.append(_measure(message, now))
            if self._tap is not None:
                self._tap.outgoing(message)
            self._crossing.send_up(message, now)
            self._fresh.set()

    async def _pump_down(self) -> None:
        try:
            async for message in self._server:
                self._crossing.send_down(message, time.monotonic())
                self._fresh.set()
        except ConnectionClosed:
            if self._server.close_code == LOST:
                return  # the server died: whatever was held back died with it
        self._crossing.send_down(Close(*_goodbye(self._server)), time.monotonic())
        self._fresh.set()
        await asyncio.Event().wait()  # until that goodbye has been said

    async def _carry(self) -> None:
        """Across the line, both ways, each message when it is due."""
        while True:
            self._fresh.clear()
            while (message := self._crossing.take_up(time.monotonic())) is not None:
                await self._server.send(message)
            self._client.dead = self._crossing.dead
            item = self._crossing.take_down(time.monotonic())
            if item is not None:
                if await self._deliver(item):
                    return
                continue
            due = self._crossing.next_s
            try:
                await asyncio.wait_for(self._fresh.wait(), None if due is None else max(0.0, due - time.monotonic()))
            except TimeoutError:
                continue

    async def _deliver(self, item: Item) -> bool:
        """To the client; whether that was the last."""
        if isinstance(item, Close):
            self.drop() if item.code == LOST else await self._client.close(item.code, item.reason)
            return True
        if self._tap is not None:
            self._tap.incoming(item)
        await self._client.send(item, text=True if isinstance(item, BrokenText) else None)
        return False

    async def _close_like(
        self, one: ServerConnection | ClientConnection, other: ServerConnection | ClientConnection
    ) -> None:
        """End `one` as `other` was ended; a side that died without a goodbye takes the other with it."""
        if other.close_code is None or one.close_code is not None:
            return
        code, reason = _goodbye(other)
        if other.close_code == LOST:
            one.transport.abort()
        else:
            await one.close(code, reason)


def _goodbye(side: ServerConnection | ClientConnection) -> tuple[int, str]:
    code = side.close_code
    return (1000, "") if code is None or code in _UNSENDABLE else (code, side.close_reason or "")


def _measure(message: str | bytes, at_s: float) -> Passed:
    """What one message weighs; audio is looked for wherever a client event may carry it."""
    wire_bytes = len(message.encode()) if isinstance(message, str) else len(message)
    try:
        event = json.loads(message)
    except ValueError:
        return Passed(at_s, "?", 0, wire_bytes)
    kind = event.get("type") if isinstance(event, dict) else None
    return Passed(at_s, kind if isinstance(kind, str) else "?", _pcm_bytes(event), wire_bytes)


def _pcm_bytes(value: Any) -> int:
    """Bytes behind every base64 text under a key `audio`, at any depth."""
    if isinstance(value, list):
        return sum(_pcm_bytes(item) for item in value)
    if not isinstance(value, dict):
        return 0
    total = 0
    for key, item in value.items():
        if key == "audio" and isinstance(item, str):
            total += len(item) * 3 // 4 - item[-2:].count("=")
        else:
            total += _pcm_bytes(item)
    return total
