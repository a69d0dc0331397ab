"""How much a session may ask for: a minute's requests and tokens, and the longest input.

Law: bookkeeping on the time it is told, in seconds that never go back. An allowance is full at the beginning and fills
again evenly, a whole one a minute. While a response runs its longest answer is held back; at its end what it really
used is taken instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WINDOW_S = 60.0
MOST_OUTPUT_TOKENS = 4_096  # what "inf" stands for when tokens are held back


@dataclass(frozen=True, slots=True)
class Limits:
    """input_tokens: instructions, functions and items of one response; the default is what the service documents of a
    model with a context of 32k. The others: a minute, in a session.
    """

    requests: int = 5_000
    tokens: int = 4_000_000
    input_tokens: int = 28_224


DEFAULT_LIMITS = Limits()


class Allowance:
    """A minute's requests, or tokens.  held: of them, what running responses may still use."""

    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit = name, limit
        self._level, self._since = float(limit), 0.0
        self.held = 0

    def available(self, now: float) -> float:
        """May be below zero: a response may use more than it was seen to need."""
        passed = max(0.0, now - self._since)
        self._level = min(float(self.limit), self._level + passed / WINDOW_S * self.limit)
        self._since = max(now, self._since)
        return self._level - self.held

    def take(self, now: float, amount: int) -> None:
        self.available(now)
        self._level -= amount

    def shown(self, now: float) -> dict[str, Any]:
        remaining = max(0.0, self.available(now))
        return {
            "name": self.name,
            "limit": self.limit,
            "remaining": int(remaining),
            "reset_seconds": round((self.limit - remaining) / self.limit * WINDOW_S, 3),
        }

    def refusal(self, now: float, needed: int) -> dict[str, Any]:
        """The `error` of a response that asks for too much."""
        available = self.available(now)
        wait_s = max(0.0, needed - available) / self.limit * WINDOW_S
        return {
            "type": self.name,
            "code": "rate_limit_exceeded",
            "message": f"Rate limit reached on {self.name} per min: Limit {self.limit}, "
            f"Used {self.limit - int(available)}, Requested {needed}. Please try again in {wait_s:.3f}s.",
        }


class RateLimits:
    def __init__(self, limits: Limits) -> None:
        self._requests = Allowance("requests", limits.requests)
        self._tokens = Allowance("tokens", limits.tokens)

    def shown(self, now: float) -> list[dict[str, Any]]:
        """As in rate_limits.updated."""
        return [self._requests.shown(now), self._tokens.shown(now)]

    def exceeded(self, now: float, needed: int) -> dict[str, Any] | None:
        """Why a response that reads so many tokens cannot be had now, or None."""
        for allowance, amount in ((self._requests, 1), (self._tokens, needed + 1)):  # one token to answer with
            if allowance.available(now) < amount:
                return allowance.refusal(now, amount)
        return None

    def begin(self, now: float, held: int) -> None:
        """A response begins; held: the tokens that it may use."""
        self._requests.take(now, 1)
        self._tokens.held += held

    def end(self, now: float, held: int, used: int) -> None:
        self._tokens.held -= held
        self._tokens.take(now, used)
