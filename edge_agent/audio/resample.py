"""Changes the rate of a stream, block by block, with a short and exactly known delay.

Law: 10 ms in, 10 ms out, always; no state but the filter's own past; nothing here knows what the samples mean.
Rates in Hz, whole hundreds (a block must hold a whole number of samples). Samples float32, last axis is time.

Why not a streaming library: measured in 10 ms blocks, soxr's HQ stream holds back 37 to 38 ms per stage (48 to 16
kHz, 24 to 48 kHz), its LQ stream 20 ms, because it works in long transforms. Three such stages lie between a person's
word and the silence it asks for. A direct windowed-sinc filter costs about as much processor time at these sizes and
holds back 1.3 to 2 ms.
"""

from __future__ import annotations

from math import ceil, gcd

import numpy as np

from edge_agent.audio.format import BLOCK_MS, Samples

HALF_WIDTH = 32  # samples of the lower rate on each side of the kernel: 2 ms at 16 kHz
CUTOFF = 0.469  # of the lower rate: with the width above, flat to .43 and gone by .508 (6.9 and 8.1 kHz at 16 kHz)
KAISER_BETA = 7.86  # 80 dB of stop band (Kaiser 1974)
SUB_BLOCKS = 10  # a block is filtered in up to so many equal parts by one small matrix, which stays in the cache


class BlockResampler:
    """Converts blocks of `in_rate` to blocks of `out_rate`; with equal rates it hands the very block back.

    A windowed-sinc interpolator (Kaiser window; Smith, "Digital Audio Resampling", CCRMA). Since a block holds a
    whole number of samples at both rates, the filter is the same in every block: one matrix.
    channels: how many rows a block has. 1: shape (n,) or (1, n), otherwise (channels, n). All rows keep their
    alignment.
    latency_ms: the constant delay of the signal; the first block out begins with that much silence.
    Raises ValueError for rates without a whole number of samples in a block.
    """

    def __init__(self, in_rate: int, out_rate: int, *, block_ms: int = BLOCK_MS, channels: int = 1) -> None:
        for rate in (in_rate, out_rate):
            if rate <= 0 or rate * block_ms % 1000:
                raise ValueError(f"rate {rate} Hz has no whole number of samples in {block_ms} ms")
        self.in_block = in_rate * block_ms // 1000
        self.out_block = out_rate * block_ms // 1000
        self.channels = channels
        self._identity = in_rate == out_rate
        self.latency_ms = 0.0 if self._identity else 1000 * HALF_WIDTH / min(in_rate, out_rate)
        if self._identity:
            return
        self._parts = gcd(gcd(self.in_block, self.out_block), SUB_BLOCKS)
        self._step = self.in_block // self._parts
        self._past = ceil(2 * HALF_WIDTH * in_rate / min(in_rate, out_rate))
        self._kernel = _kernel(in_rate, out_rate, self._past, self._step, self.out_block // self._parts)
        self._line = np.zeros((channels, self._past + self.in_block), np.float32)
        width = self._past + self._step
        stride, item = self._line.strides
        self._windows = np.lib.stride_tricks.as_strided(
            self._line, (channels, self._parts, width), (stride, self._step * item, item), writeable=False
        )
        self._rows = np.empty((channels, self._parts, width), np.float32)  # BLAS takes no overlapping rows

    def process(self, block: Samples) -> Samples:
        """One block to one block, of exactly in_rate and out_rate * block_ms / 1000 samples. The result is the
        caller's own (with equal rates: the block itself). Raises ValueError for a block of another length."""
        if block.shape[-1] != self.in_block or block.size != self.in_block * self.channels:
            raise ValueError(f"expected {self.channels} x {self.in_block} samples, got shape {block.shape}")
        if self._identity:
            return block
        line = self._line
        line[:, self._past :] = block
        np.copyto(self._rows, self._windows)
        out: Samples = self._rows.reshape(-1, len(self._kernel)) @ self._kernel
        line[:, : self._past] = line[:, self.in_block :].copy()
        return out.reshape(*block.shape[:-1], self.out_block)

    def reset(self) -> None:
        """Forget the past, as if newly built."""
        if not self._identity:
            self._line.fill(0.0)


def _kernel(in_rate: int, out_rate: int, past: int, step: int, out_step: int) -> Samples:
    """The filter as a matrix (past + step, out_step): column j weighs the inputs for output j of a part.

    Output j stands for the time j / out_rate less the delay; the column is the sinc around it, each column with gain
    1 at 0 Hz.
    """
    low = min(in_rate, out_rate)
    delay_s = HALF_WIDTH / low
    t_in = (np.arange(past + step) - past)[:, None] / in_rate
    t_out = np.arange(out_step)[None, :] / out_rate - delay_s
    distance = t_in - t_out
    inside = np.clip(1 - (distance / delay_s) ** 2, 0, None)
    weights = np.sinc(2 * CUTOFF * low * distance) * np.i0(KAISER_BETA * np.sqrt(inside)) * (inside > 0)
    return np.ascontiguousarray(weights / weights.sum(axis=0), dtype=np.float32)
