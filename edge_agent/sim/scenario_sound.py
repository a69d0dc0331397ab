"""Who and what is to be heard in a scenario: `[[person]]`, the voices there may be, and `[[background]]`.

Law: reading and judging these tables, nothing else; how a voice is made is `voice.py`'s matter.
Levels in dBFS at the first microphone, of the active parts; a place is a distance from the microphones or [x, y, z].
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.sim.layout import LayoutError, Where, lay_out
from edge_agent.sim.scenario_room import RoomSettings
from edge_agent.sim.toml_table import Table
from edge_agent.toml_table import REQUIRED

SYNTHESISERS = ("flite", "espeak-ng", "festival", "piper", "pico")
VOICE = re.compile(rf"({'|'.join(SYNTHESISERS)}):[A-Za-z0-9/._~][A-Za-z0-9/._~+-]*")
EXPECTED_VOICE = "flite:NAME, espeak-ng:NAME, festival:NAME, piper:NAME_OR_FILE or pico:LANGUAGE"
DEFAULT_VOICE, DEFAULT_LEVEL_DBFS = "flite:slt", -26.0
BACKGROUNDS = ("tv", "music", "noise", "fan", "hum", "wav")
_BACKGROUND_M = 2.5
_BACKGROUND_DBFS = -45.0
_MOST = 8  # sources beside the talkers' place: each costs its own convolution
_NAME = re.compile(r"\S(.{0,38}\S)?")


@dataclass(frozen=True, slots=True)
class Person:
    """What holds for all that somebody says, unless it is said otherwise. m: None is the room's talker_m."""

    name: str
    m: Where | None = None
    voice: str = DEFAULT_VOICE
    level_dbfs: float = DEFAULT_LEVEL_DBFS


@dataclass(frozen=True, slots=True)
class Background:
    """for_s: None is to the end.  seed: of what is generated."""

    kind: str
    at_s: float = 0.0
    for_s: float | None = None
    level_dbfs: float = _BACKGROUND_DBFS
    m: Where = _BACKGROUND_M
    seed: int = 1
    wav: Path | None = None


def people_of(tables: list[Table], room: RoomSettings, seed: int) -> dict[str, Person]:
    """By name."""
    people: dict[str, Person] = {}
    for table in tables:
        name = table.text("name", REQUIRED, "a name of at most 40 letters", _NAME)
        if name in people:
            table.wrong("name", f'"{name}" twice', "each name once")
        voice, level = voice_of(table, DEFAULT_VOICE), level_of(table, DEFAULT_LEVEL_DBFS)
        people[str(name)] = Person(str(name), place_of(table, None, room, seed), voice, level)
        table.finish()
    return people


def backgrounds_of(tables: list[Table], room: RoomSettings, duration_s: float, seed: int) -> tuple[Background, ...]:
    found = []
    for table in tables:
        kind = table.choice("kind", REQUIRED, BACKGROUNDS) or "noise"
        wav = table.wav("wav")
        if kind == "wav" and wav is None and "wav" not in table.given:
            table.wrong("wav", "nothing", "the path of a WAV file")
        if kind in ("noise", "fan", "hum") and wav is not None:
            table.wrong("wav", f'"{wav.name}"', f'no recording: kind = "{kind}" is generated')
        found.append(
            Background(
                kind,
                at_s=table.number("at_s", 0.0, 0.0, duration_s),
                for_s=table.number("for_s", None, 0.1, 3600.0),
                level_dbfs=level_of(table, _BACKGROUND_DBFS),
                m=place_of(table, _BACKGROUND_M, room, seed),
                seed=table.integer("seed", seed, 0, 2**32 - 1),
                wav=wav,
            )
        )
        table.finish()
    if len(found) > _MOST:
        tables[_MOST].wrong("kind", f"{len(found)} backgrounds", f"at most {_MOST}")
    return tuple(found)


def voice_of(table: Table, default: str) -> str:
    return str(table.text("voice", default, EXPECTED_VOICE, VOICE))


def level_of(table: Table, default: float) -> float:
    return float(table.number("level_dbfs", default, -80.0, 0.0))


def place_of(table: Table, default: Any, room: RoomSettings, seed: int) -> Any:
    """Where a source is: `m`, in the room."""
    where = table.where("m", default, 0.2, 30.0)
    if where is not None:
        try:
            lay_out(room, seed, (where,))
        except LayoutError as error:
            if error.key == "m":  # what is wrong with the room itself has been told there
                table.wrong(error.key, error.found, error.expected)
    return where
