"""What else sounds in the room: a television, music, a fan, a hum, any recording; each from its place, over and over.

Law: which sound when, dry; where it comes from is the room's affair. The same seed gives the same evening. Shapes:
(sounds, 160) a block, float32 at 16 kHz, each at its level in its active parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge_agent.audio.format import BLOCKS_PER_S, HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.sim.microphones import pink_noise
from edge_agent.sim.music import music
from edge_agent.sim.scenario_sound import Background
from edge_agent.sim.voice import at_level, recording, synthesise

_LOOP_S = 8.0  # of what is the same all the time
_SHORTEST = HEARING_RATE // 5  # a loop's level cannot be told from less
_MAINS_HZ, _BLADES_HZ = 100.0, 87.0  # twice the mains' frequency; a fan of five blades at 1040 turns a minute
_BROADCASTERS = ("flite:rms", "flite:slt", "flite:awb", "flite:kal16")
_LINES = (  # what is said on television: no wake word is in it, nor anything like one
    "good evening and welcome to the nine o'clock news",
    "heavy rain is expected along the coast tonight, with strong winds from the west",
    "the minister declined to answer questions about the budget",
    "well, I never thought I would see you here again",
    "you could have told me before I drove all the way down",
    "and now over to our correspondent, who is outside the station",
    "thank you. The platform is crowded, and nobody knows when the next train leaves",
    "this week only, two for the price of one, while stocks last",
    "I am telling you, inspector, the window was open when I arrived",
    "nobody leaves this house until we have found the letter",
    "the home side scored twice in the last ten minutes",
    "what a goal, and the crowd cannot believe it",
    "add the onions, stir for five minutes, and let it rest",
    "after the break we will meet a man who has walked across the country backwards",
    "please do not go. There is something I have to say to you",
    "it was the coldest night in forty years, and the river had frozen over",
)


class Backgrounds:
    """The sounds of a scenario, in its order. Raises voice.VoiceError."""

    def __init__(self, sounds: Sequence[Background]) -> None:
        self._loops = [at_level(sound_of(sound), sound.level_dbfs) for sound in sounds]
        self._from = [round(sound.at_s * BLOCKS_PER_S) for sound in sounds]
        self._until = [
            None if sound.for_s is None else round((sound.at_s + sound.for_s) * BLOCKS_PER_S) for sound in sounds
        ]
        self._at = [0] * len(sounds)
        self._block = 0

    def __len__(self) -> int:
        return len(self._loops)

    def fill(self, rows: Samples) -> None:
        """The next 10 ms of each sound into its row (sounds, 160)."""
        for index, (loop, begins, ends) in enumerate(zip(self._loops, self._from, self._until, strict=True)):
            if self._block < begins or (ends is not None and self._block >= ends):
                rows[index] = 0.0
                continue
            at = self._at[index]
            piece = loop[at : at + HEARING_BLOCK]
            rows[index, : len(piece)] = piece
            rows[index, len(piece) :] = loop[: HEARING_BLOCK - len(piece)]
            self._at[index] = (at + HEARING_BLOCK) % len(loop)
        self._block += 1

    def skip(self, samples: int) -> None:
        """What plays goes on so many samples later, or, negative, earlier: a card has lost or repeated them."""
        for index, begins in enumerate(self._from):
            if self._block > begins:
                self._at[index] = (self._at[index] + samples) % len(self._loops[index])


def sound_of(sound: Background) -> Samples:
    """One round of it, dry, at no particular level; at least a block. Raises voice.VoiceError."""
    if sound.wav is not None:
        found = recording(sound.wav)
        return np.tile(found, -(-_SHORTEST // len(found)))
    random = np.random.default_rng([sound.seed, 0x60])
    if sound.kind == "tv":
        return _television(random)
    if sound.kind == "music":
        return music(sound.seed)
    time = np.arange(int(_LOOP_S * HEARING_RATE)) / HEARING_RATE
    hiss = pink_noise(-30.0, 1, random)[0, :-HEARING_BLOCK]
    if sound.kind == "noise":
        return hiss
    if sound.kind == "fan":
        blades = sum(np.sin(2 * np.pi * _BLADES_HZ * n * time) / n**1.5 for n in range(1, 6))
        return np.asarray(hiss[: len(time)] + 0.02 * blades, np.float32)
    hum = sum(np.sin(2 * np.pi * _MAINS_HZ * n * time + n) / n for n in (1, 2, 3, 5, 7))
    return np.asarray(0.1 * hum, np.float32)


def _television(random: np.random.Generator) -> Samples:
    """Voices that talk to each other, in an order of their own, with pauses as people make them."""
    pieces: list[Samples] = []
    for turn, line in enumerate(random.permutation(len(_LINES)).tolist()):
        voice = _BROADCASTERS[(turn + int(random.integers(0, 2))) % len(_BROADCASTERS)]
        pieces.append(at_level(synthesise(voice, _LINES[line]), -26.0 + float(random.uniform(-4.0, 2.0))))
        pieces.append(np.zeros(int(HEARING_RATE * random.uniform(0.2, 1.6)), np.float32))
    return np.concatenate(pieces)
