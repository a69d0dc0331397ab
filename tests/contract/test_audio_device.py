"""The contract of `audio.device.AudioDevice`: the same sentences on every device.

PortAudio is the true one: PyAudio, PortAudio and alsa-lib, over ALSA's `file` plugin (no clock, and no sound is lost),
as the system's default and in the place of cards' hardware.
The simulated room is its twin. A new device joins by a fixture of its own in DEVICES: a factory of a `Rig` for a rate
and a number of channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pytest

from edge_agent.audio import alsa_config, cards
from edge_agent.audio.card_format import CardSettings
from edge_agent.audio.cards import Abilities
from edge_agent.audio.device import AudioDevice, DeviceError
from edge_agent.audio.format import Samples
from edge_agent.audio.portaudio import PortAudioDevice
from edge_agent.sim.device import SimulatedDevice, Talkers
from edge_agent.sim.room import Room
from edge_agent.sim.scenario import Scenario
from edge_agent.sim.scenario_room import RoomSettings
from edge_agent.sim.script import Script
from edge_agent.timeline import Recorder


@dataclass
class Rig:
    """A device under test. nowhere: a device of the same kind whose card does not exist, if there can be one."""

    device: AudioDevice
    nowhere: AudioDevice | None = None


class MakeRig(Protocol):
    def __call__(self, rate: int, channels: int, *, mic_rate: int = 0, reference: bool = False) -> Rig:
        """mic_rate: Hz, if it is another than `rate`.  reference: the card records what it plays. May skip."""
        ...


SYSTEM = f"<{alsa_config.SYSTEM_CONFIG}>\n"
# What stands in for a card's hardware: two files, whatever the card is called. They can do everything.
HARDWARE = """
pcm.!hw {{
  @args [ CARD DEV SUBDEV ]
  @args.CARD {{ type string }}
  @args.DEV {{ type integer default 0 }}
  @args.SUBDEV {{ type integer default -1 }}
  type asym
  playback.pcm {{ type file slave.pcm null file "{place}/speaker.raw" format raw }}
  capture.pcm {{ type file slave.pcm null file /dev/null infile "{place}/mic.raw" format raw }}
}}
"""
DEFAULT = """
pcm.!default {{
  type asym
  playback.pcm {{ type file slave.pcm null file "{place}/speaker.raw" format raw }}
  capture.pcm {{ type file slave.pcm null file /dev/null infile "{place}/mic.raw" format raw }}
}}
"""


class FileCard:
    """Opens PortAudioDevices whose microphones read a file of noise and whose loudspeaker writes another."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place = place
        self._monkeypatch = monkeypatch

    def device(
        self, settings: CardSettings, *, wide: bool = False, abilities: cards.Ask | None = None
    ) -> PortAudioDevice:
        """wide: the microphone's file holds 32 bits a sample."""
        full = 2**30 if wide else 2**14
        noise = np.random.default_rng(5).integers(-full, full, 48_000 * settings.width * 5)
        noise.astype("<i4" if wide else "<i2").tofile(self.place / "mic.raw")
        base = self.place / "card.conf"
        base.write_text(SYSTEM + (HARDWARE if settings.input_card else DEFAULT).format(place=self.place))
        self._monkeypatch.setenv(alsa_config.VARIABLE, str(base))
        return PortAudioDevice(settings, directory=self.place / "run", abilities=abilities or cards.abilities)

    def nowhere(self, rate: int) -> PortAudioDevice:
        settings = CardSettings(input_card="NoSuchCard", output_card="NoSuchCard", rate=rate)
        return PortAudioDevice(settings, directory=self.place / "run")

    def heard(self, channels: int, frames: int, *, wide: bool = False) -> Samples:
        """The first of what is in the microphone's file, shape (channels, frames), in its own numbers."""
        table = np.fromfile(self.place / "mic.raw", "<i4" if wide else "<i2")[: channels * frames]
        return table.reshape(frames, channels).T.astype(np.float32)

    def played(self) -> npt.NDArray[np.int16]:
        return np.fromfile(self.place / "speaker.raw", "<i2")


@pytest.fixture
def file_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileCard:
    pytest.importorskip("pyaudio", reason="PyAudio is not installed")
    if not alsa_config.SYSTEM_CONFIG.exists():
        pytest.skip("alsa-lib's configuration (libasound2-data) is not installed")
    return FileCard(tmp_path, monkeypatch)


@pytest.fixture
def portaudio(file_card: FileCard) -> MakeRig:
    def make(rate: int, channels: int, *, mic_rate: int = 0, reference: bool = False) -> Rig:
        settings = CardSettings(
            rate=rate, channels=channels, reference_channel=channels + 1 if reference else 0, clocks="one"
        )
        nowhere = file_card.nowhere(rate)
        if not mic_rate:
            return Rig(file_card.device(settings), nowhere)
        named = replace(settings, input_card="Mic", output_card="DAC")
        return Rig(file_card.device(named, abilities=fixed(mic_rate, rate)), nowhere)

    return make


def fixed(mic_rate: int, rate: int, formats: tuple[str, ...] = ("S16_LE",)) -> cards.Ask:
    """Cards with one rate each; loudspeakers have 16 bits."""

    def able(card: str, stream: int) -> Abilities:
        if stream == cards.CAPTURE:
            return Abilities((mic_rate,), formats, (1, 8))
        return Abilities((rate,), ("S16_LE",), (1, 2))

    return able


