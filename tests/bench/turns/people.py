"""The person in the room: who says what when, in answer to what happens there.

Law: a story is a generator that yields once a block; it waits for happenings and moments, speaks, and gives up waiting
where nothing comes, so that a machine that is too slow costs trials and never hangs. What varies is drawn from a seed.
Times are seconds of `time.monotonic`, at the microphone.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Protocol

from edge_agent.audio.format import Samples
from edge_agent.sim.voice import active_span_ms, at_level, synthesise
from tests.bench.turns.card import BLOCK_S, TALKER_M

Story = Generator[None, None, None]
Waiting = Generator[None, None, bool]
LEVEL_DBFS = -26.0
TRAVEL_S = TALKER_M / 343.0  # at the speed of sound, m/s
PATIENCE_S = 14.0  # for something that the daemon, or the server, is to do
CALLS = (  # each of them is heard in this room: what is measured begins with being heard
    ("flite:kal16", "hey jarvis, what time is it"),
    ("flite:awb", "hey jarvis, what time is it"),
    ("espeak-ng:en-us+f3", "hey jarvis, what time is it"),
)
INTERRUPTIONS = (
    "no, stop that please",
    "wait a moment",
    "that is enough for now",
    "hold on, tell me the time",
    "please be quiet",
    "excuse me, what is the date",
)
INTERRUPTERS = ("flite:slt", "flite:rms", "flite:awb", "flite:kal16", "espeak-ng:en-gb", "espeak-ng:en-us+f3")
AFTER_S = (0.6, 1.8)  # into the reply, an interruption begins
GAP_S = (0.25, 0.45)  # between two turns


class Place(Protocol):
    """Where somebody can speak.  began_s: when its first block was due."""

    began_s: float

    def say(self, samples: Samples) -> None: ...


@dataclass(frozen=True, slots=True)
class Said:
    """begins_s, ends_s: of the voice, not of the recording."""

    what: str
    text: str
    voice: str
    begins_s: float
    ends_s: float


@dataclass
class Person:
    """Speaks into a room, and sees what happens there.  happenings: kinds, from any thread."""

    seed: int
    happenings: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._seen = 0
        self._room: Place | None = None
        self._block = 0

    def follow(self, story: Story, room: Place, ended: Callable[[], None]) -> Callable[[int], None]:
        """What the card calls once a block.  ended: called when the story is over."""
        self._room = room

        def block(number: int) -> None:
            self._block = number
            if next(story, ended) is ended:
                ended()

        return block

    def say(self, what: str, voice: str, text: str) -> Said:
        assert self._room is not None
        samples: Samples = at_level(synthesise(voice, text), LEVEL_DBFS)
        now_s = self._room.began_s + self._block * BLOCK_S + TRAVEL_S
        begins_ms, ends_ms = active_span_ms(samples)
        self._room.say(samples)
        self.said.append(Said(what, text, voice, now_s + begins_ms / 1000, now_s + ends_ms / 1000))
        return self.said[-1]

    # --- waiting ----------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Only what comes from now on is waited for."""
        self._seen = len(self.happenings)

    def until(self, *kinds: str, seconds: float = PATIENCE_S) -> Waiting:
        """Whether one of them happened since the last that was waited for."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            while self._seen < len(self.happenings):
                self._seen += 1
                if self.happenings[self._seen - 1] in kinds:
                    return True
            yield
        return False

    def until_s(self, moment_s: float) -> Story:
        while time.monotonic() < moment_s:
            yield

    def pause(self, seconds: tuple[float, float]) -> Story:
        yield from self.until_s(time.monotonic() + self.chance.uniform(*seconds))


def prepare() -> None:
    """Every sentence is synthesised before the clock runs."""
    for voice, text in CALLS:
        synthesise(voice, text)
    for voice, text in interruptions():
        synthesise(voice, text)


def interruptions() -> Iterator[tuple[str, str]]:
    yield from zip(INTERRUPTERS, INTERRUPTIONS, strict=True)
    yield from zip(INTERRUPTERS[1:] + INTERRUPTERS[:1], INTERRUPTIONS, strict=True)


# --- stories ------------------------------------------------------------------------------------------------------


def talk(person: Person, count: int) -> Story:
    """A question at a time, each behind the wake word, each answered to the end."""
    yield from person.until("ready")
    for _, (voice, text) in zip(range(count), cycle(CALLS), strict=False):
        yield from person.pause(GAP_S)
        yield from _asked(person, voice, text)
        yield from person.until("idle")


def interrupt(person: Person, count: int) -> Story:
    """A reply after another is talked over; only when one was heard to its end does it take the wake word again."""
    yield from person.until("ready")
    speaking = False
    for _, (voice, text) in zip(range(count), cycle(interruptions()), strict=False):
        if not speaking:
            yield from person.pause(GAP_S)
            yield from _asked(person, *CALLS[0])
            if not (yield from person.until("playing")):
                continue
        yield from person.pause(AFTER_S)
        person.forget()
        said = person.say("interruption", voice, text)
        seconds = said.ends_s - time.monotonic() + 1.5
        if (yield from person.until("barge_in", seconds=seconds)):
            speaking = yield from person.until("playing")
        else:
            yield from person.until("idle")
            speaking = False


def burst(person: Person, count: int) -> Story:
    """A long reply comes at once; two seconds of it are enough."""
    yield from person.until("ready")
    yield from person.pause((1.5, 1.5))
    for _ in range(count):
        yield from _asked(person, *CALLS[0])
        yield from person.until("first_delta")
        yield from person.pause((2.0, 2.0))


def wait(person: Person, count: int) -> Story:
    """Nobody says a word; the line is lost and found `count` times."""
    for _ in range(count + 1):
        yield from person.until("ready")
    yield from person.pause(GAP_S)


def _asked(person: Person, voice: str, text: str) -> Waiting:
    """Once more, should the wake word not be heard: a person would do so too."""
    for _ in range(2):
        person.forget()
        said = person.say("question", voice, text)
        if (yield from person.until("wake", seconds=said.ends_s - time.monotonic() + 1.0)):
            return True
    return False


STORIES = {"talk": talk, "interrupt": interrupt, "burst": burst, "lose": wait, "kill": wait}
