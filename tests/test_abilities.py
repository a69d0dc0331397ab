"""What the model may ask of the device, put together."""

from __future__ import annotations

import json
from pathlib import Path

from edge_agent.abilities import Abilities
from edge_agent.audio.playback import Playback
from edge_agent.timeline import Recorder


def abilities(playback: Playback, directory: Path, wall: float = 1.8e9) -> Abilities:
    env = {"STATE_DIRECTORY": str(directory)}
    return Abilities(playback, Recorder(lambda: 0), now=lambda: 5.0, wall=lambda: wall, env=env)


class TestTheTools:
    def test_are_those_of_volume_status_time_and_timers(self, tmp_path: Path) -> None:
        names = {schema["name"] for schema in abilities(Playback(), tmp_path).toolbox.schemas()}
        assert names == {
            *("get_volume", "set_volume", "device_status", "get_time", "not_for_me"),
            *("set_timer", "set_alarm", "list_timers", "cancel_timer"),
        }

    def test_act_on_the_device(self, tmp_path: Path) -> None:
        playback = Playback()
        tools = abilities(playback, tmp_path).toolbox
        tools.call("set_volume", {"percent": 30})
        assert playback.volume == 30
        assert json.loads(tools.call("device_status", {}))["volume_percent"] == 30

    def test_find_the_timers_of_the_last_run(self, tmp_path: Path) -> None:
        abilities(Playback(), tmp_path).toolbox.call("set_timer", {"seconds": 60, "label": "eggs"})
        again = json.loads(abilities(Playback(), tmp_path, wall=1.8e9 + 20).toolbox.call("list_timers", {}))
        assert [(timer["label"], timer["in_s"]) for timer in again["timers"]] == [("eggs", 40)]
