"""A conversation with a foreign server, held by the daemon itself: its own wiring, threads and sockets, in real time,
in a simulated room. A proxy of ours in between would be one more suspect: the daemon's traffic log is the witness.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent import app
from edge_agent.config import Settings
from edge_agent.config_file import from_dict
from edge_agent.sim.scenario import load
from edge_agent.simulation import Stage
from edge_agent.system.systemd import Notifier
from edge_agent.timeline import Happening

Event = dict[str, Any]


@dataclass(frozen=True)
class Performance:
    """happenings: of the daemon, by time. out, back: every event on the wire. volume: the loudspeaker's, in the end."""

    happenings: list[Happening]
    out: list[Event]
    back: list[Event]
    volume: int

    def of(self, *kinds: str) -> list[Happening]:
        return [happening for happening in self.happenings if happening.kind in kinds]

    def words(self, role: str) -> list[str]:
        """What was said, turn by turn: all that `user` said, or that `assistant` said."""
        said: dict[int, str] = {}
        for caption in self.of("caption"):
            if caption.data["role"] == role:
                said[caption.turn] = f"{said.get(caption.turn, '')} {caption.data['text']}".strip()
        return list(said.values())


def perform(scenario: str, url: str, folder: Path) -> Performance:
    """scenario: the text of a scenario file."""
    path, wire = folder / "scenario.toml", folder / "traffic.jsonl"
    path.write_text(scenario)
    loaded = load(path)
    base = from_dict({"session": {"traffic_log": str(wire)}}, "the test", base=Settings())
    stage = Stage(loaded, from_dict(loaded.config, str(path), base=base), io.StringIO(), realtime=True)
    app.wire(
        stage.settings,
        stage.parts,
        device=stage.device,
        board=stage.board,
        url=url,
        key=None,
        notifier=Notifier(),
        finished=lambda: stage.device.finished,
        caption=stage.caption,
    ).run()
    passed = [json.loads(line) for line in wire.read_text().splitlines()]
    return Performance(
        sorted(stage.happenings, key=lambda happening: happening.t_ms),
        [line["event"] for line in passed if line["dir"] == "out"],
        [line["event"] for line in passed if line["dir"] == "in"],
        stage.parts.playback.volume,
    )
