"""Everything the agent can ask for. `interpreter.py` carries them out, one line each, and decides nothing.

What can be said as a function of the state is not here: the uplink, the interruption gate and the mute follow
`dialogue.attention`, the light follows `dialogue.indication`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge_agent.dialogue.events import ItemHeard


@dataclass(frozen=True, slots=True)
class Effect:
    """The root of the vocabulary."""


@dataclass(frozen=True, slots=True)
class Connect(Effect):
    """Open a connection (closing the one before, if any)."""


@dataclass(frozen=True, slots=True)
class OpenTurn(Effect):
    """The person has the floor: what the uplink sends from now on belongs to this turn. continues: it goes on with what
    was said in the turn before, whose reply is not wanted, but whose words are."""

    turn: int
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Commit(Effect):
    """The sentence is over: commit the buffer and ask for the reply, in one burst. held: perhaps; nothing of the reply
    is heard before Release, and GoOn takes it back."""

    turn: int
    held: bool = False


@dataclass(frozen=True, slots=True)
class Release(Effect):
    """The sentence is over indeed: the reply that was held may be heard."""

    turn: int


@dataclass(frozen=True, slots=True)
class GoOn(Effect):
    """It is not: what was committed is taken back, a reply to it is never heard, the same turn listens on."""

    turn: int


@dataclass(frozen=True, slots=True)
class Discard(Effect):
    """Nothing was said, or it must not count: clear the provider's buffer."""

    turn: int


@dataclass(frozen=True, slots=True)
class Ask(Effect):
    """Ask for a reply without speech (the greeting)."""

    turn: int
    instructions: str


@dataclass(frozen=True, slots=True)
class CancelReply(Effect):
    """Stop the response if it is still owed, and drop what of it may yet arrive."""

    turn: int


@dataclass(frozen=True, slots=True)
class FlushPlayback(Effect):
    """Silence the reply now, with a fade; PlaybackFlushed follows."""

    turn: int


@dataclass(frozen=True, slots=True)
class FinishPlayback(Effect):
    """No more audio will come for this turn: PlaybackDrained follows once the last sample is out."""

    turn: int


@dataclass(frozen=True, slots=True)
class Truncate(Effect):
    """Tell the provider what the person truly heard."""

    turn: int
    heard: tuple[ItemHeard, ...]


@dataclass(frozen=True, slots=True)
class Earcon(Effect):
    """A short local sound; it never delays listening. Names are those of `audio/earcon.py`."""

    name: str


@dataclass(frozen=True, slots=True)
class Say(Effect):
    """A sentence of the device's own, after the earcon that sounds; PhraseSaid follows, also where it has no voice."""

    phrase: str


@dataclass(frozen=True, slots=True)
class Hush(Effect):
    """Stop the sentence of our own, with a fade."""


@dataclass(frozen=True, slots=True)
class Ring(Effect):
    """The alarm's sound, once."""


@dataclass(frozen=True, slots=True)
class EndRing(Effect):
    """Silence the alarm, with a fade: these are over. by: press, stop_word, wake, nobody or cancelled."""

    alarms: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class RunTool(Effect):
    turn: int
    call_id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AnswerTool(Effect):
    turn: int
    call_id: str
    output: str


@dataclass(frozen=True, slots=True)
class Unexpected(Effect):
    """The event has no meaning in this phase: counted and told, never acted on."""

    phase: str
    event: str
