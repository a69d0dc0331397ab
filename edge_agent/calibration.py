"""`edge-agent calibrate`, put together: which device, which engine, who is asked, what is kept.

Law: it constructs and connects, and speaks with the person in front of it; figures and verdicts are made in
`field/calibration/`. The simulated room stands in the place of the card by its name, `--device simulated`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TextIO

from edge_agent import app
from edge_agent.audio import alsa_config
from edge_agent.audio.device import AudioDevice
from edge_agent.audio.portaudio import PortAudioDevice
from edge_agent.board.chosen import chosen
from edge_agent.board.mixer import Mixer
from edge_agent.card_settings import card_settings
from edge_agent.config import Settings
from edge_agent.config_file import from_dict
from edge_agent.field.calibration.examination import FREE, Setting, examine
from edge_agent.field.calibration.kept import Kept
from edge_agent.field.calibration.programme import programme_of
from edge_agent.field.calibration.report import Told, told
from edge_agent.field.calibration.verdict import judge
from edge_agent.sim.acoustics_pyroom import AcousticsError
from edge_agent.sim.background import Backgrounds
from edge_agent.sim.card import Card
from edge_agent.sim.device import SimulatedDevice, Talkers
from edge_agent.sim.layout import LayoutError
from edge_agent.sim.room import Room
from edge_agent.sim.scenario import Scenario, ScenarioError, load
from edge_agent.sim.script import Script
from edge_agent.timeline import Recorder

SIMULATED = "simulated"
DAEMON = Path("/run/edge-agent")  # systemd's, there while the service runs
_DAEMON_RUNS = " The daemon runs and will hear all of it: better stop it first, sudo systemctl stop edge-agent."
_ROOM = Path("room.toml")


@dataclass(frozen=True)
class Rig:
    """What is measured. free: the same with nothing that makes one clock follow another, where that is done.

    opened: when the card is.  sounds: whether anybody can hear it.
    """

    device: AudioDevice
    setting: Setting
    settings: Settings
    free: AudioDevice | None = None
    opened: Callable[[], None] = lambda: None
    sounds: bool = True


def of_cards(settings: Settings, volume: int) -> Rig:
    """This machine's cards, as the daemon opens them. Raises BoardError, DeviceError."""
    profile = chosen(settings.board.profile)
    asked = card_settings(settings, profile)
    directory = alsa_config.directory(os.environ)
    one_card = replace(asked, clocks="one")

    def set_mixer() -> None:
        if profile and settings.board.mixer:
            Mixer(profile, input_card=asked.input_card, output_card=asked.output_card).set()

    setting = replace(
        _setting(settings, volume),
        board=profile.id if profile else "none",
        tier=profile.echo_tier if profile else None,
        hardware_mute=bool(profile and profile.hardware_mute),
        input_card=asked.input_card,
        output_card=asked.output_card,
        channels=tuple(row + 1 for row in asked.rows),
        has_reference=asked.reference_channel > 0,
        two_clocks=asked.two_clocks,
        gain_db=asked.gain_db,
    )
    return Rig(
        PortAudioDevice(asked, directory=directory),
        setting,
        settings,
        free=PortAudioDevice(one_card, directory=directory) if asked.two_clocks else None,
        opened=set_mixer,
    )


def of_room(scenario: Scenario, settings: Settings, volume: int) -> Rig:
    """The simulated room of a scenario, with the people and troubles in it. Raises ConfigError, ScenarioError."""
    settings = from_dict(scenario.config, str(scenario.path), base=settings)
    setting = replace(
        _setting(settings, volume),
        board=SIMULATED,
        input_card=SIMULATED,
        output_card=SIMULATED,
        channels=tuple(range(1, scenario.room.mics + 1)),
        two_clocks=scenario.room.drift_ppm != 0.0
        if settings.audio.clocks == "auto"
        else settings.audio.clocks == "two",
    )
    return Rig(_device(scenario), setting, settings, sounds=False)


def room(path: Path | None) -> Scenario:
    """The scenario of a file, or a living room. Raises ScenarioError."""
    return Scenario(_ROOM) if path is None else load(path)


