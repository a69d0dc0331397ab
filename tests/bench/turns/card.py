"""A sound card in a simulated room, in real time, that knows to the microsecond when each block was due and was given.

Law: a clocked `AudioDevice` for the daemon, and the same room for the plain client; it measures, it judges nothing. It
is a card without jitter and with room for every block: what comes late is played late, and is counted.
Times are seconds of `time.monotonic`, which all processes of a machine share; sound is 16 kHz, a block 10 ms.

Not `sim/device.py`, whose law is audio time: here the wall clock is what is measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from edge_agent.audio.format import BLOCK_MS, HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.sim.device import Talkers
from edge_agent.sim.room import Room
from edge_agent.sim.scenario_room import RoomSettings

BLOCK_S = BLOCK_MS / 1000
TALKER_M = 1.5  # from the microphone
AUDIBLE = 10.0 ** (-60.0 / 20.0)  # below it, a loudspeaker on a desk is not heard in a quiet room
BUFFER_MS = 60.0  # of a card, as the daemon opens one: later than this and a real one has run empty


def room_share(blocks: int = 300) -> float:
    """What part of one core the walls take, by themselves."""
    room, talkers = Room(RoomSettings(talker_m=TALKER_M), 1), Talkers()
    sound = np.random.default_rng(1).standard_normal(HEARING_BLOCK).astype(np.float32) * np.float32(0.05)
    talkers.say(np.resize(sound, blocks * HEARING_BLOCK))
    began = time.thread_time()
    for _ in range(blocks):
        room.step(sound, talkers.block())
    return (time.thread_time() - began) / (blocks * BLOCK_S)


class Voice(NamedTuple):
    """One reply at the loudspeaker.  handed_s: when its first block was given to the card.  first_s, last_s: of its
    audible samples at the air."""

    turn: int
    handed_s: float
    first_s: float
    last_s: float


class RoomCard:
    """playing: whose reply is in the block being given, or 0.  person: called with each block's number, on the audio
    thread; may `say` something.  clocked: whether the daemon shall take it for a real card and ask for a realtime
    priority.
    """

    def __init__(
        self, *, seed: int, playing: Callable[[], int], person: Callable[[int], None], clocked: bool = True
    ) -> None:
        settings = RoomSettings(talker_m=TALKER_M)
        self.rate = self.mic_rate = HEARING_RATE
        self.channels = 1
        self.has_reference = False
        self.is_clocked = clocked
        self.drift_ppm = 0.0
        self.overflows = self.underruns = 0
        self.latency_ms = settings.delay_ms
        self.obtained: dict[str, Any] = {"input_card": "a simulated room", "rate": self.rate}
        self.began_s = 0.0  # when block 0 was due
        self.given_s: list[float] = []  # when each block was handed over, and `exchange` began to wait
        self.begun_s: list[float] = []  # when its time had come and the thread was there
        self.back_s: list[float] = []  # when what the microphone heard in it was handed back
        self.room_cpu_s = 0.0  # what the simulated walls take
        self._room = Room(settings, seed)
        self._talkers = Talkers()
        self._playing, self._person = playing, person
        self._turns: list[int] = []
        self._air: list[Samples] = []

    def say(self, samples: Samples) -> None:
        self._talkers.say(samples)

    def open(self) -> None:
        """The clock begins with the first block."""

    def close(self) -> None:
        """Nothing is held."""

    def exchange(self, speaker: Samples | None) -> Samples:
        block = len(self.given_s)
        self.given_s.append(time.monotonic())
        self._turns.append(self._playing())
        if block == 0:
            self.began_s = self.given_s[0]
        wait_s = self.began_s + block * BLOCK_S - self.given_s[-1]
        if wait_s > 0:
            time.sleep(wait_s)
        self.begun_s.append(time.monotonic())
        self._person(block)
        silence = np.zeros(HEARING_BLOCK, np.float32)
        used = time.thread_time()
        heard = self._room.step(silence if speaker is None else speaker, self._talkers.block())
        self.room_cpu_s += time.thread_time() - used
        self._air.append(self._room.air)
        self.back_s.append(time.monotonic())
        return heard

    # --- afterwards -------------------------------------------------------------------------------------------------

    @property
    def late_ms(self) -> list[float]:
        """How much later than due each block was begun: a timer's grain, where nothing was in the way."""
        return [(begun - self.began_s - n * BLOCK_S) * 1000 for n, begun in enumerate(self.begun_s)]

    @property
    def ran_empty(self) -> int:
        """How often a card with the usual buffer would have run empty."""
        late = [ms > BUFFER_MS for ms in self.late_ms]
        return sum(now and not before for before, now in zip([False, *late], late, strict=False))

    def voices(self) -> list[Voice]:
        """Every reply that was audible, in order."""
        air = np.concatenate(self._air) if self._air else np.zeros(0, np.float32)
        found = []
        for turn in dict.fromkeys(turn for turn in self._turns if turn):
            blocks = [n for n, other in enumerate(self._turns) if other == turn]
            begins = blocks[0] * HEARING_BLOCK + self._room.lag
            ends = (blocks[-1] + 1) * HEARING_BLOCK + self._room.lag
            loud = np.flatnonzero(np.abs(air[begins:ends]) > AUDIBLE)
            if loud.size:
                at = [self.began_s + (begins + int(n)) / HEARING_RATE for n in (loud[0], loud[-1])]
                found.append(Voice(turn, self.given_s[blocks[0]], at[0], at[1]))
        return found

    def in_the_air_s(self, decided_s: float) -> float:
        """When what was decided then has been carried out at the air: the end of the first block rendered after it."""
        block = int(np.searchsorted(self.given_s, decided_s))
        return self.began_s + ((block + 1) * HEARING_BLOCK + self._room.lag) / HEARING_RATE
