"""The live panel as text: what a person at the terminal sees of the device, its room and the story's progress.

Law: pure: a `View` and a width in, lines out; no clock, no stream, no thread. A line is pieces of text with their
colours, cut to the width as it is rendered: a narrow terminal loses the end of a line and never its place.
Units: seconds, dBFS, terminal columns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_agent.board.board import Color
from edge_agent.dialogue.indication import Indication
from edge_agent.sim.finding import clock
from edge_agent.sim.scenario import Break, Mute, Press, Scenario, Talk
from edge_agent.sim.timeline_picture import EVENTS, event_label
from edge_agent.sim.turn_table import TurnRow
from edge_agent.sim.verdict import Step
from edge_agent.timeline import Happening

WIDE = 64  # columns from which the ring has room beside the meters
METER_FLOOR_DB = -60.0
UNLIT: Color = (70, 70, 70)
SOFT: Color = (140, 146, 154)
PERSON: Color = (255, 190, 110)
DEVICE: Color = (140, 180, 255)
GOOD: Color = (90, 200, 120)
BAD: Color = (255, 110, 100)
RING = ((11, 0, 1), (10, 2), (9, 3), (8, 4), (7, 6, 5))  # twelve pixels, clockwise from the top, in five lines
SCENE_KINDS = ("talk", "press", "mute", "unmute", "fault")

PLAIN_KINDS = (
    "room",
    "card",
    "background",
    "wake",
    "stop_word",
    "press",
    "mute",
    "unmute",
    "barge_in",
    "truncate",
    "fault",
    "drop",
    "error",
    "ready",
    "resume",
)
SENTENCE_ENDS = (".", "?", "!")
MARKS, PLAIN_MARKS = ("✓", "✗"), ("ok:", "FAILED:")  # happened and did not; the plain ones need no letters but ASCII

Piece = tuple[str, Color | None]
Line = list[Piece]


@dataclass
class View:
    """What there is to see. levels: microphone, echo-reduced, loudspeaker, dBFS.  scene: how many scenes have begun."""

    duration_s: float
    scenes: Sequence[str] = ()
    t_s: float = 0.0
    indication: Indication = Indication.IDLE
    phase: str = "idle"
    link: str = "offline"
    muted: bool = False
    turn: int = 0
    levels: tuple[float, float, float] = (METER_FLOOR_DB,) * 3
    person: str = ""
    understood: str = ""
    device: str = ""
    device_turn: int = -1
    scene: int = 0
    events: deque[str] = field(default_factory=lambda: deque(maxlen=5))
    _unsaid: str = ""

    def take(self, happening: Happening) -> str | None:
        """Let one happening change the view. Returns it as a plain line where it is worth one, else None."""
        said = self._take(happening)
        if happening.kind in EVENTS:
            self.events.append(f"{clock(happening.t_ms)} {event_label(happening)}")
        if happening.kind in SCENE_KINDS:
            self.scene = min(len(self.scenes), self.scene + 1)
        self.turn = max(self.turn, happening.turn)
        return f"{clock(happening.t_ms)}  {said}" if said else None

    def _take(self, happening: Happening) -> str | None:
        data = happening.data
        match happening.kind:
            case "state":
                return self._state(str(data.get("phase", "")), str(data.get("link", "")), bool(data.get("muted")))
            case "talk":
                self.person, self.understood = str(data.get("text", "")), ""
                return f'{data.get("name", "person")} says "{self.person}"'
            case "caption" if data.get("role") == "user":
                self.understood = str(data.get("text", ""))
                return f'server understood "{self.understood}"'
            case "caption":
                text = str(data.get("text", ""))
                same = happening.turn == self.device_turn
                self.device, self.device_turn = f"{self.device} {text}" if same else text, happening.turn
                return self._sentence(text, same)
            case kind if kind in PLAIN_KINDS:
                return event_label(happening)
        return None

    def _sentence(self, text: str, same_turn: bool) -> str | None:
        """Captions come word by word; a plain line is worth a sentence."""
        self._unsaid = f"{self._unsaid} {text}".strip() if same_turn else text
        if not self._unsaid.endswith(SENTENCE_ENDS):
            return None
        sentence, self._unsaid = self._unsaid, ""
        return f'device says "{sentence}"'

    def _state(self, phase: str, link: str, muted: bool) -> str | None:
        changed = (phase, link, muted) != (self.phase, self.link, self.muted)
        self.phase, self.link, self.muted = phase, link, muted
        return f"state {self.word}, link {link.replace('_', ' ')}" if changed else None

    @property
    def word(self) -> str:
        return "muted" if self.muted else self.phase.replace("_", " ")


def draw(view: View, light: Sequence[Color], width: int) -> list[Line]:
    """The panel at a width of columns. light: the ring's pixels, twelve of them."""
    room = max(8, width - 2)
    lines = _beside(view, light, room) if width >= WIDE else _stacked(view, light, room)
    said = f'{view.person}  → understood "{view.understood}"' if view.understood else view.person
    lines += [
        [],
        [(" person  ", SOFT), (said, PERSON)],
        [(" device  ", SOFT), (_tail(view.device, room - 9), DEVICE)],
        [],
        _progress(view, room),
        [(" now     ", SOFT), (view.scenes[view.scene - 1] if view.scene else "the device starts", None)],
        [(" latest  ", SOFT), (" · ".join(reversed(view.events)), SOFT)],
    ]
    return lines


