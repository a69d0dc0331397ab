"""A scene of a survey of playback: the scenario file for what was drawn.

Law: values in, TOML text out. Levels are relative to the device's own voice at the microphone, so that voice is
computed here, out of the very room that the scene will have. Each talker is named after what they do, and at which
SER: the judge (`playback_judge.py`) goes by that.

The story: a press and a few words open the first turn, and one each time the device is at rest again; it answers at
length. Whatever somebody does, they do in one reply after the other, or, where the last thing left the reply alone,
in the same one. Beside that the room goes on as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edge_agent.audio.format import HEARING_RATE
from edge_agent.audio.volume import gain_of
from edge_agent.sim.chance import Value
from edge_agent.sim.distribution import FULL_SCALE_DB, drawn
from edge_agent.sim.draft import arriving_dbfs, fitting, mic_of, size_of, table_text
from edge_agent.sim.passages import heard
from edge_agent.sim.playback_distribution import (
    AGREES,
    CALLS_IT,
    EACH,
    HAPPENINGS,
    INTERRUPTS,
    NOISY,
    PASSAGES,
    SCENE,
    SCENE_S,
)
from edge_agent.sim.playback_texts import NAMING, REPLIES
from edge_agent.sim.room import echo_response
from edge_agent.sim.scenario_room import RoomSettings
from edge_agent.sim.voice import active_level_dbfs

Facts = Mapping[str, Any]

OPENS = "asks"
START_S, REST_S, OPENING_S = 0.7, 0.4, 0.35  # the first press; from rest to a press; from a press to the words
_OPENER_DBFS = -28.0
_LOUDEST_ECHO_DBFS = -13.0  # above it the converter clips, and no canceller can help: the owner turns it down
_LOUDEST_DBFS = -9.0
_OVER_NOISE_DB, _OVER_BACKGROUND_DB = 6.0, 0.0  # a person speaks up over what else sounds, or would not be heard at all
_QUIETEST_VOICE_DB = 52.0  # SPL at 1 m: below it one does not speak to somebody (Pearsons: casual, less two deviations)
_ECHO_S = 8.0  # of the first reply, to measure its level
_SENTENCES = (4, 8)  # of a reply: 12 to 25 s


def facts_of(seed: int, number: int, own_seed: int, voices: Sequence[str]) -> dict[str, Any]:
    """What scene `number` (from 1) of the survey `seed` is made of, and what follows from it, under names of its own.

    echo_dbfs: the device's own voice at the microphone.  happenings: what somebody does, in order, each with ser_db as
    it can be in this room.
    Raises VoiceError, SpeechError.
    """
    facts: dict[str, Any] = dict(drawn(seed, number, voices, SCENE))
    facts["drift_ppm"] = facts["drift_ppm"] if facts["clocks"] == "two" else 0.0
    facts["volume"] = round(float(facts["volume"]))
    facts |= fitting(facts, own_seed)
    facts["around_m"] = min(facts["around_m"], max(facts["talker_m"], facts["background_m"]))
    facts["passages"] = _passages(facts, np.random.default_rng([own_seed, 0x90]))
    echo = _echo_dbfs(facts, own_seed)
    down = max(0.0, echo - _LOUDEST_ECHO_DBFS)
    facts["speaker_db"] = round(facts["speaker_db"] - down, 2)
    facts["echo_dbfs"] = round(echo - down, 1)
    happenings = [drawn(seed, number, voices, EACH, f"{index}/") for index in range(HAPPENINGS)]
    facts["happenings"] = [_fitted(facts, each) for each in happenings] if facts["company"] == "yes" else []
    return facts


def scene_text(facts: Facts, number: int, seed: int, engine: str, recordings: Sequence[str] = ()) -> str:
    """The file. seed: of the scene's own noise and places.  engine: of the echo stage.  recordings: WAV files of people
    who interrupt in place of synthetic voices."""
    shown = {key: value for key, value in facts.items() if key not in ("passages", "happenings")}
    comment = "".join(f"# {name} = {value}\n" for name, value in shown.items())
    top = f"# scene {number} of a survey of playback, from:\n{comment}seed = {seed}\nduration_s = {SCENE_S:g}\n"
    provider = {"model_delay_ms": facts["model_ms"], "voice": facts["reply_voice"], "passages": facts["passages"]}
    tables = [
        top,
        table_text("room", _room(facts)),
        table_text("provider", provider),
        table_text("config.audio", {"volume": facts["volume"]}),
        table_text("config.echo", {"engine": engine}),
        table_text("config.turn", {"follow_up_s": 0}),
    ]
    if facts["background"] != "none":
        sound = {"kind": facts["background"], "m": facts["background_m"]}
        tables.append(table_text("[background]", {**sound, "level_dbfs": _background_dbfs(facts)}))
    if facts["moved"] == "yes":
        x, y, z = mic_of(facts)
        moved = {"at_s": facts["moved_s"], "over_s": 0.8, "mic_m": [round(x + 0.25, 2), y, z]}
        tables.append(table_text("[change]", {**moved, "name": "somebody moves the device"}))
    tables += [table_text("[cue]", cue) for cue in (*_company(facts, seed, recordings), *_opening(facts))]
    return "\n".join(tables)


def named(what: str, ser_db: float) -> str:
    """Who it is, for the log and the judge."""
    return f"{what}, {ser_db:+.1f} dB"


def read_name(name: str) -> tuple[str, float]:
    """The inverse of `named`; somebody else's SER is not a number."""
    what, _, level = name.partition(", ")
    return what, float(level.removesuffix(" dB")) if level.endswith(" dB") else math.nan


