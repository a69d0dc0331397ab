"""What hearing can notice, as plain facts. `interpreter.py` gives them their names in the dialogue.

Units: `since` and `block` are block numbers (10 ms each) on the device's clock, so a fact that reaches the dialogue
late is still exact: the uplink starts at `since`, out of the pre-roll, however long the mailbox took.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class WakeHeard:
    """A wake word ended at about block `since`; what follows it belongs to the person's sentence. score in [0, 1]."""

    word: str
    score: float
    since: int
    block: int


@dataclass(frozen=True, slots=True)
class WakeDoubted:
    """A wake word that nobody said: noted, and nothing more.

    why: "own voice", our loudspeaker said it; "no speech", the speech detector heard none where the phrase should be.
    """

    word: str
    score: float
    why: Literal["own voice", "no speech"]


@dataclass(frozen=True, slots=True)
class StopHeard:
    """A stop word, while there is something to stop; decided at block `at`. score in [0, 1]."""

    word: str
    score: float
    at: int


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Speech began; `since` is its onset less a margin, so that the first consonant is inside."""

    since: int
    block: int


@dataclass(frozen=True, slots=True)
class PersonWaits:
    """The floor has been the person's for a moment, and there is silence."""

    block: int


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The sentence may be over: silent since block `last`, noticed at `block`. SpeechResumed or SpeechEnded follows."""

    last: int
    block: int


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """It was a pause: the person goes on with the sentence."""

    block: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The sentence is over: `speech_ms` of speech, its last sound at block `last`, decided at `block`."""

    speech_ms: int
    last: int
    block: int


@dataclass(frozen=True, slots=True)
class NearEndSuspected:
    """First sign of a person talking over the reply; playback has been ducked already, in the same block."""

    block: int


@dataclass(frozen=True, slots=True)
class NearEndSpeaks:
    """It is a person who speaks; playback has been paused already, in the same block. They may only be agreeing."""

    block: int


@dataclass(frozen=True, slots=True)
class NearEndConfirmed:
    """A person wants the floor: `since` as in SpeechBegan."""

    since: int
    block: int


@dataclass(frozen=True, slots=True)
class NearEndDismissed:
    """It was a cough, our own echo or an "uh-huh"; playback goes on, and at its level."""

    block: int


Occurrence = (
    WakeHeard
    | StopHeard
    | SpeechBegan
    | PersonWaits
    | SpeechPaused
    | SpeechResumed
    | SpeechEnded
    | NearEndSuspected
    | NearEndSpeaks
    | NearEndConfirmed
    | NearEndDismissed
)
Fact = Occurrence | WakeDoubted  # the last is for whoever reads the log; the dialogue is told the others
