"""A scenario file: the room, the people in it, what they press, what breaks, and what must have happened in the end.

Law: reading and judging the file, nothing else; `[config]` is handed on raw: the daemon's configuration judges it.
Times in seconds, levels in dB relative to full scale, distances in metres. A cue happens at `at_s`, or `delay_s` after
the first event of kind `after` (a kind of `events.jsonl`) that comes later than the cue before it in the file; with
`always`, after each such event, whatever the other cues do.

Two ways to write cues, one of them a file: `[[cue]]` tables with `kind` = talk, press, mute or fault (and which one in
`fault`), in the file's order; or `[[talker]]`, `[[press]]`, `[[mute]]` and `[[fault]]` (which one in `kind`), sorted by
`at_s`, as TOML keeps no order between them; one with `after` follows the table before it in its own array.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.local.faults.fault import Fault, FaultError, fault_of
from edge_agent.local.faults.fault_kinds import KINDS
from edge_agent.sim.layout import Where
from edge_agent.sim.noises import NOISES
from edge_agent.sim.scenario_card import CardTrouble, card_of
from edge_agent.sim.scenario_provider import ProviderSettings, provider_of
from edge_agent.sim.scenario_room import Change, RoomSettings, changes_of, room_of
from edge_agent.sim.scenario_sound import (
    DEFAULT_LEVEL_DBFS,
    DEFAULT_VOICE,
    Background,
    Person,
    backgrounds_of,
    level_of,
    people_of,
    place_of,
    voice_of,
)
from edge_agent.sim.toml_table import Table
from edge_agent.toml_table import REQUIRED


@dataclass(frozen=True, slots=True)
class Cue:
    """When something happens: at_s, or delay_s after the next event of kind `after`, or with `always` after each."""

    at_s: float | None = None
    after: str | None = None
    delay_s: float = 0.0
    always: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """One of text, wav and sound (of NOISES, by `seed`).  name: who, if they have one.  m: where, None for the room's
    talker_m."""

    cue: Cue
    text: str = ""
    voice: str = DEFAULT_VOICE
    wav: Path | None = None
    level_dbfs: float = DEFAULT_LEVEL_DBFS  # of the speech's active parts, at the microphone
    name: str = ""
    m: Where | None = None
    sound: str = ""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Press:
    cue: Cue
    button: str = "talk"
    hold_s: float = 0.1


@dataclass(frozen=True, slots=True)
class Mute:
    cue: Cue
    on: bool = True


@dataclass(frozen=True, slots=True)
class Break:
    """Something goes wrong on the line (`local.fault`).  In real time `drop` kills the server's process."""

    cue: Cue
    fault: Fault


