"""Render, exchange, pair: the one verb of the duplex thread.

Law: this is where a block of sound becomes a pair, and nowhere else. It decides nothing and keeps no sound but the
filters' past. The reference is what the device was given, or what the card says it played, where it records that. Both
sides of a pair pass through filters of the same length and stay aligned to the sample; only where a card runs at 16 kHz
itself is its side `resampling_ms` ahead of the other, always by the same.
"""

from __future__ import annotations

from edge_agent.audio.device import AudioDevice
from edge_agent.audio.format import HEARING_RATE, WIRE_RATE, DuplexBlock, Samples
from edge_agent.audio.playback import Playback
from edge_agent.audio.resample import BlockResampler


class Duplex:
    """Drives a device. It tells `playback` the latency from render to the air (device and resampling together).

    resampling_ms: delay of the microphones' side against the device, constant while it is open.
    """

    def __init__(self, device: AudioDevice, playback: Playback) -> None:
        self._device = device
        self._playback = playback
        self._next = 0
        self._fit()

    def _fit(self) -> None:
        """Filters for the device's rates."""
        device = self._device
        self._rates = (device.rate, device.mic_rate)
        self._overflows = device.overflows
        self._up = BlockResampler(WIRE_RATE, device.rate)
        self._mics = BlockResampler(device.mic_rate, HEARING_RATE, channels=device.channels + device.has_reference)
        self._reference = BlockResampler(device.rate, HEARING_RATE)
        self.resampling_ms = self._mics.latency_ms

    def step(self) -> DuplexBlock:
        """Play 10 ms, record 10 ms, return them as a pair. Blocks until the card has both; raises DeviceError.

        Index counts from 0 and skips what the card lost: it stays the number of 10 ms since the start.
        """
        device = self._device
        if (device.rate, device.mic_rate) != self._rates:  # it was opened again, and is another card
            self._fit()
        self._playback.latency_ms = device.latency_ms + self._up.latency_ms
        speaker = self._up.process(self._playback.render())
        rows = self._mics.process(device.exchange(speaker))
        if device.overflows > self._overflows:
            self._next += device.overflows - self._overflows
        self._overflows = device.overflows
        index = self._next
        self._next += 1
        if device.has_reference:
            return DuplexBlock(index, mic=rows[:-1], ref=rows[-1])
        return DuplexBlock(index, mic=rows, ref=self._given(speaker))

    def _given(self, speaker: Samples) -> Samples:
        ref = self._reference.process(speaker)
        return ref.copy() if ref is speaker else ref
