"""Everything that can happen to the agent. Frozen facts; each that belongs to a turn carries its number.

Units: `since` is a block number of the sound card's clock (10 ms); milliseconds carry `_ms`. A turn's number grows by
one each time the person gets, or takes, the floor; an event with an older number is stale and ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """The root of the vocabulary."""


# --- time -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The daemon is up: sound runs, models are loaded."""


@dataclass(frozen=True, slots=True)
class Tick(Event):
    """A deadline of the state has passed (or not: `step` compares)."""


@dataclass(frozen=True, slots=True)
class AlarmDue(Event):
    """A timer has run down, or an alarm's time has come. alarm: its id."""

    alarm: str


@dataclass(frozen=True, slots=True)
class AlarmGone(Event):
    """What was due is not wanted any more: somebody had it cancelled."""

    alarm: str


# --- hearing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WakeDetected(Event):
    word: str
    score: float
    since: int


@dataclass(frozen=True, slots=True)
class StopWordHeard(Event):
    """ "Stop", "never mind": whatever runs ends, and nobody gets the floor."""

    word: str
    score: float


@dataclass(frozen=True, slots=True)
class SpeechStarted(Event):
    since: int


@dataclass(frozen=True, slots=True)
class PersonWaits(Event):
    """The turn is open and nobody speaks: a person who does not go on in one breath waits for a sign."""


@dataclass(frozen=True, slots=True)
class SpeechPaused(Event):
    """The sentence of `turn` may be over; SpeechResumed or SpeechEnded follows. last: the block of its last sound."""

    last: int = 0
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class SpeechResumed(Event):
    """It was a pause."""

    turn: int | None = None


@dataclass(frozen=True, slots=True)
class SpeechEnded(Event):
    """last: the block of the last sound of this turn's sentence."""

    speech_ms: int
    last: int = 0
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class NearEndSuspected(Event):
    """Hearing ducked the reply at the first sign of a person."""


@dataclass(frozen=True, slots=True)
class NearEndSpeaks(Event):
    """A person speaks over the reply: hearing paused it. They may only be agreeing."""


@dataclass(frozen=True, slots=True)
class NearEndConfirmed(Event):
    """The person wants the floor."""

    since: int


@dataclass(frozen=True, slots=True)
class NearEndDismissed(Event):
    """Nobody wants the floor: hearing lets the reply go on, at its level."""


@dataclass(frozen=True, slots=True)
class EchoMeasured(Event):
    """While we play, once a second: by how many dB our echo is reduced."""

    reduction_db: float


# --- playback -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaybackStarted(Event):
    turn: int


@dataclass(frozen=True, slots=True)
class PlaybackDrained(Event):
    """The reply's last sample has left the loudspeaker."""

    turn: int


@dataclass(frozen=True, slots=True)
class ItemHeard:
    """How much of one reply item left the loudspeaker, and how much of it had been received."""

    item_id: str
    heard_ms: int
    received_ms: int


@dataclass(frozen=True, slots=True)
class PlaybackFlushed(Event):
    turn: int
    heard: tuple[ItemHeard, ...]


@dataclass(frozen=True, slots=True)
class PhraseSaid(Event):
    """A sentence of the device's own has left the loudspeaker, or cannot be said at all."""

    phrase: str


# --- session --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkReady(Event):
    """Connected, configured, the conversation replayed: the next append will be understood."""


@dataclass(frozen=True, slots=True)
class LinkLost(Event):
    """The connection ended or could not be made. fatal: trying again at once cannot help (key, model, quota)."""

    reason: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class ServerEndedSpeech(Event):
    """With the provider's turn detection: the provider took the sentence as finished and will answer."""

    turn: int


@dataclass(frozen=True, slots=True)
class ReplyAudio(Event):
    """A slice of the reply arrived (`ms` long) and is in the jitter buffer."""

    turn: int
    ms: int


@dataclass(frozen=True, slots=True)
class ToolRequested(Event):
    turn: int
    call_id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolFinished(Event):
    turn: int
    call_id: str
    output: str


@dataclass(frozen=True, slots=True)
class ResponseFinished(Event):
    """The provider owes nothing more for this response. status: completed, cancelled, incomplete, failed or lost."""

    turn: int
    status: str
    reason: str = ""


# --- board and machine ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ButtonPressed(Event):
    """The talk button. since: the block in which it was pressed."""

    since: int


@dataclass(frozen=True, slots=True)
class MuteChanged(Event):
    """since: the block in which the switch went over; what was recorded before an unmute stays unheard."""

    on: bool
    since: int = 0


@dataclass(frozen=True, slots=True)
class SoundLost(Event):
    """The sound card is gone."""


@dataclass(frozen=True, slots=True)
class SoundBack(Event):
    """The sound card is back."""
