"""The plan of the room: who and what was where, seen from above, as one inline SVG.

Law: it draws places and judges nothing; colours and type are the page's, every word is escaped. Metres; y is up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from edge_agent.sim.acoustics import critical_distance_m
from edge_agent.sim.layout import Layout, Vector, lay_out
from edge_agent.sim.loudspeaker import THD_HZ, thd_percent
from edge_agent.sim.scenario import Scenario, Talk
from edge_agent.sim.scenario_room import RoomSettings

WIDTH = 460  # px
_MARGIN = 14
_NEAR_M = 0.02  # what a change has moved by less has not moved


@dataclass(frozen=True)
class Mark:
    """One thing in the room. kind: the page's colour for it.  moved_to: where a change has put it."""

    kind: str
    name: str
    place: Vector
    moved_to: Vector | None = None


def room_plan(scenario: Scenario) -> str:
    """The figure: the picture, and the room's figures in words."""
    layout = lay_out(scenario.room, scenario.seed, scenario.further)
    later = None
    if scenario.changes:
        later = lay_out(scenario.changes[-1].room, scenario.seed, scenario.further)
    scale = (WIDTH - 2 * _MARGIN) / layout.size_m[0]
    height = round(layout.size_m[1] * scale + 2 * _MARGIN)
    marks = "".join(_drawn(mark, layout, scale) for mark in _marks(scenario, layout, later))
    walls = (
        f'<rect class="walls" x="{_MARGIN}" y="{_MARGIN}" width="{WIDTH - 2 * _MARGIN}" '
        f'height="{height - 2 * _MARGIN}"/>'
    )
    facts = "".join(f"<li>{escape(fact)}</li>" for fact in room_facts(scenario))
    return (
        f'<figure class="room"><svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="Plan of the room, seen from above">{walls}{marks}</svg>'
        f"<figcaption><ul>{facts}</ul></figcaption></figure>"
    )


def room_facts(scenario: Scenario) -> list[str]:
    """The room, its equipment and its troubles in short sentences."""
    room = scenario.room
    layout = lay_out(room, scenario.seed, scenario.further)
    size = " x ".join(f"{side:g}" for side in room.size_m)
    facts = [f"Room {size} m, {_reverberation(room)}, acoustics: {room.engine}"]
    facts.append(f"{_microphones(room)}; noise {room.noise_dbfs:g} dBFS")
    away = [f"{', '.join(who)} {layout.distance_m(place):.2f} m" for place, who in _people(scenario).items()]
    facts.append(f"To the microphones: {'; '.join(away) or 'nobody speaks'}")
    facts.append(f"Card {room.delay_ms:g} ms from its buffer to the air, drift {room.drift_ppm:g} ppm")
    if room.clipping or room.excursion:
        thd = thd_percent(room.clipping, room.excursion)
        facts.append(
            f"Loudspeaker: clipping {room.clipping:g}, excursion {room.excursion:g}: "
            f"{thd:.1f} % THD at {THD_HZ:g} Hz, -6 dBFS"
        )
    facts += [f"{change.at_s:g} s: {change.what}" for change in scenario.changes]
    for trouble in scenario.card:
        extent = ", ".join(f"{key} {value:g}" for key, value in trouble.extent.items())
        facts.append(f"{trouble.at_s:g} s: card {trouble.kind}, {extent}")
    if room.slips_per_min:
        facts.append(f"The card loses or repeats {room.slip_samples} samples {room.slips_per_min:g} times a minute")
    return facts


def _reverberation(room: RoomSettings) -> str:
    if room.rt60_s <= 0.0:
        return "open air"
    return f"RT60 {room.rt60_s:.2f} s (critical distance {critical_distance_m(room.size_m, room.rt60_s):.2f} m)"


def _microphones(room: RoomSettings) -> str:
    if room.mics == 1:
        return "1 microphone" if not room.dead_mics else "1 microphone, dead"
    dead = f", dead: {', '.join(map(str, room.dead_mics))}" if room.dead_mics else ""
    return f"{room.mics} microphones in a {room.array}, {room.spacing_m * 100:g} cm apart{dead}"


def _marks(scenario: Scenario, layout: Layout, later: Layout | None) -> Iterator[Mark]:
    places = len(layout.sources) - len(scenario.backgrounds)
    for number, who in _people(scenario).items():
        moved = _moved(layout.sources[number], later.sources[number] if later else None)
        yield Mark("person", ", ".join(who), layout.sources[number], moved)
    for number, sound in enumerate(scenario.backgrounds, places):
        yield Mark("sound", sound.kind, layout.sources[number])
    yield Mark("device", "loudspeaker", layout.speaker, _moved(layout.speaker, later.speaker if later else None))
    for number, mic in enumerate(layout.mics, 1):
        kind = "mic dead" if number in scenario.room.dead_mics else "mic"
        moved = _moved(mic, later.mics[number - 1] if later else None)
        yield Mark(kind, "microphones" if number == len(layout.mics) else "", mic, moved)


def _people(scenario: Scenario) -> dict[int, list[str]]:
    """Who speaks, place by place."""
    names: dict[int, list[str]] = {}
    for cue in scenario.cues:
        if isinstance(cue, Talk):
            said_at = names.setdefault(scenario.place_of(cue), [])
            name = cue.name or "person"
            if name not in said_at:
                said_at.append(name)
    return dict(sorted(names.items()))


def _moved(before: Vector, after: Vector | None) -> Vector | None:
    return after if after is not None and float(abs(after - before).max()) > _NEAR_M else None


def _drawn(mark: Mark, layout: Layout, scale: float) -> str:
    x, y = _at(mark.place, layout, scale)
    x_m, y_m, z_m = mark.place
    title = f"{mark.name or 'microphone'} at {x_m:.2f}, {y_m:.2f}, {z_m:.2f} m"
    parts = [f'<g class="mark {mark.kind}"><circle cx="{x:.1f}" cy="{y:.1f}" r="{3 if "mic" in mark.kind else 6}"/>']
    if mark.moved_to is not None:
        to_x, to_y = _at(mark.moved_to, layout, scale)
        parts.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"/>')
        parts.append(f'<circle class="later" cx="{to_x:.1f}" cy="{to_y:.1f}" r="4"/>')
    if mark.name:
        dy = -10 if "mic" in mark.kind else 18 if mark.kind == "device" else 4
        dx, anchor = (0, "middle") if dy != 4 else (10, "start") if x < WIDTH * 0.7 else (-10, "end")
        words = escape(mark.name)
        parts.append(f'<text x="{x + dx:.1f}" y="{y + dy:.1f}" text-anchor="{anchor}">{words}</text>')
    return "".join(parts) + f"<title>{escape(title)}</title></g>"


def _at(place: Vector, layout: Layout, scale: float) -> tuple[float, float]:
    return _MARGIN + float(place[0]) * scale, _MARGIN + (layout.size_m[1] - float(place[1])) * scale
