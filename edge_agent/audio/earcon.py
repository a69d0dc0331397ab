"""The device's own short sounds, computed once at start: no files, no licence.

Law: a table of names to samples; nothing is played here. 24 kHz, float32, peak at most PEAK. Every sound begins and
ends in silence, so it can be mixed in and cut off nowhere. `dialogue` asks for them by these names.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import WIRE_RATE, Samples

PEAK = 0.35  # of full scale: as loud as a reply's voice, 9 dB below clipping, so voice and earcon together fit
ATTACK_MS = 6  # soft enough not to click
DECAY_MS = 30
OVERTONES = ((1, 1.0), (2, 0.35), (3, 0.12))  # multiple, level: a struck bar rather than a test tone
SWEEP_HZ = (180.0, 8500.0)  # the start sound covers what the echo filter must learn
SWEEP_MS = 600

# name: the notes, each (start ms, pitch Hz, length ms)
NOTES: dict[str, tuple[tuple[int, float, int], ...]] = {
    "wake": ((0, 880.0, 90), (60, 1318.5, 120)),  # rising: I am listening
    "dismissed": ((0, 1046.5, 90), (70, 784.0, 130)),  # falling: never mind
    "mute": ((0, 587.3, 90), (80, 392.0, 130)),
    "unmute": ((0, 392.0, 90), (80, 587.3, 130)),
    "error": ((0, 311.1, 110), (120, 293.7, 130)),  # low and close: something is wrong
    "lost": ((0, 659.3, 90), (75, 523.3, 90), (150, 415.3, 100)),  # walking away
    "working": ((0, 523.3, 110), (90, 523.3, 110)),  # two soft taps on one note: it is being worked on
    "ready": ((0, 659.3, 110), (70, 830.6, 110), (140, 987.8, 110)),  # a chord, opened
}
# A broken chord that rises, twice, the second time higher: like no other sound of the device, and heard in a kitchen.
ALARM = (
    *((0, 659.3, 220), (130, 784.0, 220), (260, 987.8, 220), (390, 1318.5, 260)),
    *((620, 784.0, 220), (750, 987.8, 220), (880, 1174.7, 220), (1010, 1568.0, 300)),
)
SOFT_DB = {"working": -10.0}  # below the others: it answers nobody's question


def synthesise() -> dict[str, Samples]:
    """Every earcon by name, shape (n,): 60 to 250 ms each, `start` 600 ms and wide-band, `alarm` 1.3 s."""
    sounds = {name: _melody(notes) for name, notes in NOTES.items()}
    for name, lower_db in SOFT_DB.items():
        sounds[name] *= np.float32(10 ** (lower_db / 20))
    sounds["start"], sounds["alarm"] = _start(), _melody(ALARM)
    return sounds


def _melody(notes: tuple[tuple[int, float, int], ...]) -> Samples:
    total = max(start + length for start, _, length in notes)
    sound = np.zeros(total * WIRE_RATE // 1000)
    for start, pitch, length in notes:
        note = _note(pitch, length)
        at = start * WIRE_RATE // 1000
        sound[at : at + len(note)] += note
    return _levelled(sound)


def _note(pitch: float, length_ms: int) -> Samples:
    t = np.arange(length_ms * WIRE_RATE // 1000) / WIRE_RATE
    tone = sum((level * np.sin(2 * np.pi * pitch * multiple * t) for multiple, level in OVERTONES), np.zeros_like(t))
    return np.asarray(tone * np.exp(-3.0 * t / t[-1]) * _envelope(len(t)), dtype=np.float32)


def _start() -> Samples:
    """A chord under a logarithmic sweep (Farina 2000): pleasant, and it excites every band of the echo path."""
    t = np.arange(SWEEP_MS * WIRE_RATE // 1000) / WIRE_RATE
    low, high = SWEEP_HZ
    rate = t[-1] / np.log(high / low)
    sweep = np.sin(2 * np.pi * low * rate * (np.exp(t / rate) - 1))
    chord = sum((np.sin(2 * np.pi * pitch * t) for pitch in (440.0, 554.4, 659.3)), np.zeros_like(t))
    sound = (sweep + 0.4 * chord * np.exp(-2.5 * t / t[-1])) * _envelope(len(t))
    return _levelled(sound)


def _envelope(count: int) -> Samples:
    """Raised-cosine ends, flat between: (count,) from 0 to 0."""
    shape = np.ones(count)
    attack = ATTACK_MS * WIRE_RATE // 1000
    decay = DECAY_MS * WIRE_RATE // 1000
    shape[:attack] = 0.5 - 0.5 * np.cos(np.pi * np.arange(attack) / attack)
    shape[count - decay :] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, decay + 1) / decay)
    return shape.astype(np.float32)


def _levelled(sound: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Samples:
    return np.asarray(sound * (PEAK / np.abs(sound).max()), dtype=np.float32)