def _company(facts: Facts, seed: int, recordings: Sequence[str]) -> list[dict[str, Any]]:
    """A cue for each happening: in the next reply, or behind the one before, if that left the reply alone."""
    cues: list[dict[str, Any]] = []
    before = ""
    random = np.random.default_rng([seed, 0x91])
    for each in facts["happenings"]:
        what = str(each["what"])
        same_reply = before in (AGREES, *NOISY)
        when = {"after": "talk", "delay_s": each["later_s"]} if same_reply else {"after": "first_sample"}
        when = when if same_reply else {**when, "delay_s": each["after_s"]}
        cue = {"kind": "talk", "name": named(what, each["ser_db"]), **when, "level_dbfs": each["level_dbfs"]}
        if what in NOISY:
            cue |= {"sound": NOISY[what], "seed": int(random.integers(2**31)), "m": facts["around_m"]}
        elif what == INTERRUPTS and recordings:
            cue["wav"] = recordings[int(random.integers(len(recordings)))]
        else:
            said = {INTERRUPTS: each["says"], CALLS_IT: each["call"], AGREES: each["agreement"]}[what]
            cue |= {"text": said, "voice": facts["voice"]}
        cues.append(cue)
        before = what
    return cues


def _opening(facts: Facts) -> list[dict[str, Any]]:
    words = {"kind": "talk", "name": OPENS, "text": facts["opener"], "voice": facts["voice"]}
    return [
        {"kind": "press", "at_s": START_S},
        {"kind": "press", "after": "idle", "always": True, "delay_s": REST_S},
        {**words, "after": "press", "always": True, "delay_s": OPENING_S, "level_dbfs": _OPENER_DBFS},
    ]


def _passages(facts: Facts, random: np.random.Generator) -> list[str]:
    found = []
    for number in range(PASSAGES):
        chosen = random.choice(len(REPLIES), int(random.integers(*_SENTENCES)), replace=False).tolist()
        sentences = [REPLIES[index] for index in chosen]
        if facts["names_itself"] == "yes" and number % 2 == 0:
            sentences.insert(int(random.integers(len(sentences))), NAMING[int(random.integers(len(NAMING)))])
        found.append(" ".join(sentences))
    return found


def _fitted(facts: Facts, each: Mapping[str, Value]) -> dict[str, Any]:
    """A level that a person would choose, near to the one drawn: over the noise, and no whisper."""
    least = _noise_dbfs(facts) + _OVER_NOISE_DB
    if each["what"] not in NOISY:
        least = max(least, arriving_dbfs(facts, _QUIETEST_VOICE_DB))
    if facts["background"] != "none":
        least = max(least, _background_dbfs(facts) + _OVER_BACKGROUND_DB)
    level = min(_LOUDEST_DBFS, max(least, facts["echo_dbfs"] + float(each["ser_db"])))
    return {**each, "level_dbfs": round(level, 1), "ser_db": round(level - facts["echo_dbfs"], 1)}


def _echo_dbfs(facts: Facts, seed: int) -> float:
    settings = {**_room(facts), "size_m": size_of(facts), "mic_m": mic_of(facts)}
    response = echo_response(RoomSettings(**settings), seed)
    reply = heard(facts["passages"][0], str(facts["reply_voice"]))[: int(_ECHO_S * HEARING_RATE)]
    size = len(reply) + len(response)
    echo = np.fft.irfft(np.fft.rfft(reply, size) * np.fft.rfft(response, size), size).astype(np.float32)
    return active_level_dbfs(echo * np.float32(gain_of(facts["volume"])))


def _noise_dbfs(facts: Facts) -> float:
    return round(float(facts["noise_db"]) - FULL_SCALE_DB, 1)


def _background_dbfs(facts: Facts) -> float:
    return round(float(facts["background_db"]) - FULL_SCALE_DB, 1)


def _room(facts: Facts) -> dict[str, Any]:
    return {
        "size_m": list(size_of(facts)),
        "rt60_s": facts["rt60_s"],
        "mic_m": list(mic_of(facts)),
        "mic_noise_dbfs": round(facts["mic_noise_db"] - FULL_SCALE_DB, 1),
        "talker_m": facts["talker_m"],
        "speaker_m": facts["speaker_m"],
        "speaker_gain_db": facts["speaker_db"],
        "noise_dbfs": _noise_dbfs(facts),
        "clipping": facts["clipping"],
        "excursion": facts["excursion"],
        "drift_ppm": facts["drift_ppm"],
        "delay_ms": facts["delay_ms"],
        "slips_per_min": facts["slips_per_min"],
    }
