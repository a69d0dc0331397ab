"""The calibration on real PyAudio, PortAudio and alsa-lib: on a card made of files, and on one of PulseAudio's."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen

import numpy as np
import pytest

from edge_agent.audio import alsa_config
from edge_agent.audio.card_format import CardSettings
from edge_agent.audio.duplex import Duplex
from edge_agent.audio.format import BLOCKS_PER_S, Samples
from edge_agent.audio.playback import Playback
from edge_agent.audio.portaudio import PortAudioDevice
from edge_agent.field.calibration.examination import Setting, examine
from edge_agent.field.calibration.programme import Programme
from edge_agent.field.calibration.recording import TRIM_S
from edge_agent.field.calibration.verdict import judge
from edge_agent.hearing.echo.off import OffEcho
from tests.daemon import pulse

RATE, VOLUME = 48_000, 70
DELAY = 3_120  # samples of the card: 65 ms
GAIN_DB = -9.0
PROGRAMME = Programme(3, voice=False)
PULSE_S = 120

# What stands in for the system's default card: the loudspeaker is a file, and so is the microphone.
FILES = """</usr/share/alsa/alsa.conf>
pcm.!default {{
  type asym
  playback.pcm {{ type file slave.pcm null file /dev/null format raw }}
  capture.pcm {{ type file slave.pcm null file /dev/null infile "{place}/mic.raw" format raw }}
}}
"""


class Listener:
    """A device that only remembers what the loudspeaker is given."""

    def __init__(self) -> None:
        self.rate = self.mic_rate = RATE
        self.channels, self.has_reference, self.is_clocked = 1, False, False
        self.latency_ms, self.drift_ppm, self.overflows, self.underruns = 0.0, 0.0, 0, 0
        self.obtained: dict[str, object] = {}
        self.given: list[Samples] = []

    def open(self) -> None:
        """Nothing is claimed."""

    def close(self) -> None:
        """Nothing is held."""

    def exchange(self, speaker: Samples | None) -> Samples:
        self.given.append(np.zeros(RATE // 100, np.float32) if speaker is None else speaker.copy())
        return np.zeros((1, RATE // 100), np.float32)


def given() -> Samples:
    """What a card of 48 kHz is given in the course of the programme."""
    listener, playback = Listener(), Playback(volume=VOLUME, earcons=False)
    duplex = Duplex(listener, playback)
    for _ in range(round(TRIM_S * BLOCKS_PER_S)):
        duplex.exchange()
    playback.push(1, "calibration", PROGRAMME.samples())
    playback.finish(1)
    for _ in range(round(PROGRAMME.seconds * BLOCKS_PER_S)):
        duplex.exchange()
    return np.concatenate(listener.given)


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PortAudioDevice:
    """A card whose microphone hears what its loudspeaker will have played, DELAY later and GAIN_DB softer."""
    pytest.importorskip("pyaudio", reason="PyAudio is not installed")
    if not alsa_config.SYSTEM_CONFIG.exists():
        pytest.skip("alsa-lib's configuration (libasound2-data) is not installed")
    played = given()
    heard = np.random.default_rng(1).standard_normal(len(played) + 5 * RATE) * 1e-3
    heard[DELAY : DELAY + len(played)] += played * 10.0 ** (GAIN_DB / 20.0)
    (np.clip(heard, -1.0, 1.0) * 32767).astype("<i2").tofile(tmp_path / "mic.raw")
    (tmp_path / "card.conf").write_text(FILES.format(place=tmp_path))
    monkeypatch.setenv(alsa_config.VARIABLE, str(tmp_path / "card.conf"))
    return PortAudioDevice(CardSettings(clocks="one"), directory=tmp_path / "run")


class TestACardOfFiles:
    def test_has_the_delay_and_the_echo_that_its_files_have(self, card: PortAudioDevice) -> None:
        figures = examine(card, OffEcho(), Setting(volume=VOLUME), PROGRAMME)
        assert figures.path.delay_ms == pytest.approx(1000.0 * DELAY / RATE, abs=1.0)
        assert figures.path.echo_db == pytest.approx(GAIN_DB, abs=1.0)
        assert figures.path.clock is not None
        assert abs(figures.path.clock.drift_ppm) < 5.0
        assert figures.microphones[0].noise_dbfs == pytest.approx(-60.0 - 4.8, abs=1.5)  # a third of 24 kHz' power
        assert judge(figures, Setting(volume=VOLUME)).fine


@pytest.mark.skipif(bool(pulse.missing()), reason=f"not installed: {pulse.missing()}")
class TestACardWithAClock:
    """PulseAudio's null sink, whose monitor is the microphone: a wire, in real time."""

    @pytest.fixture
    def environment(self, tmp_path: Path) -> Iterator[dict[str, str]]:
        server = pulse.PulseAudio(tmp_path / "pulse")
        config = tmp_path / "asound.conf"
        config.write_text(
            "</usr/share/alsa/alsa.conf>\n"
            + server.pcm("mic", "room.monitor")
            + server.pcm("speaker", "room")
            + "pcm.!default { type asym playback.pcm speaker capture.pcm mic }\n"
        )
        here = {"ALSA_CONFIG_PATH": str(config), "RUNTIME_DIRECTORY": str(tmp_path), "STATE_DIRECTORY": str(tmp_path)}
        yield server.env() | here
        server.stop()

    def test_is_calibrated_by_the_command_and_kept(self, tmp_path: Path, environment: dict[str, str]) -> None:
        config = tmp_path / "edge-agent.toml"
        config.write_text('[audio]\nclocks = "one"\nbuffer_ms = 200\n')
        command = [sys.executable, "-m", "edge_agent", "calibrate", "--yes", "--json", "--seconds", "20"]
        process = Popen([*command, "--config", str(config)], env=environment, stdout=PIPE, stderr=PIPE, text=True)
        out, complaints = process.communicate(timeout=PULSE_S)
        assert process.returncode in (0, 1), complaints  # 1: this machine was busy, and sound was lost
        told = json.loads(out)
        path = told["figures"]["path"]
        assert path["arrives"]
        assert path["echo_db"] == pytest.approx(0.0, abs=1.0)
        assert 100.0 < path["delay_ms"] < 400.0
        assert {finding["what"] for finding in told["findings"] if not finding["fine"]} <= {
            "lost sound",
            "delay's spread",
        }
        assert json.loads((tmp_path / "calibration.json").read_text())["calibrations"] == [told]
        assert "the loudspeaker plays" in complaints
