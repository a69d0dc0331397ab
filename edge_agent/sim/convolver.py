"""Convolution of 10 ms blocks with long impulse responses, without latency, and for nothing in silence.

Law: arithmetic only. Overlap-save in two uniform partitions (Gardner 1995; Wefers 2014): the first 80 ms of a response
in pieces of a block, what is behind them in pieces of eight blocks, whose result is not needed before the next eight.
A source that is silent, and whose past has rung out, costs nothing and changes no sample.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, Samples

_TAIL_BLOCK = 8 * HEARING_BLOCK


class StreamingConvolver:
    """responses: (inputs, outputs, taps). `step` takes (inputs, 160) and returns (outputs, 160): the sum over the
    inputs; the array is the caller's.
    """

    def __init__(self, responses: Samples) -> None:
        inputs, _, taps = responses.shape
        self.taps = taps
        self._head = _Partitions(responses[:, :, :_TAIL_BLOCK], HEARING_BLOCK)
        self._tail = _Partitions(responses[:, :, _TAIL_BLOCK:], _TAIL_BLOCK) if taps > _TAIL_BLOCK else None
        self._gathered: Samples = np.zeros((inputs, _TAIL_BLOCK), np.float32)
        self._coming: Samples | None = None
        self._at = 0

    def step(self, sources: Samples) -> Samples:
        block = self._head.step(sources)
        if block is None:
            block = np.zeros((self._head.outputs, HEARING_BLOCK), np.float32)
        if self._tail is not None:
            end = self._at + HEARING_BLOCK
            if self._coming is not None:
                block += self._coming[:, self._at : end]
            self._gathered[:, self._at : end] = sources
            self._at = end % _TAIL_BLOCK
            if self._at == 0:
                self._coming = self._tail.step(self._gathered)
        return block


class _Partitions:
    """One uniform partition: blocks of `size` in, blocks of `size` out, spectra of the past kept for each input."""

    def __init__(self, responses: Samples, size: int) -> None:
        inputs, self.outputs, taps = responses.shape
        self._size = size
        self._parts = -(-taps // size)
        padded = np.zeros((inputs, self.outputs, self._parts * size), np.float32)
        padded[:, :, :taps] = responses
        pieces = padded.reshape(inputs, self.outputs, self._parts, size)
        self._filters = np.ascontiguousarray(np.fft.rfft(pieces, 2 * size, axis=-1).astype(np.complex64))
        self._window: Samples = np.zeros((inputs, 2 * size), np.float32)
        # Every spectrum is kept twice, so that the newest `parts` of them always lie in one piece, newest first.
        self._past = np.zeros((inputs, 2 * self._parts, size + 1), np.complex64)
        self._newest = 0
        self._ringing = [0] * inputs  # steps until an input that has fallen silent is forgotten: then its past is zero
        self._products = np.empty((inputs * self._parts, size + 1), np.complex64)
        self._total = np.empty((self.outputs, size + 1), np.complex64)

    def step(self, sources: Samples) -> Samples | None:
        """None for silence."""
        heard = []
        for index, loud in enumerate(np.any(sources, axis=-1)):
            if loud:
                self._ringing[index] = self._parts + 1
            elif self._ringing[index]:
                self._ringing[index] -= 1
            else:
                continue
            heard.append(index)
        if not heard:
            return None
        self._keep(sources, heard)
        self._sum(heard)
        block: Samples = np.fft.irfft(self._total, 2 * self._size, axis=-1)[:, self._size :].astype(np.float32)
        return block

    def _keep(self, sources: Samples, heard: list[int]) -> None:
        self._window[:, : self._size] = self._window[:, self._size :]
        self._window[:, self._size :] = sources
        self._newest = newest = (self._newest - 1) % self._parts
        spectra = np.fft.rfft(self._window[heard], axis=-1)
        self._past[heard, newest] = spectra
        self._past[heard, newest + self._parts] = spectra

    def _sum(self, heard: list[int]) -> None:
        recent = slice(self._newest, self._newest + self._parts)
        products = self._products[: len(heard) * self._parts]
        for output, total in enumerate(self._total):
            for row, index in enumerate(heard):
                into = products[row * self._parts : (row + 1) * self._parts]
                np.multiply(self._past[index, recent], self._filters[index, output], out=into)
            np.add.reduce(products, axis=0, out=total)
