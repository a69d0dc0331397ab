"""The embedded Realtime server's shell: WebSockets and a clock.

Law: nothing of the protocol is decided here; `protocol.Session` is fed and what it gives is sent when it is due. Nobody
reaches it from a web page: a request with an Origin is refused.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import socket
import time
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from edge_agent.local.faults.certificate import Certificate
from edge_agent.local.faults.fault import Fault
from edge_agent.local.faults.fault_events import BETA_CODE, Refusal, error, error_object
from edge_agent.local.faults.faulty_line import Line
from edge_agent.local.faults.faulty_socket import FaultySocket
from edge_agent.local.guests import Guests
from edge_agent.local.lazy_detector import LazyDetector
from edge_agent.local.realtime.mind import Mind
from edge_agent.local.realtime.protocol import Session
from edge_agent.local.speech.workers import SpeechWorkers
from edge_agent.local.talk import Talk

PATH = "/v1/realtime"
LARGEST_MESSAGE = 22 * 1024 * 1024  # bytes: an append of 15 MiB, in base64, with its JSON around it
BETA_HEADER = "OpenAI-Beta"  # of a shape that is no longer spoken
BETA_CLOSE = 4000
BETA_REASON = f"invalid_request_error.{BETA_CODE}"
KEEPALIVE_S = 20.0
HANDSHAKE_S = 10.0

log = logging.getLogger(__name__)


class LocalServer:
    """brain: who answers, the same for all clients.  Several clients at once have a session each; guests counts them.

    faults: what goes wrong between it and its clients; drawn from `seed` where something is drawn.
    """

    def __init__(
        self,
        brain: Mind,
        workers: SpeechWorkers,
        guests: Guests,
        *,
        model_delay_ms: float = 0,
        faults: Iterable[Fault] = (),
        seed: int = 0,
    ) -> None:
        self._brain, self._workers, self._guests, self._delay_ms = brain, workers, guests, model_delay_ms
        self._faults = tuple(faults)
        self._line = Line(self._faults, seed)
        self.certificate: Certificate | None = None

    async def listen(self, host: str, port: int, given: socket.socket | None = None) -> tuple[Server, str]:
        """given: a socket that listens already, instead of host and port.

        Returns the listening server and its address. Raises ConnectionError: it cannot listen there, or has no
        certificate to show.
        """
        where: dict[str, Any] = {"host": host, "port": port} if given is None else {"sock": given}
        if self._line.certificate:
            self.certificate = Certificate(self._line.certificate)
            where["ssl"] = self.certificate.context
        try:
            server = await serve(
                self._talk,
                **where,
                process_request=self._admit,
                origins=[None],
                compression=None,
                max_size=LARGEST_MESSAGE,
                close_timeout=1.0,
                open_timeout=None if self._faults else HANDSHAKE_S,  # a fault may take its time
                ping_interval=None if self._faults else KEEPALIVE_S,  # who is half open must not be found out by us
                create_connection=FaultySocket,
            )
        except OSError as failure:
            raise ConnectionError(
                f"local-server: cannot listen on {host}:{port}: {failure.strerror or failure}; choose another --port, "
                "or 0 for a free one"
            ) from None
        bound = next(iter(server.sockets)).getsockname()
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        return server, f"{'wss' if self.certificate else 'ws'}://{shown}:{bound[1]}{PATH}"

    async def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        assert isinstance(socket, FaultySocket)
        if urlsplit(request.path).path != PATH:
            detail = error_object("unknown_url", f"found {request.path}, expected {PATH}")
            return socket.refuse(Refusal(HTTPStatus.NOT_FOUND, json.dumps({"error": detail})))
        knock = self._line.knock(time.monotonic())
        if knock.unreachable:
            socket.transport.abort()
        if knock.wait_s == math.inf:
            await socket.wait_closed()
        await asyncio.sleep(knock.wait_s if knock.wait_s < math.inf else 0)
        return socket.refuse(knock.refusal) if knock.refusal else None

    async def _talk(self, socket: ServerConnection) -> None:
        assert isinstance(socket, FaultySocket)
        assert socket.request is not None
        if BETA_HEADER in socket.request.headers:
            await _turn_away(socket)
            return
        query = dict(parse_qsl(urlsplit(socket.request.path).query))
        session = Session(
            brain=self._brain,
            wall=datetime.now,
            model_delay_ms=self._delay_ms,
            detector=LazyDetector(),
            kind="transcription" if query.get("intent") == "transcription" else "realtime",
            asked_model=query.get("model", ""),
        )
        began = time.monotonic()
        self._guests.came()
        crossing = self._line.open(began)
        try:
            await Talk(socket, session, self._workers, crossing).run()
        finally:
            self._line.left(crossing)
            self._guests.went(began)


async def _turn_away(socket: ServerConnection) -> None:
    """As the service does with one who speaks the old shape: let in, told, shown out."""
    message = f"The Realtime Beta API is no longer supported: do not send {BETA_HEADER}."
    await socket.send(json.dumps(error(BETA_CODE, message, 1)))
    await socket.close(BETA_CLOSE, BETA_REASON)
