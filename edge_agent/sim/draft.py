"""A scenario file for what was drawn: the room, the machine, and the story in it.

Law: values in, TOML text out. What a person says at a fixed time is timed by how long it takes them, so the voices are
asked. Each talker is named after what they are doing (`ASKS` and so on): the judge (`outcomes.py`) goes by that.

The story: a call and a question, perhaps with a pause to think in it; perhaps an interruption or a second question,
perhaps a mute; in the end, in a room where nothing else sounds any more, a press and one more question, which any
device that is not stuck must answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from edge_agent.audio.format import HEARING_RATE
from edge_agent.local.faults.fault import parsed
from edge_agent.sim.acoustics import critical_distance_m
from edge_agent.sim.chance import Value
from edge_agent.sim.distribution import FULL_SCALE_DB, VOICES
from edge_agent.sim.layout import LayoutError, lay_out
from edge_agent.sim.scenario_room import RoomSettings
from edge_agent.sim.voice import VoiceError, synthesise

CALLS, BEGINS, ASKS, INTERRUPTS, FOLLOWS, MUTED, PROBES = ROLES = (
    *("calls", "begins to ask", "asks", "interrupts", "asks on", "speaks while muted", "asks in the end"),
)
CALL = "hey jarvis"
PRESS_S = 0.6  # from a press to the question
_FIRST_ACT_S = {"is silent": 12.0, "follows up": 20.0, "interrupts": 20.0, "stops it by a press": 16.0}
_LOUDEST_DBFS, _QUIETEST_DBFS = -6.0, -75.0
_FACING_DB = 3.0  # `room.py`: what a mouth sends ahead more than all around

Facts = Mapping[str, Any]


def installed() -> list[str]:
    """Those of the voices that can speak here."""
    return [str(voice) for voice in VOICES if _speaks(str(voice))]


def facts_of(drawn: Mapping[str, Value], seed: int) -> dict[str, Any]:
    """What was drawn, made to fit: a place in the room; and what follows from it, under names of its own.

    level_dbfs, snr_db: the person at the device, and over all noise.  own_voice_db: the device's own voice there, over
    the person's, for a reply at -20 dBFS.
    """
    facts: dict[str, Any] = dict(drawn)
    facts["mics"] = int(facts["mics"])
    facts["drift_ppm"] = facts["drift_ppm"] if facts["clocks"] == "two" else 0.0
    facts |= fitting(facts, seed)
    person = arriving_dbfs(facts, facts["voice_db"])
    facts["level_dbfs"] = round(min(_LOUDEST_DBFS, max(_QUIETEST_DBFS, person)), 1)
    sounds = [facts["noise_db"], facts["mic_noise_db"]]
    sounds += [facts["background_db"]] if facts["background"] != "none" else []
    around = 10.0 * math.log10(sum(10.0 ** (sound / 10.0) for sound in sounds)) - FULL_SCALE_DB
    facts["snr_db"] = round(person - around, 1)
    own = facts["speaker_db"] - 20.0 * math.log10(facts["speaker_m"] / 0.25)  # `room.py`: unity at 0.25 m
    facts["own_voice_db"] = round(own - 20.0 - person, 1)
    return facts


def arriving_dbfs(facts: Facts, voice_db: float) -> float:
    """How loud a voice of so many dB SPL at 1 m is at the device, from where the person is."""
    rc = critical_distance_m(size_of(facts), facts["rt60_s"])
    spread = 1.0 / facts["talker_m"] ** 2 + 10.0 ** (-_FACING_DB / 10.0) / rc**2  # Q / 4 pi r^2 + 4 / A
    return float(voice_db + 10.0 * math.log10(spread) - FULL_SCALE_DB)


def scenario_text(facts: Facts, number: int, seed: int) -> str:
    """The file. Raises VoiceError. seed: of the scenario's own noise and places."""
    story, quiet_s, end_s = _story(facts)
    tables = [_top(facts, number, seed, end_s), table_text("room", _room(facts))]
    tables.append(table_text("provider", {"model_delay_ms": facts["model_ms"]}))
    if facts["mics"] > 1:
        tables.append(table_text("config.audio", {"channels": facts["mics"]}))
    if facts["background"] != "none":
        sound = {"kind": facts["background"], "for_s": quiet_s, "m": facts["background_m"]}
        sound["level_dbfs"] = round(facts["background_db"] - FULL_SCALE_DB, 1)
        tables.append(table_text("[background]", sound))
    if facts["moved"] == "yes":
        x, y, z = mic_of(facts)
        moved = {"at_s": facts["moved_s"], "over_s": 0.8, "mic_m": [round(x + 0.25, 2), y, z]}
        tables.append(table_text("[change]", {**moved, "name": "somebody moves the device"}))
    tables += [table_text("[cue]", cue) for cue in story]
    return "\n".join(tables)


def _top(facts: Facts, number: int, seed: int, end_s: float) -> str:
    comment = "".join(f"# {name} = {value}\n" for name, value in facts.items())
    return f"# drawn as number {number}, from:\n{comment}seed = {seed}\nduration_s = {end_s:.2f}\n"


