"""The picture of a run: one inline SVG, a lane a subject, time from left to right.

Law: it draws evidence and explains nothing; colours and type are the page's (CSS classes), every word is escaped.
Time is stretched by one CSS variable, `--z` (pixels a second): whatever lies at t carries it as `--t`, whatever lasts
carries `--d`, so the page zooms without drawing anew. Labels are laid out for LAYOUT_Z: closer, they gain room.
Units: seconds and pixels.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Collection, Iterator
from html import escape

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.dialogue.indication import Indication
from edge_agent.sim.evidence import Evidence
from edge_agent.sim.loudness import envelope
from edge_agent.sim.ring import PIXELS, Frame, ring
from edge_agent.sim.spectrogram import spectrogram
from edge_agent.sim.story import Span
from edge_agent.timeline import Happening

LAYOUT_Z = 30  # pixels a second: a minute is a screen and a half
RING_HZ = 12.5  # columns of the light's picture a second
WAVE_HZ = 50  # strokes of a waveform a second
WIRE_S = 0.1  # width of a bar
CHAR_PX = 6.3  # mean width of a label's letter at 11 px
LABEL_ROW = 17
CAPTION_ROW = 48
CAPTION_S = 6.0  # the words of a short sentence may run on for this long

LANES = {  # lane: height, px
    "Who speaks": 2 * CAPTION_ROW + 4,
    "State": 26,
    "Light": 30,
    "Microphone": 58,
    "Spectrum": 56,
    "Echo-reduced": 58,
    "Loudspeaker": 58,
    "On the wire": 44,
    "Events": 0,  # as high as its labels need
}
GAP = 10
AXIS = 22

EVENTS = {  # kind: the word on the picture, and its class of importance
    "wake": ("wake word", "person"),
    "stop_word": ("stop word", "person"),
    "press": ("button", "person"),
    "mute": ("mute", "person"),
    "unmute": ("unmute", "person"),
    "barge_in": ("interrupted", "person"),
    "listening": ("listens", "turn"),
    "commit": ("sentence over", "turn"),
    "first_sample": ("reply audible", "turn"),
    "silence": ("silent", "turn"),
    "truncate": ("told what was heard", "turn"),
    "duck": ("ducked", "turn"),
    "reply_paused": ("paused", "turn"),
    "fault": ("server killed", "trouble"),
    "room": ("the room changes", "trouble"),
    "card": ("sound card", "trouble"),
    "background": ("background", "link"),
    "drop": ("link lost", "trouble"),
    "error": ("error", "trouble"),
    "ready": ("link ready", "link"),
    "resume": ("memory replayed", "link"),
    "renew": ("session renewed", "link"),
}
_FAULTS = {
    "stall": "line stalls",
    "delay": "line slow",
    "expire": "session expires",
    "offline": "offline",
}


def event_label(happening: Happening) -> str:
    """The word for an event of EVENTS."""
    word, data = EVENTS[happening.kind][0], happening.data
    match happening.kind:
        case "room" if data.get("what"):
            return str(data["what"])
        case "card":
            return f"{word}: {data.get('kind', 'trouble')}"
        case "background":
            return f"{data.get('kind', word)} {'on' if data.get('on') else 'off'}"
    if happening.kind != "fault" or (kind := str(happening.data.get("kind"))) == "drop":
        return word
    return _FAULTS.get(kind, kind.replace("_", " "))


def lane_heights(evidence: Evidence, lanes: Collection[str] = LANES) -> dict[str, int]:
    """Height of these lanes in px, in drawing order; those the labels beside the picture must keep to."""
    rows = 1 + max((row for *_, row in event_rows(evidence)), default=0)
    heights = LANES | {"Events": rows * LABEL_ROW + 8}
    return {lane: height for lane, height in heights.items() if lane in lanes}


def timeline_svg(evidence: Evidence, frame: Frame, lanes: Collection[str] = LANES) -> str:
    """The picture. Its width is `--s` seconds times `--z`; it has no outside resource and needs no script."""
    seconds = max(1.0, evidence.duration_ms / 1000)
    heights = lane_heights(evidence, lanes)
    top = AXIS
    parts = [_axis(seconds, AXIS + sum(heights.values()) + GAP * len(heights))]
    for lane, height in heights.items():
        parts.append(
            f'<g class="lane" style="--y:{top}"><rect class="bed" style="--d:{seconds:.2f}" height="{height}"/>'
        )
        parts.extend(_lane(lane, evidence, frame, seconds, height))
        parts.append("</g>")
        top += height + GAP
    parts.append(f'<line id="playhead" class="at" style="--t:0" y1="0" y2="{top - GAP}"/>')
    return (
        f'<svg id="picture" style="--s:{seconds:.2f};--z:{LAYOUT_Z}" height="{top - GAP}" role="img" '
        f'aria-label="Timeline of the run, {seconds:.0f} seconds; the steps and the table say the same in words">'
        + "".join(parts)
        + "</svg>"
    )


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """A PNG file of an RGB picture, shape (height, width, 3)."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def _lane(lane: str, evidence: Evidence, frame: Frame, seconds: float, height: int) -> Iterator[str]:
    match lane:
        case "Who speaks":
            yield from _captions(evidence)
        case "State":
            yield from _states(evidence, seconds, height)
        case "Light":
            yield from _light(evidence, frame, seconds, height)
        case "Microphone":
            yield _wave(evidence.mic, "mic", height)
        case "Spectrum":
            yield _spectrum(evidence.mic, seconds, height)
        case "Echo-reduced":
            yield _wave(evidence.clean, "clean", height)
        case "Loudspeaker":
            yield _wave(evidence.air, "air", height)
        case "On the wire":
            yield from _wire(evidence, seconds, height)
        case "Events":
            yield from _events(evidence)


