"""Real sound calls instead of a simulated room: PulseAudio's null sinks, and a witness at the loudspeaker's end.

Law: `WatchedCard` stamps the daemon's own PortAudio device, or a plain PyAudio stream, within the client's process;
`Monitor` records what came out, in the bench's. Nothing is measured in blocks here: the sinks keep their own time. The
witness hears late by the sound server's own buffer, by the same for both clients: compare, and add nothing up.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from math import nan
from typing import Any

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from tests.bench.turns.card import AUDIBLE, BLOCK_S, Voice
from tests.bench.turns.trace import Trace
from tests.daemon.pulse import PulseAudio

RAW = ("--raw", "--format=s16le", f"--rate={HEARING_RATE}", "--channels=1")
PAUSE = HEARING_RATE * 3 // 10  # samples without sound, after which another reply begins
EARLY_S = 0.005  # nothing is heard before it was given; the witness's clock is no better than this


class WatchedCard:
    """An `AudioDevice`, or a PyAudio stream, that stamps each block as it is handed over.

    server: PulseAudio's address.  playing: whose reply is in it, or 0.  person: called with each block's number, after
    it.
    """

    def __init__(self, inner: Any, server: str, playing: Callable[[], int], person: Callable[[int], None]) -> None:
        self._inner, self._server, self._playing, self._person = inner, server, playing, person
        self.began_s = time.monotonic()
        self.room_cpu_s = 0.0
        self.given_s: list[float] = []
        self.back_s: list[float] = []
        self._turns: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def exchange(self, speaker: Samples | None) -> Samples:
        self._given()
        heard: Samples = self._inner.exchange(speaker)
        self._back()
        return heard

    def write(self, frames: bytes, num_frames: int) -> None:
        self._given(sounds=any(frames))
        self._inner.write(frames, num_frames)

    def read(self, num_frames: int, exception_on_overflow: bool) -> bytes:
        heard: bytes = self._inner.read(num_frames, exception_on_overflow=exception_on_overflow)
        self._back()
        return heard

    def _given(self, *, sounds: bool = True) -> None:
        self.given_s.append(time.monotonic())
        self._turns.append(self._playing() if sounds else 0)

    def _back(self) -> None:
        self.back_s.append(time.monotonic())
        self._person(len(self.back_s) - 1)

    def say(self, samples: Samples) -> None:
        """Into the room, by a program of PulseAudio's."""
        program = ["pacat", f"--server={self._server}", "--playback", "-d", "room", "--latency-msec=20"]
        player = subprocess.Popen([*program, *RAW], stdin=subprocess.PIPE)
        pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
        threading.Thread(target=player.communicate, args=(pcm,), daemon=True).start()

    # --- afterwards, as RoomCard tells it ---------------------------------------------------------------------------

    @property
    def late_ms(self) -> list[float]:
        """How much longer than a block it was from one to the next."""
        return [max(0.0, (b - a - BLOCK_S) * 1000) for a, b in zip(self.back_s, self.back_s[1:], strict=False)]

    @property
    def ran_empty(self) -> int:
        return int(getattr(self._inner, "underruns", 0))

    @property
    def latency_ms(self) -> float:
        return float(getattr(self._inner, "latency_ms", 0.0))

    def voices(self) -> list[Voice]:
        """When each reply was first given; what became of it only the monitor knows."""
        first = {turn: at_s for turn, at_s in reversed(list(zip(self._turns, self.given_s, strict=True))) if turn}
        return [Voice(turn, at_s, nan, nan) for turn, at_s in sorted(first.items(), key=lambda item: item[1])]


class Monitor:
    """What the loudspeaker's sink plays, from construction to `stop`, on the wall clock."""

    def __init__(self, card: PulseAudio) -> None:
        program = ["pacat", "--record", "-d", "speaker.monitor", "--latency-msec=10"]
        self._child = subprocess.Popen([*program, *RAW], env=card.env(), stdout=subprocess.PIPE)
        self._pieces: list[tuple[float, bytes]] = []
        self._reader = threading.Thread(target=self._read, name="monitor", daemon=True)
        self._reader.start()

    def stop(self) -> None:
        self._child.terminate()
        self._child.wait()
        self._reader.join(5)
        if self._child.stdout is not None:
            self._child.stdout.close()

    def complete(self, trace: Trace) -> None:
        """When each of its replies was heard; those that were not are gone from it."""
        spans = heard(self._pieces)
        trace.voices = [
            Voice(voice.turn, voice.handed_s, *span)
            for voice in trace.voices
            if (span := next((span for span in spans if span[0] > voice.handed_s - EARLY_S), None))
        ]

    def _read(self) -> None:
        assert self._child.stdout is not None
        descriptor = self._child.stdout.fileno()
        while piece := os.read(descriptor, 1 << 16):
            self._pieces.append((time.monotonic(), piece))


def heard(pieces: Sequence[tuple[float, bytes]]) -> list[tuple[float, float]]:
    """From when to when there was sound, pauses shorter than `PAUSE` included.

    pieces: PCM and when it came. Its first sample's time is reckoned from the piece that came soonest.
    """
    sound = np.frombuffer(b"".join(piece for _, piece in pieces), "<i2").astype(np.float32) / 32768
    loud = np.flatnonzero(np.abs(sound) > AUDIBLE)
    if not loud.size:
        return []
    ends = np.cumsum([len(piece) // 2 for _, piece in pieces]) / HEARING_RATE
    began_s = float(np.min(np.array([at_s for at_s, _ in pieces]) - ends))
    breaks = np.flatnonzero(np.diff(loud) > PAUSE)
    firsts, lasts = loud[np.r_[0, breaks + 1]], loud[np.r_[breaks, len(loud) - 1]]
    at = (began_s + np.stack([firsts, lasts], axis=1) / HEARING_RATE).tolist()
    return [(first_s, last_s) for first_s, last_s in at]
