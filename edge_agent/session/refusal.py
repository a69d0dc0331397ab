"""Why a connection could not be opened, or ended, in a sentence that says what to do.

Law: exceptions in, words out. Nothing of a request's headers, and nothing of an address but host and port, gets into a
sentence, not even when a server echoes it.
"""

from __future__ import annotations

import errno
import json
import socket
import ssl
from datetime import UTC, datetime

from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)

from edge_agent.session.link import Endpoint
from edge_agent.session.secrets import Secrets

Refusal = tuple[str, bool]  # the sentence, and whether trying again at once cannot help

LONGEST_ECHO = 200  # characters of a server's own words

_STATUSES: dict[int, Refusal] = {
    401: ("the key is refused (HTTP 401): set a valid one", True),
    403: ("the key is refused (HTTP 403): it has no right to this model or project", True),
    404: ("model or path not found (HTTP 404): check session.model and session.url", True),
    429: ("too many requests (HTTP 429): the provider asks for patience", False),
}
_ERRNOS = {
    errno.ECONNREFUSED: "nothing answers there (connection refused): is the server running?",
    errno.ENETUNREACH: "there is no network (unreachable): check Wi-Fi or cable",
    errno.EHOSTUNREACH: "there is no way to it (host unreachable): check Wi-Fi or cable",
    errno.ETIMEDOUT: "it does not answer (timed out): check the network",
}


def why_not_opened(error: Exception, endpoint: Endpoint) -> Refusal:
    """What kept a connection from opening."""
    sentence, fatal = _sentence(error)
    return f"cannot connect to {endpoint.where}: {Secrets(endpoint).masked(sentence)}", fatal


def why_closed(closed: ConnectionClosed, endpoint: Endpoint) -> str:
    """What ended a connection that we did not end: a drop, whatever its code says."""
    return Secrets(endpoint).masked(_end(closed))


def _end(closed: ConnectionClosed) -> str:
    if closed.rcvd is not None:
        said = f" {closed.rcvd.reason!r}" if closed.rcvd.reason else ""
        return f"the server closed the connection ({closed.rcvd.code}{said})"[:LONGEST_ECHO]
    if closed.sent is not None and closed.sent.code == 1009:
        return "the server sent a message that is too big (over 16 MiB)"
    if closed.sent is not None and "ping" in closed.sent.reason:
        return "the server does not answer any more (no pong): the network is gone, or the server hangs"
    if closed.sent is not None:
        return f"the server broke the WebSocket rules ({closed.sent.code} {closed.sent.reason!r})"[:LONGEST_ECHO]
    return "the connection broke without a goodbye: the network or the server is gone"


def _sentence(error: Exception) -> Refusal:
    match error:
        case InvalidStatus():
            return _status(error)
        case ssl.SSLCertVerificationError():
            return f"the certificate is not valid ({error.verify_message}); {_clock()}", False
        case ssl.SSLError():
            return f"TLS failed ({error.reason or error}): is this a wss:// server?; {_clock()}", False
        case socket.gaierror():
            return f"the name is not found ({error.strerror}): check network and name server", False
        case TimeoutError():
            return "it does not answer in time: check network and address", False
        case InvalidProxy() | ProxyError():
            return f"the proxy does not let us through ({type(error).__name__}): check https_proxy", False
        case InvalidHandshake():
            cause = error.__cause__ or error
            return f"it does not speak WebSocket there ({cause}): check the address", False
        case EOFError() | ConnectionResetError() | ConnectionAbortedError() | BrokenPipeError():
            return "it hung up in the middle of the handshake: is it a server of this kind (ws:// or wss://)?", False
        case InvalidURI() | ValueError():
            return "this is no WebSocket address: set session.url to ws://... or wss://...", True
        case OSError():
            return _system(error), False
    return f"{type(error).__name__}: {error}", False


def _status(error: InvalidStatus) -> Refusal:
    status = error.response.status_code
    if status in _STATUSES:
        return _STATUSES[status]
    if 300 <= status < 400:
        target = Endpoint(error.response.headers.get("Location", ""), {}).where
        return f"it sends us on (HTTP {status}) to {target[:LONGEST_ECHO]}: set session.url to the final address", True
    return f"HTTP {status}{_said(error.response.body)}", False


def _said(body: bytes | bytearray | None) -> str:
    """A server's own explanation: the `message` of its JSON, or nothing."""
    try:
        message = json.loads(body or b"")["error"]["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return f": {message[:LONGEST_ECHO]}" if isinstance(message, str) else ""


def _system(error: OSError) -> str:
    if error.errno in _ERRNOS:
        return _ERRNOS[error.errno]
    for number, sentence in _ERRNOS.items():  # several addresses tried: asyncio joins the errors into one text
        if f"[Errno {number}]" in str(error):
            return sentence
    return error.strerror or str(error)


def _clock() -> str:
    return f"a wrong clock makes every certificate invalid, and this one says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
