"""A short filter that follows any change at once, and any talker too.

Law: no uncertainty, no yielding: its own step is normalised by what was played (partitioned normalised LMS, as in the
multi-delay filter of Soo & Pang 1990), so it is right soon after a change and wrong while somebody talks. Nobody hears
its estimate; it is there to be compared.

Units: as in `path.py`, whose first partitions it shares.
"""

from __future__ import annotations

import numpy as np

from edge_agent.hearing.echo.spectra import BINS, Powers, Spectra

_STEP = np.float32(0.5)  # of the one that would explain a block alone
_MEMORY = np.float32(0.2)  # blend per block of the reference's power
_TINY = np.float32(1e-5)


class FastPath:
    """weights: (partitions, 161)."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.weights = np.zeros((partitions, BINS), np.complex64)
        self._work = np.zeros((partitions, BINS), np.complex64)
        self.shape = np.ones(partitions, np.float32)
        self.loud = np.zeros(BINS, np.float32)

    def reset(self) -> None:
        """Forget the path."""
        self.weights[:] = 0
        self.loud[:] = 0
        self.shape[:] = 1

    def forget(self) -> None:
        """Nothing is known of the path."""
        self.weights[:] = 0

    def sum_into(self, total: Spectra, ref: Spectra) -> None:
        """total: (161,), the echo's spectrum of this block. ref: (partitions or more, 161), newest first."""
        np.multiply(ref[: self.partitions], self.weights, out=self._work)
        np.add.reduce(self._work, axis=0, out=total)

    def correct(self, residual: Spectra, conjugate: Spectra, power: Powers) -> None:
        """residual: (161,), of this block. conjugate, power: of the reference, as `ref` above."""
        loud = np.einsum("pk,p->k", power[: self.partitions], self.shape)
        self.loud += _MEMORY * (loud - self.loud)
        np.maximum(loud, self.loud, out=loud)
        loud += np.float32(0.05) * loud.mean()
        loud += _TINY
        np.multiply(conjugate[: self.partitions], residual * (_STEP / loud), out=self._work)
        self._work *= self.shape[:, None]
        self.weights += self._work