def _axis(seconds: float, height: int) -> str:
    marks = []
    for second in range(0, int(seconds) + 1):
        rank = "ten" if second % 10 == 0 else "five" if second % 5 == 0 else "one"
        marks.append(f'<g class="at tick {rank}" style="--t:{second}"><line y1="{AXIS - 4}" y2="{height}"/>')
        marks.append(f'<text x="3" y="12">{second // 60}:{second % 60:02d}</text></g>' if second % 5 == 0 else "</g>")
    return "".join(marks)


def _span(from_s: float, for_s: float, kind: str, height: int, title: str, y: int = 0) -> str:
    place = f'class="at span {kind}" style="--t:{from_s:.2f};--d:{max(for_s, 0.02):.2f}"'
    return f'<rect {place} y="{y}" height="{height}"><title>{escape(title)}</title></rect>'


def _captions(evidence: Evidence) -> Iterator[str]:
    story = evidence.story
    people = [(said.span, "person", f"{said.name}: {said.text}" if said.name else said.text) for said in story.said]
    device = [
        (reply.span, "device cut" if reply.ended == "flushed" else "device", story.caption(reply.turn, of_person=False))
        for reply in story.replies
    ]
    for row, side in enumerate((people, device)):
        starts = [span.start_ms / 1000 for span, *_ in side[1:]] + [float("inf")]
        for (span, kind, text), following in zip(side, starts, strict=False):
            yield _caption(span, kind, text or "…", following, row * (CAPTION_ROW + 4))


def _caption(span: Span, kind: str, text: str, following_s: float, y: int) -> str:
    """A bar as long as the speech, and its words, which may run on as far as the next of the same speaker."""
    from_s, for_s = span.start_ms / 1000, max(0.1, (span.end_ms - span.start_ms) / 1000)
    room_s = max(for_s, min(following_s - from_s - 0.15, CAPTION_S))
    words = escape(text)
    return (
        f'<rect class="at span said {kind}" style="--t:{from_s:.2f};--d:{for_s:.2f}" y="{y}" height="4" rx="2"/>'
        f'<foreignObject class="at span" style="--t:{from_s:.2f};--d:{room_s:.2f}" y="{y + 5}" '
        f'height="{CAPTION_ROW - 5}">'
        f'<div xmlns="http://www.w3.org/1999/xhtml" class="bubble {kind}" title="{words}">{words}</div></foreignObject>'
    )


def _states(evidence: Evidence, seconds: float, height: int) -> Iterator[str]:
    for state, from_s, for_s in _lasting(evidence.story.of("state"), seconds):
        phase = "muted" if state.data.get("muted") else str(state.data.get("phase", "idle"))
        link = str(state.data.get("link", ""))
        yield _span(from_s, for_s, f"phase-{escape(phase)}", height - 7, f"{phase}, link {link}, from {from_s:.2f} s")
        yield _span(from_s, for_s, f"link-{escape(link)}", 5, f"link {link}", height - 5)
        if for_s * LAYOUT_Z > (len(phase) + 1) * CHAR_PX:
            word = escape(phase.replace("_", " "))
            yield f'<text class="at word" style="--t:{from_s:.2f}" x="5" y="14">{word}</text>'


