"""The state: a product of small machines. Frozen; every deadline is a field, so no timer can go stale.

Units: deadlines in seconds of the caller's monotonic clock; `since` a block number of the sound card.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from edge_agent.dialogue.policy import Policy


class Phase(Enum):
    """Who has the floor."""

    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    FOLLOW_UP = "follow_up"


class LinkPhase(Enum):
    OFFLINE = "offline"  # not started
    CONNECTING = "connecting"
    READY = "ready"
    BACKING_OFF = "backing_off"


@dataclass(frozen=True, slots=True)
class Turn:
    """number: of the turn that has, or last had, the floor.
    by: what opened it (wake, press, follow_up, interruption, continued, greeting).
    since: the block its speech starts at.  spoke: speech was heard in it.
    owed: the provider still owes (a part of) the reply.  calls: tools that run for it.  called: how many ran so far.
    received_ms: reply audio so far.  first_audio: when its first arrived.  lost: the reply broke off in the middle.
    slow: the reply is late enough to be shown; slow_at: when it will be.
    """

    phase: Phase = Phase.IDLE
    number: int = 0
    by: str = ""
    since: int = 0
    spoke: bool = False
    owed: bool = False
    calls: frozenset[str] = frozenset()
    called: int = 0
    received_ms: int = 0
    first_audio: float | None = None
    lost: bool = False
    slow: bool = False
    slow_at: float | None = None
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """attempts: failures in a row, short-lived connections among them.  ready_at: when it got ready the last time.

    fault: why the provider refuses us for good, or empty.
    """

    phase: LinkPhase = LinkPhase.OFFLINE
    attempts: int = 0
    ready_at: float | None = None
    fault: str = ""
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """muted: nothing is heard.  audible_since: the block of the last unmute.  sound: the card is there.

    greeted: the greeting was asked for.
    """

    policy: Policy = field(default_factory=Policy)
    turn: Turn = field(default_factory=Turn)
    link: Link = field(default_factory=Link)
    muted: bool = False
    audible_since: int = 0
    sound: bool = True
    greeted: bool = False

    @property
    def deadline(self) -> float | None:
        """When `step` wants a Tick at the latest; None: never."""
        waiting = [d for d in (self.turn.deadline, self.turn.slow_at, self.link.deadline) if d is not None]
        return min(waiting, default=None)
