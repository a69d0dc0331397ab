"""The features that all wake words share: sound in, embeddings out, worked out when somebody asks for them.

Law: remembering sound is cheap and done always, running networks is dear and done on demand; however long nobody
asked, what comes then is bit for bit what would have come. No word, score or threshold is known here.

Source: openWakeWord 0.5.1 (`openwakeword/utils.py`), whose features these are. Every 80 ms frame (1280 samples) becomes
8 rows of a 32-band melspectrogram, from 1760 samples: 480 old ones are the transform's reach, and the network clips to
80 dB below the loudest of what it is given, so the length matters. The rows are scaled x/10 + 2, and the last 76 of
them become one embedding of 96 values.

Units: samples enter as float32 in [-1, 1] and reach the network as float32 on the scale of 16-bit PCM, as it was
trained.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.models import session, wake_features

FRAME = 1280  # samples: 80 ms
EMBEDDING = 96
_REACH = 480  # samples of the frame before that the melspectrogram needs to give 8 whole rows
_ROWS, _BANDS, _STEP = 76, 32, 8  # melspectrogram rows an embedding sees, their bands, rows a frame adds
_PCM16 = 32768.0

# The first frame is begun as if 20 ms of it had passed: the networks then run in the 6th and 14th of every 16 blocks,
# where the speech detector (4, 7, 10, 13, 16), started in the same block, never runs. Nothing is late by it.
_HEAD_START = 2 * HEARING_BLOCK


class WakeFeatures:
    """Windows of the last `window` embeddings. After a sleep, the windows of the last `told` frames are still told."""

    def __init__(self, *, window: int, told: int) -> None:
        self._embedded = window + told - 1
        self._replayed = self._embedded - 1 + -(-_ROWS // _STEP)
        melspectrogram, embedding = wake_features()
        self._melspectrogram: Any = session(melspectrogram)
        self._embedding: Any = session(embedding)
        self._told = told
        self._ring = np.zeros((self._replayed + 1, FRAME), np.float32)  # and one more for the reach of the oldest
        self._samples = np.zeros((1, _REACH + FRAME), np.float32)
        self._rows = np.zeros((1, _ROWS, _BANDS, 1), np.float32)
        self._windows = np.zeros((1, window, EMBEDDING), np.float32)
        silence = self._scaled_rows()
        self._silent_row = silence[-1].copy()
        self._rows[0, :, :, 0] = self._silent_row
        self._silent_embedding = self._embed().copy()
        self.reset()

    def reset(self) -> None:
        """Forget all that was heard, as if there had always been silence. Costs no inference."""
        self._ring.fill(0.0)
        self._samples.fill(0.0)
        self._rows[0, :, :, 0] = self._silent_row
        self._windows[:] = self._silent_embedding
        self._slot = 0
        self._filled = _HEAD_START
        self._behind = 0

    def keep(self, block: Samples) -> bool:
        """Remember (160,); whether it completed a frame."""
        if self._filled == FRAME:
            self._filled = 0
            self._slot = (self._slot + 1) % len(self._ring)
        end = self._filled + HEARING_BLOCK
        np.multiply(block, _PCM16, out=self._ring[self._slot, self._filled : end])
        self._filled = end
        if end < FRAME:
            return False
        self._behind = min(self._behind + 1, self._replayed)
        return True

    @property
    def blocks_to_frame(self) -> int:
        """How many blocks complete the next frame; 1 to 8."""
        return (FRAME - self._filled % FRAME) // HEARING_BLOCK

    @property
    def power(self) -> float:
        """Mean square of the frame just completed, on the scale of [-1, 1], less its mean."""
        frame = self._ring[self._slot]
        offset = float(frame.sum()) / FRAME
        return max(float(np.dot(frame, frame)) / FRAME - offset * offset, 0.0) / (_PCM16 * _PCM16)

    def block_powers(self, blocks: int) -> npt.NDArray[np.float64]:
        """Energy of each of the last blocks, oldest first, up to the frame just completed; (blocks,) or what there is.

        blocks: a second at most; the oldest of what is remembered may be in work.
        """
        frames = -(-blocks * HEARING_BLOCK // FRAME)
        order = np.arange(self._slot - frames + 1, self._slot + 1) % len(self._ring)
        cut = self._ring[order].reshape(-1, HEARING_BLOCK).astype(np.float64)
        powers: npt.NDArray[np.float64] = np.einsum("ij,ij->i", cut, cut)[-blocks:]
        return powers

    def catch_up(self) -> Iterator[Samples]:
        """The windows (1, window, 96) after each completed frame not asked for before, oldest first.

        One a frame while it is asked for each; after a longer sleep only the last `told` of them. The array is
        overwritten by the next. To be read to its end.
        """
        for ago in range(self._behind - 1, -1, -1):
            self._add_frame(self._slot - ago)
            if ago < self._embedded:
                self._windows[0, :-1] = self._windows[0, 1:]
                self._windows[0, -1] = self._embed()
            if ago < self._told:
                yield self._windows
        self._behind = 0

    def _add_frame(self, number: int) -> None:
        self._samples[0, :_REACH] = self._ring[(number - 1) % len(self._ring), -_REACH:]
        self._samples[0, _REACH:] = self._ring[number % len(self._ring)]
        self._rows[0, :-_STEP, :, 0] = self._rows[0, _STEP:, :, 0]
        self._rows[0, -_STEP:, :, 0] = self._scaled_rows()

    def _scaled_rows(self) -> Samples:
        """The samples' 8 rows of 32 bands."""
        rows: Samples = self._melspectrogram.run(None, {"input": self._samples})[0][0, 0]
        return rows / 10.0 + 2.0

    def _embed(self) -> Samples:
        embedding: Samples = self._embedding.run(None, {"input_1": self._rows})[0]
        return embedding.reshape(EMBEDDING)
