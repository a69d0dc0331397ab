"""One direction of a card: what is played, how much of it still waits there, and at whose pace.

Law: samples in, bytes to PyAudio's stream; errors are PyAudio's own (OSError) and are `portaudio`'s to judge. Fill and
room in ms of the card's buffer. On one clock every block is written as it is. On two clocks it is resampled by what
`SplitClock` has learned, and a buffer that a hiccup has filled or emptied is put right at one stroke.
"""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import numpy as np

from edge_agent.audio.card_stream import NO_SOUND_MS, TIMED_OUT
from edge_agent.audio.format import BLOCK_MS, BLOCKS_PER_S, Samples
from edge_agent.audio.split_clock import SplitClock
from edge_agent.audio.wire import pcm16

ROOM_TO_SWAY_MS = 10  # the buffer keeps this much room while another clock is being learned
FEWEST_MS = 5.0  # in it
WHISPERS = 8  # blocks of noise that `keep_awake` chooses from: no pattern of 10 ms is repeated for the ear to find


class Loudspeaker:
    """stream: PyAudio's, open and empty.  buffer_ms: how much may wait in it, at most.  keep_awake: silence is played
    as noise below hearing.

    target_ms: what is to wait in the buffer before each block.  buffer_ms: what it really holds.  clock: that it is
    made to follow, or None.  slips: how often the fill had to be put right.
    """

    def __init__(self, stream: Any, *, rate: int, buffer_ms: int, keep_awake: bool, two_clocks: bool) -> None:
        self.rate = rate
        self.clock: SplitClock | None = None
        self.slips = 0
        self._left_out = self._silent_blocks = 0
        self._stream = stream
        self._block = rate // BLOCKS_PER_S
        self._whispers = _whispers(self._block) if keep_awake else []
        self._capacity: int = stream.get_write_available()
        # PortAudio's output latency on ALSA is the buffer less one period: what may wait ahead of a new block.
        ahead_ms = min(1000 * stream.get_output_latency(), buffer_ms - BLOCK_MS)
        self._blocks_ahead: int = max(1, round((ahead_ms - ROOM_TO_SWAY_MS if two_clocks else ahead_ms) / BLOCK_MS))
        self.target_ms = float(self._blocks_ahead * BLOCK_MS)

    @property
    def buffer_ms(self) -> float:
        return 1000 * self._capacity / self.rate

    @property
    def latency_ms(self) -> float:
        """From a block that is written to the air."""
        return self.target_ms + (self.clock.latency_ms if self.clock else 0.0)

    @property
    def waiting_ms(self) -> float:
        """How much sound is in the card's buffer. 0 for ever where a card has no clock (ALSA's null and file)."""
        waiting: int = self._capacity - self._stream.get_write_available()
        return 1000 * waiting / self.rate

    @property
    def excess_blocks(self) -> int:
        """How many blocks wait beyond the target."""
        waiting: int = round(self.waiting_ms / BLOCK_MS)
        return waiting - self._blocks_ahead

    def prime(self, blocks: int | None = None) -> None:
        """Silence into the buffer: so many blocks, or as many as the target asks of an empty one."""
        for _ in range(self._blocks_ahead if blocks is None else blocks):
            self._stream.write(bytes(2 * self._block), self._block)

    def follow(self, clock: SplitClock | None) -> SplitClock:
        """From now on at another clock's pace. clock: what was learned of it before."""
        if clock is None or clock.rate != self.rate:
            clock = SplitClock(rate=self.rate, target_ms=self.target_ms)
        else:
            clock.target_ms = self.target_ms
            clock.restart()
        self.clock = clock
        return clock

    def play(self, block: Samples | None) -> None:
        """10 ms, shape (rate/100,), or None for silence. Blocks until there is room. Raises OSError."""
        clock = self.clock
        if clock is not None and not self._keep_fill(clock):
            self._leave_out()
            return
        self._left_out = 0
        self._silent_blocks = self._silent_blocks + 1 if block is None else 0
        if block is None and (clock is None or self._silent_blocks > clock.blocks_held_back):
            # most of what is ever played: nothing is computed
            length = self._block if clock is None else clock.silent_length()
            data = self._silence(length)
        else:
            sound = np.zeros(self._block, np.float32) if block is None else block
            samples = sound if clock is None else clock.resample(sound)
            length = len(samples)
            data = self._silence(length) if self._whispers and not samples.any() else pcm16(samples)
        self._stream.write(data, length, exception_on_underflow=True)

    def close(self) -> None:
        with suppress(OSError):
            self._stream.close()

    def _keep_fill(self, clock: SplitClock) -> bool:
        """Learn from the buffer's fill, and put right what a hiccup has done to it; False: this block is left out.

        A full buffer would keep the microphone waiting; an empty one would make the next hiccup heard, and the pair's
        delay another.
        """
        waiting = self.waiting_ms
        clock.pace(waiting)
        room = self.buffer_ms - waiting
        if waiting >= FEWEST_MS and room >= BLOCK_MS - 1:
            return True
        clock.jump()
        self.slips += 1
        if room < BLOCK_MS:
            return False
        self.prime(max(1, round((self.target_ms - waiting) / BLOCK_MS)))
        return True

    def _leave_out(self) -> None:
        """A full buffer is also what a card leaves behind that is gone, or has stopped. Raises OSError."""
        self._stream.write(b"", 0)
        self._left_out += 1
        if self._left_out * BLOCK_MS >= NO_SOUND_MS:
            raise OSError(TIMED_OUT, f"it has taken no sound for {NO_SOUND_MS / 1000:g} s")

    def _silence(self, length: int) -> bytes:
        if self._whispers:
            return pcm16(random.choice(self._whispers)[:length])
        return bytes(2 * length)


def _whispers(block: int) -> list[Samples]:
    """Noise of one step of 16 bits, -93 dBFS: below hearing, and enough for an amplifier that sleeps in silence."""
    noise = np.random.default_rng(0)
    length = block + 8  # a block that follows another clock may be some samples longer
    return [noise.integers(-1, 2, length).astype(np.float32) / np.float32(2**15) for _ in range(WHISPERS)]
