"""How far a connection has come.

Law: names, and what is said of a connection that got no further.
"""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    CLOSED = "closed"
    OPENING = "opening"
    CONFIGURING = "configuring"
    READY = "ready"

    def why_again(self, where: str) -> str:
        """Why a connection in this phase is given up for another one. where: host and port."""
        match self:
            case Phase.OPENING:
                return f"{where} did not answer in time: check network and address"
            case Phase.CONFIGURING:
                return f"{where} opened the connection but started no session: check session.url"
        return "the session is renewed"
