"""What this device can do for a conversation: its volume, its timers and alarms, the time, how it is.

Law: it puts together, for both wirings; each ability is built elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edge_agent.audio.playback import Playback
from edge_agent.device_status import DeviceStatus
from edge_agent.session.tools import Toolbox, device_tools
from edge_agent.timeline import Timeline
from edge_agent.timers.clockwork import Clockwork
from edge_agent.timers.memory import TimerMemory
from edge_agent.timers.tools import timer_tools


class Abilities:
    """now: monotonic, s.  wall: seconds of the epoch.  env: where state is kept between runs."""

    def __init__(
        self,
        playback: Playback,
        timeline: Timeline,
        now: Callable[[], float],
        wall: Callable[[], float],
        env: Mapping[str, str],
    ) -> None:
        def set_volume(percent: int) -> None:
            playback.volume = percent

        self.status = DeviceStatus(playback, now)
        self.clockwork = Clockwork(now=now, wall=wall, memory=TimerMemory(env), timeline=timeline)
        volume = device_tools(lambda: playback.volume, set_volume, self.status.facts)
        self.toolbox = Toolbox([*volume, *timer_tools(self.clockwork)])
