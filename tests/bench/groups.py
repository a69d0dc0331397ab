"""The groups of rows: the name that `--only` takes, the function that measures them, and what they are about.

Law: a table. A group's module is imported only when it runs, so that no group measures another's imports.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.row import Row


@dataclass(frozen=True, slots=True)
class Group:
    """where: module and function.  title: of its table on the page.  note: what a reader must know."""

    where: tuple[str, str]
    title: str
    note: str = ""

    def rows(self) -> Iterator[Row]:
        module, function = self.where
        found: Iterator[Row] = getattr(importlib.import_module(f"tests.bench.{module}"), function)()
        return found


TURN = (
    "The daemon's own threads in a simulated room, in real time, over real sockets to the embedded server; the plain "
    "client in the same room, on the same card (40 ms from card to air), at the same server."
)
HELD = "*) or from the certainty that the sentence is over, should that come later: an answer may be held until then."
APPROXIMATED = (
    "Approximated, not measured on one: the daemon gets this share of one core of this machine, and beside it what the "
    "simulated walls take, dealt out anew every 10 ms by the kernel; the server and the measuring are not counted. "
    "A Raspberry Pi has four slow cores instead of a part of a fast one, slower memory and smaller caches. Without the "
    "audio thread's realtime priority, which the quota could not hold."
)
GROUPS = {
    "turns": Group(("turns.rows", "turns"), "A turn", f"{TURN} The model answers after 500 ms. {HELD}"),
    "interruption": Group(
        ("turns.rows", "interruption"),
        "A person talks over the reply",
        TURN + " Six voices, twelve sentences, moments drawn from a seed; from the first sound at the microphone.",
    ),
    "card": Group(
        ("turns.rows", "card"),
        "A turn on a sound card",
        "The same with real sound calls: the daemon's PortAudio device at 48 kHz, the plain client's PyAudio stream at "
        "24 kHz, both on PulseAudio's null sinks; heard at the loudspeaker's monitor. No echo, no clock but "
        "PulseAudio's.",
    ),
    "reconnect": Group(("turns.rows", "reconnect"), "The line is lost", TURN),
    "burst": Group(
        ("turns.rows", "burst"),
        "A reply of 30 s arrives at once",
        TURN + " How late the threads are in the two seconds from its first delta on.",
    ),
    "quota_50": Group(("turns.rows", "quota_50"), "A Raspberry Pi 4, approximated: 50 % of one core", APPROXIMATED),
    "quota_15": Group(("turns.rows", "quota_15"), "A Zero 2 W, approximated: 15 % of one core", APPROXIMATED),
    "daemon": Group(("daemon", "rows"), "The whole daemon, as a process on a sound card"),
    "threads": Group(("run", "threads"), "The daemon's threads"),
    "echo": Group(("hearing", "echo"), "Echo reduction"),
    "wake": Group(("hearing", "wake"), "Wake words"),
    "vad": Group(("hearing", "vad"), "Speech detection"),
    "listener": Group(("hearing", "listener"), "Hearing, all of it"),
    "sound": Group(("sound", "rows"), "Sound"),
    "dialogue": Group(("talk", "dialogue"), "Decisions"),
    "session": Group(("talk", "session"), "Protocol"),
    "light": Group(("talk", "light"), "Light"),
    "journal": Group(("talk", "journal"), "Journal"),
    "simulation": Group(("run", "simulation"), "The simulator"),
    "memory": Group(("memory", "memory"), "Memory"),
    "start": Group(("memory", "start"), "Start"),
    "server": Group(("server", "rows"), "The embedded server"),
}
