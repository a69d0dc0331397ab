"""How the device says it is."""

from __future__ import annotations

from pathlib import Path

from edge_agent.audio.playback import Playback
from edge_agent.device_status import DeviceStatus
from edge_agent.dialogue.state import Agent, Link, LinkPhase


class TestTheStatus:
    def test_tells_what_can_be_looked_at(self, tmp_path: Path) -> None:
        now = [100.0]
        (tmp_path / "temp").write_text("51234\n")
        status = DeviceStatus(Playback(volume=60), lambda: now[0], tmp_path / "temp")
        status.agent = lambda: Agent(link=Link(LinkPhase.READY), muted=True)
        now[0] += 3600
        facts = status.facts()
        assert facts.pop("version")
        assert facts == {
            "volume_percent": 60,
            "uptime_s": 3600,
            "underruns": 0,
            "network": "ready",
            "muted": True,
            "ringing": False,
            "temperature_c": 51.2,
        }

    def test_leaves_out_what_cannot(self, tmp_path: Path) -> None:
        (tmp_path / "temp").write_text("hot")
        for thermometer in (tmp_path / "none", tmp_path / "temp"):
            facts = DeviceStatus(Playback(), lambda: 0.0, thermometer).facts()
            assert not {"temperature_c", "network"} & set(facts)
