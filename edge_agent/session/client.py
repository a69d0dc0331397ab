"""A `Link` over a real WebSocket (asyncio, `websockets`).

Law: whole JSON objects in and out; no protocol word, no retry, no decision. It never raises into its user; what a
connection has to say is said once, and a connection that was given up says nothing. The reader only parses and hands
over, so a burst of audio cannot make the pongs late. The key lives in the request's headers and reaches no log.
Units: `_s` seconds, sizes in bytes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket as sockets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from edge_agent import __version__
from edge_agent.session.link import Endpoint, LinkUser
from edge_agent.session.refusal import why_closed, why_not_opened

MAX_MESSAGE = 16 * 1024 * 1024  # deltas are some 12 kB, but an item fetched with its audio passes the default 1 MiB
MAX_UNSENT = 8 * 1024 * 1024  # two minutes of speech: a network that is this far behind is not there
CLOSE_S = 1.0  # for the goodbye; nobody waits for it
WAITING_BELOW = (
    8 * 1024
)  # in the kernel and the library, where nothing can be taken back: an eighth of a second of speech
LOOPBACK = ("localhost", "127.0.0.1", "::1")

_log = logging.getLogger(__name__)
_wire_log = logging.getLogger(f"{__name__}.websockets")
_wire_log.setLevel(logging.WARNING)  # at DEBUG the library logs the request with its headers: the key


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception:
        """Follow no redirect: the key is for the server that was named, and for no other."""
        return exc


@dataclass(frozen=True, slots=True)
class _Message:
    text: str
    lot: int


class _Connection:
    """One attempt and what became of it. unsent: bytes queued and not yet taken by the socket."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.outbox: asyncio.Queue[_Message] = asyncio.Queue()
        self.unsent = 0
        self.malformed = 0
        self.open = False
        self.given_up = ""
        self.socket: ClientConnection | None = None
        self.task: asyncio.Task[None] | None = None


class WebSocketLink:
    """A Link. user: who is told; to be set before `connect`. A running loop is required.

    bytes_out: payload that went to the socket since construction. malformed: messages that were no JSON object.
    """

    def __init__(
        self,
        user: LinkUser | None = None,
        *,
        open_timeout_s: float = 10.0,
        ping_interval_s: float = 20.0,
        ping_timeout_s: float = 30.0,
    ) -> None:
        self.user = user
        self.bytes_out = 0
        self.malformed = 0
        self._open_timeout_s = open_timeout_s
        self._ping_interval_s = ping_interval_s
        self._ping_timeout_s = ping_timeout_s
        self._current: _Connection | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    def connect(self, endpoint: Endpoint) -> None:
        self.close()
        connection = _Connection(endpoint)
        self._current = connection
        connection.task = asyncio.get_running_loop().create_task(self._live(connection), name="websocket")

    def send(self, event: Mapping[str, Any], *, lot: int = 0) -> None:
        connection = self._current
        if connection is None or not connection.open:
            return
        message = _Message(json.dumps(event, separators=(",", ":")), lot)
        connection.unsent += len(message.text)
        connection.outbox.put_nowait(message)
        if connection.unsent > MAX_UNSENT and connection.socket is not None:
            connection.given_up = f"the network takes nothing any more: {connection.unsent} bytes are waiting"
            connection.socket.transport.abort()

    def forget_unsent(self, lot: int) -> None:
        connection = self._current
        if connection is None:
            return
        for _ in range(connection.outbox.qsize()):
            message = connection.outbox.get_nowait()
            if message.lot and message.lot == lot:
                connection.unsent -= len(message.text)
            else:
                connection.outbox.put_nowait(message)

    def close(self) -> None:
        connection, self._current = self._current, None
        if connection is not None and connection.task is not None:
            self._leaving.add(connection.task)
            connection.task.add_done_callback(self._leaving.discard)
            connection.task.cancel()

    # --- one connection -----------------------------------------------------------------------------------------------

    async def _live(self, connection: _Connection) -> None:
        try:
            socket = await self._open(connection.endpoint)
        except Exception as error:
            reason, fatal = why_not_opened(error, connection.endpoint)
        else:
            reason, fatal = await self._converse(connection, socket), False
        connection.open = False
        if self._current is connection:
            self._current = None
            if self.user is not None:
                self.user.link_lost(reason, fatal)

    async def _open(self, endpoint: Endpoint) -> ClientConnection:
        local = urlsplit(endpoint.url).hostname in LOOPBACK
        return await _Connect(
            endpoint.url,
            additional_headers=dict(endpoint.headers),
            user_agent_header=f"edge-agent/{__version__}",
            compression=None,  # a Pi pays 1.5 ms of CPU for each second of audio, to save what base64 added
            max_size=MAX_MESSAGE,
            write_limit=WAITING_BELOW,
            open_timeout=self._open_timeout_s,
            ping_interval=self._ping_interval_s,
            ping_timeout=self._ping_timeout_s,
            close_timeout=CLOSE_S,
            proxy=None if local else True,
            logger=_wire_log,
            happy_eyeballs_delay=0.25,  # s; a broken IPv6 route costs this instead of a timeout
        )

    async def _converse(self, connection: _Connection, socket: ClientConnection) -> str:
        """Until it ends; returns why. The user's own exceptions are bugs and go to the loop's exception handler."""
        connection.socket, connection.open = socket, True
        with suppress(OSError):  # a kernel without it works too, only takes more at once
            raw = socket.transport.get_extra_info("socket")
            raw.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NOTSENT_LOWAT, WAITING_BELOW)
        writer = asyncio.create_task(self._write(connection, socket), name="websocket writer")
        try:
            if self.user is not None:
                self.user.link_opened()
            await self._read(connection, socket)
        except ConnectionClosed as closed:
            return connection.given_up or why_closed(closed, connection.endpoint)
        except Exception as bug:
            context = {"message": "a bug while handling a server event", "exception": bug}
            asyncio.get_running_loop().call_exception_handler(context)
            return f"internal error: {type(bug).__name__} (a traceback is in the log)"
        finally:
            connection.open = False
            writer.cancel()
            await socket.close()
            await asyncio.gather(writer, return_exceptions=True)

    async def _read(self, connection: _Connection, socket: ClientConnection) -> NoReturn:
        while True:
            event = self._parsed(await socket.recv(), connection)
            if event is not None and self._current is connection and self.user is not None:
                self.user.link_event(event)
            await asyncio.sleep(0)  # recv does not yield while a burst is buffered

    async def _write(self, connection: _Connection, socket: ClientConnection) -> None:
        while True:
            message = await connection.outbox.get()
            try:
                await socket.send(message.text)
            except ConnectionClosed:
                return  # the reader has the reason
            connection.unsent -= len(message.text)
            self.bytes_out += len(message.text)  # JSON is written in ASCII: characters are bytes

    def _parsed(self, message: str | bytes, connection: _Connection) -> dict[str, Any] | None:
        problem = "a binary message"
        if isinstance(message, str):
            try:
                event = json.loads(message)
            except (ValueError, RecursionError) as error:
                problem = f"no JSON ({type(error).__name__})"
            else:
                if isinstance(event, dict):
                    return event
                problem = f"JSON that is no object ({type(event).__name__})"
        self.malformed += 1
        connection.malformed += 1
        if connection.malformed == 1:
            where = connection.endpoint.where
            _log.warning("%s sent %s; such messages are passed over and counted, this is the first", where, problem)
        return None