def _story(facts: Facts) -> tuple[list[dict[str, Any]], float, float]:
    """Cues; when everything but people falls silent; when the scenario ends. Seconds."""
    cues, at_s = _question(facts)
    cues += _reaction(facts)
    if facts["fault"] != "none":
        struck = parsed(str(facts["fault"]))
        told = {"for_s": struck.for_s, "value": struck.value, "jitter_ms": struck.jitter_ms or None}
        cues.append({"kind": "fault", "at_s": facts["fault_s"], "fault": struck.kind, **told})
    at_s += _FIRST_ACT_S[str(facts["then"])] + facts["model_ms"] / 1000.0
    if facts["mutes"] == "yes":
        cues.append({"kind": "mute", "at_s": at_s, "on": True})
        cues.append(_says(facts, MUTED, f"{CALL}, {_whole(facts['probe'])}", at_s=at_s + 1.2))
        cues.append({"kind": "mute", "at_s": at_s + 6.0, "on": False})
        at_s += 8.0
    cues.append({"kind": "press", "at_s": at_s + 2.0})
    last = _whole(facts["probe"])
    cues.append(_says(facts, PROBES, last, at_s=at_s + 2.0 + PRESS_S))
    end_s = at_s + 2.0 + PRESS_S + _length_s(facts, last) + facts["model_ms"] / 1000.0 + 9.0
    return cues, round(at_s, 2), end_s


def _question(facts: Facts) -> tuple[list[dict[str, Any]], float]:
    """The call and the first question, and when its last word is over."""
    long = facts["then"] in ("interrupts", "stops it by a press")
    asked = str(facts["long_question"] if long else facts["question"])
    parts = asked.split("|") if facts["hesitates"] == "yes" else [_whole(asked)]
    at_s = facts["start_s"]
    cues: list[dict[str, Any]] = []
    if facts["opening"] == "press":
        cues.append({"kind": "press", "at_s": at_s})
        at_s += PRESS_S
    elif facts["opening"] == "pause":
        cues.append(_says(facts, CALLS, CALL, at_s=at_s))
        at_s += _length_s(facts, CALL) + facts["gap_s"]
    else:
        parts[0] = f"{CALL}{',' if facts['opening'] == 'one breath' else ''} {parts[0]}"
    for part in parts:
        role = ASKS if part is parts[-1] else BEGINS
        cues.append(_says(facts, role, part, at_s=at_s))
        at_s += _length_s(facts, part) + (facts["pause_s"] if role == BEGINS else 0.0)
    return cues, at_s


def _reaction(facts: Facts) -> list[dict[str, Any]]:
    second = _whole(facts["second_question"])
    match facts["then"]:
        case "interrupts":
            cue = _says(facts, INTERRUPTS, second, after="first_sample", delay_s=facts["interrupt_s"])
            loud = facts["level_dbfs"] + facts["louder_db"]
            return [{**cue, "level_dbfs": round(min(_LOUDEST_DBFS, loud), 1)}]
        case "stops it by a press":
            return [{"kind": "press", "after": "first_sample", "delay_s": facts["interrupt_s"]}]
        case "follows up":
            return [_says(facts, FOLLOWS, second, after="drained", delay_s=facts["follow_s"])]
    return []


def _says(facts: Facts, role: str, text: str, **when: Any) -> dict[str, Any]:
    voice = {"voice": facts["voice"], "level_dbfs": facts["level_dbfs"]}
    return {"kind": "talk", "name": role, **when, "text": text, **voice}


def _length_s(facts: Facts, text: str) -> float:
    return len(synthesise(str(facts["voice"]), text)) / HEARING_RATE


def _whole(question: Any) -> str:
    return str(question).replace("|", " ")


def _speaks(voice: str) -> bool:
    try:
        return len(synthesise(voice, CALL)) > 0
    except VoiceError:
        return False


def _room(facts: Facts) -> dict[str, Any]:
    several = {"mic_gain_error_db": 1.0} if facts["mics"] > 1 else {}
    return {
        "size_m": list(size_of(facts)),
        "rt60_s": facts["rt60_s"],
        "mic_m": list(mic_of(facts)),
        "mics": facts["mics"],
        "mic_gain_db": [facts["setup_db"]] * facts["mics"],
        "mic_noise_dbfs": round(facts["mic_noise_db"] - FULL_SCALE_DB + facts["setup_db"], 1),
        **several,
        "talker_m": facts["talker_m"],
        "speaker_m": facts["speaker_m"],
        "speaker_gain_db": facts["speaker_db"],
        "noise_dbfs": round(facts["noise_db"] - FULL_SCALE_DB, 1),
        "clipping": facts["clipping"],
        "excursion": facts["excursion"],
        "drift_ppm": facts["drift_ppm"],
        "delay_ms": facts["delay_ms"],
        "slips_per_min": facts["slips_per_min"],
    }


def size_of(facts: Facts) -> tuple[float, float, float]:
    return facts["length_m"], facts["width_m"], facts["height_m"]


def mic_of(facts: Facts) -> tuple[float, float, float]:
    return facts["mic_x_m"], round(facts["width_m"] * facts["mic_y"], 2), facts["mic_z_m"]


def fitting(facts: Facts, seed: int) -> dict[str, float]:
    """Distances at which everybody stands in the room: shorter ones where there is no such place."""
    places = {key: float(facts[key]) for key in ("talker_m", "background_m")}
    while True:
        room = RoomSettings(
            size_m=size_of(facts), mic_m=mic_of(facts), speaker_m=facts["speaker_m"], talker_m=places["talker_m"]
        )
        try:
            lay_out(room, seed, (places["background_m"],))
        except LayoutError as error:
            key = "talker_m" if error.key == "talker_m" else "background_m"
            places[key] = round(0.9 * places[key], 2)
            continue
        return places


def table_text(name: str, values: Mapping[str, Any]) -> str:
    lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return f"[{name}]\n" + "".join(f"{line}\n" for line in lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value) if isinstance(value, int) else f"{value:.6g}"
