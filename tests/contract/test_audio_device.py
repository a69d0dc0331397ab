"""The contract of `audio.device.AudioDevice`: the same sentences on every device.

PortAudio is the true one: PyAudio, PortAudio and alsa-lib, over ALSA's `file` plugin (no clock, and no sound is lost).
The simulated room is its twin. A new device joins by a fixture of its own in DEVICES: a factory of a `Rig` for a rate
and a number of channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio import alsa_config
from edge_agent.audio.device import AudioDevice, DeviceError
from edge_agent.audio.format import Samples
from edge_agent.audio.portaudio import PortAudioDevice
from edge_agent.sim.device import SimulatedDevice, Talkers
from edge_agent.sim.room import Room
from edge_agent.sim.scenario import RoomSettings, Scenario
from edge_agent.sim.script import Script
from edge_agent.timeline import Recorder


@dataclass
class Rig:
    """A device under test. nowhere: makes a device of the same kind whose card does not exist, if it can."""

    device: AudioDevice
    nowhere: Callable[[], AudioDevice] | None = None


MakeRig = Callable[[int, int], Rig]


@pytest.fixture
def portaudio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRig:
    pytest.importorskip("pyaudio", reason="PyAudio is not installed")
    if not alsa_config.SYSTEM_CONFIG.exists():
        pytest.skip("alsa-lib's configuration (libasound2-data) is not installed")

    def make(rate: int, channels: int) -> Rig:
        noise = np.random.default_rng(5).integers(-9000, 9000, rate * channels * 5)
        noise.astype("<i2").tofile(tmp_path / "mic.raw")
        base = tmp_path / "card.conf"
        base.write_text(
            f"<{alsa_config.SYSTEM_CONFIG}>\n"
            "pcm.!default { type asym\n"
            f'  playback.pcm {{ type file slave.pcm "null" file "{tmp_path}/speaker.raw" format "raw" }}\n'
            f'  capture.pcm {{ type file slave.pcm "null" file "/dev/null" infile "{tmp_path}/mic.raw" }}\n'
            "}\n"
        )
        monkeypatch.setenv(alsa_config.VARIABLE, str(base))
        alsa_config.apply(tmp_path / "run", rate=rate, channels=channels)

        def nowhere() -> AudioDevice:
            alsa_config.apply(tmp_path / "run", input_card="NoSuchCard", output_card="NoSuchCard", rate=rate)
            return PortAudioDevice(rate=rate, input_card="NoSuchCard", output_card="NoSuchCard")

        return Rig(PortAudioDevice(rate=rate, channels=channels), nowhere)

    return make


@pytest.fixture
def simulated() -> MakeRig:
    def make(rate: int, channels: int) -> Rig:
        if rate != 16_000:
            pytest.skip("the simulated room works at 16 kHz only")
        recorder = Recorder(lambda: 0)
        script = Script(
            Scenario(Path("contract.toml")),
            recorder,
            talk=lambda samples: None,
            press=lambda button, hold_s: None,
            mute=lambda on: None,
            fault=lambda fault: None,
        )
        room = Room(RoomSettings(mics=channels), seed=1)
        device = SimulatedDevice(
            room,
            script=script,
            talkers=Talkers(),
            playing=lambda: 0,
            recorder=recorder,
            realtime=False,
            delay_ms=40,
        )
        return Rig(device)

    return make


DEVICES = {"portaudio": 48_000, "simulated": 16_000}  # by their names: a rate that each has
RATES = [(48_000, 1), (48_000, 2), (16_000, 1), (16_000, 2), (44_100, 1)]


@pytest.fixture(params=DEVICES)
def make_rig(request: pytest.FixtureRequest) -> MakeRig:
    made: MakeRig = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def rate(request: pytest.FixtureRequest) -> int:
    """A rate of the device under test."""
    return DEVICES[request.node.callspec.params["make_rig"]]


@pytest.fixture
def device(make_rig: MakeRig, rate: int) -> Iterator[AudioDevice]:
    device = make_rig(rate, 1).device
    device.open()
    yield device
    device.close()


def block(device: AudioDevice, level: float = 0.0) -> Samples:
    """Ten milliseconds of one level."""
    return np.full(device.rate // 100, level, np.float32)


class TestAnExchange:
    @pytest.mark.parametrize(("rate", "channels"), RATES)
    def test_takes_and_gives_ten_milliseconds_at_the_devices_own_rate(
        self, make_rig: MakeRig, rate: int, channels: int
    ) -> None:
        device = make_rig(rate, channels).device
        device.open()
        try:
            assert (device.rate, device.channels) == (rate, channels)
            for _ in range(20):
                heard = device.exchange(np.zeros(rate // 100, np.float32))
                assert heard.shape == (channels, rate // 100)
                assert heard.dtype == np.float32
                assert np.abs(heard).max() <= 1
        finally:
            device.close()

    def test_of_a_wrong_length_is_refused(self, device: AudioDevice) -> None:
        with pytest.raises(ValueError, match=str(device.rate // 100)):
            device.exchange(block(device)[1:])

    def test_leaves_the_speakers_block_as_it_was(self, device: AudioDevice) -> None:
        given = block(device, 0.25)
        device.exchange(given)
        assert (given == 0.25).all()

    def test_gives_sound_that_belongs_to_the_caller(self, device: AudioDevice) -> None:
        first = device.exchange(block(device))
        kept = first.copy()
        for _ in range(5):
            device.exchange(block(device, 1.0))
        assert np.array_equal(first, kept)

    def test_takes_sound_louder_than_full_scale_without_harm(self, device: AudioDevice) -> None:
        heard = device.exchange(block(device, 5.0))
        assert np.isfinite(heard).all()


class TestAfterOpening:
    def test_the_latency_is_known_and_nothing_is_lost_yet(self, device: AudioDevice) -> None:
        assert device.latency_ms >= 0
        assert (device.overflows, device.underruns) == (0, 0)

    def test_nothing_is_lost_while_blocks_flow(self, device: AudioDevice) -> None:
        for _ in range(100):
            device.exchange(block(device))
        assert (device.overflows, device.underruns) == (0, 0)


class TestClosing:
    def test_may_happen_twice_and_before_opening(self, make_rig: MakeRig, rate: int) -> None:
        device = make_rig(rate, 1).device
        device.close()
        device.open()
        device.close()
        device.close()

    def test_allows_opening_again(self, make_rig: MakeRig, rate: int) -> None:
        device = make_rig(rate, 1).device
        for _ in range(2):
            device.open()
            assert device.exchange(block(device)).shape == (1, rate // 100)
            device.close()

    def test_ends_exchanging(self, make_rig: MakeRig, rate: int) -> None:
        device = make_rig(rate, 1).device
        device.open()
        device.close()
        with pytest.raises(DeviceError):
            device.exchange(block(device))


class TestACardThatIsNotThere:
    def test_is_named_in_the_error(self, make_rig: MakeRig, rate: int) -> None:
        nowhere = make_rig(rate, 1).nowhere
        if nowhere is None:
            pytest.skip("this device has no card that could be missing")
        with pytest.raises(DeviceError, match="NoSuchCard"):
            nowhere().open()


class TestPortAudio:
    """What only the file plugin can show: the very samples, on both sides."""

    def test_carries_every_sample_both_ways(self, portaudio: MakeRig, tmp_path: Path) -> None:
        device = portaudio(48_000, 2).device
        device.open()
        spoken = np.random.default_rng(7).integers(-9000, 9000, 4800).astype("<i2")
        heard = [device.exchange(block.astype(np.float32) / np.float32(32768)) for block in spoken.reshape(10, 480)]
        device.close()
        mic = np.fromfile(tmp_path / "mic.raw", "<i2")[: 2 * 4800].reshape(4800, 2).T
        assert np.array_equal(np.concatenate(heard, axis=1) * 32768, mic)
        speaker = np.fromfile(tmp_path / "speaker.raw", "<i2")
        silence = round(device.latency_ms * 48)
        assert not speaker[:silence].any()
        assert np.array_equal(speaker[silence:], spoken)
