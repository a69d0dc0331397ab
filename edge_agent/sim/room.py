"""The room: from what the loudspeaker is given and what people say to what the microphones hear.

Law: arithmetic in blocks of 10 ms at 16 kHz; it knows no script, no turn and no clock but the count of its blocks, and
the same seed gives the same samples. Shapes: loudspeaker (160,), other sources (sources, 160), microphones (mics, 160),
float32, full scale at 1.
Levels: a talker's, and any other source's, are those at the first microphone, whatever the distance (the distance sets
how reverberant it is). The loudspeaker is as loud as a desk speaker: at 0.25 m its voice reaches the microphone at the
level it was played at, well above a talker at 1.5 m, and 6 dB lower with each doubling of the distance.
Time: the whole delay of the loop (`delay_ms`) lies before the air; microphones have none. `drift_ppm` > 0: the
loudspeaker's clock runs fast, so the delay shrinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.audio.format import BLOCKS_PER_S, HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.sim.acoustics import SOUND_M_S, Acoustics, Shoebox, high_passed, speech_gain
from edge_agent.sim.acoustics_pyroom import PyRoom
from edge_agent.sim.convolver import StreamingConvolver
from edge_agent.sim.delay_line import DelayLine
from edge_agent.sim.layout import Where, lay_out, source_seed
from edge_agent.sim.loudspeaker import Loudspeaker
from edge_agent.sim.microphones import Microphones
from edge_agent.sim.scenario_room import Change, RoomSettings

_UNITY_M = 0.25  # where the loudspeaker's gain is one
_HIGH_PASS_HZ = 150.0  # a desk speaker of 4 cm gives nothing below
_FACING = 10.0 ** (3.0 / 20.0)  # a mouth sends 3 dB more to where it faces than all around (Chu & Warnock 2002)


class Room:
    """One room with one loudspeaker, one place where people talk, further sources, and `mics` microphones.

    further: where the sources beside the talkers' place are.  changes: what the room becomes, in order of time.
    air: the loudspeaker's sound at its cone in the latest block (160,): delayed, drifted, distorted.
    lag: samples from `step` to the air, for the latest block.
    Raises layout.LayoutError, acoustics_pyroom.AcousticsError.
    """

    def __init__(
        self, settings: RoomSettings, seed: int, further: Sequence[Where] = (), changes: Sequence[Change] = ()
    ) -> None:
        responses, random = _responses(settings, seed, further)
        self.mics = settings.mics
        self.air: Samples = np.zeros(HEARING_BLOCK, np.float32)
        self._convolver = StreamingConvolver(responses)
        self._line = DelayLine(settings.delay_ms, settings.drift_ppm)
        self._loudspeaker = Loudspeaker(settings.clipping, settings.excursion)
        self._microphones = Microphones(settings, random, seed)
        self._sources: Samples = np.zeros((2 + len(further), HEARING_BLOCK), np.float32)
        self._fades = [_Fade.to(change, _responses(change.room, seed, further)[0]) for change in changes]
        self._block = 0

    @property
    def lag(self) -> int:
        return self._line.lag

    def slip(self, samples: int) -> None:
        """The card has lost so many of the microphones' samples, or, negative, given so many twice, silently."""
        self._line.slip(samples)

    def cut(self) -> None:
        """The card is gone, and with it all that it was given and has not played."""
        self._line.cut()

    def step(self, speaker: Samples, talkers: Samples) -> Samples:
        """Ten milliseconds. speaker: what the card was given now; talkers: the voices now, dry, at their level, (160,)
        at the one place, or (sources, 160)."""
        self.air = self._loudspeaker.step(self._line.step(speaker))
        self._sources[0] = self.air
        self._sources[1:] = talkers
        arriving = self._convolver.step(self._sources)
        if self._fades:
            self._change(arriving)
        self._block += 1
        return self._microphones.hear(arriving)

    def _change(self, arriving: Samples) -> None:
        """Blend what the room becomes into what it is; the new one has listened for as long as it reverberates."""
        fade = self._fades[0]
        if self._block < fade.warm_from:
            return
        after = fade.convolver.step(self._sources)
        if self._block >= fade.begins:
            done = (self._block - fade.begins + np.arange(HEARING_BLOCK) / HEARING_BLOCK) / (fade.ends - fade.begins)
            arriving += np.minimum(done, 1.0).astype(np.float32) * (after - arriving)
        if self._block + 1 >= fade.ends:
            self._convolver = fade.convolver
            del self._fades[0]


@dataclass(frozen=True)
class _Fade:
    """One change, in numbers of blocks."""

    warm_from: int
    begins: int
    ends: int
    convolver: StreamingConvolver

    @classmethod
    def to(cls, change: Change, responses: Samples) -> _Fade:
        begins = round(change.at_s * BLOCKS_PER_S)
        ends = begins + max(1, round(change.over_s * BLOCKS_PER_S))
        convolver = StreamingConvolver(responses)
        return cls(begins - convolver.taps // HEARING_BLOCK - 1, begins, ends, convolver)


def acoustics_of(settings: RoomSettings) -> Acoustics:
    engine = PyRoom if settings.engine == "pyroomacoustics" else Shoebox
    return engine(settings.size_m, settings.rt60_s)


def echo_response(settings: RoomSettings, seed: int) -> Samples:
    """From the loudspeaker to the first microphone (taps,), as `Room` has it."""
    response: Samples = _responses(settings, seed, ())[0][0, 0]
    return response


def _responses(settings: RoomSettings, seed: int, further: Sequence[Where]) -> tuple[Samples, np.random.Generator]:
    """Impulse responses (2 + further, mics, taps): loudspeaker, then talkers, then the rest, each to every microphone.

    The generator has drawn what is random in them, and goes on to the noise.
    """
    layout = lay_out(settings, seed, further)
    acoustics = acoustics_of(settings)
    taps = [_taps(settings, layout.distance_m(source)) for source in range(len(layout.sources))]
    random = np.random.default_rng(source_seed(seed, 0))
    random.uniform()  # the talkers' direction, which the layout has drawn
    result = np.zeros((2 + len(further), settings.mics, max(taps)), np.float64)
    for mic, place in enumerate(layout.mics):
        for row, source, facing in ((0, layout.speaker, 1.0), (1, layout.sources[0], _FACING)):
            result[row, mic, : taps[0]] = acoustics.response(source, place, taps[0], random, facing=facing)
    for number in range(1, len(layout.sources)):
        own = np.random.default_rng(source_seed(seed, number))
        own.uniform()
        for mic, place in enumerate(layout.mics):
            heard = acoustics.response(layout.sources[number], place, taps[number], own, facing=_FACING)
            result[1 + number, mic, : taps[number]] = heard
    result[0, :, : taps[0]] = high_passed(result[0, :, : taps[0]], _HIGH_PASS_HZ) * _speaker_gain(settings)
    for row in range(1, len(result)):
        result[row] /= speech_gain(result[row, 0, : taps[row - 1]])
    return result.astype(np.float32), random


def _taps(settings: RoomSettings, distance_m: float) -> int:
    """Until the reverberation of a source so far away is over."""
    return int(HEARING_RATE * (max(settings.rt60_s, 0.0) + round(distance_m, 6) / SOUND_M_S)) + 400


def _speaker_gain(settings: RoomSettings) -> float:
    return float(_UNITY_M * 10.0 ** (settings.speaker_gain_db / 20.0))
