"""Runs in the guest: keeps states as the daemon does, again and again; each is told on the serial line once it is kept.

Law: only the product's own classes write, as the product's own user; a step is told after the class has returned, which
is its promise that the state is on the disk. `write` goes on until the plug is pulled, or rests after the step that is
written into FIFO; `read` prints, as JSON, what is there. What a step keeps follows from its number alone.
"""

from __future__ import annotations

import itertools
import json
import os
import pwd
import signal
import sys
import termios
from pathlib import Path
from typing import Any

from edge_agent.durable import Disk
from edge_agent.field import first_boot
from edge_agent.system.mute_memory import MuteMemory
from edge_agent.timeline import Happening
from edge_agent.timers.entry import Entry
from edge_agent.timers.memory import TimerMemory

STATE = "var/lib/edge-agent"
FIFO = "/run/state-writer"
SERIAL = "/dev/ttyS0"
READY = b"the writer is ready\n"
KINDS = ("alarms", "muted", "unmuted", "card")  # of the steps, in turn, from 0 on
ALARMS = 40  # enough that the list is more than a disk's block


def write() -> None:
    serial = os.open(SERIAL, os.O_WRONLY | os.O_NOCTTY)
    os.write(serial, READY)
    stop = int(Path(FIFO).read_text())
    user = pwd.getpwnam("edge-agent")
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    env = {"STATE_DIRECTORY": f"/{STATE}"}
    alarms, mute = TimerMemory(env), MuteMemory(env)
    for step in itertools.count():
        match KINDS[step % len(KINDS)]:
            case "alarms":
                alarms.save(Entry(f"{step}-{n}", "alarm", 2e9 + step, "label", "07:00") for n in range(ALARMS))
            case "muted":
                mute.hear(Happening(0, 0, "mute"))
            case "unmuted":
                mute.hear(Happening(0, 0, "unmute"))
            case "card":
                take_in(step)
        os.write(serial, f"kept {step}\n".encode())
        termios.tcdrain(serial)
        if step == stop:
            signal.pause()


def take_in(step: int) -> None:
    """A first boot, in a device of its own: a name, a setting and a key, all of this step."""
    card, root = places(Path("/") / STATE)
    text = f'[device]\nhostname = "device-{step}"\napi_key = "key-{step}"\n[audio]\nvolume = {step % 100}\n'
    Disk().replace(card / "edge-agent.toml", text.encode())
    outcome = first_boot.run(card, root, seal=lambda key: None)
    assert outcome.problems == outcome.warnings == [], outcome


def read(state: Path) -> dict[str, Any]:
    """What the product finds in `state` after a boot. The first boot is run again, as each start does."""
    env = {"STATE_DIRECTORY": str(state)}
    found: dict[str, Any] = {"alarms": [entry.id for entry in TimerMemory(env).load()], "muted": MuteMemory(env).muted}
    card, root = places(state)
    found["unread"] = first_boot.run(card, root, seal=lambda key: None).problems
    for name, place in (("name", "etc/hostname"), ("key", first_boot.PLAIN_KEY), ("settings", first_boot.SETTINGS)):
        path = root / place
        found[name] = path.read_text() if path.exists() else ""
    return found


def places(state: Path) -> tuple[Path, Path]:
    """The card's partition and the root of the device of `take_in`."""
    return state / "trial/card", state / "trial/device"


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write()
    else:
        print(json.dumps({folder: read(Path(folder) / STATE) for folder in sys.argv[2:]}))