def render(line: Line, width: int, *, color: bool = True) -> str:
    """One line as text, cut to the width, in 24-bit colours or none."""
    left, parts = width, []
    for text, tint in line:
        kept = text[: max(0, left)]
        left -= len(kept)
        parts.append(f"\x1b[38;2;{tint[0]};{tint[1]};{tint[2]}m{kept}\x1b[0m" if color and tint and kept else kept)
    return "".join(parts)


def scenes_of(scenario: Scenario) -> list[str]:
    """What each cue of a scenario shows, in words, in the file's order."""
    return [_scene(cue) for cue in scenario.cues]


def table_lines(rows: Sequence[TurnRow]) -> list[Line]:
    """The turn table, a line a turn; what does not apply is a dash."""
    heads = ("turn", "wake→byte", "end→sound", "stop→silence", "heard", "unheard", "underruns", "echo")
    units = ("", "ms", "ms", "ms", "ms", "ms", "", "dB")
    cells = [
        (
            str(row.turn),
            *(
                "–" if value is None else f"{value:,}"
                for value in (
                    row.wake_to_first_byte_ms,
                    row.speech_end_to_first_sample_ms,
                    row.interruption_to_silence_ms,
                    row.heard_ms,
                    row.truncated_ms,
                    row.underruns,
                    row.echo_reduction_db,
                )
            ),
        )
        for row in rows
    ]
    widths = [max(len(text) for text in column) for column in zip(heads, units, *cells, strict=True)]

    def line(texts: Sequence[str], tint: Color | None) -> Line:
        return [("  ".join(text.rjust(width) for text, width in zip(texts, widths, strict=True)), tint)]

    return [line(heads, SOFT), line(units, SOFT), *(line(texts, None) for texts in cells)]


def step_lines(steps: Sequence[Step], marks: tuple[str, str] = MARKS) -> list[Line]:
    """Every step with its mark (happened, did not), and why on the line under it."""
    lines: list[Line] = []
    for step in steps:
        lines.append([(marks[0 if step.passed else 1] + " ", GOOD if step.passed else BAD), (step.name, None)])
        lines.append([("    " + step.why, SOFT if step.passed else BAD)])
    return lines


def _beside(view: View, light: Sequence[Color], room: int) -> list[Line]:
    meters = [*_meters(view, room - 22), _status(view), []]
    return [_ring(row, light, view.word) + meters[row] for row in range(len(RING))]


def _stacked(view: View, light: Sequence[Color], room: int) -> list[Line]:
    leds: Line = [(" ", None), *(("●", _lit(pixel)) for pixel in light), (f" {view.word}", None)]
    return [leds, *_meters(view, room), _status(view)]


def _ring(row: int, light: Sequence[Color], word: str) -> Line:
    pixels: Line = [("●", _lit(light[index])) for index in RING[row]]
    if len(pixels) == 3:
        return [("     ", None), pixels[0], ("   ", None), pixels[1], ("   ", None), pixels[2], ("       ", None)]
    middle = word.center(13) if row == 2 else " " * 13
    return [("  ", None), pixels[0], (middle, None), pixels[1], ("    ", None)]


def _lit(pixel: Color) -> Color:
    return pixel if max(pixel) > 24 else UNLIT


def _meters(view: View, room: int) -> list[Line]:
    names = ("microphone", "echo-reduced", "loudspeaker")
    tints: tuple[Color, ...] = ((224, 164, 85), (99, 195, 171), (126, 166, 245))
    bar = max(4, min(40, room - 24))
    lines: list[Line] = []
    for name, level, tint in zip(names, view.levels, tints, strict=True):
        filled = round(bar * min(1.0, max(0.0, 1.0 - level / METER_FLOOR_DB)))
        shown = f" {level:4.0f} dB" if level > METER_FLOOR_DB else "   –"
        lines.append([(f" {name:<13}", SOFT), ("█" * filled, tint), ("·" * (bar - filled), UNLIT), (shown, SOFT)])
    return lines


def _status(view: View) -> Line:
    link = view.link.replace("_", " ")
    return [(" link ", SOFT), (link, GOOD if view.link == "ready" else BAD), (f" · turn {view.turn}", SOFT)]


def _progress(view: View, room: int) -> Line:
    bar = max(4, min(40, room - 30))
    filled = round(bar * min(1.0, view.t_s / max(0.1, view.duration_s)))
    scenes = f"  scene {view.scene} of {len(view.scenes)}" if view.scenes else ""
    return [
        (f" {_minutes(view.t_s)} ", None),
        ("━" * filled, DEVICE),
        ("━" * (bar - filled), UNLIT),
        (f" {_minutes(view.duration_s)}{scenes}", SOFT),
    ]


def _tail(text: str, room: int) -> str:
    """The end of a caption that is too long: what is being said is at its end."""
    return text if len(text) <= room else "…" + text[len(text) - max(1, room - 1) :]


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _scene(cue: Talk | Press | Mute | Break) -> str:
    if isinstance(cue, Talk):
        return f'{cue.name or "someone"} says "{cue.text or (cue.wav.name if cue.wav else "")}"'
    if isinstance(cue, Press):
        return "someone presses the button"
    if isinstance(cue, Break):
        return "the server is killed" if cue.fault.kind == "drop" else f"something breaks: {cue.fault.kind}"
    return "someone mutes the device" if cue.on else "someone unmutes the device"
