"""The engine's scores without the engine: one pass of the networks over a whole recording, so that every threshold and
patience can be tried afterwards without running them again.

Law: samples in, one score per word and 80 ms frame out, no decision. A test holds them against the engine's own, frame
by frame. Frame n (from 0) of the grid the engine runs on ends `ends_at(n)` samples after the recording's start; a
second grid lies 40 ms earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import Samples
from edge_agent.hearing import models

FRAME = 1280  # samples: 80 ms
FRAME_S = 0.08
SHIFT = FRAME // 2  # of the second grid
_REACH = 480  # samples before the frame that the melspectrogram needs
_BEGUN = 320  # samples that the engine's first frame counts as already heard
_ROWS, _STEP, _WINDOW, _EMBEDDING = 76, 8, 16, 96
_CHUNK = 512  # frames worked on at a time
_PCM16 = 32768.0


def ends_at(frame: int, shift: int = 0) -> int:
    """Samples from the recording's start to the end of frame number `frame`."""
    return FRAME * (frame + 1) - _BEGUN - shift


class Networks:
    """The three networks of several words, for whole recordings."""

    def __init__(self, words: Sequence[str] = models.WORDS) -> None:
        self.words = tuple(words)
        self._melspectrogram, self._embedding = (models.session(model) for model in models.wake_features())
        self._heads = [models.session(models.wake_head(word)) for word in words]
        self._inputs = [head.get_inputs()[0].name for head in self._heads]
        silence = self._rows(np.zeros((1, _REACH + FRAME), np.float32))
        self._silent_rows = np.repeat(silence[0, -1:], _ROWS, axis=0)
        self._silent_embedding = self._embed(self._silent_rows)

    def scores(self, samples: Samples, shift: int = 0) -> npt.NDArray[np.float32]:
        """(frames, words). shift: 0, or SHIFT for the grid 40 ms earlier. Silence is taken to lie before."""
        return np.array(list(self._each(samples, shift)), np.float32).reshape(-1, len(self.words))

    def _each(self, samples: Samples, shift: int) -> Iterator[list[float]]:
        before = np.zeros(_REACH + _BEGUN + shift, np.float32)
        count = (len(samples) + _BEGUN + shift) // FRAME
        rows = self._silent_rows
        features = np.repeat(self._silent_embedding[None], _WINDOW, axis=0)
        for first in range(0, count, _CHUNK):
            frames = min(_CHUNK, count - first)
            start, stop = first * FRAME - len(before), (first + frames) * FRAME + _REACH - len(before)
            piece = np.concatenate([before[: max(0, -start)], samples[max(0, start) : stop]])
            new = self._rows(
                np.lib.stride_tricks.sliding_window_view(piece * np.float32(_PCM16), _REACH + FRAME)[::FRAME]
            )
            rows = np.concatenate([rows[-_ROWS:], new.reshape(-1, new.shape[-1])])
            for frame in range(frames):
                end = _ROWS + _STEP * (frame + 1)
                features = np.concatenate([features[1:], self._embed(rows[end - _ROWS : end])[None]])
                yield [self._score(*head, features) for head in zip(self._heads, self._inputs, strict=True)]

    def _rows(self, windows: Samples) -> Samples:
        """(n, 1760) -> (n, 8, bands). One by one: the network clips to 80 dB below the loudest of all it is given."""
        each = [self._melspectrogram.run(None, {"input": windows[n : n + 1]})[0][0, 0] for n in range(len(windows))]
        return (np.stack(each) / 10.0 + 2.0).astype(np.float32)

    def _embed(self, rows: Samples) -> Samples:
        embedding: Samples = self._embedding.run(None, {"input_1": rows[None, :, :, None]})[0]
        return embedding.reshape(_EMBEDDING)

    @staticmethod
    def _score(network: Any, name: str, features: Samples) -> float:
        return float(np.ravel(network.run(None, {name: features[None]})[0])[0])
