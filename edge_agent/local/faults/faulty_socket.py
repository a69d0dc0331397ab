"""A server's WebSocket that can stop answering, below where pings and goodbyes are answered by themselves.

Law: bytes only; what goes wrong when is decided in `crossing.py`.
"""

from __future__ import annotations

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Response

from edge_agent.local.faults.fault_events import Refusal


class FaultySocket(ServerConnection):
    """dead: nothing comes in or goes out, and nobody is told.  late_goodbye_s: so late a goodbye is answered."""

    dead: bool = False
    late_goodbye_s: float = 0.0
    _answering: bool = False

    def refuse(self, refusal: Refusal) -> Response:
        """The answer to the upgrade, for `process_request`."""
        response = self.respond(refusal.status, refusal.body)
        for name, value in {"Content-Type": "application/json", **refusal.headers}.items():
            if name in response.headers:
                del response.headers[name]
            response.headers[name] = value
        return response

    def data_received(self, data: bytes) -> None:
        if not self.dead:
            super().data_received(data)

    def send_data(self) -> None:
        if self.dead:
            self.protocol.data_to_send()  # which is thereby thrown away
        elif self.late_goodbye_s > 0 and self.protocol.close_rcvd is not None:
            if not self._answering:
                self._answering = True
                self.loop.call_later(self.late_goodbye_s, self._answer)
        else:
            super().send_data()

    def _answer(self) -> None:
        if not self.transport.is_closing():
            super().send_data()
