"""The twin of the sound card: a loudspeaker and microphones in a simulated room, and the people in it.

Law: one exchange is 10 ms of the room, and those before it that the card has lost. In lock step it takes no longer than
its arithmetic; in real time it paces like a card. It moves sound and time, and knows of turns only the number it tags
the loudspeaker's sound with, for `air.py`. Audio at 16 kHz; `t_ms` is audio time, ms: during an exchange the start of
its block, after it the end. While the card is gone the room goes on: nobody hears it but the recording.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.audio.device import DeviceError
from edge_agent.audio.format import BLOCK_MS, HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.audio.wav import write_wav
from edge_agent.sim.air import AirMeter
from edge_agent.sim.background import Backgrounds
from edge_agent.sim.card import Card
from edge_agent.sim.room import Room
from edge_agent.sim.script import Script
from edge_agent.timeline import Recorder

_BLOCK_S = BLOCK_MS / 1000.0
_SILENCE: Samples = np.zeros(HEARING_BLOCK, np.float32)
_SILENCE.setflags(write=False)
_TAGS_KEPT = 64  # blocks: a delay that jumps back by all it can finds its tags again
_GONE = "simulated device: the card is gone, as the scenario says; it will be back"


class Talkers:
    """Everyone who speaks in the room, mixed place by place, and behind them what else sounds there.

    places: how many there are to speak at.  backgrounds: what sounds beside the people, each at a place of its own.
    """

    def __init__(self, places: int = 1, backgrounds: Backgrounds | None = None) -> None:
        self._speaking: deque[tuple[Samples, int, int]] = deque()
        self._backgrounds = backgrounds or Backgrounds(())
        self._places = places
        self._mixed: Samples = np.zeros((places + len(self._backgrounds), HEARING_BLOCK), np.float32)

    def say(self, samples: Samples, place: int = 0) -> None:
        """Begin with the next block. samples: (n,) at the level they shall have at the microphone."""
        self._speaking.append((samples, 0, place))

    def block(self) -> Samples:
        """The next 10 ms (places + backgrounds, 160); the array is used again by the next call."""
        self._mixed[: self._places] = 0.0
        for _ in range(len(self._speaking)):
            samples, at, place = self._speaking.popleft()
            piece = samples[at : at + HEARING_BLOCK]
            self._mixed[place, : len(piece)] += piece
            if at + HEARING_BLOCK < len(samples):
                self._speaking.append((samples, at + HEARING_BLOCK, place))
        self._backgrounds.fill(self._mixed[self._places :])
        return self._mixed

    def skip(self, samples: int) -> None:
        """A card has lost so many samples of everything, or, negative, given so many twice."""
        self._speaking = deque((said, max(0, at + samples), place) for said, at, place in self._speaking)
        self._backgrounds.skip(samples)


class Recording:
    """What the first microphone heard and what was in the air, from the first block on."""

    def __init__(self, expected_s: float) -> None:
        self._rows: Samples = np.zeros((2, int(expected_s * HEARING_RATE) + HEARING_BLOCK), np.float32)
        self._length = 0

    def add(self, mic: Samples, air: Samples) -> None:
        end = self._length + HEARING_BLOCK
        if end > self._rows.shape[1]:
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)], axis=1)
        self._rows[0, self._length : end] = mic
        self._rows[1, self._length : end] = air
        self._length = end

    @property
    def sound(self) -> Samples:
        """Shape (2, n): microphone, air. A view: later blocks are not in it."""
        return self._rows[:, : self._length]


class SimulatedDevice:
    """An `AudioDevice`.

    talkers: where the script's `talk` puts voices.  playing: whose reply is in the block being exchanged, or 0.
    finished: the scenario's duration is over, or its end has come: the wiring shall stop.
    late, worst_late_ms: in real time, blocks begun more than a block after their time, and by how much at most. Nothing
    is lost by it here: overflows and underruns are the scenario's (`card.py`).
    """

    def __init__(
        self,
        room: Room,
        *,
        script: Script,
        talkers: Talkers,
        playing: Callable[[], int],
        recorder: Recorder,
        realtime: bool,
        delay_ms: float,
        card: Card | None = None,
    ) -> None:
        self.rate = self.mic_rate = HEARING_RATE
        self.channels = room.mics
        self.has_reference = self.is_clocked = False
        self.drift_ppm = 0.0
        self.latency_ms = delay_ms
        self.overflows = 0
        self.underruns = 0
        self.obtained: dict[str, Any] = {"input_card": "simulated room", "rate": self.rate, "channels": self.channels}
        self.late = 0
        self.worst_late_ms = 0.0
        self.t_ms = 0
        self._room = room
        self._script = script
        self._talkers = talkers
        self._playing = playing
        self._card = card or Card()
        self._left_s: float | None = None
        self._realtime = realtime
        self._meter = AirMeter(recorder)
        self._recording = Recording(script.scenario.duration_s)
        self._tags: dict[int, int] = {}  # block number -> the turn whose voice it was given, until it has left the air
        self._began_s = 0.0
        self._paced = 0
        self._open = False

    @property
    def finished(self) -> bool:
        return self._script.ended or self.t_ms >= self._script.scenario.duration_s * 1000

    @property
    def card(self) -> Card:
        return self._card

    def open(self) -> None:
        if self._realtime and self._left_s is not None:
            self._catch_up(time.monotonic())
        if self._card.is_gone(self.t_ms // BLOCK_MS):
            raise DeviceError(_GONE)
        self._open = True
        self._left_s = None
        self._paced = 0

    def exchange(self, speaker: Samples | None) -> Samples:
        if speaker is None:
            speaker = _SILENCE
        if not self._open:
            raise DeviceError("simulated device: exchange on a device that is not open; call open() first")
        if speaker.shape != (HEARING_BLOCK,):
            raise ValueError(f"simulated device: found a block of shape {speaker.shape}, expected ({HEARING_BLOCK},)")
        if self._realtime:
            self._pace()
        if self._card.is_gone(self.t_ms // BLOCK_MS):
            self._left_s = time.monotonic() if self._realtime else None
            self._room.cut()
            self._tags.clear()
            raise DeviceError(_GONE)
        for _ in range(self._card.overrun(self.t_ms // BLOCK_MS)):
            self._step(_SILENCE)
            self.overflows += 1
            self.underruns += 1
            self._paced += 1
        slipped = self._card.slip(self.t_ms // BLOCK_MS)
        if slipped:
            self._room.slip(slipped)
            self._talkers.skip(slipped)
        return self._step(speaker)

    def pass_by(self) -> None:
        """Ten milliseconds of the room while the card is gone, in lock step; in real time `open` makes up for them."""
        self._step(_SILENCE)

    def _step(self, speaker: Samples) -> Samples:
        self._script.advance(self.t_ms)
        mic = self._room.step(speaker, self._talkers.block())
        self._listen(self.t_ms // BLOCK_MS)
        self._recording.add(mic[0], self._room.air)
        self.t_ms += BLOCK_MS
        return mic

    def _catch_up(self, now_s: float) -> None:
        """The room went on while the card was away."""
        while self._left_s is not None and now_s - self._left_s >= _BLOCK_S and not self.finished:
            self._left_s += _BLOCK_S
            self._step(_SILENCE)

    def close(self) -> None:
        if self._open:
            self._meter.finish()
        self._open = False

    def save(self, path: Path) -> None:
        """Write the room so far: 16 kHz, 16 bit; left the first microphone, right the loudspeaker at the air.

        Raises audio.wav.WavError.
        """
        write_wav(path, self._recording.sound, HEARING_RATE)

    @property
    def air_dbfs(self) -> float:
        """RMS level of the latest block at the loudspeaker's cone; -120 for silence. For a meter."""
        return max(-120.0, 10.0 * math.log10(float(np.mean(np.square(self._room.air))) + 1e-20))

    @property
    def mic(self) -> Samples:
        """What the first microphone has heard so far (n,)."""
        heard: Samples = self._recording.sound[0]
        return heard

    @property
    def air(self) -> Samples:
        """What has been in the air so far (n,)."""
        played: Samples = self._recording.sound[1]
        return played

    def _listen(self, block: int) -> None:
        """Tell the meter what is in the air now, in pieces that were rendered in one block each."""
        turn = self._playing()
        if turn:
            self._tags[block] = turn
        rendered = block * HEARING_BLOCK - self._room.lag
        if not self._tags and not self._meter.turn:
            self._meter.hear(self._room.air, 0)
            return
        at = 0
        while at < HEARING_BLOCK:
            origin, inside = divmod(rendered + at, HEARING_BLOCK)
            end = min(HEARING_BLOCK, at + HEARING_BLOCK - inside)
            self._meter.hear(self._room.air[at:end], self._tags.get(origin, 0))
            at = end
        oldest = rendered // HEARING_BLOCK - _TAGS_KEPT
        while self._tags and (first := next(iter(self._tags))) < oldest:
            del self._tags[first]

    def _pace(self) -> None:
        """Wait for this block's time, counted from the first block, so that lateness is caught up and never adds up."""
        if self._paced == 0:
            self._began_s = time.monotonic()
        due_s = self._began_s + self._paced * _BLOCK_S + self._card.late_s()
        self._paced += 1
        early_s = due_s - time.monotonic()
        if early_s > 0.0:
            time.sleep(early_s)
        elif -early_s > _BLOCK_S:
            self.late += 1
            self.worst_late_ms = max(self.worst_late_ms, -early_s * 1000.0)
