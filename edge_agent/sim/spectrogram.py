"""The spectrogram of a recording, as a small picture: time to the right, frequency upwards, louder is lighter.

Law: samples in, pixels out; it draws no axis. Columns are as long as they must be for the picture to stay small; each
is the loudest of the short spectra in it, so that a click in a long evening is still a line.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE, Samples

ROWS = 56
_COLUMN_S = 0.04
_MOST_COLUMNS = 4000
_WINDOW = 512  # 32 ms
_FLOOR_DB, _TOP_DB = -95.0, -35.0  # of one row's power
_CHUNK = 512  # windows at a time, so that an hour needs no more memory than a minute
_SHADES = np.array(
    [(12, 14, 24), (44, 30, 84), (120, 44, 110), (204, 78, 86), (246, 158, 74), (252, 240, 190)], np.float64
)


def spectrogram(track: Samples) -> npt.NDArray[np.uint8]:
    """Pixels (ROWS, columns, 3) of a recording at 16 kHz; rows from 8 kHz at the top to 0, on the mel scale."""
    hop = int(_COLUMN_S * HEARING_RATE)
    windows = max(1, len(track) // hop)
    per_column = -(-windows // _MOST_COLUMNS)
    columns = -(-windows // per_column)
    power = np.full((columns * per_column, ROWS), 1e-12, np.float32)
    bands = _bands()
    shape = np.hanning(_WINDOW).astype(np.float32)
    padded = np.concatenate([track, np.zeros(_WINDOW + hop, np.float32)])
    pieces = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::hop][:windows]
    for start in range(0, windows, _CHUNK):
        spectra = np.abs(np.fft.rfft(pieces[start : start + _CHUNK] * shape, axis=-1)) ** 2
        power[start : start + len(spectra)] = spectra @ bands
    loudest = power.reshape(columns, per_column, ROWS).max(axis=1)
    level = 10.0 * np.log10(loudest / (_WINDOW / 4.0) ** 2 + 1e-12)
    shade = np.clip((level - _FLOOR_DB) / (_TOP_DB - _FLOOR_DB), 0.0, 1.0).T[::-1]
    at = np.rint(shade * 31.0) / 31.0 * (len(_SHADES) - 1)  # 32 shades: the picture packs better
    knots = np.arange(len(_SHADES))
    pixels = np.stack([np.interp(at, knots, _SHADES[:, channel]) for channel in range(3)], axis=-1)
    return np.ascontiguousarray(pixels.astype(np.uint8))


def _bands() -> npt.NDArray[np.float32]:
    """Which bins make a row: (bins, ROWS), the mean power in equal steps of the mel scale."""
    hz = np.arange(_WINDOW // 2 + 1) * HEARING_RATE / _WINDOW
    row = np.minimum(ROWS - 1, _mel(hz) / _mel(HEARING_RATE / 2.0) * ROWS).astype(int)
    bands = np.zeros((len(hz), ROWS), np.float32)
    edges = np.linspace(0.0, float(_mel(HEARING_RATE / 2.0)), ROWS + 1)
    for index in range(ROWS):
        inside = np.flatnonzero(row == index)
        if not inside.size:  # low rows are narrower than a bin: the nearest one
            inside = np.array([int(np.argmin(np.abs(_mel(hz) - (edges[index] + edges[index + 1]) / 2.0)))])
        bands[inside, index] = 1.0 / inside.size
    return bands


def _mel(hz: npt.NDArray[np.float64] | float) -> npt.NDArray[np.float64]:
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0))
