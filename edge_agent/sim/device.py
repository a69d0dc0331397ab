"""The twin of the sound card: a loudspeaker and microphones in a simulated room, and the people in it.

Law: one exchange is 10 ms of the room. In lock step it takes no longer than its arithmetic; in real time it paces like
a card. It moves sound and time, and knows of turns only the number it tags the loudspeaker's sound with, for `air.py`.
Audio at 16 kHz; `t_ms` is audio time, ms: during an exchange the start of its block, after it the end.
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
from edge_agent.sim.room import Room
from edge_agent.sim.script import Script
from edge_agent.timeline import Recorder

_BLOCK_S = BLOCK_MS / 1000.0


class Talkers:
    """Everyone who speaks in the room, mixed: what is added while another speaks is heard at the same time."""

    def __init__(self) -> None:
        self._speaking: deque[tuple[Samples, int]] = deque()
        self._mixed: Samples = np.zeros(HEARING_BLOCK, np.float32)

    def say(self, samples: Samples) -> None:
        """Begin with the next block. samples: (n,) at the level they shall have at the microphone."""
        self._speaking.append((samples, 0))

    def block(self) -> Samples:
        """The next 10 ms (160,); the array is used again by the next call."""
        self._mixed.fill(0.0)
        for _ in range(len(self._speaking)):
            samples, at = self._speaking.popleft()
            piece = samples[at : at + HEARING_BLOCK]
            self._mixed[: len(piece)] += piece
            if at + HEARING_BLOCK < len(samples):
                self._speaking.append((samples, at + HEARING_BLOCK))
        return self._mixed


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
    is lost by it here, so overflows and underruns stay 0.
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

    def open(self) -> None:
        self._open = True
        self._paced = 0

    def exchange(self, speaker: Samples | None) -> Samples:
        if speaker is None:
            speaker = np.zeros(HEARING_BLOCK, np.float32)
        if not self._open:
            raise DeviceError("simulated device: exchange on a device that is not open; call open() first")
        if speaker.shape != (HEARING_BLOCK,):
            raise ValueError(f"simulated device: found a block of shape {speaker.shape}, expected ({HEARING_BLOCK},)")
        if self._realtime:
            self._pace()
        self._script.advance(self.t_ms)
        mic = self._room.step(speaker, self._talkers.block())
        self._listen(self.t_ms // BLOCK_MS)
        self._recording.add(mic[0], self._room.air)
        self.t_ms += BLOCK_MS
        return mic

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
        self._tags[block] = self._playing()
        rendered = block * HEARING_BLOCK - self._room.lag
        at = 0
        while at < HEARING_BLOCK:
            origin, inside = divmod(rendered + at, HEARING_BLOCK)
            end = min(HEARING_BLOCK, at + HEARING_BLOCK - inside)
            self._meter.hear(self._room.air[at:end], self._tags.get(origin, 0))
            at = end
        oldest = rendered // HEARING_BLOCK
        for gone in [number for number in self._tags if number < oldest]:
            del self._tags[gone]

    def _pace(self) -> None:
        """Wait for this block's time, counted from the first block, so that lateness is caught up and never adds up."""
        if self._paced == 0:
            self._began_s = time.monotonic()
        due_s = self._began_s + self._paced * _BLOCK_S
        self._paced += 1
        early_s = due_s - time.monotonic()
        if early_s > 0.0:
            time.sleep(early_s)
        elif -early_s > _BLOCK_S:
            self.late += 1
            self.worst_late_ms = max(self.worst_late_ms, -early_s * 1000.0)
