"""How the device is doing, in plain facts for the model.

Law: it looks and tells; what cannot be looked at is left out. JSON types; units are in the names.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge_agent import __version__
from edge_agent.audio.playback import Playback
from edge_agent.dialogue.state import Agent

THERMOMETER = Path("/sys/class/thermal/thermal_zone0/temp")  # thousandths of a degree, on every Pi


class DeviceStatus:
    """agent: set once there is one.  now: monotonic seconds."""

    def __init__(self, playback: Playback, now: Callable[[], float], thermometer: Path = THERMOMETER) -> None:
        self.agent: Callable[[], Agent] | None = None
        self._playback, self._now, self._thermometer = playback, now, thermometer
        self._began = now()

    def facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "version": __version__,
            "volume_percent": self._playback.volume,
            "uptime_s": round(self._now() - self._began),
            "underruns": self._playback.underruns,
        }
        if self.agent is not None:
            agent = self.agent()
            facts |= {"network": agent.link.phase.value, "muted": agent.muted, "ringing": agent.ringing.sounding}
        temperature = self._temperature_c()
        return facts if temperature is None else facts | {"temperature_c": temperature}

    def _temperature_c(self) -> float | None:
        try:
            return round(int(self._thermometer.read_text()) / 1000, 1)
        except (OSError, ValueError):
            return None
