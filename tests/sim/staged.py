"""A staged run: evidence composed by hand in which every step of a small demo happens, for the judge to be tried on.

Times in ms. Voices are noise shaped like syllables: broadband, so that a sound is like itself only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.evidence import Evidence, WireRecord
from edge_agent.sim.loudness import samples_at
from edge_agent.timeline import Happening

LENGTH_MS = 60_000
WAKE_MS = 600
ECHO_GAIN = 0.5
APPEND_MS = 40
APPEND_BYTES = 24 * 2 * APPEND_MS


@dataclass
class Stage:
    """The recordings and the log in the making."""

    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    happenings: list[Happening] = field(default_factory=list)
    wire: list[WireRecord] = field(default_factory=list)
    sent: dict[int, Samples] = field(default_factory=dict)
    near: Samples = field(default_factory=lambda: np.zeros(samples_at(LENGTH_MS), np.float32))
    air: Samples = field(default_factory=lambda: np.zeros(samples_at(LENGTH_MS), np.float32))

    def note(self, t_ms: int, kind: str, turn: int = 0, /, **data: Any) -> None:
        self.happenings.append(Happening(t_ms, turn, kind, data))

    def voice(self, for_ms: int, level: float) -> Samples:
        count = samples_at(for_ms)
        syllables = 0.25 + np.abs(np.sin(np.arange(count) * np.pi * 4 / HEARING_RATE))
        return (level * syllables * self.random.standard_normal(count)).astype(np.float32)

    def says(self, text: str, at_ms: int, for_ms: int, *, wake: bool = False) -> None:
        self.near[samples_at(at_ms) : samples_at(at_ms + for_ms)] += self.voice(for_ms, 0.05)
        wake_end = {"wake_end_ms": at_ms + WAKE_MS} if wake else {}
        self.note(at_ms, "talk", text=text, from_ms=at_ms, to_ms=at_ms + for_ms, **wake_end)

    def listens(self, turn: int, by: str, at_ms: int, since_ms: int, until_ms: int, heard: str) -> None:
        self.state(at_ms, "listening", "listening")
        self.note(at_ms, "listening", turn, by=by, since_ms=since_ms)
        for t_ms in range(at_ms + 20, until_ms, APPEND_MS):
            self.note(t_ms, "append", turn, bytes=APPEND_BYTES)
            self.wire.append(WireRecord(t_ms + 2, "input_audio_buffer.append", APPEND_BYTES))
        self.sent[turn] = self.near[samples_at(since_ms) : samples_at(until_ms)].copy()
        self.note(until_ms, "speech_ended", turn, speech_ms=until_ms - since_ms - 700, last_ms=until_ms - 690)
        self.note(until_ms, "commit", turn)
        self.wire.append(WireRecord(until_ms + 1, "input_audio_buffer.commit", 0))
        self.note(until_ms + 300, "caption", turn, role="user", text=heard)
        self.state(until_ms, "thinking", "thinking")

    def replies(self, turn: int, text: str, at_ms: int, for_ms: int, stopped_ms: int | None = None) -> None:
        """stopped_ms: when it falls silent at the air, if before its end."""
        end_ms = at_ms + for_ms if stopped_ms is None else stopped_ms
        self.air[samples_at(at_ms) : samples_at(end_ms)] += self.voice(end_ms - at_ms, 0.1)
        self.note(at_ms - 200, "response", turn)
        self.note(at_ms - 120, "first_delta", turn)
        self.note(at_ms - 80, "playing", turn)
        self.note(at_ms, "first_sample", turn)
        self.state(at_ms - 80, "speaking", "speaking")
        self.note(at_ms + 50, "caption", turn, role="assistant", text=text)
        for t_ms in range(at_ms - 100, at_ms + for_ms // 3, 100):
            self.wire.append(WireRecord(t_ms, "response.output_audio.delta", 14_400))
        for t_ms in range(at_ms + 900, end_ms, 1000):
            self.note(t_ms, "echo", 0, reduction_db=31.5, delay_ms=42.0)
        self.note(end_ms, "silence", turn, audible_ms=end_ms - at_ms)
        if stopped_ms is None:
            self.note(end_ms + 20, "drained", turn)
            self.state(end_ms + 20, "follow_up", "follow_up")
        else:
            item = [f"item_{turn}", stopped_ms - at_ms, for_ms]
            self.note(stopped_ms + 10, "flushed", turn, heard=[item])
            self.note(stopped_ms + 15, "truncate", turn, item=item[0], audio_end_ms=stopped_ms - at_ms)

    def state(self, t_ms: int, phase: str, light: str, *, link: str = "ready", muted: bool = False) -> None:
        self.note(t_ms, "state", phase=phase, link=link, muted=muted, light=light)

    def evidence(self) -> Evidence:
        noise = (0.0008 * self.random.standard_normal(len(self.near))).astype(np.float32)
        echo = np.zeros_like(self.air)
        echo[480:] = ECHO_GAIN * self.air[:-480]
        clean = (self.near + 0.02 * echo + noise).astype(np.float32)
        return Evidence(self.happenings, self.near + echo + noise, self.air, clean, self.wire, self.sent)


def run() -> Evidence:
    """Greeting, a question, a follow-up, an interruption, a press, a dropped link, a mute."""
    stage = Stage()
    stage.state(0, "idle", "connecting", link="connecting")
    stage.note(600, "ready")
    stage.state(600, "idle", "idle")
    stage.replies(1, "Hello, I am ready.", 1500, 1800)

    stage.says("hey jarvis what time is it", 5000, 1600, wake=True)
    stage.note(5700, "wake", 2, word="hey_jarvis", score=0.97, since_ms=5580)
    stage.listens(2, "wake", 5700, 5580, 7300, "what time is it")
    stage.replies(2, "It is ten past four.", 8000, 2000)

    stage.says("what is the date today", 11_000, 1400)
    stage.note(11_150, "speech_started", 3)
    stage.listens(3, "follow_up", 11_150, 10_900, 13_100, "what is the date today")
    stage.replies(3, "Today is Saturday.", 13_800, 2000)

    stage.says("tell me a story", 16_600, 1200)
    stage.listens(4, "follow_up", 16_750, 16_500, 18_500, "tell me a story")
    stage.says("stop what can you do", 23_000, 1600)
    stage.note(23_180, "duck", 4)
    stage.note(23_330, "barge_in", 4, since_ms=23_040)
    stage.replies(4, "Once upon a time there was a lighthouse.", 19_200, 25_000, stopped_ms=23_400)
    stage.listens(5, "interruption", 23_350, 23_040, 25_300, "stop what can you do")
    stage.replies(5, "I can tell the time and the date.", 26_000, 6000, stopped_ms=28_090)
    stage.note(28_000, "press", 5)
    stage.state(28_000, "idle", "idle")
    stage.note(28_000, "idle")

    stage.note(30_000, "fault", kind="drop")
    stage.note(30_020, "drop", reason="closed 1006")
    stage.state(30_020, "idle", "offline", link="backing_off")
    stage.note(32_500, "ready")
    stage.note(32_500, "resume", items=8, audio_ms=0)
    stage.state(32_500, "idle", "idle")
    stage.says("hey jarvis what was my first question", 34_000, 2400, wake=True)
    stage.note(34_700, "wake", 6, word="hey_jarvis", score=0.96, since_ms=34_590)
    stage.listens(6, "wake", 34_700, 34_590, 37_100, "what was my first question")
    stage.replies(6, "You asked me what time it is.", 37_900, 2600)

    stage.note(45_000, "mute")
    stage.state(45_000, "idle", "muted", muted=True)
    stage.says("hey jarvis what time is it", 47_000, 1600, wake=True)
    stage.note(52_000, "unmute")
    stage.state(52_000, "idle", "idle")
    return stage.evidence()


def without(evidence: Evidence, *kinds: str) -> Evidence:
    return replace(evidence, happenings=[h for h in evidence.happenings if h.kind not in kinds])


def also(evidence: Evidence, *happenings: Happening) -> Evidence:
    return replace(evidence, happenings=[*evidence.happenings, *happenings])


def with_caption(evidence: Evidence, turn: int, role: str, text: str) -> Evidence:
    kept = [h for h in evidence.happenings if not (h.kind == "caption" and h.turn == turn and h.data["role"] == role)]
    return replace(evidence, happenings=[*kept, Happening(1, turn, "caption", {"role": role, "text": text})])


def with_air(evidence: Evidence, from_ms: int, to_ms: int, level: float) -> Evidence:
    """The same run, but this much is audible at the air there: 0 silences it."""
    air = evidence.air.copy()
    count = samples_at(to_ms) - samples_at(from_ms)
    noise = np.random.default_rng(3).standard_normal(count).astype(np.float32)
    air[samples_at(from_ms) : samples_at(to_ms)] = level * noise
    return replace(evidence, air=air)
