"""A client event that cannot be done, in the words of the protocol's `error` event."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """message: what was found, what is allowed.  param: the field, dotted, or None.  code: the protocol's own name."""

    def __init__(
        self, message: str, *, code: str, param: str | None = None, kind: str = "invalid_request_error"
    ) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
        self.kind = kind

    def error(self, event_id: str | None) -> dict[str, Any]:
        """The `error` object; event_id: of the client event it answers."""
        return {
            "type": self.kind,
            "code": self.code,
            "message": _writable(str(self)),
            "param": None if self.param is None else _writable(self.param),
            "event_id": event_id,
        }


def _writable(words: str) -> str:
    """What a client wrote may hold half a surrogate pair, which cannot be sent back."""
    return words.encode("utf-8", "replace").decode("utf-8")
