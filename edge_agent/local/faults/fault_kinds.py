"""The kinds of faults: what happens, and what may be told about each.

Law: a table. Help, documents and errors are made from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FOREVER = math.inf
LARGEST_MIB = 256
STATUSES = (400, 401, 403, 404, 408, 410, 429, 500, 502, 503, 504)
GARBAGE = ("any", "text", "truncated", "list", "deep", "binary", "utf8", "untyped", "unknown")
CERTIFICATES = ("good", "expired", "wrong_host", "self_signed")

Value = float | str | None


@dataclass(frozen=True, slots=True)
class Kind:
    """meaning: a line.  value: what `value` means, or empty: it takes none.  counts: what `count` counts, or empty.

    keys: what else it takes. for_s, count: where not told.  number, gaps, among, words: what `value` may be: within a
    range but for these, one of these; none of them: any word.  instead: `value` where not told; None: it must be told.
    endless: `count` may be 0.  upgrade: it concerns connections to come.
    """

    meaning: str
    value: str = ""
    number: tuple[float, float] | None = None
    gaps: tuple[range, ...] = ()
    among: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    instead: Value = None
    keys: tuple[str, ...] = ()
    counts: str = "times"
    for_s: float = 3.0
    count: int = 1
    endless: bool = True
    upgrade: bool = False


KINDS: dict[str, Kind] = {
    "drop": Kind("the connection is lost; the next one meets a server that remembers nothing"),
    "offline": Kind("the connection is lost, and none can be made, for `for_s`", keys=("for_s",)),
    "half_open": Kind(
        "nothing gets through either way, pings neither, and nobody is told; after `for_s` the connection is lost",
        keys=("for_s",),
        for_s=FOREVER,
    ),
    "stall": Kind("what is sent within `for_s` is held back, then comes at once", keys=("for_s", "way")),
    "delay": Kind(
        "what is sent within `for_s` comes `value` ms late, and up to `jitter_ms` more, in order",
        "milliseconds",
        (0, 60_000),
        keys=("for_s", "way", "jitter_ms"),
    ),
    "burst": Kind(
        "what is sent within `for_s` comes in bursts, one every `value` ms",
        "milliseconds",
        (1, 60_000),
        instead=500.0,
        keys=("for_s", "way"),
    ),
    "reorder": Kind(
        "what is sent within `for_s` comes in a drawn order, `value` ms of it at a time",
        "milliseconds",
        (1, 60_000),
        instead=200.0,
        keys=("for_s", "way"),
    ),
    "duplicate": Kind("the server's next messages come twice", keys=("only",), counts="messages"),
    "lose": Kind("the server's next messages never come", keys=("only",), counts="messages"),
    "wrong_types": Kind(
        "in the server's next messages a field has the wrong type, or is missing",
        "the field, dotted; drawn where not told",
        instead="",
        keys=("only",),
        counts="messages",
    ),
    "garbage": Kind(
        "the server sends what is no event; `truncated` is half a message, `deep` a hundred thousand brackets",
        "what",
        words=GARBAGE,
        instead="any",
        counts="messages",
        endless=False,
    ),
    "oversized": Kind(
        "the server sends a message of `value` MiB",
        "MiB",
        (1, LARGEST_MIB),
        instead=17.0,
        counts="messages",
        endless=False,
    ),
    "error": Kind("the server sends an error; the session stays open", "the error's code"),
    "failed": Kind(
        "the response in progress, or the next, ends as failed and says no more; "
        "content_filter and max_output_tokens: as incomplete",
        "the error's code, or that reason",
        instead="server_error",
        counts="responses",
    ),
    "expire": Kind("the server sends session_expired and closes, as at the end of its 60 minutes"),
    "close": Kind(
        "the server closes the connection",
        "a close code that may be sent",
        (1000, 4999),
        gaps=(range(1004, 1007), range(1015, 3000)),  # RFC 6455, 7.4
        instead=1011.0,
    ),
    "slow_close": Kind(
        "the client's goodbye is answered `for_s` late",
        keys=("for_s",),
        counts="connections",
        count=0,
        upgrade=True,
    ),
    "refuse": Kind(
        "a connection is refused with HTTP `value` and the service's words; 429 with Retry-After",
        "status",
        among=STATUSES,
        instead=503.0,
        counts="connections",
        upgrade=True,
    ),
    "slow_upgrade": Kind(
        "a connection is let in `for_s` late; inf: never", keys=("for_s",), counts="connections", upgrade=True
    ),
    "certificate": Kind(
        "wss:// with this certificate, from the server's start; on a simulated line it keeps connections from opening",
        "which",
        words=CERTIFICATES,
        counts="connections",
        count=0,
        upgrade=True,
    ),
}
