"""The page of a run, `demo-output/index.html`: what passed and why, the picture of the run, its sound, its figures.

Law: self-contained: no outside resource, no request, readable without its script (which only zooms and seeks). It
judges nothing; every word that comes from a run is escaped.
"""

from __future__ import annotations

import io
import wave
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import fields
from html import escape
from importlib.resources import files
from statistics import median

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.check_privacy import bytes_before_wake, bytes_while_muted
from edge_agent.sim.evidence import Evidence
from edge_agent.sim.ring import Frame
from edge_agent.sim.timeline_picture import AXIS, lane_heights, timeline_svg
from edge_agent.sim.turn_table import TurnRow
from edge_agent.sim.verdict import Step

COLUMNS = {  # key of the contract: heading, unit
    "wake_to_first_byte_ms": ("wake word to first byte", "ms"),
    "speech_end_to_first_sample_ms": ("end of sentence to first sound of the reply", "ms"),
    "interruption_to_silence_ms": ("interruption to silence", "ms"),
    "heard_ms": ("reply heard", "ms"),
    "truncated_ms": ("received, never heard", "ms"),
    "underruns": ("underruns", "count"),
    "echo_reduction_db": ("echo reduction", "dB"),
}
OPENED = {
    "wake": "wake word",
    "press": "button",
    "follow_up": "follow-up, no wake word",
    "interruption": "talked over the reply",
    "continued": "went on after a pause",
    "greeting": "greeting",
}
TRACKS = {  # id: name, what it is
    "mic": ("Microphone", "what the room's microphone heard: person, echo, noise"),
    "clean": ("Echo-reduced", "what speech detection heard and what was sent, in turns only"),
    "air": ("Loudspeaker", "what was played, at the air"),
}
SOUND_S = 240  # a page with more sound than this is slow to open
KEY = (
    ("idle", "idle"),
    ("listening", "listening"),
    ("thinking", "thinking"),
    ("speaking", "speaking"),
    ("follow", "follow-up"),
    ("muted", "muted"),
    ("out", "sound that left the device"),
    ("in", "sound that came in"),
)
SIMULATED = (
    "<strong>Simulated:</strong> no sound card (a room of arithmetic with echo, reverberation and noise), no board "
    "(button, mute switch and ring), no cloud (the embedded server understands and answers a handful of questions), "
    "and the people are synthetic voices or recordings.",
    "Replies are timed at the simulated air, device latency included. Bytes are counted on the line by a witness.",
)
NOTES = (
    "<strong>Real:</strong> the daemon&rsquo;s own threads, audio path, echo cancellation, wake word and speech "
    "models, dialogue, session and WebSocket; the server speaks the GA Realtime protocol in a process of its own.",
    *SIMULATED,
)
LOCK_STEP_NOTES = (
    "<strong>Real:</strong> the daemon&rsquo;s own audio path, echo cancellation, wake word and speech models, its "
    "dialogue and session, and the server&rsquo;s own protocol, ears and voice; all in one thread and in simulated "
    "time, without a socket between them.",
    *SIMULATED,
)


def page(
    title: str,
    steps: Sequence[Step],
    rows: Sequence[TurnRow],
    evidence: Evidence,
    frame: Frame,
    *,
    about: str = "",
    room: str = "",
    notes: Sequence[str] = NOTES,
) -> str:
    """The whole file. title: the scenario's name.  about: what was run, in a sentence.  room: HTML of the room's plan.
    notes: HTML of the footnote's paragraphs.  frame: board.animation.frame."""
    body = "".join(
        (
            _headline(title, steps, about),
            _figures(rows, evidence),
            _steps(steps, with_sound=_with_sound(evidence)),
            _timeline(evidence, frame),
            _players(evidence),
            _table(rows, evidence),
            f"<h2>Where it happened</h2>{room}" if room else "",
            f'<footer class="notes">{"".join(f"<p>{note}</p>" for note in notes)}</footer>',
        )
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; img-src data:; media-src data:\">"
        f"<title>{escape(_verdict(steps))}: {escape(title)}</title><style>{_asset('page.css')}</style></head>"
        f"<body><main>{body}</main><script>{_asset('page.js')}</script></body></html>"
    )


