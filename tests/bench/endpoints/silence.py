"""Speech where there is none: how often the daemon's ears take noise and music for a person's beginning.

Law: sounds in, beginnings an hour out. The noises are made from a seed; the music is Debian's hold music
(asterisk-moh-opsound-g722), which has a few words sung or spoken in it: those count as false too. All at the level of
speech, through the same room, at 3 m.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.hearing.vad_silero import SileroVad
from edge_agent.sim.room import Room
from edge_agent.sim.scenario_room import RoomSettings
from edge_agent.sim.voice import at_level
from tests.bench.debian import unpacked
from tests.bench.endpoints.recordings import decode
from tests.bench.endpoints.talkers import G722
from tests.bench.endpoints.trial import SNR_DB, SPEECH_DBFS, beginnings

NOISE_S, MUSIC_S = 300, 900
METRES = 3.0
MUSIC = "asterisk-moh-opsound-g722"


def beginnings_an_hour(seed: int, part: float = 1.0) -> Iterator[tuple[str, float, float]]:
    """(what, hours heard, beginnings found), `part` of each sound. Raises CorpusError."""
    random = np.random.default_rng([seed, 0x51])
    for name, make in NOISES.items():
        yield _heard(name, at_level(make(random, int(part * NOISE_S * HEARING_RATE)), SPEECH_DBFS), seed)
    yield _heard("music", at_level(_music(int(part * MUSIC_S * HEARING_RATE)), SPEECH_DBFS), seed)


def _heard(name: str, sound: Samples, seed: int) -> tuple[str, float, float]:
    room = Room(RoomSettings(talker_m=METRES, noise_dbfs=SPEECH_DBFS - SNR_DB), seed)
    vad, nothing = SileroVad(), np.zeros(HEARING_BLOCK, np.float32)
    blocks = sound[: len(sound) // HEARING_BLOCK * HEARING_BLOCK].reshape(-1, HEARING_BLOCK)
    found = beginnings([vad.hear(room.step(nothing, block)[0].copy()) for block in blocks])
    return name, len(sound) / HEARING_RATE / 3600, float(len(found))


def _music(length: int) -> Samples:
    """A minute of each piece in turn."""
    pieces = [decode(path.read_bytes(), G722) for path in sorted(unpacked(MUSIC).glob("**/*.g722"))]
    minute = 60 * HEARING_RATE
    cut = [piece[start : start + minute] for start in range(0, max(map(len, pieces)), minute) for piece in pieces]
    return (np.concatenate(cut)[:length] / 32768).astype(np.float32)


def _white(random: np.random.Generator, length: int) -> Samples:
    return random.standard_normal(length).astype(np.float32)


def _fan(random: np.random.Generator, length: int) -> Samples:
    """Pink noise with the blades' hum."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    hz = np.fft.rfftfreq(length, 1 / HEARING_RATE)
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 50.0)), length)
    at_s = np.arange(length) / HEARING_RATE
    hum = sum(np.sin(2 * np.pi * 92.0 * k * at_s) / k for k in (1, 2, 3))
    fan: Samples = (noise / noise.std() + 0.5 * hum).astype(np.float32)
    return fan


def _dishes(random: np.random.Generator, length: int) -> Samples:
    """Rings of 1 to 5 kHz that die within 50 to 300 ms, three a second."""
    sound = np.zeros(length + HEARING_RATE, np.float32)
    at_s = np.arange(HEARING_RATE) / HEARING_RATE
    for start in random.integers(0, length, 3 * length // HEARING_RATE):
        ring = np.exp(-at_s / random.uniform(0.01, 0.06)) * np.sin(2 * np.pi * random.uniform(1000, 5000) * at_s)
        sound[start : start + HEARING_RATE] += (random.uniform(0.1, 1.0) * ring).astype(np.float32)
    shortened: Samples = sound[:length]
    return shortened


NOISES: dict[str, Callable[[np.random.Generator, int], Samples]] = {"white": _white, "fan": _fan, "dishes": _dishes}
