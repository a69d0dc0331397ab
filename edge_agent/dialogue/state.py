"""The state: a product of small machines. Frozen; every deadline is a field, so no timer can go stale.

Units: deadlines in seconds of the caller's monotonic clock; `since` a block number of the sound card.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from edge_agent.dialogue.events import Event
from edge_agent.dialogue.policy import Policy


class Phase(Enum):
    """Who has the floor."""

    IDLE = "idle"
    LISTENING = "listening"
    ENDING = "ending"  # the person paused: an answer is asked for, and held in case they go on
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
    speech_until: when the sentence is long enough, pauses or not.  guesses: pauses that were taken for its end.
    asked: when the answer was, in such a pause.  waiting: what came of it before the end was sure.
    owed: the provider still owes (a part of) the reply.  calls: tools that run for it.  called: how many ran so far.
    received_ms: reply audio so far.  first_audio: when its first arrived.  lost: the reply broke off in the middle.
    slow: the reply is late enough to be shown; slow_at: when it will be; words_at: when it will be said.
    """

    phase: Phase = Phase.IDLE
    number: int = 0
    by: str = ""
    since: int = 0
    spoke: bool = False
    speech_until: float | None = None
    guesses: int = 0
    asked: float | None = None
    waiting: tuple[Event, ...] = ()
    owed: bool = False
    calls: frozenset[str] = frozenset()
    called: int = 0
    received_ms: int = 0
    first_audio: float | None = None
    lost: bool = False
    slow: bool = False
    slow_at: float | None = None
    words_at: float | None = None
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
class Ringing:
    """due: ids of the timers and alarms whose time has come.  since: when that of the first had.
    again_at: when the alarm sounds again.  until: when it gives up; None: it does not sound, it waits for the floor.
    missed: it rang and nobody came; the light keeps saying so.
    """

    due: tuple[str, ...] = ()
    since: float | None = None
    again_at: float | None = None
    until: float | None = None
    missed: bool = False

    @property
    def sounding(self) -> bool:
        return self.until is not None


class Tier(Enum):
    """What stops a reply; each tier's means work in those before it too."""

    SPEECH = "speech"
    WAKE = "wake"
    BUTTON = "button"


@dataclass(frozen=True, slots=True)
class Floor:
    """Who may stop the reply that plays, and what decides it (`tier.py`).

    tier, why: of the present reply, or the last.  echo_db: the echo reduction measured; measured: how many times.
    paused_at: since when hearing holds the reply, for somebody speaks.  stops, pauses: when such came to nothing.
    distrusted_until: until when speech alone stops nothing.  uncalled: turns in a row that speech alone has opened.
    """

    tier: Tier = Tier.SPEECH
    why: str = ""
    echo_db: float = 0.0
    measured: int = 0
    paused_at: float | None = None
    stops: tuple[float, ...] = ()
    pauses: tuple[float, ...] = ()
    distrusted_until: float = float("-inf")
    uncalled: int = 0


@dataclass(frozen=True, slots=True)
class Agent:
    """muted: nothing is heard.  audible_since: the block of the last unmute.  sound: the card is there.

    greeted: the greeting was asked for.  saying: the sentence of our own that is being said, or empty.
    """

    policy: Policy = field(default_factory=Policy)
    turn: Turn = field(default_factory=Turn)
    link: Link = field(default_factory=Link)
    muted: bool = False
    audible_since: int = 0
    sound: bool = True
    greeted: bool = False
    ringing: Ringing = field(default_factory=Ringing)
    floor: Floor = field(default_factory=Floor)
    saying: str = ""

    @property
    def deadline(self) -> float | None:
        """When `step` wants a Tick at the latest; None: never."""
        turn, ringing = self.turn, self.ringing
        deadlines = (turn.deadline, turn.slow_at, turn.words_at, self.link.deadline)
        ring = (ringing.again_at, ringing.until, self.gives_way_at)
        return min((d for d in (*deadlines, *ring) if d is not None), default=None)

    @property
    def gives_way_at(self) -> float | None:
        """When the reply that is being heard has to make room for what is due; None: nothing waits for it."""
        waits = self.ringing.since is not None and not self.ringing.sounding
        if not waits or self.turn.phase is not Phase.SPEAKING:
            return None
        return max(self.ringing.since or 0.0, self.turn.first_audio or 0.0) + self.policy.ring_patience_s