def wav_bytes(track: Samples) -> bytes:
    """A WAV file, 16 kHz mono 16 bit; samples beyond full scale are clipped."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(HEARING_RATE)
        out.writeframes((np.clip(track, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    return file.getvalue()


def _asset(name: str) -> str:
    return files("edge_agent.sim").joinpath(name).read_text(encoding="utf-8")


def _verdict(steps: Sequence[Step]) -> str:
    passed = sum(step.passed for step in steps)
    if not steps:
        return "Nothing was judged"
    return (
        f"All {len(steps)} steps passed"
        if passed == len(steps)
        else f"{len(steps) - passed} of {len(steps)} steps failed"
    )


def _headline(title: str, steps: Sequence[Step], about: str) -> str:
    good = all(step.passed for step in steps)
    kind, seal = ("open", "○") if not steps else ("good", "✓") if good else ("bad", "✗")
    lead = f"{title}. {about}" if about else title
    return (
        f'<header class="headline {kind}"><div class="seal" aria-hidden="true">{seal}</div>'
        f'<div><h1>{escape(_verdict(steps))}</h1><p class="lead">{escape(lead)}</p></div></header>'
    )


def _figures(rows: Sequence[TurnRow], evidence: Evidence) -> str:
    shown = [
        _figure("Wake word to first byte on the wire", _middle([row.wake_to_first_byte_ms for row in rows]), "ms"),
        _figure("End of sentence to first sound", _middle([row.speech_end_to_first_sample_ms for row in rows]), "ms"),
        _figure("Interruption to silence", _middle([row.interruption_to_silence_ms for row in rows]), "ms"),
        _figure("Echo reduction", _middle([row.echo_reduction_db for row in rows]), "dB"),
        _figure("Sound sent before the first wake", str(bytes_before_wake(evidence)), "bytes"),
        _figure("Sound sent while muted", str(bytes_while_muted(evidence)), "bytes"),
    ]
    return f'<dl class="figures">{"".join(shown)}</dl>'


def _figure(name: str, value: str, unit: str) -> str:
    return f"<div><dt>{name}</dt><dd>{value}{f' <small>{unit}</small>' if value != '–' else ''}</dd></div>"


def _middle(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known):,.0f}" if known else "–"


def _with_sound(evidence: Evidence) -> bool:
    return evidence.duration_ms <= SOUND_S * 1000


def _steps(steps: Sequence[Step], *, with_sound: bool) -> str:
    if not steps:
        return ""
    lines = []
    for step in steps:
        kind, mark, word = ("good", "✓", "passed") if step.passed else ("bad", "✗", "failed")
        listen = _listen(step) if with_sound and step.at_ms is not None else ""
        lines.append(
            f'<li class="{kind}"><span class="mark" role="img" aria-label="{word}">{mark}</span>'
            f'<span><b>{escape(step.name)}</b><span class="why">{escape(step.why)}</span></span>{listen}</li>'
        )
    return f'<h2>What had to happen</h2><ol class="steps">{"".join(lines)}</ol>'


def _listen(step: Step) -> str:
    at_s = (step.at_ms or 0) / 1000
    moment = f"{int(at_s) // 60}:{int(at_s) % 60:02d}"
    return (
        f'<button type="button" data-at="{at_s:.2f}" data-track="mic" '
        f'aria-label="Listen to the microphone at {moment}: {escape(step.name)}">▶ {moment}</button>'
    )


def _timeline(evidence: Evidence, frame: Frame) -> str:
    heights = lane_heights(evidence)
    names = "".join(f'<div style="height:{height}px">{name}</div>' for name, height in heights.items())
    key = "".join(f'<li><i style="background:var(--{color})"></i>{word}</li>' for color, word in KEY)
    seconds = evidence.duration_ms / 1000
    return (
        "<h2>What happened</h2>"
        '<div class="bar tools" hidden><button type="button" id="farther" aria-label="Zoom out">−</button>'
        '<button type="button" id="nearer" aria-label="Zoom in">+</button>'
        '<button type="button" id="whole">Whole run</button><span class="spring"></span>'
        '<span>Click the picture to hear that moment</span><output id="now" aria-label="Position"></output></div>'
        f'<div class="chart"><div class="names" aria-hidden="true" style="padding-top:{AXIS}px">{names}</div>'
        '<div class="window" tabindex="0" role="slider" aria-label="Position in the run; arrow keys move, '
        f'plus and minus zoom, space plays" aria-valuemin="0" aria-valuemax="{seconds:.2f}" aria-valuenow="0">'
        f"{timeline_svg(evidence, frame)}</div></div>"
        f'<ul class="key">{key}</ul>'
    )


def _players(evidence: Evidence) -> str:
    if not _with_sound(evidence):
        return (
            f'<p class="notes">The sound of a run longer than {SOUND_S // 60} minutes is not in this page: room.wav, '
            "beside it, has the microphone on the left and the loudspeaker on the right.</p>"
        )
    players = []
    for track, (name, what) in TRACKS.items():
        sound = b64encode(wav_bytes(getattr(evidence, track))).decode()
        players.append(
            f"<figure><figcaption>{name}<small>{what}</small></figcaption>"
            f'<audio id="{track}" controls preload="auto" aria-label="{name}" '
            f'src="data:audio/wav;base64,{sound}"></audio></figure>'
        )
    return f'<div class="players">{"".join(players)}</div>'


def _table(rows: Sequence[TurnRow], evidence: Evidence) -> str:
    heads = "".join(f'<th scope="col">{name}<small>{unit}</small></th>' for name, unit in COLUMNS.values())
    lines = "".join(_table_row(row, evidence) for row in rows)
    return (
        '<h2>Turn by turn</h2><div class="scroll" tabindex="0" role="region" aria-label="Figures of every turn">'
        '<table><thead><tr><th scope="col">turn</th><th scope="col" class="words">opened by, said, answered</th>'
        f"{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _table_row(row: TurnRow, evidence: Evidence) -> str:
    story = evidence.story
    floor = next((floor for floor in story.floors if floor.turn == row.turn), None)
    by = OPENED.get(floor.by, floor.by) if floor else "the device itself"
    said = story.said_in(row.turn) if floor else None
    reply = story.caption(row.turn, of_person=False)
    words = f"<small>{escape(by)}</small>"
    name = f"{said.name}: " if said and said.name else ""
    words += f'<span class="said">{escape(name + said.text)}</span>' if said else ""
    words += f'<span class="reply">{escape(reply)}</span>' if reply else ""
    values = [getattr(row, item.name) for item in fields(row) if item.name in COLUMNS]
    cells = "".join('<td class="none">–</td>' if value is None else f"<td>{value:,}</td>" for value in values)
    return f'<tr><th scope="row">{row.turn}</th><td class="words">{words}</td>{cells}</tr>'