@pytest.fixture
def simulated() -> MakeRig:
    def make(rate: int, channels: int, *, mic_rate: int = 0, reference: bool = False) -> Rig:
        if rate != 16_000 or mic_rate or reference:
            pytest.skip("the simulated room works at 16 kHz only, and records no reference")
        recorder = Recorder(lambda: 0)
        script = Script(
            Scenario(Path("contract.toml")),
            recorder,
            talk=lambda samples, place: None,
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

    @pytest.mark.parametrize(("rate", "mic_rate"), [(48_000, 16_000), (44_100, 48_000), (16_000, 0)])
    @pytest.mark.parametrize("reference", [False, True])
    def test_gives_the_microphones_at_their_rate_and_the_reference_as_one_row_more(
        self, make_rig: MakeRig, rate: int, mic_rate: int, reference: bool
    ) -> None:
        device = make_rig(rate, 2, mic_rate=mic_rate, reference=reference).device
        device.open()
        try:
            assert (device.rate, device.mic_rate) == (rate, mic_rate or rate)
            assert (device.channels, device.has_reference) == (2, reference)
            for _ in range(20):
                heard = device.exchange(np.zeros(rate // 100, np.float32))
                assert heard.shape == (2 + reference, device.mic_rate // 100)
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

    def test_what_was_obtained_is_told_in_plain_values(self, device: AudioDevice) -> None:
        assert device.obtained["rate"] == device.rate
        assert device.obtained["channels"] == 1
        assert all(type(value) in (str, int, float) for value in device.obtained.values())

    def test_one_clock_does_not_drift_against_itself(self, device: AudioDevice) -> None:
        for _ in range(20):
            device.exchange(block(device))
        assert device.drift_ppm == 0

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
            nowhere.open()


def exchanged(device: PortAudioDevice, spoken: npt.NDArray[np.int16]) -> Samples:
    """What was heard while that was spoken; the device is closed again. spoken: whole blocks."""
    device.open()
    blocks = spoken.reshape(-1, device.rate // 100)
    heard = [device.exchange(block.astype(np.float32) / np.float32(32768)) for block in blocks]
    device.close()
    return np.concatenate(heard, axis=1)


class TestPortAudio:
    """What only the file plugin can show: the very samples, on both sides."""

    SPOKEN = np.random.default_rng(7).integers(-9000, 9000, 4800).astype("<i2")

    def test_carries_every_sample_both_ways(self, file_card: FileCard) -> None:
        device = file_card.device(CardSettings(channels=2, clocks="one"))
        heard = exchanged(device, self.SPOKEN)
        assert np.array_equal(heard * 32768, file_card.heard(2, 4800))
        silence = round(device.latency_ms * 48)
        assert not file_card.played()[:silence].any()
        assert np.array_equal(file_card.played()[silence:], self.SPOKEN)

    def test_carries_them_on_named_cards_of_different_rates_and_resamples_none(self, file_card: FileCard) -> None:
        settings = CardSettings(input_card="Mic", output_card="DAC", clocks="one")
        device = file_card.device(settings, abilities=fixed(16_000, 48_000))
        heard = exchanged(device, self.SPOKEN)
        assert np.array_equal(heard * 32768, file_card.heard(1, 1600))
        assert np.array_equal(file_card.played()[-4800:], self.SPOKEN)

    def test_asks_a_card_and_then_opens_it_by_the_configuration_written_since(self, file_card: FileCard) -> None:
        """The question makes alsa-lib read a configuration in which our PCMs are not yet."""
        device = file_card.device(CardSettings(input_card="Mic", output_card="DAC", clocks="one"), wide=True)
        exchanged(device, self.SPOKEN)
        assert device.obtained["bits"] == 32  # the file said that it can

    def test_hears_more_than_sixteen_bits_where_the_card_has_them(self, file_card: FileCard) -> None:
        settings = CardSettings(input_card="Mic", output_card="DAC", channels=2, clocks="one")
        device = file_card.device(settings, wide=True, abilities=fixed(48_000, 48_000, ("S16_LE", "S32_LE")))
        heard = exchanged(device, self.SPOKEN)
        exact = file_card.heard(2, 4800, wide=True) / 2**31
        assert np.abs(heard - exact).max() < 2**-24
        assert (heard * 2**15 % 1 != 0).any()

    def test_takes_the_reference_from_the_channel_that_was_named(self, file_card: FileCard) -> None:
        settings = CardSettings(channels=2, reference_channel=4, clocks="one")
        heard = exchanged(file_card.device(settings), self.SPOKEN)
        assert np.array_equal(heard * 32768, file_card.heard(4, 4800)[[0, 1, 3]])

    def test_adds_its_gain_to_the_microphones(self, file_card: FileCard) -> None:
        heard = exchanged(file_card.device(CardSettings(gain_db=-6.0206, clocks="one")), self.SPOKEN)
        assert np.allclose(heard * 32768 * 2, file_card.heard(1, 4800), rtol=1e-4, atol=0.01)

    def test_obtains_the_buffer_that_was_asked_for(self, file_card: FileCard) -> None:
        for buffer_ms in (40, 60, 120):
            device = file_card.device(CardSettings(buffer_ms=buffer_ms, clocks="one"))
            device.open()
            device.close()
            assert device.obtained["buffer_ms"] == buffer_ms
            assert device.obtained["input_buffer_ms"] == pytest.approx(buffer_ms, abs=1)
            assert device.latency_ms == buffer_ms - 10
