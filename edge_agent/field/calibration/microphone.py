"""Each microphone by itself: is it there, how much does it hiss, does it clip, and is it a microphone at all?

Law: a recording in, figures out. Levels in dBFS (RMS; 0 is a full-scale square wave); channels as the card counts them,
from 1. What records the loudspeaker's wire instead of the air is known by its response: all of it comes at once, where
a room's comes for a tenth of a second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.field.calibration.programme import PAUSE_S, Programme, Span
from edge_agent.field.calibration.recording import Recording, samples_in
from edge_agent.field.calibration.sweep import deconvolved, lagged, speech_power

_BLOCK = HEARING_RATE // 20  # 50 ms: a median over them leaves out a door that falls shut
_AT_ONCE_S = 0.003  # what the band's limits smear a wire's response to, on both sides
_AT_ONCE = 0.97  # of the energy
_LONGEST_S = 0.9
_SILENT_DBFS = -120.0
DEAF_DB = 20.0  # less of the loudspeaker than another microphone of the same board hears


@dataclass(frozen=True, slots=True)
class Microphone:
    """empty: nothing but zeros, or one value for ever.  noise_dbfs: of the room in silence, its hum below hearing left
    out.  echo_db: of the loudspeaker, over what it was given.  is_wire: it records what is played, not the air.
    clipped: samples at full scale in the quiet sweeps, and in the loud one.  peak_dbfs: of the quiet sweeps.
    """

    channel: int
    empty: bool
    noise_dbfs: float
    echo_db: float
    is_wire: bool
    clipped: int
    clipped_loud: int
    peak_dbfs: float


def microphones(recording: Recording, programme: Programme, channels: Sequence[int]) -> tuple[Microphone, ...]:
    """Every row, the reference included. channels: the card's, a row each."""
    return tuple(_microphone(recording, programme, row, channel) for row, channel in enumerate(channels))


def _microphone(recording: Recording, programme: Programme, row: int, channel: int) -> Microphone:
    samples = recording.rows[row]
    spans = programme.sweep_spans
    sweeps = Span(spans[0].from_s, spans[-1].to_s + PAUSE_S)
    loud = programme.loud_span
    first = samples_in(Span(spans[0].from_s, spans[0].to_s + PAUSE_S))
    response = lagged(deconvolved(samples[first], recording.given[first]), -_AT_ONCE_S, _LONGEST_S)
    power = np.square(response)
    peak = int(np.argmax(power))
    near = round(_AT_ONCE_S * HEARING_RATE)
    at_once = float(power[max(0, peak - near) : peak + near].sum()) / (float(power.sum()) + 1e-30)
    return Microphone(
        channel=channel,
        empty=float(np.ptp(samples)) == 0.0,
        noise_dbfs=_noise_dbfs(samples[samples_in(programme.quiet)]),
        echo_db=10.0 * math.log10(speech_power(response) + 1e-20),
        is_wire=at_once > _AT_ONCE,
        clipped=recording.clipped(row, sweeps),
        clipped_loud=recording.clipped(row, Span(loud.from_s, loud.to_s + PAUSE_S)) if loud else 0,
        peak_dbfs=20.0 * math.log10(float(np.abs(samples[samples_in(sweeps)]).max()) + 1e-6),
    )


def _noise_dbfs(silence: Samples) -> float:
    """Median of short blocks; from 50 Hz on: a constant, or a slow wander, is no sound."""
    spectrum = np.fft.rfft(np.asarray(silence, np.float64))
    spectrum[np.fft.rfftfreq(len(silence), 1.0 / HEARING_RATE) < 50.0] = 0.0
    sound = np.fft.irfft(spectrum, len(silence))
    blocks = sound[: len(sound) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    power = float(np.median(np.mean(np.square(blocks), axis=1)))
    return max(_SILENT_DBFS, 10.0 * math.log10(power + 1e-12))
