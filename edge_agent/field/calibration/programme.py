"""What is played, and when: silence, sweeps, one loud sweep, and noise that rises and falls as speech does.

Law: it lays out and makes sound, it plays none. Every piece is known by its place, so that the analysis need not look
for it. The same seed gives the same samples. Seconds; levels before the volume, dB to full scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge_agent.audio.format import WIRE_RATE, Samples
from edge_agent.field.calibration.sweep import Sweep, bins_hz, speech_weight

SETTLE_S = 0.5  # amplifiers that sleep, and codecs whose first samples are a jump
QUIET_S = 2.0  # of silence, in which the room is listened to
SWEEP_S = 2.0
PAUSE_S = 1.0  # after a sweep: reverberation, and the longest delay there is
QUIET_PEAK_DB = -12.0  # as loud as a reply, as far as a steady tone can be
LOUD_PEAK_DB = -3.0  # as loud as a reply's peaks
VOICE_S = 8.0
VOICE_RMS_DB = -20.0  # the level at which providers deliver speech
FEWEST_SWEEPS, MOST_SWEEPS = 3, 40
_SYLLABLES_HZ = 4.0  # how often speech rises and falls
_PHRASE_S, _BREATH_S = 1.6, 0.3


@dataclass(frozen=True, slots=True)
class Span:
    """from_s, to_s: since the programme's beginning."""

    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Programme:
    """sweeps: how many quiet ones.  loud: whether a loud one follows.  voice: whether the noise does."""

    sweeps: int
    loud: bool = True
    voice: bool = True

    @property
    def quiet(self) -> Span:
        return Span(SETTLE_S, SETTLE_S + QUIET_S)

    @property
    def sweep(self) -> Sweep:
        return Sweep(SWEEP_S, QUIET_PEAK_DB)

    @property
    def loud_sweep(self) -> Sweep:
        return Sweep(SWEEP_S, LOUD_PEAK_DB)

    @property
    def sweep_spans(self) -> tuple[Span, ...]:
        """Of the quiet ones, without their pauses."""
        first, every = self.quiet.to_s, SWEEP_S + PAUSE_S
        return tuple(Span(first + n * every, first + n * every + SWEEP_S) for n in range(self.sweeps))

    @property
    def loud_span(self) -> Span | None:
        begins = self.sweep_spans[-1].to_s + PAUSE_S
        return Span(begins, begins + SWEEP_S) if self.loud else None

    @property
    def voice_span(self) -> Span | None:
        begins = (self.loud_span or self.sweep_spans[-1]).to_s + PAUSE_S
        return Span(begins, begins + VOICE_S) if self.voice else None

    @property
    def seconds(self) -> float:
        """Of all of it."""
        return (self.voice_span or self.loud_span or self.sweep_spans[-1]).to_s + PAUSE_S

    def samples(self) -> Samples:
        """All of it, at 24 kHz, silence included."""
        sound = np.zeros(round(self.seconds * WIRE_RATE), np.float32)
        pieces = [(span, self.sweep.samples(WIRE_RATE)) for span in self.sweep_spans]
        if self.loud_span:
            pieces.append((self.loud_span, self.loud_sweep.samples(WIRE_RATE)))
        if self.voice_span:
            pieces.append((self.voice_span, voice_like(VOICE_S)))
        for span, piece in pieces:
            begins = round(span.from_s * WIRE_RATE)
            sound[begins : begins + len(piece)] = piece
        return sound


def programme_of(seconds: float) -> Programme:
    """The programme that sounds for about so long: the longer, the more sweeps."""
    rest = Programme(FEWEST_SWEEPS).seconds - FEWEST_SWEEPS * (SWEEP_S + PAUSE_S)
    sweeps = round((seconds - rest) / (SWEEP_S + PAUSE_S))
    return Programme(min(max(sweeps, FEWEST_SWEEPS), MOST_SWEEPS))


def voice_like(seconds: float, seed: int = 1) -> Samples:
    """Noise with the long-term spectrum of speech, its syllables and its breaths, (n,) at 24 kHz."""
    count = round(seconds * WIRE_RATE)
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.standard_normal(count))
    noise = np.fft.irfft(spectrum * np.sqrt(speech_weight(bins_hz(count, WIRE_RATE))), count)
    time = np.arange(count) / WIRE_RATE
    noise *= np.maximum(0.0, np.sin(np.pi * _SYLLABLES_HZ * time)) ** 2 + 0.02
    noise *= np.clip((_PHRASE_S - time % (_PHRASE_S + _BREATH_S)) / 0.05, 0.0, 1.0)
    noise *= 10.0 ** (VOICE_RMS_DB / 20.0) / math.sqrt(float(np.mean(np.square(noise))))
    return np.asarray(np.clip(noise, -1.0, 1.0), np.float32)