@dataclass(frozen=True, slots=True)
class Expectation:
    """One step of the story and how it is judged; `check` names a check of `sim/verdict.py`."""

    name: str
    check: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    path: Path
    seed: int = 1
    duration_s: float = 40.0
    ends_after: str = ""  # a kind: once every cue has happened, the run ends 2 s after its next event
    room: RoomSettings = field(default_factory=RoomSettings)
    provider: ProviderSettings = field(default_factory=ProviderSettings)
    cues: tuple[Talk | Press | Mute | Break, ...] = ()  # in the order of the file
    expectations: tuple[Expectation, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    backgrounds: tuple[Background, ...] = ()
    changes: tuple[Change, ...] = ()  # of the room, in order of time
    card: tuple[CardTrouble, ...] = ()  # in order of time

    def place_of(self, talk: Talk) -> int:
        """The number of the place where this is said; 0 is the room's talker_m."""
        return 0 if talk.m is None else 1 + self._places.index((talk.name, talk.m))

    @property
    def further(self) -> tuple[Where, ...]:
        """Where the sources beside the talkers' place are: people of their own place, then backgrounds."""
        return (*(where for _, where in self._places), *(sound.m for sound in self.backgrounds))

    @property
    def _places(self) -> list[tuple[str, Where]]:
        """Who has a place of their own; two who are as far away are not in one place."""
        talks = (cue for cue in self.cues if isinstance(cue, Talk))
        return list(dict.fromkeys((talk.name, talk.m) for talk in talks if talk.m is not None))


class ScenarioError(ValueError):
    """All that is wrong with a scenario file, a line each: `FILE: KEY: found VALUE, expected WHAT`."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


_ARRAYS = {"talker": "talk", "press": "press", "mute": "mute", "fault": "fault"}
_KIND = re.compile(r"[a-z][a-z0-9_]*")
_MAX_DURATION_S = 3600.0


def load(path: Path | str) -> Scenario:
    """Read a scenario file. Raises ScenarioError, with everything that is wrong in it."""
    file = Path(path)
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError([f"{file}: file: found {error.strerror}, expected a readable scenario file"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError([f"{file}: syntax: found {error}, expected TOML"]) from error
    errors: list[str] = []
    top = Table(file, "", content, errors)
    duration_s = top.number("duration_s", 40.0, 0.1, _MAX_DURATION_S)
    seed = top.integer("seed", 1, 0, 2**32 - 1)
    room = room_of(top.subtable("room"), seed)
    people = people_of(top.subtables("person"), room, seed)
    scenario = Scenario(
        path=file,
        seed=seed,
        duration_s=duration_s,
        ends_after=top.text("ends_after", "", "a kind of event, as in events.jsonl", _KIND),
        room=room,
        provider=provider_of(top.subtable("provider")),
        cues=_cues(top, duration_s, _Cast(people, room, seed)),
        expectations=tuple(_expectation(table) for table in top.subtables("expect")),
        config=top.take("config", {}, "a table", lambda value: isinstance(value, dict)),
        backgrounds=backgrounds_of(top.subtables("background"), room, duration_s, seed),
        changes=changes_of(top.subtables("change"), room, duration_s, seed),
        card=card_of(top.subtables("card"), duration_s),
    )
    top.finish()
    if errors:
        raise ScenarioError(errors)
    return scenario


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who may speak, and where."""

    people: dict[str, Person]
    room: RoomSettings
    seed: int


def _expectation(table: Table) -> Expectation:
    name = table.text("name", REQUIRED, "what must have happened, in words")
    check = table.text("check", REQUIRED, "the name of a check")
    return Expectation(str(name), str(check), table.rest())


def _cues(top: Table, duration_s: float, cast: _Cast) -> tuple[Talk | Press | Mute | Break, ...]:
    arrays = [name for name in _ARRAYS if top.has(name)]
    if top.has("cue") and arrays:
        top.wrong(
            "cue",
            f"[[{arrays[0]}]] beside it",
            "either [[cue]] or the arrays by kind, as TOML keeps no order between them",
        )
    in_file_order = []
    for table in top.subtables("cue"):
        kind = table.choice("kind", REQUIRED, tuple(_ARRAYS.values()))
        if kind is not None:
            in_file_order.append(_cue_of(kind, table, duration_s, "fault", cast))
    by_time: list[tuple[float, Talk | Press | Mute | Break]] = []
    for name, kind in _ARRAYS.items():
        latest_s = 0.0
        for table in top.subtables(name):
            cue = _cue_of(kind, table, duration_s, "kind", cast)
            latest_s = latest_s if cue.cue.at_s is None else cue.cue.at_s
            by_time.append((latest_s, cue))
    by_time.sort(key=lambda timed: timed[0])  # stable: one with `after` stays behind the table before it
    return (*in_file_order, *(cue for _, cue in by_time))


def _cue_of(kind: str, table: Table, duration_s: float, fault_key: str, cast: _Cast) -> Talk | Press | Mute | Break:
    if kind == "fault":
        return _fault(table, duration_s, fault_key)
    cue = _when(table, duration_s)
    result: Talk | Press | Mute
    if kind == "talk":
        result = _talk(cue, table, cast)
    elif kind == "press":
        result = Press(cue, table.choice("button", "talk", ("talk",)), table.number("hold_s", 0.1, 0.0, 60.0))
    else:
        result = Mute(cue, table.flag("on", True))
    table.finish()
    return result


def _when(table: Table, duration_s: float) -> Cue:
    if table.has("at_s") == table.has("after"):
        found = "both at_s and after" if table.has("at_s") else "neither at_s nor after"
        table.wrong("at_s", found, "one of them")
    at_s = table.number("at_s", None, 0.0, duration_s)
    after = table.text("after", None, "a kind of event, as in events.jsonl", _KIND)
    if table.has("delay_s") and after is None:
        table.wrong("delay_s", "no `after`", "a delay only behind an event")
    if table.has("always") and after is None:
        table.wrong("always", "no `after`", "only behind an event")
    return Cue(at_s, after, table.number("delay_s", 0.0, 0.0, duration_s), table.flag("always", False))


def _talk(cue: Cue, table: Table, cast: _Cast) -> Talk:
    said = [key for key in ("text", "wav", "sound") if table.has(key)]
    if len(said) != 1:
        table.wrong("text", " and ".join(said) or "nothing that is heard", "one of text, wav and sound")
    name = table.text("name", "", "the name of who speaks")
    if cast.people and name and name not in cast.people:
        table.wrong("name", f'"{name}"', "one of " + ", ".join(cast.people))
    who = cast.people.get(name, Person(""))
    return Talk(
        cue,
        text=table.text("text", ""),
        voice=voice_of(table, who.voice),
        wav=table.wav("wav"),
        sound=str(table.choice("sound", "", tuple(NOISES))),
        seed=table.integer("seed", 1, 0, 2**32 - 1),
        level_dbfs=level_of(table, who.level_dbfs),
        name=name,
        m=place_of(table, who.m, cast.room, cast.seed),
    )


def _fault(table: Table, duration_s: float, kind_key: str) -> Break:
    """A fault behind a type of event (it has a dot) is armed from the start; else it strikes at its cue."""
    of_the_line = "." in str(table.peek("after"))
    cue = Cue(0.0) if of_the_line else _when(table, duration_s)
    told = table.rest()
    if kind_key in told:
        told = {"kind": told.pop(kind_key), **told}
    try:
        fault = fault_of(told)
        if not of_the_line and fault.count > 1 and KINDS[fault.kind].counts == "times":
            table.wrong("count", str(fault.count), "1 where `after` is no type of event: write the table again")
        return Break(cue, fault)
    except FaultError as error:
        for key, found, expected in error.wrong:
            table.wrong(kind_key if key == "kind" else key, found, expected)
        return Break(cue, Fault())
