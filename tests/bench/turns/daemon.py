"""The daemon's own threads in a simulated room, one story long: `python -m tests.bench.turns.daemon SPEC`.

Law: a process of its own, so that it can be given a part of a core, and so that no other Python holds its lock. The
wiring is `app.wire`'s; witnesses stand beside it and stamp. It prints `ready` once it is connected.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from edge_agent import app
from edge_agent.audio.card_format import CardSettings
from edge_agent.audio.device import AudioDevice
from edge_agent.audio.format import DuplexBlock
from edge_agent.audio.portaudio import PortAudioDevice
from edge_agent.audio.wire import PCM16_24K, UplinkEncoder
from edge_agent.board.nothing import NoBoard
from edge_agent.config import Settings
from edge_agent.config_file import from_dict
from edge_agent.ear import Ear
from edge_agent.hearing import facts as hf
from edge_agent.hearing.listener import Heard, Listener
from edge_agent.runtime import Daemon
from edge_agent.system.systemd import Notifier
from edge_agent.timeline import Happening
from tests.bench.turns.card import RoomCard
from tests.bench.turns.people import STORIES, Person, prepare
from tests.bench.turns.sinks import WatchedCard
from tests.bench.turns.trace import Decided, Noted, Trace

KINDS = {
    hf.WakeHeard: "wake",
    hf.SpeechPaused: "paused",
    hf.SpeechEnded: "ended",
    hf.NearEndSuspected: "suspected",
    hf.NearEndSpeaks: "speaks",
    hf.NearEndConfirmed: "confirmed",
}
# No sound but the reply's, and no turn that nobody asked for: what is measured must not be taken for something else.
CONFIG = {"audio": {"earcons": False}, "turn": {"follow_up_s": 0}}
LOUD = ("append", "usage", "echo", "state")  # notes that nobody needs here


class Witness:
    """A listener that stamps what it decides, in the instant in which it has."""

    def __init__(self, listener: Listener, decided: list[Decided], heard_s: dict[int, float]) -> None:
        self._listener, self._decided, self._heard_s = listener, decided, heard_s

    def hear(self, pair: DuplexBlock) -> Heard:
        heard = self._listener.hear(pair)
        now_s = self._heard_s[pair.index] = time.monotonic()
        self._decided += [Decided(now_s, KINDS[type(fact)]) for fact in heard.facts if type(fact) in KINDS]
        return heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)


def run(spec: dict[str, Any]) -> Trace:
    settings = from_dict(CONFIG, "bench")
    parts, trace, heard_s = app.stages(settings), Trace(), dict[int, float]()
    ear = Ear(cast(Listener, Witness(parts.listener, trace.decided, heard_s)), UplinkEncoder(PCM16_24K), parts.recorder)
    parts = replace(parts, ear=ear)
    person, over = Person(spec["seed"]), threading.Event()

    def note(happening: Happening) -> None:
        if happening.kind not in LOUD:
            trace.noted.append(Noted(time.monotonic(), happening.turn, happening.kind))
            person.happenings.append(happening.kind)
        if happening.kind == "ready":
            print("ready", flush=True)

    parts.recorder.listen(note)
    story = STORIES[spec["story"]](person, spec["count"])
    card = _card(spec, settings, lambda: parts.playback.rendering, lambda block: step(block))
    step = person.follow(story, card, over.set)
    life = app.wire(
        settings,
        parts,
        device=cast(AudioDevice, card),
        board=NoBoard(),
        url=spec["url"],
        key=None,
        notifier=Notifier(),
        finished=over.is_set,
    )
    _forgive(life)
    began, used = time.monotonic(), time.process_time()
    life.run()
    trace.wall_s, trace.cpu_s = time.monotonic() - began, time.process_time() - used
    trace.saw(card, person)
    decisions = [decided.at_s for decided in trace.decided if decided.kind in ("suspected", "speaks")]
    if isinstance(card, RoomCard):
        trace.air_s = {repr(at_s): card.in_the_air_s(at_s) for at_s in decisions}
    trace.hearing_late_ms = [
        round((heard_s[n] - back_s) * 1000, 3) if n in heard_s else -1.0 for n, back_s in enumerate(card.back_s)
    ]
    trace.gaps, trace.unheard_ms = parts.playback.underruns, 10 * sum(ms < 0 for ms in trace.hearing_late_ms[:-20])
    return trace


def _card(
    spec: dict[str, Any], settings: Settings, playing: Callable[[], int], person: Callable[[int], None]
) -> RoomCard | WatchedCard:
    if spec["sinks"]:
        audio = settings.audio
        asked = CardSettings(rate=audio.rate, buffer_ms=audio.buffer_ms)
        device = PortAudioDevice(asked, directory=os.environ["RUNTIME_DIRECTORY"])
        return WatchedCard(device, spec["sinks"], playing, person)
    return RoomCard(seed=spec["seed"], playing=playing, person=person, clocked=spec["clocked"])


def _forgive(life: Daemon) -> None:
    """Every loss of the line is treated as the first in a long while: what a person meets."""
    mind = life._interpreter
    mind.agent = replace(mind.agent, policy=replace(mind.agent.policy, steady_s=0.0))


if __name__ == "__main__":
    prepare()
    given = json.loads(sys.argv[1])
    run(given).write(Path(given["out"]))
