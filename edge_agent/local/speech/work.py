"""What the session asks others to do, and what they give back: hearing a recording, speaking a sentence.

Law: plain picklable values, because they cross to a worker process; no behaviour.
PCM is 16-bit little-endian mono; `rate` is Hz and stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

WORK_RATE = 24_000  # Hz: what a voice speaks at, the only PCM rate of the Realtime API


@dataclass(frozen=True, slots=True)
class Work:
    """One job, handed out once.

    recognise: payload is PCM at `rate`.  speak: payload is the sentence; speed 1.0 is the voice's own pace.
    """

    id: str
    kind: Literal["recognise", "speak"]
    payload: bytes | str
    rate: int = WORK_RATE
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was said, in lower case, or "" for: nothing that can be understood.

    is_whole: these words are a sentence of the language pack, to which nothing need be added.
    """

    text: str
    is_whole: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Spoken:
    """PCM at WORK_RATE."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """The job could not be done; the reason says what is missing and what to do."""

    reason: str


Result = Recognised | Spoken | Failed
