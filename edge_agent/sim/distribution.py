"""What a survey is drawn from: rooms, machines, people and what they do, and why each is as likely as it is.

Law: data, and the drawing of it. Nothing here was chosen by how the device fares. Every factor is drawn from a stream
of its own, made of the survey's seed, the scenario's number and the factor's name: a scenario does not depend on how
many are drawn, nor on factors that come later.
Sound pressure levels in dB SPL; `draft.py` turns them into dBFS: 90 dB SPL is full scale, give or take `setup_db`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.sim.chance import Chance, Choice, LogNormal, LogUniform, Normal, Uniform, Value

FULL_SCALE_DB = 90.0

SHORT = (  # "|": where one may stop to think; each has an answer that the built-in assistant knows
    "what time|is it",
    "what day|is it today",
    "tell me|a joke",
    "set the volume|to fifty percent",
    "what is twelve|plus thirty",
    "set a timer|for ten minutes",
    "how are you|today",
    "what is|your name",
)
LONG = ("tell me|a story", "what can|you do", "what do you|store")  # answers long enough to be interrupted

VOICES: Mapping[Value, float] = {
    **{"flite:rms": 3, "flite:slt": 3, "flite:awb": 3, "flite:kal16": 2},
    **{"festival:cmu_us_slt_arctic_hts": 1, "festival:kal_diphone": 1},
    **{"espeak-ng:mb-us1": 1, "espeak-ng:mb-us2": 1, "espeak-ng:mb-en1": 1, "espeak-ng:en-us": 1, "espeak-ng:en-gb": 1},
}
FAULTS: Mapping[Value, float] = {  # in the syntax of `local.fault`
    **{"none": 88, "drop": 3, "offline,for_s=3": 2, "stall,for_s=2": 2, "delay,for_s=8,value=300,jitter_ms=200": 1},
    **{"burst,for_s=8,value=500": 1, "error,value=server_error": 1, "failed": 1, "expire": 1},
}


@dataclass(frozen=True, slots=True)
class Factor:
    """why: a source, or that it is an assumption and what for."""

    name: str
    meaning: str
    chance: Chance
    why: str


_PEARSONS = "Pearsons, Bennett & Fidell, Speech Levels in Various Noise Environments, EPA-600/1-77-025 (1977)"
_PAUSES = (
    "Campione & Véronis (Speech Prosody 2002): pauses of 200 ms to 1 s are the usual ones, longer ones are not rare"
)

FACTORS = (
    Factor("length_m", "the room's length, m", Uniform(3.2, 8.0), "assumption: kitchens to large living rooms"),
    Factor("width_m", "its width, m", Uniform(2.6, 5.5), "assumption: as its length"),
    Factor("height_m", "its height, m", Uniform(2.3, 3.0), "building codes' usual minimum, to old houses"),
    Factor(
        "rt60_s",
        "reverberation time, s",
        LogNormal(0.42, 1.35, 0.18, 1.0),
        "furnished living rooms: 0.35 to 0.45 s in 16 (BBC), 0.4 to 0.69 s in 50 (Jackson & Leventhall), both in "
        "Everest, Master Handbook of Acoustics; the tail is kitchens and halls",
    ),
    Factor("mic_x_m", "the device from the short wall, m", Uniform(0.3, 1.2), "assumption: on a shelf or a table"),
    Factor("mic_y", "its place along that wall, share", Uniform(0.2, 0.8), "assumption"),
    Factor("mic_z_m", "its height, m", Uniform(0.7, 1.2), "furniture"),
    Factor("talker_m", "the person's distance, m", LogUniform(0.5, 4.0), "assumption: at the table to across the room"),
    Factor("voice_db", "voice, dB SPL at 1 m", Normal(60.0, 4.0, 52.0, 70.0), f"casual to raised voices; {_PEARSONS}"),
    Factor("setup_db", "the microphone's gain, dB off", Uniform(-6.0, 6.0), "assumption: set up by hand"),
    Factor("noise_db", "steady noise, dB SPL", Uniform(28.0, 45.0), "WHO (1999) advises 35 dB indoors; " + _PEARSONS),
    Factor(
        "background",
        "what else sounds",
        Choice({"none": 50, "tv": 18, "music": 16, "fan": 10, "hum": 6}),
        "assumption: half of the time nothing does",
    ),
    Factor("background_db", "its level at the device, dB SPL", Uniform(42.0, 60.0), "a quiet radio, to a film"),
    Factor("background_m", "its distance, m", Uniform(1.2, 4.0), "assumption"),
    Factor("voice", "who speaks", Choice(VOICES), "what is installed, the most natural more often: no people"),
    Factor("mics", "microphones", Choice({1: 60, 2: 30, 4: 10}), "USB speakerphones, sound hats, arrays"),
    Factor(
        "mic_noise_db", "a microphone's own noise, dB SPL", Uniform(24.0, 34.0), "data sheets: 60 to 70 dB below 94 dB"
    ),
    Factor("speaker_m", "the loudspeaker's distance, m", LogUniform(0.08, 0.5), "in one case, or beside it"),
    Factor("speaker_db", "how loud it is set, dB off a desk speaker", Normal(0.0, 4.0, -10.0, 8.0), "assumption"),
    Factor(
        "clipping",
        "the amplifier's distortion (`loudspeaker.py`)",
        Choice({0: 60, 0.5: 15, 1: 15, 2: 10}),
        "assumption: most are not driven to their end",
    ),
    Factor("excursion", "the cone's", Choice({0: 50, 0.2: 25, 0.4: 15, 0.7: 10}), "assumption: small cones move far"),
    Factor("clocks", "microphone and loudspeaker run on", Choice({"one": 50, "two": 50}), "a hat, or two USB devices"),
    Factor("drift_ppm", "two clocks apart, ppm", Normal(0.0, 40.0, -150.0, 150.0), "crystals of 20 to 100 ppm"),
    Factor("delay_ms", "the sound card's loop, ms", LogUniform(15.0, 200.0), "a hat with short buffers, to USB hubs"),
    Factor("slips_per_min", "samples lost silently, a minute", Choice({0: 93, 1: 4, 6: 3}), "assumption: bad USB hubs"),
    Factor("moved", "somebody moves the device", Choice({"no": 95, "yes": 5}), "assumption"),
    Factor("moved_s", "when, s", Uniform(5.0, 15.0), "assumption"),
    Factor("model_ms", "the server's thinking, ms", LogNormal(600.0, 1.6, 150.0, 3000.0), "assumption: hosted models"),
    Factor("fault", "what breaks on the line", Choice(FAULTS), "assumption: more often than it should"),
    Factor("fault_s", "when, s", Uniform(3.0, 16.0), "assumption: in the midst of it"),
    Factor("start_s", "when the person begins, s", Uniform(1.0, 3.0), "of no importance"),
    Factor(
        "opening",
        "the call",
        Choice({"one breath": 35, "run together": 15, "pause": 25, "press": 25}),
        "assumption: most people do not wait for a sign, and a name one calls is set off (a comma for the "
        "synthesiser); some run it into the question; some use the button",
    ),
    Factor("gap_s", "between the wake word and the question, s", LogUniform(0.25, 1.8), "those who do wait"),
    Factor("hesitates", "stops to think in the question", Choice({"no": 80, "yes": 20}), "assumption"),
    Factor("pause_s", "for so long, s", LogNormal(0.55, 1.7, 0.15, 2.0), _PAUSES),
    Factor("question", "what is asked, if it may be short", Choice(dict.fromkeys(SHORT, 1)), "the language pack"),
    Factor("long_question", "what is asked, if it will be interrupted", Choice(dict.fromkeys(LONG, 1)), "as above"),
    Factor(
        "then",
        "then the person",
        Choice({"interrupts": 40, "stops it by a press": 8, "follows up": 26, "is silent": 26}),
        "assumption: interruptions more often than people do, as they are the hard part",
    ),
    Factor("interrupt_s", "so long into the reply, s", Uniform(0.6, 5.0), "assumption"),
    Factor("louder_db", "louder by, dB", Uniform(0.0, 6.0), "one speaks up against a voice (Lombard)"),
    Factor("second_question", "what is asked then", Choice(dict.fromkeys(SHORT, 1)), "as above"),
    Factor("follow_s", "so long after the reply, s", Uniform(0.3, 4.0), "assumption: within the device's 6 s"),
    Factor("mutes", "mutes it, speaks, unmutes it", Choice({"no": 88, "yes": 12}), "assumption"),
    Factor("probe", "what is asked in the end", Choice(dict.fromkeys(SHORT, 1)), "as above"),
)


def drawn(
    seed: int, number: int, voices: Sequence[str], factors: Sequence[Factor] = FACTORS, part: str = ""
) -> dict[str, Value]:
    """All that makes the scenario `number` (from 1) of the survey `seed`, by factor. voices: those of VOICES that are
    installed, at least one; the others' share goes to them.  part: of a scenario, where each is drawn for itself."""
    chances = {factor.name: _of_those_here(factor.chance, voices) for factor in factors}
    return {name: chance.draw(_stream(seed, number, part + name)) for name, chance in chances.items()}


def _of_those_here(chance: Chance, voices: Sequence[str]) -> Chance:
    """A choice of voices without those that are not installed."""
    if not isinstance(chance, Choice) or not set(VOICES) & set(chance.weights):
        return chance
    return Choice({name: weight for name, weight in chance.weights.items() if name in voices or name not in VOICES})


def scenario_seed(seed: int, number: int) -> int:
    """Of the scenario's own noise and places."""
    return zlib.crc32(f"{seed}/{number}".encode())


def _stream(seed: int, number: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, number, zlib.crc32(name.encode())])
