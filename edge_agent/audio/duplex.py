"""Render, exchange, pair: the one verb of the duplex thread.

Law: this is where a block of sound becomes a pair, and nowhere else. It decides nothing and keeps no sound but the
filters' past. The reference is what the device was given, resampled by the very filter that resamples the
microphones, so both sides of a pair are delayed by the same `resampling_ms` and stay aligned to the sample.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.device import AudioDevice
from edge_agent.audio.format import HEARING_RATE, WIRE_RATE, DuplexBlock
from edge_agent.audio.playback import Playback
from edge_agent.audio.resample import BlockResampler


class Duplex:
    """Drives an open device. It tells `playback` the latency from render to the air (device and resampling together).

    resampling_ms: delay of both sides of a pair against the device, constant.
    """

    def __init__(self, device: AudioDevice, playback: Playback) -> None:
        self._device = device
        self._playback = playback
        self._up = BlockResampler(WIRE_RATE, device.rate)
        self._down = BlockResampler(device.rate, HEARING_RATE, channels=device.channels + 1)
        self._both = np.zeros((device.channels + 1, self._down.in_block), np.float32)
        self._next = 0
        self._overflows = device.overflows
        self.resampling_ms = self._down.latency_ms

    def step(self) -> DuplexBlock:
        """Play 10 ms, record 10 ms, return them as a pair. Blocks until the card has both; raises DeviceError.

        Index counts from 0 and skips what the card lost: it stays the number of 10 ms since the start.
        """
        device = self._device
        self._playback.latency_ms = device.latency_ms + self._up.latency_ms
        speaker = self._up.process(self._playback.render())
        both = self._both
        both[:-1] = device.exchange(speaker)
        both[-1] = speaker
        if device.overflows > self._overflows:
            self._next += device.overflows - self._overflows
        self._overflows = device.overflows
        pair = self._down.process(both)
        if pair is both:
            pair = both.copy()
        index = self._next
        self._next += 1
        return DuplexBlock(index, mic=pair[:-1], ref=pair[-1])
