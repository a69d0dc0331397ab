"""The seam to whoever answers: what a provider can be asked for, and what it can say, in nobody's wire format.

Law: no wire names, no state, no I/O. `conversation.py` speaks only this vocabulary; an adapter (`openai_realtime.py`)
turns it into one provider's events and back, and never raises on what a server sends: it says `Malformed`.
Units: audio is bytes in the provider's own format; `_ms` milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Protocol

from edge_agent.session.link import Endpoint

ClientEvent = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of the conversation as text. kind: what it is; text: what was said, a call's arguments (JSON), or a
    tool's output. call_id and name: of calls and outputs only. item_id: the name we want it to have, or empty."""

    kind: Literal["user", "assistant", "call", "output"]
    text: str
    item_id: str = ""
    call_id: str = ""
    name: str = ""


# --- what a provider says -------------------------------------------------------------------------------------------


class Trouble(Enum):
    """How an error is to be taken."""

    FATAL = "fatal"  # key, quota, model: connecting again cannot help
    EXPIRED = "expired"  # the session is over, a new one is welcome
    BUSY = "busy"  # a response was asked for while another one runs
    EMPTY = "empty"  # a commit without enough audio
    OVER = "over"  # what was to be cancelled does not run any more
    PASSING = "passing"  # the server's own trouble: worth another try
    MINOR = "minor"  # noted, nothing follows


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """The root of the vocabulary."""


@dataclass(frozen=True, slots=True)
class SessionCreated(ServerEvent):
    pass


@dataclass(frozen=True, slots=True)
class SessionUpdated(ServerEvent):
    """Our settings are in force. mismatch: the audio format the server insists on instead of ours, or empty."""

    mismatch: str = ""


@dataclass(frozen=True, slots=True)
class Committed(ServerEvent):
    """What was appended became a user item, after item `previous` (None: not told)."""

    item_id: str
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Cleared(ServerEvent):
    """A `clear` was carried out: what was committed before this had been appended before it. Not all servers say it."""


@dataclass(frozen=True, slots=True)
class ItemAdded(ServerEvent):
    item_id: str
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class InputTranscript(ServerEvent):
    """What the person said, as some recogniser understood it; before or after the reply, at any time."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class SpeechStarted(ServerEvent):
    """The provider's turn detection hears speech. at_ms counts the audio appended in this session."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped(ServerEvent):
    at_ms: int


@dataclass(frozen=True, slots=True)
class ReplyStarted(ServerEvent):
    """ask: the event_id of the `create_response` it answers, or empty (the server's own idea, or it does not tell)."""

    response_id: str
    ask: str = ""


@dataclass(frozen=True, slots=True)
class ReplyAudio(ServerEvent):
    response_id: str
    item_id: str
    audio: bytes


@dataclass(frozen=True, slots=True)
class ReplyAudioDone(ServerEvent):
    """All audio of this item has been sent, or it was broken off."""

    response_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class ReplyText(ServerEvent):
    """Words of the reply. whole: the text replaces what came before instead of continuing it."""

    response_id: str
    item_id: str
    text: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class ToolCalled(ServerEvent):
    """arguments: JSON as the model wrote it, unchecked."""

    response_id: str
    item_id: str
    call_id: str
    name: str
    arguments: str

    def parsed(self) -> dict[str, Any] | None:
        """The arguments; None if they are no JSON object."""
        try:
            parsed = json.loads(self.arguments)
        except (ValueError, RecursionError):
            return None
        return parsed if isinstance(parsed, dict) else None


@dataclass(frozen=True, slots=True)
class ReplyDone(ServerEvent):
    """Nothing more comes of this response. status: completed, cancelled, incomplete or failed; reason: one line.
    trouble: how a failure is to be taken. usage: token counts by name, flat."""

    response_id: str
    status: str
    reason: str = ""
    code: str = ""
    trouble: Trouble = Trouble.MINOR
    ask: str = ""
    calls: tuple[ToolCalled, ...] = ()
    usage: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServerError(ServerEvent):
    """event_id: of the client event it is about, or empty."""

    trouble: Trouble
    code: str
    message: str
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Malformed(ServerEvent):
    """An event we know, in a shape we do not. what: type and field, never the content."""

    what: str


# --- what a provider can be asked for -------------------------------------------------------------------------------


class Provider(Protocol):
    """Pure: builds client events and reads server events; knows the key, and shows it to `endpoint` only."""

    @property
    def name(self) -> str:
        """For logs and the status page."""

    @property
    def audio_format(self) -> str:
        """Both ways: "audio/pcm" (24 kHz, 16 bit little endian, mono), "audio/pcmu" or "audio/pcma" (8 kHz)."""

    @property
    def bytes_per_ms(self) -> int: ...

    @property
    def bytes_per_sample(self) -> int: ...

    @property
    def detects_turns(self) -> bool:
        """The provider decides when a sentence is over, and answers unasked."""

    def endpoint(self) -> Endpoint: ...

    def session_update(self, event_id: str) -> ClientEvent: ...

    def append(self, audio: bytes) -> ClientEvent: ...

    def commit(self, event_id: str) -> ClientEvent: ...

    def clear(self) -> ClientEvent | None:
        """Forget the audio that was appended and not committed; None where that cannot be asked for."""

    def create_response(self, event_id: str, turn: int, instructions: str | None) -> ClientEvent:
        """Ask for a reply. instructions: instead of the session's own, for this reply; None: the session's."""

    def cancel(self, response_id: str) -> ClientEvent: ...

    def truncate(self, item_id: str, audio_end_ms: int) -> ClientEvent: ...

    def delete(self, item_id: str) -> ClientEvent:
        """Take a piece of the conversation out of it."""

    def item(self, item: Item) -> ClientEvent:
        """Add a piece of the conversation at its end."""

    def decode(self, raw: Mapping[str, Any]) -> ServerEvent | None:
        """One server event; None for those that concern nobody, known or unknown. Never raises."""
