"""Does the hardware cancel the echo itself? What a recording can tell of it, when the sweep is not in it.

Law: figures, no verdict. A sweep that is missing from the microphone is either a loudspeaker that is silent or a
canceller that works, and the sweep alone cannot tell which. Two things can: a canceller must learn, so the first sweep
leaks through and the last does not (`Path.fading_db`); and it turns the microphone down while the loudspeaker plays, so
the room's own noise is softer beside the sweep than in silence (`noise_beside_db`). A silent loudspeaker does neither.
Where both fail, only a person who was there knows whether it played. dB.
"""

from __future__ import annotations

import math

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.field.calibration.programme import Programme
from edge_agent.field.calibration.recording import samples_in
from edge_agent.field.calibration.sweep import Sweep, Vector

_FRAME, _HOP = 1024, 512  # 64 ms
_LEFT_S = 0.6  # after which delay and echo of what was played are over
_ASIDE = 1.5  # so far below the sweep's frequency, its own leakage included, only noise is left
_LOWEST_HZ, _NARROWEST_HZ = 150.0, 400.0
_EMPTY = 1e-11  # power of a bin: digital silence has no noise to compare


def noise_beside_db(heard: Samples, programme: Programme) -> float | None:
    """Level of the noise below the sweeps' frequency while they play, over that in silence; None without any noise."""
    silence = np.median(_powers(heard[samples_in(programme.quiet)]), axis=0)
    hz = np.fft.rfftfreq(_FRAME, 1.0 / HEARING_RATE)
    ratios: list[Vector] = []
    for span in programme.sweep_spans:
        powers = _powers(heard[samples_in(span)])
        for frame, power in enumerate(powers):
            limit_hz = _limit_hz(programme.sweep, frame)
            inside = (hz > _LOWEST_HZ) & (hz < limit_hz) & (silence > _EMPTY)
            if limit_hz > _NARROWEST_HZ and inside.any():
                ratios.append(power[inside] / silence[inside])
    if not ratios:
        return None
    return 10.0 * math.log10(float(np.median(np.concatenate(ratios))) + 1e-12)


def _limit_hz(sweep: Sweep, frame: int) -> float:
    """Below it nothing of the sweep is left in this frame."""
    begins_s = frame * _HOP / HEARING_RATE
    return sweep.hz_at(begins_s - _LEFT_S) / _ASIDE if begins_s > _LEFT_S else 0.0


def _powers(samples: Samples) -> Vector:
    """Of overlapping frames (frames, bins)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    powers: Vector = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=-1)) ** 2 / _FRAME
    return powers
