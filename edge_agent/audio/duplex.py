"""Render, exchange, pair: what the two threads of sound do with a block.

Law: this is where a block of sound becomes a pair, and nowhere else. It decides nothing and keeps no sound but the
filters' past. The reference is what the device was given, or what the card says it played, where it records that. Both
sides of a pair pass through filters of the same length and stay aligned to the sample; only where a card runs at 16 kHz
itself is its side `resampling_ms` ahead of the other, always by the same.

`exchange` belongs to the audio thread and does what cannot wait; `Pairing` belongs to the hearing thread, which may let
blocks gather. `step` is both at once, for one thread.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.device import AudioDevice
from edge_agent.audio.format import (
    BLOCKS_PER_S,
    HEARING_BLOCK,
    HEARING_RATE,
    WIRE_RATE,
    CardBlock,
    DuplexBlock,
    Samples,
)
from edge_agent.audio.playback import SILENCE, Playback
from edge_agent.audio.resample import BlockResampler


class Duplex:
    """Drives a device. It tells `playback` the latency from render to the air (device and resampling together).

    pairing: for the hearing thread.
    """

    def __init__(self, device: AudioDevice, playback: Playback) -> None:
        self.pairing = Pairing()
        self._device = device
        self._playback = playback
        self._next = 0
        self._fit()

    def _fit(self) -> None:
        """A filter for the device's rate."""
        self._overflows = self._device.overflows
        self._rate = self._device.rate
        self._up = BlockResampler(WIRE_RATE, self._rate)
        self._was_silent = False

    def exchange(self) -> CardBlock:
        """Play 10 ms, record 10 ms. Blocks until the card has both; raises DeviceError.

        Index counts from 0 and skips what the card lost, or was away: it stays the number of 10 ms since the start.
        """
        device = self._device
        if device.rate != self._rate:  # it was opened again, and is another card
            self._fit()
        self._playback.latency_ms = device.latency_ms + self._up.latency_ms
        speaker = self._rendered()
        heard = device.exchange(speaker)
        if device.overflows > self._overflows:
            self._next += device.overflows - self._overflows
        self._overflows = device.overflows
        index = self._next
        self._next += 1
        return CardBlock(index, heard, speaker, device.has_reference)

    def skip(self, seconds: float) -> None:
        """The card was away for so long: the numbers go on as if it had been there, and nobody takes what is older for
        what came just before."""
        self._next += round(seconds * BLOCKS_PER_S)

    def step(self) -> DuplexBlock:
        """Exchange a block and pair it."""
        return self.pairing.pair(self.exchange())

    def _rendered(self) -> Samples | None:
        """The next 10 ms for the card; None for silence, the filter's past included (it is shorter than a block)."""
        rendered = self._playback.render()
        was_silent, self._was_silent = self._was_silent, rendered is SILENCE
        return None if was_silent and self._was_silent else self._up.process(rendered)


class Pairing:
    """Brings what the card had to the rate of hearing. resampling_ms: delay of the microphones' side."""

    def __init__(self) -> None:
        self.resampling_ms = 0.0
        self._microphones: BlockResampler | None = None
        self._reference: BlockResampler | None = None
        self._was_silent = True

    def pair(self, block: CardBlock) -> DuplexBlock:
        """In the order of their numbers; another shape is another card."""
        microphones = self._of_microphones(block.heard)
        if block.has_reference:
            return DuplexBlock(block.index, mic=microphones[:-1], ref=microphones[-1])
        return DuplexBlock(block.index, mic=microphones, ref=self._of_loudspeaker(block.given))

    def _of_microphones(self, heard: Samples) -> Samples:
        resampler = self._microphones
        if resampler is None or (resampler.channels, resampler.in_block) != heard.shape:
            rows, length = heard.shape
            resampler = self._microphones = BlockResampler(length * BLOCKS_PER_S, HEARING_RATE, channels=rows)
            self.resampling_ms = resampler.latency_ms
        return resampler.process(heard)

    def _of_loudspeaker(self, given: Samples | None) -> Samples:
        """The reference; the caller's own. After a block of silence the filter has forgotten all sound."""
        was_silent, self._was_silent = self._was_silent, given is None
        resampler = self._reference
        if given is None:
            if resampler is None or was_silent:
                return np.zeros(HEARING_BLOCK, np.float32)
            return resampler.process(np.zeros(resampler.in_block, np.float32))
        if resampler is None or resampler.in_block != len(given):
            resampler = self._reference = BlockResampler(len(given) * BLOCKS_PER_S, HEARING_RATE)
        reference = resampler.process(given)
        return reference.copy() if reference is given else reference
