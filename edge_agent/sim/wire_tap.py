"""A tap on the wire, between the daemon's link and the server: what crossed, when, and the person's sound in it.

Law: it sees only what any party on the wire would see (JSON text); it shares no code with `session`, whose work it
judges. Callable from any thread; times are audio milliseconds of the clock given.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import soxr

from edge_agent.audio.format import HEARING_RATE, WIRE_RATE, Samples
from edge_agent.audio.wire import samples_from_pcm16
from edge_agent.sim.evidence import INCOMING_AUDIO, WireRecord
from edge_agent.timeline import Happening

APPEND = "input_audio_buffer.append"


class _Append(NamedTuple):
    t_ms: int
    pcm: bytes


class WireTap:
    """records: every event that crossed, both ways, in order."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self.records: list[WireRecord] = []
        self._appends: list[_Append] = []
        self._clock_ms = clock_ms

    def outgoing(self, message: str | bytes) -> None:
        now = self._clock_ms()
        event = json.loads(message)
        pcm = base64.b64decode(event.get("audio", "")) if event.get("type") == APPEND else b""
        if pcm:
            self._appends.append(_Append(now, pcm))
        self.records.append(WireRecord(now, str(event.get("type")), len(pcm)))

    def incoming(self, message: str | bytes) -> None:
        """A server may send anything: what is no event is recorded as "?"."""
        try:
            event = json.loads(message)
            kind = str(event["type"])
            sound = len(base64.b64decode(event["delta"])) if kind in INCOMING_AUDIO else 0
        except (ValueError, KeyError, TypeError, RecursionError):
            kind, sound = "?", 0
        self.records.append(WireRecord(self._clock_ms(), kind, sound))

    def sent(self, happenings: Sequence[Happening]) -> dict[int, Samples]:
        """The person's sound by turn, 16 kHz, as it crossed: an append belongs to the turn that was listening then."""
        opened = [(h.t_ms, h.turn) for h in happenings if h.kind == "listening"]
        pieces: dict[int, list[bytes]] = {}
        for append in self._appends:
            turn = next((turn for t_ms, turn in reversed(opened) if t_ms <= append.t_ms), 0)
            pieces.setdefault(turn, []).append(append.pcm)
        return {turn: _at_16k(b"".join(parts)) for turn, parts in pieces.items()}


def _at_16k(pcm: bytes) -> Samples:
    return np.asarray(soxr.resample(samples_from_pcm16(pcm), WIRE_RATE, HEARING_RATE), np.float32)
