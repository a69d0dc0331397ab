"""A scenario file: the room, the people in it, what they press, what breaks, and what must have happened in the end.

Law: reading and judging the file, nothing else; `[config]` is handed on raw: the daemon's configuration judges it.
Times in seconds, levels in dB relative to full scale, distances in metres. A cue happens at `at_s`, or `delay_s` after
the first event of kind `after` (a kind of `events.jsonl`) that comes later than the cue before it in the file.

Two ways to write cues, one of them a file: `[[cue]]` tables with `kind` = talk, press, mute or fault (and which one in
`fault`), in the file's order; or `[[talker]]`, `[[press]]`, `[[mute]]` and `[[fault]]` (which one in `kind`), sorted by
`at_s`, as TOML keeps no order between them; one with `after` follows the table before it in its own array.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from edge_agent.sim.toml_table import REQUIRED, Table


@dataclass(frozen=True, slots=True)
class RoomSettings:
    rt60_s: float = 0.4
    speaker_m: float = 0.25
    talker_m: float = 1.5
    noise_dbfs: float = -60.0
    clipping: float = 0.0
    drift_ppm: float = 0.0
    delay_ms: float = 40.0
    mics: int = 1


@dataclass(frozen=True, slots=True)
class Cue:
    """When something happens: at_s, or delay_s after the next event of kind `after`."""

    at_s: float | None = None
    after: str | None = None
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Talk:
    cue: Cue
    text: str = ""
    voice: str = "flite:slt"
    wav: Path | None = None
    level_dbfs: float = -26.0  # of the speech's active parts, at the microphone


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
class Fault:
    """kind: drop, stall, delay, error, expire, offline.  In real time `drop` kills the server's process."""

    cue: Cue
    kind: str = "drop"
    for_s: float = 3.0
    value: float | str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """One step of the story and how it is judged; `check` names a check of `sim/verdict.py`."""

    name: str
    check: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    reply_wav: Path | None = None
    model_delay_ms: float = 500.0


@dataclass(frozen=True, slots=True)
class Scenario:
    path: Path
    seed: int = 1
    duration_s: float = 40.0
    ends_after: str = ""  # a kind: once every cue has happened, the run ends 2 s after its next event
    room: RoomSettings = field(default_factory=RoomSettings)
    provider: ProviderSettings = field(default_factory=ProviderSettings)
    cues: tuple[Talk | Press | Mute | Fault, ...] = ()  # in the order of the file
    expectations: tuple[Expectation, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)


class ScenarioError(ValueError):
    """All that is wrong with a scenario file, a line each: `FILE: KEY: found VALUE, expected WHAT`."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


FAULTS = ("drop", "stall", "delay", "error", "expire", "offline")
_ARRAYS = {"talker": "talk", "press": "press", "mute": "mute", "fault": "fault"}
_KIND = re.compile(r"[a-z][a-z0-9_]*")
_VOICE = re.compile(r"(flite|espeak-ng):[A-Za-z0-9][A-Za-z0-9_+-]*")
_ROOM_RANGES: dict[str, tuple[float, float]] = {
    "rt60_s": (0.0, 1.5),
    "speaker_m": (0.05, 1.5),
    "talker_m": (0.2, 4.0),  # the simulated room is 6 m long
    "noise_dbfs": (-120.0, -10.0),
    "clipping": (0.0, 10.0),
    "drift_ppm": (-1000.0, 1000.0),
    "delay_ms": (0.0, 500.0),
}
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
    scenario = Scenario(
        path=file,
        seed=top.integer("seed", 1, 0, 2**32 - 1),
        duration_s=duration_s,
        ends_after=top.text("ends_after", "", "a kind of event, as in events.jsonl", _KIND),
        room=_room(top.subtable("room")),
        provider=_provider(top.subtable("provider")),
        cues=_cues(top, duration_s),
        expectations=tuple(_expectation(table) for table in top.subtables("expect")),
        config=top.take("config", {}, "a table", lambda value: isinstance(value, dict)),
    )
    top.finish()
    if errors:
        raise ScenarioError(errors)
    return scenario


def _room(table: Table) -> RoomSettings:
    defaults = {item.name: item.default for item in fields(RoomSettings)}
    numbers = {key: table.number(key, defaults[key], lo, hi) for key, (lo, hi) in _ROOM_RANGES.items()}
    room = RoomSettings(mics=table.integer("mics", 1, 1, 8), **numbers)
    table.finish()
    return room


def _provider(table: Table) -> ProviderSettings:
    provider = ProviderSettings(table.wav("reply_wav"), table.number("model_delay_ms", 500.0, 0.0, 60_000.0))
    table.finish()
    return provider


def _expectation(table: Table) -> Expectation:
    name = table.text("name", REQUIRED, "what must have happened, in words")
    check = table.text("check", REQUIRED, "the name of a check")
    return Expectation(str(name), str(check), table.rest())


def _cues(top: Table, duration_s: float) -> tuple[Talk | Press | Mute | Fault, ...]:
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
            in_file_order.append(_cue_of(kind, table, duration_s, "fault"))
    by_time: list[tuple[float, Talk | Press | Mute | Fault]] = []
    for name, kind in _ARRAYS.items():
        latest_s = 0.0
        for table in top.subtables(name):
            cue = _cue_of(kind, table, duration_s, "kind")
            latest_s = latest_s if cue.cue.at_s is None else cue.cue.at_s
            by_time.append((latest_s, cue))
    by_time.sort(key=lambda timed: timed[0])  # stable: one with `after` stays behind the table before it
    return (*in_file_order, *(cue for _, cue in by_time))


def _cue_of(kind: str, table: Table, duration_s: float, fault_key: str) -> Talk | Press | Mute | Fault:
    cue = _when(table, duration_s)
    result: Talk | Press | Mute | Fault
    if kind == "talk":
        result = _talk(cue, table)
    elif kind == "press":
        result = Press(cue, table.choice("button", "talk", ("talk",)), table.number("hold_s", 0.1, 0.0, 60.0))
    elif kind == "mute":
        result = Mute(cue, table.flag("on", True))
    else:
        result = _fault(cue, table, fault_key)
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
    return Cue(at_s, after, table.number("delay_s", 0.0, 0.0, duration_s))


def _talk(cue: Cue, table: Table) -> Talk:
    if table.has("text") == table.has("wav"):
        table.wrong("text", "both text and wav" if table.has("text") else "neither text nor wav", "one of them")
    return Talk(
        cue,
        text=table.text("text", ""),
        voice=table.text("voice", "flite:slt", "flite:NAME or espeak-ng:NAME", _VOICE),
        wav=table.wav("wav"),
        level_dbfs=table.number("level_dbfs", -26.0, -80.0, 0.0),
    )


def _fault(cue: Cue, table: Table, kind_key: str) -> Fault:
    kind = table.choice(kind_key, "drop", FAULTS)
    value: float | str | None = None
    if kind == "delay":
        value = table.number("value", REQUIRED, 0.0, 60_000.0)
    elif kind == "error":
        value = table.text("value", REQUIRED, "an error code of the provider")
    return Fault(cue, kind, table.number("for_s", 3.0, 0.0, _MAX_DURATION_S), value)
