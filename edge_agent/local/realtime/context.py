"""Which items a response reads when there are more than fit.

Law: pure. The oldest are left out first, and what is left out of the conversation's is never read again, because every
beginning that is missing costs the cache. The newest item always stays: it is what has to be answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge_agent.local.realtime.items import Entry
from edge_agent.local.realtime.tokens import tokens_of


class TooLong(Exception):
    """What is to be read does not fit, and nothing may be left out."""


def fitting(entries: Sequence[Entry], truncation: Any, *, limit: int, prompt: int) -> Sequence[Entry]:
    """The newest entries, as many as may stay.

    truncation: as in the session, None is "auto".  limit: tokens of everything.  prompt: tokens of the instructions and
    functions alone. Raises TooLong.
    """
    room, share = limit - prompt, 1.0
    if isinstance(truncation, dict):
        share = truncation["retention_ratio"]
        room = min(room, (truncation.get("token_limits") or {}).get("post_instructions", room))
    counts = [tokens_of(entry).total for entry in entries]
    used = sum(counts)
    if used <= room:
        return entries
    if truncation == "disabled":
        raise TooLong(f"The input has {used + prompt} tokens, {limit} fit, and truncation is disabled.")
    if not counts or counts[-1] > room:
        newest = counts[-1] if counts else 0
        raise TooLong(f"Instructions ({prompt} tokens) and newest item ({newest}) exceed the {limit} tokens that fit.")
    first = 0
    while used > room * share and first < len(counts) - 1:
        used -= counts[first]
        first += 1
    return entries[first:]
