"""One scene: a device that plays, a room, perhaps a person, and what the microphone hears of it all.

Law: everything is drawn from one generator, so a number names a scene for ever (as long as this file is as it is).
What the loudspeaker plays is to go; everything else that sounds in the room is to stay, noise and television too.

Units: float32 at 16 kHz in [-1, 1]; levels in dBFS of the parts that sound; times in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE, Samples
from tests.training.corpus import Corpus
from tests.training.device import Random, colour, filtered, later, loudspeaker, rms, turning_gain
from tests.training.rooms import room_sound

SECONDS = 12.0
_SAMPLES = int(SECONDS * HEARING_RATE)
_NEAR = ("nobody", "nobody", "nobody", "one burst", "from then on", "from then on", "now and then", "now and then")
_FAR = ("speech",) * 12 + ("music",) * 5 + ("both",) * 2 + ("tones",)


@dataclass(frozen=True, slots=True)
class Scene:
    """mic, ref: what the device has. kept: what the microphone would hear without the loudspeaker. near: the talker's
    share of `kept`, and television: another voice's share. All of the same length. story: what was drawn."""

    mic: Samples
    ref: Samples
    kept: Samples
    near: Samples
    television: Samples
    story: dict[str, float | str]


def scene(corpus: Corpus, random: Random) -> Scene:
    """The next scene of this generator."""
    room = room_sound(random)
    story: dict[str, float | str] = {"rt60_s": round(room.rt60_s, 2)}
    ref = _reference(corpus, random, story)
    echo = _echo(ref, room.speaker, room.moved, random, story)
    near = _near(corpus, random, room.talker, story)
    television = _television(corpus, random, room.other, story)
    noise = _noise(random)
    echo_db = float(random.uniform(-36, -8))
    ser_db = float(np.clip(random.normal(-3, 8), -20, 15))
    near_db = float(np.clip(echo_db + ser_db, -52, -6))
    noise_db = _noise_level(random)
    television_db = min(near_db - float(random.uniform(0, 15)), -15.0)
    echo *= _gain(echo, echo_db)
    near *= _gain(near, near_db)
    television *= _gain(television, television_db)
    noise *= _gain(noise, noise_db)
    story |= {"echo_db": echo_db, "near_db": near_db, "noise_db": noise_db}
    return _at_the_converter(echo, near, television, noise, ref, random, story)


def _gain(samples: Samples, dbfs: float) -> np.float32:
    level = rms(samples)
    return np.float32(10 ** (dbfs / 20) / level) if level > 1e-6 else np.float32(0)


def _at_the_converter(
    echo: Samples,
    near: Samples,
    television: Samples,
    noise: Samples,
    ref: Samples,
    random: Random,
    story: dict[str, float | str],
) -> Scene:
    """The microphone's own colour, gain and limits."""
    if random.random() < 0.5:
        ear = colour(random, 2.5, random.uniform(20, 150), random.choice([5500.0, 8000.0, 8000.0]))
        echo, near, television = (filtered(part, ear) for part in (echo, near, television))
        noise = filtered(noise, ear)
    kept = near + television + noise
    mic = kept + echo
    if random.random() < 0.12:
        gain = turning_gain(random, mic)
        mic, kept, near, television = mic * gain, kept * gain, near * gain, television * gain
        story["turning_gain"] = "yes"
    peak = float(np.abs(mic).max())
    most = float(random.choice([0.99, 0.99, 0.99, 1.2]))  # a converter is overdriven now and then
    if peak > most:
        shrink = np.float32(most / peak)
        mic, kept, near, television = mic * shrink, kept * shrink, near * shrink, television * shrink
    mic = np.round(np.clip(mic, -1, 1) * 32767).astype(np.float32) / np.float32(32768)
    ref = np.round(np.clip(ref, -1, 1) * 32767).astype(np.float32) / np.float32(32768)
    return Scene(mic, ref, kept, near, television, story)


def _said(corpus: Corpus, random: Random, seconds: float, gap_s: tuple[float, float]) -> Samples:
    """One talker's recordings one after the other, each at its own level, with gaps."""
    names = sorted(corpus.talkers)
    recordings = corpus.talkers[names[int(random.integers(len(names)))]]
    voice = colour(random, 2.0, 30.0)
    whole = np.zeros(int(seconds * HEARING_RATE), np.float32)
    place = 0
    while place < len(whole):
        one = recordings[int(random.integers(len(recordings)))].astype(np.float32) / np.float32(32768)
        one *= _gain(one, float(random.normal(-25, 2)))
        piece = one[: len(whole) - place]
        whole[place : place + len(piece)] = piece
        place += len(piece) + int(random.uniform(*gap_s) * HEARING_RATE)
    return filtered(whole, voice)