def _light(evidence: Evidence, frame: Frame, seconds: float, height: int) -> Iterator[str]:
    columns = np.zeros((int(seconds * RING_HZ) + 1, PIXELS, 3), np.uint8)
    for state, from_s, for_s in _lasting(evidence.story.of("state"), seconds):
        indication = Indication(str(state.data.get("light", "idle")))
        for column in range(int(from_s * RING_HZ), min(len(columns), int((from_s + for_s) * RING_HZ) + 1)):
            columns[column] = ring(frame, indication, max(0.0, column / RING_HZ - from_s))
    image = b64encode(png(np.ascontiguousarray(columns.transpose(1, 0, 2)))).decode()
    yield (
        f'<image class="at span ring" style="--t:0;--d:{len(columns) / RING_HZ:.2f}" height="{height}" '
        f'preserveAspectRatio="none" href="data:image/png;base64,{image}"><title>the ring</title></image>'
    )


def _lasting(states: list[Happening], seconds: float) -> Iterator[tuple[Happening, float, float]]:
    """Each state with when it began and how long it lasted, s; those replaced at once are left out."""
    ends = [state.t_ms / 1000 for state in states[1:]] + [seconds]
    for state, end in zip(states, ends, strict=False):
        if end > state.t_ms / 1000:
            yield state, state.t_ms / 1000, end - state.t_ms / 1000


def _spectrum(track: Samples, seconds: float, height: int) -> str:
    image = b64encode(png(spectrogram(track))).decode()
    return (
        f'<image class="at span" style="--t:0;--d:{seconds:.2f}" height="{height}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{image}"><title>the microphone, 0 to 8 kHz, mel scale</title></image>'
    )


def _wave(track: Samples, kind: str, height: int) -> str:
    if not len(track):
        return '<text class="word" x="5" y="20">not recorded</text>'
    strokes = max(2, int(len(track) * WAVE_HZ / HEARING_RATE))
    loudest = max(float(np.abs(track).max()), 1e-3)
    middle, scale = height / 2, (height / 2 - 2) / loudest
    peaks = envelope(track, strokes)
    times = np.arange(strokes) / WAVE_HZ
    upper = [f"{t:.2f},{middle - scale * high:.1f}" for t, (_, high) in zip(times, peaks, strict=True)]
    lower = [f"{t:.2f},{middle - scale * low:.1f}" for t, (low, _) in zip(times, peaks, strict=True)]
    return f'<path class="stretch wave {kind}" d="M{" L".join(upper)} L{" L".join(reversed(lower))} Z"/>'


def _wire(evidence: Evidence, seconds: float, height: int) -> Iterator[str]:
    """Bars of PCM bytes in each tenth of a second: what left grows up, what came grows down, each to its own scale."""
    bars = np.zeros((2, int(seconds / WIRE_S) + 1))
    for record in evidence.wire:
        bar = int(record.t_ms / 1000 / WIRE_S)
        if record.pcm_bytes and 0 <= bar < bars.shape[1]:
            bars[0 if record.outgoing else 1, bar] += record.pcm_bytes
    for side, name in enumerate(("left the device", "came in")):
        most, room = bars[side].max(), height // 2 - 2
        for bar in map(int, np.flatnonzero(bars[side])):
            size = max(1.5, room * float(np.sqrt(bars[side, bar] / most)))
            y = height / 2 - size if side == 0 else height / 2
            title = f"{bars[side, bar]:.0f} bytes of sound {name}"
            kind = "wire-out" if side == 0 else "wire-in"
            place = f'class="at span {kind}" style="--t:{bar * WIRE_S:.2f};--d:{WIRE_S * 0.8:.2f}"'
            yield f'<rect {place} y="{y:.1f}" height="{size:.1f}"><title>{title}</title></rect>'


def _events(evidence: Evidence) -> Iterator[str]:
    for t_s, label, rank, row in event_rows(evidence):
        y = row * LABEL_ROW
        yield (
            f'<g class="at event {rank}" style="--t:{t_s:.2f}"><line y1="0" y2="{y + 13}"/>'
            f'<circle cy="{y + 9}" r="3.5"/><text x="7" y="{y + 13}">{escape(label)}</text>'
            f"<title>{escape(label)} at {t_s:.2f} s</title></g>"
        )


def event_rows(evidence: Evidence) -> list[tuple[float, str, str, int]]:
    """(seconds, label, class, row) of every event that is drawn, in rows in which no label meets the next."""
    placed = []
    ends: list[float] = []
    for happening in evidence.story.of(*EVENTS):
        label, rank = event_label(happening), EVENTS[happening.kind][1]
        start = happening.t_ms / 1000 * LAYOUT_Z
        row = next((row for row, end in enumerate(ends) if end <= start), len(ends))
        ends[row : row + 1] = [start + 16 + len(label) * CHAR_PX]
        placed.append((happening.t_ms / 1000, label, rank, row))
    return placed
