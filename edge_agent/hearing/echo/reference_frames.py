"""The reference's last frames, as both filters read them.

Law: keeps, and decides nothing. A ring in which every frame lies twice, so that any run of them, newest first, is one
slice.

Units: as in `spectra.py`.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.echo.spectra import BINS, FRAME, Powers, Spectra, power_of, spectra_of


class ReferenceFrames:
    """rows: frames kept.  newest: where the newest lies in each of the three.

    spectra, conjugates, powers: (2 * rows, 161).
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.spectra: Spectra = np.zeros((2 * rows, BINS), np.complex64)
        self.conjugates: Spectra = np.zeros((2 * rows, BINS), np.complex64)
        self.powers: Powers = np.zeros((2 * rows, BINS), np.float32)
        self._frame = np.zeros(FRAME, np.float32)
        self.newest = rows

    def reset(self) -> None:
        """Forget what was played."""
        for state in (self.spectra, self.conjugates, self.powers, self._frame):
            state[:] = 0
        self.newest = self.rows

    @property
    def history(self) -> Spectra:
        """(rows, 161): newest first."""
        return self.spectra[self.newest : self.newest + self.rows]

    def run(self, first: int, count: int) -> slice:
        """`count` frames, the first of them of `first` blocks ago: a slice of all three."""
        return slice(self.newest + first, self.newest + first + count)

    def hear(self, ref: Samples) -> None:
        """ref: (160,), the next block."""
        self._frame[:HEARING_BLOCK] = self._frame[HEARING_BLOCK:]
        self._frame[HEARING_BLOCK:] = ref
        self.newest = (self.newest or self.rows) - 1
        here, twin = self.newest, self.newest + self.rows
        spectrum = spectra_of(self._frame)
        self.spectra[here] = self.spectra[twin] = spectrum
        self.conjugates[here] = self.conjugates[twin] = spectrum.conj()
        self.powers[here] = self.powers[twin] = power_of(spectrum)

    def hear_again(self, ref: Samples) -> None:
        """Replace all that was heard. ref: ((rows + 1) * 160,), the last block last."""
        blocks = ref.reshape(-1, HEARING_BLOCK)
        frames = np.concatenate([blocks[:-1], blocks[1:]], axis=1)[::-1]
        self._frame[:] = frames[0]
        self.newest = 0
        self.spectra[: self.rows] = self.spectra[self.rows :] = spectra_of(frames)
        np.conjugate(self.spectra, out=self.conjugates)
        self.powers[:] = power_of(self.spectra)