def calibrate(rig: Rig, seconds: float, *, asks: bool, screen: TextIO, wall: Callable[[], datetime]) -> Told:
    """Play, measure, judge. asks: whether a person is there to be asked.  screen: where progress is told.

    wall: the time now, UTC. Raises DeviceError.
    """
    programme = programme_of(seconds)
    total_s = programme.seconds + (FREE.seconds if rig.free else 0.0)
    figures = examine(
        rig.device,
        app.echo_engine(rig.settings),
        rig.setting,
        programme,
        free=rig.free,
        opened=rig.opened,
        tell=_Progress(screen, total_s) if rig.sounds else lambda done_s: None,
        ask=_heard if asks and rig.sounds else lambda: None,
    )
    measured = wall().strftime("%Y-%m-%d %H:%M UTC")
    return told(figures, rig.setting, judge(figures, rig.setting), measured)


def announcement(rig: Rig, seconds: float) -> str:
    """What will happen, before it does."""
    programme = programme_of(seconds)
    total_s = programme.seconds + (FREE.seconds if rig.free else 0.0)
    return (
        f"For {total_s:.0f} s the loudspeaker plays {programme.sweeps} rising tones, one louder one, and noise in the "
        f"rhythm of speech, at volume {rig.setting.volume} % (as loud as a reply; start with a low --volume if in "
        "doubt). Be silent, stay away from the device, keep it where it will stand."
        + (_DAEMON_RUNS if DAEMON.exists() else "")
    )


def keep(one: Told, screen: TextIO) -> None:
    """For the next start; where it cannot be kept it is told. A simulated room is no device's: only where asked."""
    kept = Kept(os.environ)
    if one["board"] == SIMULATED and not os.environ.get("STATE_DIRECTORY"):
        print("not kept: it is a simulated room (set STATE_DIRECTORY to keep it there)", file=screen)
        return
    try:
        kept.keep(one)
    except OSError as error:
        print(f"not kept: {kept.file}: {error.strerror}; run it with sudo, or set STATE_DIRECTORY", file=screen)
    else:
        print(f"kept in {kept.file}", file=screen)


def confirmed() -> bool:
    """Whether the person wants it; no answer is no."""
    return _answer("Play it now? [y/N] ")


def _heard() -> bool:
    return _answer("The microphone heard nothing of it. Did you? [y/N] ")


def _answer(question: str) -> bool:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "j", "ja")


class _Progress:
    """One line that counts, on a terminal; nothing elsewhere."""

    def __init__(self, screen: TextIO, total_s: float) -> None:
        self._screen, self._total_s = screen, total_s

    def __call__(self, done_s: float) -> None:
        if self._screen.isatty():
            left = max(0.0, self._total_s - done_s)
            print(f"\r{left:3.0f} s ", end="\r" if left < 1.5 else "", file=self._screen, flush=True)


def _setting(settings: Settings, volume: int) -> Setting:
    """What the configuration alone says."""
    return Setting(
        engine=settings.echo.engine,
        volume=volume,
        tail_ms=settings.echo.tail_ms,
        max_delay_ms=settings.echo.max_delay_ms,
        buffer_ms=settings.audio.buffer_ms,
    )


def _device(scenario: Scenario) -> SimulatedDevice:
    """Of a room in which nobody presses anything."""
    recorder = Recorder(lambda: 0)
    places = 1 + len(scenario.further) - len(scenario.backgrounds)
    talkers = Talkers(places, Backgrounds(scenario.backgrounds))
    try:
        return SimulatedDevice(
            Room(scenario.room, scenario.seed, scenario.further, scenario.changes),
            script=Script(
                scenario,
                recorder,
                talk=talkers.say,
                press=lambda button, hold_s: None,
                mute=lambda on: None,
                fault=lambda fault: None,
            ),
            talkers=talkers,
            playing=lambda: 0,
            recorder=recorder,
            realtime=False,
            delay_ms=scenario.room.delay_ms,
            card=Card(scenario.card, scenario.room, scenario.seed),
        )
    except (LayoutError, AcousticsError) as error:
        raise ScenarioError([f"{scenario.path}: {error}"]) from error