def _played(corpus: Corpus, random: Random) -> Samples:
    """12 s of a piece of music."""
    piece = corpus.music[int(random.integers(len(corpus.music)))]
    if len(piece) <= _SAMPLES:
        piece = np.tile(piece, _SAMPLES // len(piece) + 1)
    first = int(random.integers(len(piece) - _SAMPLES + 1))
    return piece[first : first + _SAMPLES].astype(np.float32) / np.float32(32768)


def _tones(random: Random) -> Samples:
    """Alarms and chimes: chords with an attack and a decay."""
    at = np.arange(_SAMPLES) / HEARING_RATE
    whole = np.zeros(_SAMPLES, np.float32)
    every = random.uniform(0.3, 2.0)
    for begins in np.arange(random.uniform(0, 1), SECONDS, every):
        hz = random.uniform(250, 3500, int(random.integers(1, 4)))
        envelope = np.exp(-np.maximum(at - begins, 0) / random.uniform(0.05, 0.5)) * (at >= begins)
        whole += (np.sin(2 * np.pi * hz[:, None] * at).sum(axis=0) * envelope).astype(np.float32)
    return whole


def _reference(corpus: Corpus, random: Random, story: dict[str, float | str]) -> Samples:
    kind = str(random.choice(_FAR))
    story["far"] = kind
    if kind == "speech":
        ref = _said(corpus, random, SECONDS, (0.0, 0.5))
    elif kind == "music":
        ref = _played(corpus, random)
    elif kind == "both":
        speech = _said(corpus, random, SECONDS, (0.0, 1.0))
        music = _played(corpus, random)
        ref = speech + music * _gain(music, -25 - float(random.uniform(0, 12)))
    else:
        ref = _tones(random)
    ref *= _gain(ref, float(random.uniform(-34, -13)))
    if random.random() < 0.3:  # begins late, or is silent for a while: nothing at all is played then
        first = int(random.uniform(0, 2.5) * HEARING_RATE)
        ref[:first] = 0
    if random.random() < 0.3:
        first = int(random.uniform(2, SECONDS - 2) * HEARING_RATE)
        ref[first : first + int(random.uniform(0.3, 3) * HEARING_RATE)] = 0
    if random.random() < 0.15:
        ref *= _step(random, 10 ** (float(random.uniform(-14, 14)) / 20))
    return np.clip(ref, -1, 1).astype(np.float32)


def _step(random: Random, factor: float, over_s: tuple[float, float] = (0.01, 0.3)) -> Samples:
    """1 up to some moment, `factor` after it."""
    begins = random.uniform(2, SECONDS - 2)
    at = np.arange(_SAMPLES) / HEARING_RATE
    done = np.clip((at - begins) / random.uniform(*over_s), 0, 1)
    return (1 + (factor - 1) * done).astype(np.float32)


def _echo(ref: Samples, path: Samples, moved: Samples, random: Random, story: dict[str, float | str]) -> Samples:
    ppm = float(random.uniform(-300, 300)) if random.random() < 0.25 else 0.0
    delay: npt.NDArray[np.float64] = np.full(_SAMPLES, float(int(random.uniform(0, 0.3) * HEARING_RATE)))
    delay += np.arange(_SAMPLES) * ppm * 1e-6
    if random.random() < 0.05:
        delay += random.uniform(-0.04, 0.06) * HEARING_RATE * (_step(random, 2.0, (0.001, 0.002)) - 1)
    strength = float(random.choice([0.0, random.uniform(0, 0.4), random.uniform(0, 1.0)], p=[0.3, 0.4, 0.3]))
    air = loudspeaker(random, later(ref, np.maximum(delay, 0)), strength)
    echo = filtered(air, path)
    story |= {"ppm": round(ppm, 1), "strength": round(strength, 2), "delay_ms": round(float(delay[0]) / 16, 1)}
    if random.random() < 0.18:
        blend = _step(random, 2.0, (0.02, 1.0)) - 1
        echo += blend * (filtered(air, moved) - echo)
        story["path"] = "changes"
    if random.random() < 0.08:
        echo *= _step(random, 10 ** (float(random.uniform(-12, 12)) / 20))
        story["volume"] = "changes"
    return echo


def _near(corpus: Corpus, random: Random, path: Samples, story: dict[str, float | str]) -> Samples:
    """The person, where there is one, and what a person does besides: coughs, clicks, knocks."""
    kind = str(random.choice(_NEAR))
    story["near"] = kind
    dry = np.zeros(_SAMPLES, np.float32)
    if kind == "one burst":
        first = int(random.uniform(0, SECONDS - 3) * HEARING_RATE)
        said = _said(corpus, random, float(random.uniform(0.4, 3)), (0.05, 0.4))
        dry[first : first + len(said)] = said
    elif kind == "from then on":
        first = int(random.uniform(0, 0.6 * SECONDS) * HEARING_RATE)
        dry[first:] = _said(corpus, random, SECONDS, (0.0, 0.6))[: _SAMPLES - first]
    elif kind == "now and then":
        said = _said(corpus, random, SECONDS, (0.5, 3.0))
        first = int(random.uniform(0, 3) * HEARING_RATE)
        dry[first:] = said[: _SAMPLES - first]
    if random.random() < 0.25:
        for _ in range(int(random.integers(1, 5))):
            knock = _knock(random)
            first = int(random.integers(_SAMPLES - len(knock)))
            dry[first : first + len(knock)] += knock
    return filtered(dry, path)


def _knock(random: Random) -> Samples:
    """A click, a knock, a cough: coloured noise that dies in 2 to 150 ms."""
    length = float(np.exp(random.uniform(np.log(0.002), np.log(0.15))))
    at = np.arange(int(4 * length * HEARING_RATE) + 1) / HEARING_RATE
    burst = random.standard_normal(len(at)) * np.exp(-at / length) * np.minimum(at / (0.2 * length), 1)
    sound = filtered(burst.astype(np.float32), colour(random, 8.0, 150.0))
    return sound / np.float32(np.abs(sound).max() + 1e-9) * np.float32(10 ** (random.uniform(-30, -8) / 20))


def _television(corpus: Corpus, random: Random, path: Samples, story: dict[str, float | str]) -> Samples:
    draw = random.random()
    if draw > 0.1:
        return np.zeros(_SAMPLES, np.float32)
    story["room"] = "music" if draw < 0.05 else "television"
    dry = _played(corpus, random) if draw < 0.05 else _said(corpus, random, SECONDS, (0.0, 0.8))
    return filtered(dry, path)


def _noise(random: Random) -> Samples:
    """Of any colour; half of it comes and goes a little."""
    spectrum = np.fft.rfft(random.standard_normal(_SAMPLES))
    hz = np.fft.rfftfreq(_SAMPLES, 1 / HEARING_RATE)
    spectrum *= np.maximum(hz, 30) ** -float(random.uniform(0, 1.2))
    noise = filtered(np.fft.irfft(spectrum, _SAMPLES).astype(np.float32), colour(random, 3.0, 20.0))
    if random.random() < 0.5:
        curve = np.cumsum(random.normal(0, 1, int(SECONDS * 4) + 1))
        curve = 10 ** ((curve - curve.mean()) / 20)
        noise *= np.interp(np.arange(_SAMPLES), np.arange(len(curve)) * HEARING_RATE / 4, curve).astype(np.float32)
    if random.random() < 0.25:
        noise += _hum(random) * np.float32(rms(noise) * 10 ** (random.uniform(-6, 20) / 20))
    return noise


def _hum(random: Random) -> Samples:
    """Of the mains, a fridge, a fan: harmonics that stay where they are. Level 1."""
    at = np.arange(_SAMPLES) / HEARING_RATE
    base_hz = float(random.choice([50.0, 60.0, 100.0, 120.0, random.uniform(80, 400)]))
    hum = np.zeros(_SAMPLES)
    for harmonic in range(1, int(random.integers(2, 20)) + 1):
        if harmonic * base_hz < 7500:
            strength = random.uniform(0.1, 1) * harmonic ** -float(random.uniform(0.3, 1.5))
            hum += strength * np.sin(2 * np.pi * (harmonic * base_hz * at + random.random()))
    return (hum / (rms(hum.astype(np.float32)) + 1e-9)).astype(np.float32)


def _noise_level(random: Random) -> float:
    return float(random.uniform(-80, -50) if random.random() < 0.7 else random.uniform(-55, -35))
