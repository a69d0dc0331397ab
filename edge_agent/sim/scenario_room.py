"""The room of a scenario file: `[room]`, and what changes in it, `[[change]]`.

Law: reading and judging these tables, nothing else. Metres, seconds, dB; a place is a distance from the microphones
(which way, the seed decides) or [x, y, z] in the room, from its lower left corner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

from edge_agent.sim.acoustics import rt60_of
from edge_agent.sim.layout import LayoutError, Place, Where, lay_out
from edge_agent.sim.toml_table import Table

ENGINES = ("builtin", "pyroomacoustics")
ARRAYS = ("line", "circle")


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """mic_m: the first microphone of a line (the others follow along y), the middle of a circle.
    mic_gain_db: one a microphone, or none.  mic_gain_error_db: standard deviation of a gain drawn for each.
    mic_noise_dbfs: each microphone's own noise, white; -120 is none.  dead_mics: which give nothing, from 1.
    clipping: of the amplifier, excursion: of the cone (`loudspeaker.py`).
    jitter_ms: in real time, blocks are handed over up to so much late.  slips_per_min: how often the card loses or
    repeats `slip_samples`, silently.
    """

    rt60_s: float = 0.4
    speaker_m: Where = 0.25
    talker_m: Where = 1.5
    noise_dbfs: float = -60.0
    clipping: float = 0.0
    drift_ppm: float = 0.0
    delay_ms: float = 40.0
    mics: int = 1
    engine: str = "builtin"
    size_m: Place = (6.0, 4.5, 2.7)  # a living room
    mic_m: Place = (1.0, 2.1, 0.9)  # on a sideboard, clear of every plane of symmetry
    array: str = "line"
    spacing_m: float = 0.058  # that of the two-microphone sound hats
    mic_gain_db: tuple[float, ...] = ()
    mic_gain_error_db: float = 0.0
    mic_noise_dbfs: float = -120.0
    dead_mics: tuple[int, ...] = ()
    speaker_gain_db: float = 0.0
    excursion: float = 0.0
    jitter_ms: float = 0.0
    slips_per_min: float = 0.0
    slip_samples: int = 32


@dataclass(frozen=True, slots=True)
class Change:
    """From at_s on, within over_s, the room is `room`: somebody moved the device, or opened a door."""

    at_s: float
    over_s: float
    room: RoomSettings
    what: str = ""  # the keys that changed, in words


_RANGES: dict[str, tuple[float, float]] = {
    "rt60_s": (0.0, 1.5),
    "noise_dbfs": (-120.0, -10.0),
    "clipping": (0.0, 10.0),
    "drift_ppm": (-1000.0, 1000.0),
    "delay_ms": (0.0, 500.0),
    "spacing_m": (0.005, 0.5),
    "mic_gain_error_db": (0.0, 12.0),
    "mic_noise_dbfs": (-120.0, -20.0),
    "speaker_gain_db": (-40.0, 20.0),
    "excursion": (0.0, 1.0),
    "jitter_ms": (0.0, 200.0),
    "slips_per_min": (0.0, 60.0),
}
_DISTANCES = {"speaker_m": (0.05, 1.5), "talker_m": (0.2, 4.0)}
_CHANGING = ("rt60_s", "speaker_m", "talker_m", "mic_m", "speaker_gain_db")
_DEFAULTS: dict[str, Any] = {item.name: item.default for item in fields(RoomSettings)}


def room_of(table: Table, seed: int) -> RoomSettings:
    values: dict[str, Any] = {key: table.number(key, _DEFAULTS[key], lo, hi) for key, (lo, hi) in _RANGES.items()}
    values |= {key: table.where(key, _DEFAULTS[key], lo, hi) for key, (lo, hi) in _DISTANCES.items()}
    values["mics"] = mics = table.integer("mics", 1, 1, 8)
    values["engine"] = table.choice("engine", _DEFAULTS["engine"], ENGINES)
    values["array"] = table.choice("array", _DEFAULTS["array"], ARRAYS)
    values["size_m"] = size = table.triple("size_m", _DEFAULTS["size_m"], 1.5, 30.0)
    values["mic_m"] = table.triple("mic_m", _DEFAULTS["mic_m"], 0.0, 30.0)
    values["mic_gain_db"] = table.numbers("mic_gain_db", (), -40.0, 40.0, mics)
    values["dead_mics"] = table.whole_numbers("dead_mics", (), 1, mics)
    values["slip_samples"] = table.integer("slip_samples", _DEFAULTS["slip_samples"], 1, 320)
    if table.has("absorption") and "rt60_s" in table.given:
        table.wrong("absorption", "rt60_s beside it", "one of them")
    absorption = table.number("absorption", None, 0.01, 0.99)
    if absorption is not None:
        values["rt60_s"] = rt60 = rt60_of(size, absorption)
        if rt60 > _RANGES["rt60_s"][1]:
            table.wrong("absorption", f"{absorption:g} (RT60 {rt60:.1f} s)", "walls that give at most 1.5 s here")
    room = RoomSettings(**values)
    _check(table, room, seed)
    table.finish()
    return room


def changes_of(tables: list[Table], room: RoomSettings, duration_s: float, seed: int) -> tuple[Change, ...]:
    """In order of time; each keeps what the ones before it have changed."""
    changes: list[Change] = []
    busy_s = 0.0
    for table in tables:
        at_s = table.number("at_s", math.nan, 0.0, duration_s)
        if math.isnan(at_s):
            table.wrong("at_s", "nothing", f"a number from 0 to {duration_s:g}")
        over_s = table.number("over_s", 0.5, 0.02, 60.0)
        if at_s < busy_s:
            table.wrong("at_s", f"{at_s:g}", f"a time after the change before it is over ({busy_s:g})")
        given = [key for key in _CHANGING if table.has(key)]
        if not given:
            table.wrong("change", "nothing that changes", "one of " + ", ".join(_CHANGING))
        values: dict[str, Any] = {
            "rt60_s": table.number("rt60_s", room.rt60_s, *_RANGES["rt60_s"]),
            "speaker_gain_db": table.number("speaker_gain_db", room.speaker_gain_db, *_RANGES["speaker_gain_db"]),
            "mic_m": table.triple("mic_m", room.mic_m, 0.0, 30.0),
        }
        values |= {key: table.where(key, getattr(room, key), lo, hi) for key, (lo, hi) in _DISTANCES.items()}
        room = replace(room, **values)
        _check(table, room, seed)
        what = ", ".join(f"{key} {_shown(values[key])}" for key in given)
        what = table.text("name", what, "what happens, in words")
        changes.append(Change(at_s, over_s, room, what))
        busy_s = 0.0 if math.isnan(at_s) else at_s + over_s
        table.finish()
    return tuple(changes)


def _check(table: Table, room: RoomSettings, seed: int) -> None:
    try:
        lay_out(room, seed)
    except LayoutError as error:
        table.wrong(error.key, error.found, error.expected)


def _shown(value: Any) -> str:
    return "[" + ", ".join(f"{item:g}" for item in value) + "]" if isinstance(value, tuple) else f"{value:g}"
