"""The way from the loudspeaker to one microphone: its delay, its loss, its echo, its distortion, its two clocks.

Law: a recording in, figures out; what is good or bad is `verdict.py`'s. Energies of the responses of several
sweeps are averaged, never their samples: a clock that slips would smear them. What noise adds is measured where the
room has gone silent, and taken off.

Units: ms, dB, percent, ppm. `echo_db` is the echo at the microphone over what the loudspeaker was given (the volume is
in what was given), weighted as speech is; the echo return loss is its negative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.field.calibration.clock import SLIP_SAMPLES, STEERED_SLIP_SAMPLES, Clock, clock, later_by
from edge_agent.field.calibration.programme import PAUSE_S, Programme, Span
from edge_agent.field.calibration.recording import Recording, samples_in
from edge_agent.field.calibration.sweep import HARMONICS, Sweep, Vector, deconvolved, lagged, speech_power

LONGEST_S = 0.9  # delay and beginning of the echo: nearly the pause behind a sweep
_BEFORE_S = 0.002  # of an echo: what the limits of the band let ring ahead of it
_ECHO_S = 0.65  # that is looked at, from its first sound
_NOISE_S = (0.7, 0.85)  # after it, where the room has gone silent
_MOST_PPM = 2000.0  # of two clocks: more is no clock but a fault
_FIRST = 0.3  # of the peak: the direct sound of a loudspeaker that a reflection outdoes
_ARRIVES_DB = 8.0  # over what noise alone would leave there
_EARLIER_S, _COMPARED_S = 0.01, 0.1  # around the direct sound: what arrivals are compared by
_OVER_NOISE = 7.0  # times the median of a second: of 14,400 samples of noise hardly one is so large
_DIRECT_S = 0.03  # of an echo, which hold most of it: whether there is one is asked here
_HARMONIC_S = 0.1  # the responses of the fourth and fifth harmonic are as far apart
_DISTORTION_HZ = np.geomspace(200.0, 2000.0, 60)
_HIGHEST_HZ = 6000.0
_LEAST_TAIL_MS, _TAIL_STEP_MS = 32, 32
TAIL_DB = -20.0  # left beyond the tail that is modelled: an echo engine then takes off 20 dB, and suppresses the rest


@dataclass(frozen=True, slots=True)
class Path:
    """arrives: whether the sweep is in the microphone at all; where it is not, the rest means nothing.

    over_noise_db: the beginning of the echo's response over that of noise.
    delay_ms: to the direct sound, when the first sweep began.
    clock: None where some sweeps did not arrive.  echo_db: mean of the sweeps.
    fading_db: the first sweep's less the last's; a path of walls does not fade.
    thd_percent: of the loud sweep; None without one.  thd_floor_percent: what noise alone would read as.
    tail_db: what of the echo is later than `tail_ms`.  tail_needed_ms: a tail after which less than `TAIL_DB` is left.
    rt60_s: reverberation time; None where noise hides it.
    """

    arrives: bool
    over_noise_db: float
    delay_ms: float
    echo_db: float
    fading_db: float
    clock: Clock | None
    thd_percent: float | None
    thd_floor_percent: float
    tail_db: float
    tail_needed_ms: int
    rt60_s: float | None


def measure(recording: Recording, programme: Programme, row: int, *, tail_ms: int, steered: bool) -> Path:
    """The path to one row. steered: two clocks, of which one is made to follow the other while we measure."""
    heard, given = recording.rows[row], recording.given
    responses = [_Response.of(heard, given, span) for span in programme.sweep_spans]
    heard_at_all = [one.over_noise_db > _ARRIVES_DB for one in responses]
    arrives = heard_at_all[0] or sum(heard_at_all) > len(heard_at_all) // 2  # a canceller lets the first one through
    found = _clock(responses, programme, steered) if all(heard_at_all) else None
    if found and abs(found.drift_ppm) > _MOST_PPM:
        found = None
    if found:  # in the loudspeaker's own time the sweeps' responses are sharp
        heard = np.asarray(
            soxr.resample(heard, HEARING_RATE, HEARING_RATE * (1.0 + found.drift_ppm * 1e-6)), np.float32
        )
        responses = [_Response.of(heard, given, span) for span in programme.sweep_spans]
    parts = _parts(responses) if found and not found.slips and not steered else None
    first, last = responses[0].speech_power, responses[-1].speech_power
    noise = float(np.mean([one.noise for one in responses]))
    energy = _shared(np.square, parts) if parts else np.mean([one.energy for one in responses], axis=0) - noise
    tails = _tails(energy)
    thd, floor = None, 0.0
    if programme.loud_span:
        loud = _Response.of(heard, given, programme.loud_span)
        thd, floor = loud.distortion(programme.loud_sweep)
    return Path(
        arrives=arrives,
        over_noise_db=float(np.mean([one.over_noise_db for one in responses])),
        delay_ms=1000.0 * float(np.median([one.delay_s for one in responses])),
        echo_db=_db(
            float(_shared(speech_power, parts)) if parts else float(np.mean([one.speech_power for one in responses]))
        ),
        fading_db=_db(first) - _db(last),
        clock=found,
        thd_percent=thd,
        thd_floor_percent=floor,
        tail_db=_tail_after(tails, tail_ms),
        tail_needed_ms=_tail_needed(tails),
        rt60_s=_reverberation(tails, noise / len(responses)),
    )


def _clock(responses: Sequence[_Response], programme: Programme, steered: bool) -> Clock:
    starts = [round(one.delay_s * HEARING_RATE) for one in responses]
    parts = [lagged(one.whole, one.delay_s - _EARLIER_S, one.delay_s + _COMPARED_S) for one in responses]
    late = [start - starts[0] + later_by(part, parts[0]) for start, part in zip(starts, parts, strict=True)]
    limit = STEERED_SLIP_SAMPLES if steered else SLIP_SAMPLES
    return clock([span.from_s for span in programme.sweep_spans], late, slip_samples=limit)


def _parts(responses: Sequence[_Response]) -> list[Vector]:
    """The echo of each sweep; on one clock they lie on each other to the sample."""
    delay_s = float(np.median([one.delay_s for one in responses]))
    return [lagged(one.whole, delay_s - _BEFORE_S, delay_s + _ECHO_S) for one in responses]


def _shared(power: Callable[[Vector], Any], parts: Sequence[Vector]) -> Any:
    """A power of what the parts have in common: noise, of which no two share anything, does not count."""
    alone = sum(power(part) for part in parts)
    return (power(np.sum(parts, axis=0)) - alone) / (len(parts) * (len(parts) - 1))


def _deconvolved(heard: Samples, given: Samples, span: Span) -> Vector:
    part = samples_in(Span(span.from_s - 0.05, span.to_s + PAUSE_S))
    length = min(len(heard), len(given))
    return deconvolved(heard[:length][part], given[:length][part])


@dataclass(frozen=True, slots=True)
class _Response:
    """Of one sweep. energy: of each sample from the direct sound on (n,).  noise: energy of a sample of noise."""

    whole: Vector
    delay_s: float
    energy: Vector
    noise: float

    @classmethod
    def of(cls, heard: Samples, given: Samples, span: Span) -> _Response:
        whole = _deconvolved(heard, given, span)
        window = np.abs(lagged(whole, 0.0, LONGEST_S))
        peak = float(window.max())
        least = min(peak, max(_FIRST * peak, _OVER_NOISE * float(np.median(window))))
        delay_s = int(np.argmax(window >= least)) / HEARING_RATE
        noise = float(np.mean(np.square(lagged(whole, delay_s + _NOISE_S[0], delay_s + _NOISE_S[1]))))
        return cls(whole, delay_s, np.square(lagged(whole, delay_s - _BEFORE_S, delay_s + _ECHO_S)), noise)

    @property
    def over_noise_db(self) -> float:
        """Of its beginning, where it stands out."""
        early = self.energy[: round(_DIRECT_S * HEARING_RATE)]
        return _db(float(early.sum()) / (self.noise * len(early) + 1e-30))

    @property
    def speech_power(self) -> float:
        """Of the echo, as speech; the noise that is in it, by what comes after it, taken off."""
        echo = speech_power(lagged(self.whole, self.delay_s - _BEFORE_S, self.delay_s + _ECHO_S))
        noise = speech_power(lagged(self.whole, self.delay_s + _NOISE_S[0], self.delay_s + _NOISE_S[1]))
        share = (_ECHO_S + _BEFORE_S) / (_NOISE_S[1] - _NOISE_S[0])
        return max(echo - share * noise, 0.01 * echo)

    def distortion(self, sweep: Sweep) -> tuple[float, float]:
        """Total harmonic distortion, percent, from 200 to 2000 Hz, and what noise alone would read as."""
        true = self._power(0.0, _DISTORTION_HZ)
        late = self.delay_s + _NOISE_S[0]
        harmonics, noise = 0.0, 0.0
        for order in HARMONICS:
            hz = order * _DISTORTION_HZ[order * _DISTORTION_HZ < _HIGHEST_HZ]
            harmonics += float(self._power(-sweep.lead_s(order), hz).sum())
            noise += float(self._power(late - self.delay_s, hz).sum())
        fundamental = float(true.sum()) + 1e-30
        clean = math.sqrt(max(0.0, harmonics - noise) / fundamental)
        return 100.0 * clean, 100.0 * math.sqrt(noise / fundamental)

    def _power(self, lead_s: float, hz: Vector) -> Vector:
        """Of the response that begins so much after (negative: before) the true one, at these frequencies."""
        begins = self.delay_s + lead_s - _BEFORE_S
        part = lagged(self.whole, begins, begins + _HARMONIC_S)
        turns = np.exp(-2j * np.pi * np.outer(hz, np.arange(len(part))) / HEARING_RATE)
        return np.asarray(np.abs(turns @ part) ** 2)


def _tails(energy: Vector) -> Vector:
    """What is left of the echo's energy after each sample; Schroeder's backward integration (1965)."""
    left = np.cumsum(energy[::-1])[::-1]
    return np.maximum(left, 1e-12 * max(float(left[0]), 1e-30))


def _tail_after(tails: Vector, tail_ms: int) -> float:
    at = min(len(tails) - 1, round((_BEFORE_S + tail_ms / 1000.0) * HEARING_RATE))
    return max(-60.0, _db(float(tails[at] / tails[0])))


def _tail_needed(tails: Vector) -> int:
    longest = int(1000.0 * (_ECHO_S - _BEFORE_S))
    steps = range(_LEAST_TAIL_MS, longest, _TAIL_STEP_MS)
    return next((tail for tail in steps if _tail_after(tails, tail) <= TAIL_DB), longest)


def _reverberation(tails: Vector, noise: float) -> float | None:
    """From the decay between -5 and -25 dB (ISO 3382's T20). noise: energy of a sample, that may be in it."""
    decay = 10.0 * np.log10(tails / tails[0])
    if _db(noise * len(tails) / float(tails[0])) > -30.0 or decay.min() > -25.0:
        return None
    first, last = int(np.argmax(decay <= -5.0)), int(np.argmax(decay <= -25.0))
    return 3.0 * (last - first) / HEARING_RATE


def _db(power: float) -> float:
    return 10.0 * math.log10(max(power, 1e-20))
