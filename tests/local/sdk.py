"""Server events judged by the official SDK's own types: every type strict, nothing unknown but what is named here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from openai.types.realtime import RealtimeServerEvent
from pydantic import BaseModel, TypeAdapter, ValidationError

# What the live service sends although the SDK's types do not have it (realtime-protocol.md, sections 1 and 3).
BEYOND_THE_TYPES = {"session.id", "session.object", "session.expires_at"}


@cache
def _types() -> dict[str, TypeAdapter[Any]]:
    union = get_args(RealtimeServerEvent)[0]
    return {get_args(kind.model_fields["type"].annotation)[0]: TypeAdapter(kind) for kind in get_args(union)}


def misfit(event: dict[str, Any]) -> str:
    """Why the event is none that the SDK knows and JSON can carry, or empty."""
    kind = event.get("type")
    if kind not in _types():
        return f"{kind!r} is no type of server event"
    try:
        json.dumps(event, allow_nan=False, ensure_ascii=False).encode()
        parsed = _types()[kind].validate_python(event, strict=True)
    except (ValueError, ValidationError, RecursionError) as error:
        return f"{kind}: {error}"
    unknown = set(_unknown(parsed, "")) - BEYOND_THE_TYPES
    return f"{kind}: fields unknown to the SDK: {sorted(unknown)}" if unknown else ""


def _unknown(value: Any, where: str) -> Iterator[str]:
    """The dotted names of all fields that no type has, list places left out."""
    if isinstance(value, BaseModel):
        prefix = f"{where}." if where else ""
        yield from (prefix + name for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), prefix + name)
    elif isinstance(value, list):
        for one in value:
            yield from _unknown(one, where)
