"""What a faulty server says: errors, garbage, events in the wrong shape, and the refusals of an upgrade.

Law: pure; whatever is drawn is drawn from the generator that is handed in, so a run can be repeated exactly.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from edge_agent.local.faults.fault_kinds import GARBAGE

MIB = 1024 * 1024
EXPIRED_REASON = "Your session hit the maximum duration of 60 minutes."
BETA_CODE = "beta_api_shape_disabled"
INCOMPLETE = ("content_filter", "max_output_tokens")  # reasons for which a response ends as incomplete, not as failed
DEEP = 100_000  # brackets: more than any parser follows
DEEPEST_FIELD = 5

Event = dict[str, Any]

# code or status: the `type` of the error object, where it is not invalid_request_error
_TYPES = {
    "server_error": "server_error",
    "rate_limit_exceeded": "rate_limit_error",
    "insufficient_quota": "insufficient_quota",
}


class Injected(str):
    """A message that the server never sent."""


class BrokenText(bytes):
    """What stands in a text frame and is no UTF-8."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to an upgrade that is refused."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


def error(code: str, message: str, number: int) -> Event:
    """An `error` event. number: makes its id."""
    return {"type": "error", "event_id": f"event_fault_{number}", "error": error_object(code, message)}


def error_object(code: str, message: str) -> Event:
    """What stands under `error`, in an event or in a refusal's body."""
    kind = _TYPES.get(code, "invalid_request_error")
    return {"type": kind, "code": code, "message": message, "param": None, "event_id": None}


def refusal(status: int) -> Refusal:
    """The words of the service: its JSON body, as it comes with each status."""
    code, message = _REFUSALS.get(status, ("server_error", "The server had an error while processing your request."))
    kind = "server_error" if status >= 500 else "requests" if status == 429 else "invalid_request_error"
    detail = {"message": message, "type": kind, "param": None, "code": code}
    return Refusal(status, json.dumps({"error": detail}), {"Retry-After": "20"} if status == 429 else {})


_REFUSALS = {
    401: ("invalid_api_key", "Incorrect API key provided: simulated."),
    403: ("unsupported_country_region_territory", "Country, region, or territory not supported (simulated)."),
    404: ("model_not_found", "The model does not exist or you do not have access to it (simulated)."),
    429: ("rate_limit_exceeded", "Rate limit reached for requests. Please try again in 20s (simulated)."),
}


def failed(response: Mapping[str, Any], code: str, number: int) -> Event:
    """`response.done` of a response that ends here with nothing said."""
    if code in INCOMPLETE:
        details: Event = {"type": "incomplete", "reason": code}
    else:
        what = {"type": _TYPES.get(code, "invalid_request_error"), "code": code, "message": f"simulated: {code}"}
        details = {"type": "failed", "error": what}
    whole = {**response, "status": details["type"], "status_details": details, "output": []}
    return {"type": "response.done", "event_id": f"event_fault_{number}", "response": whole}


def oversized(mib: float) -> str:
    """A delta of that many MiB, as JSON."""
    frame = {"type": "response.output_audio.delta", "event_id": "event_fault", "response_id": "resp", "item_id": "item"}
    empty = json.dumps({**frame, "delta": ""})
    return json.dumps({**frame, "delta": "A" * max(0, round(mib * MIB) - len(empty))})


def garbage(what: str, rng: Random) -> str | bytes:
    """What is no event; "any": drawn, but nothing that ends a connection."""
    if what == "any":
        what = rng.choice([name for name in GARBAGE if name not in ("any", "utf8")])
    match what:
        case "text":
            return "".join(rng.choices('abc {}[]",:0123456789\\\x7f\u20ac', k=rng.randint(0, 200)))
        case "truncated":
            return '{"type": "response.output_audio.delta", "response_id": "resp_1", "delta": "AAAAAAAA'
        case "list":
            return json.dumps(["response.output_audio.delta", None, 1e308])
        case "deep":
            return "[" * DEEP
        case "binary":
            return rng.randbytes(rng.randint(1, 2000))
        case "utf8":
            return BrokenText(b'{"type": "\xff\xfe\xc3\x28"}')
        case "untyped":
            return json.dumps(
                {"event_id": "event_fault", "type": rng.choice([None, 7, ["error"], {}]), "delta": "AAAA"}
            )
    return json.dumps({"type": "response.no_such_thing.delta", "event_id": "event_fault", "delta": {"a": [None]}})


def mistyped(event: Event, where: str, rng: Random) -> Event:
    """The event with one field of the wrong type, or without it. where: dotted; empty: drawn."""
    changed = copy.deepcopy(event)
    paths = _paths(changed)
    chosen = next((path for path in paths if ".".join(map(str, path)) == where), None) if where else None
    if chosen is None:
        if where:
            return changed
        chosen = rng.choice([path for path in paths if path != ("type",)] or paths)
    holder: Any = changed
    for step in chosen[:-1]:
        holder = holder[step]
    now = holder[chosen[-1]]
    others = [value for value in (None, True, -7, 1e308, "text", ["text"], {"key": 1}) if type(value) is not type(now)]
    drawn = rng.choice([*others, "missing"])
    if drawn == "missing" and isinstance(holder, dict):
        del holder[chosen[-1]]
    else:
        holder[chosen[-1]] = drawn
    return changed


def _paths(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[tuple[str | int, ...]] = []
    for step, inner in steps:
        found.append((*at, step))
        if len(at) + 1 < DEEPEST_FIELD:
            found += _paths(inner, (*at, step))
    return found
