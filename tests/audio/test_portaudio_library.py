"""PortAudio through PyAudio: a PCM is found by its name, and its buffer is settled where PyAudio has no word for it."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import pytest

from edge_agent.audio import alsa_config
from edge_agent.audio.device import DeviceError
from edge_agent.audio.portaudio_library import (
    DEVICE_INFO_VERSION,
    DeviceInfo,
    PortAudioLibrary,
    load_knobs,
    load_pyaudio,
)

NAMES = ("hw:0", "edge_mic", "edge_speaker")
UNTOUCHED_S = 0.0087


class PyAudioModule:
    """The `pyaudio` module, with a microphone of four channels and a loudspeaker of two."""

    paInt16, paInt32 = 8, 2

    def __init__(self) -> None:
        self.opened: list[dict[str, Any]] = []
        self.terminated = 0
        self.breaks = False

    def PyAudio(self) -> PyAudioModule:
        if self.breaks:
            raise OSError(-9999, "Unanticipated host error")
        return self

    def get_device_count(self) -> int:
        return len(NAMES)

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        channels = {"edge_mic": (4, 0), "edge_speaker": (0, 2)}.get(NAMES[index], (0, 0))
        return {
            "index": index,
            "name": NAMES[index],
            "maxInputChannels": channels[0],
            "maxOutputChannels": channels[1],
        }

    def open(self, **options: Any) -> object:
        self.opened.append(options)
        return object()

    def terminate(self) -> None:
        self.terminated += 1
        raise OSError("the cards have gone")


class Knobs:
    """libportaudio's own side. infos: its PaDeviceInfo of each card.  periods: what it was told."""

    def __init__(self, *, version: int = DEVICE_INFO_VERSION, names: tuple[str, ...] = NAMES) -> None:
        self.infos = [
            DeviceInfo(version=version, name=name.encode(), low_input_s=UNTOUCHED_S, low_output_s=UNTOUCHED_S)
            for name in names
        ]
        self.periods: list[int] = []

    def Pa_GetDeviceInfo(self, index: int) -> Any:
        return ctypes.pointer(self.infos[index]) if index < len(self.infos) else ctypes.POINTER(DeviceInfo)()

    def PaAlsa_SetNumPeriods(self, periods: int) -> None:
        self.periods.append(periods)

    @property
    def latencies(self) -> list[tuple[float, float]]:
        return [(info.low_input_s, info.low_output_s) for info in self.infos]


def microphone(library: PortAudioLibrary, buffer_ms: int = 60, channels: int = 1, wide: bool = False) -> None:
    library.microphone("edge_mic", rate=16_000, channels=channels, wide=wide, buffer_ms=buffer_ms)


class TestTheBuffer:
    def test_is_written_into_what_pyaudio_reads_with_periods_of_ten_milliseconds(self) -> None:
        knobs = Knobs()
        library = PortAudioLibrary(PyAudioModule, lambda: knobs)
        microphone(library, buffer_ms=80)
        assert knobs.periods == [8]
        untouched = (UNTOUCHED_S, UNTOUCHED_S)
        assert knobs.latencies == [untouched, (0.07, 0.07), untouched]  # PortAudio adds a period of its own
        library.loudspeaker("edge_speaker", rate=48_000, buffer_ms=60)
        assert knobs.periods == [8, 6]
        assert knobs.latencies == [untouched, (0.07, 0.07), (0.05, 0.05)]

    def test_has_two_periods_at_least(self) -> None:
        knobs = Knobs()
        microphone(PortAudioLibrary(PyAudioModule, lambda: knobs), buffer_ms=10)
        assert knobs.periods == [2]

    @pytest.mark.parametrize(
        "knobs",
        [Knobs(version=3), Knobs(names=("hw:0", "edge_speaker", "edge_mic")), Knobs(names=())],
        ids=["another structure", "another library's devices", "a library that knows none"],
    )
    def test_is_left_alone_where_the_structure_is_not_the_known_one(self, knobs: Knobs) -> None:
        module = PyAudioModule()
        microphone(PortAudioLibrary(lambda: module, lambda: knobs))
        assert len(module.opened) == 1
        assert knobs.periods == []
        assert all(latencies == (UNTOUCHED_S, UNTOUCHED_S) for latencies in knobs.latencies)

    def test_is_portaudios_own_without_the_library(self) -> None:
        module = PyAudioModule()
        microphone(PortAudioLibrary(lambda: module, lambda: None))
        assert len(module.opened) == 1


class TestAStream:
    def test_from_the_microphone_waits_to_be_started(self) -> None:
        module = PyAudioModule()
        microphone(PortAudioLibrary(lambda: module, lambda: None), channels=4)
        (options,) = module.opened
        assert (options["input"], options["input_device_index"], options["channels"]) == (True, 1, 4)
        assert (options["rate"], options["frames_per_buffer"], options["start"]) == (16_000, 160, False)

    @pytest.mark.parametrize(("wide", "sample_format"), [(False, 8), (True, 2)])
    def test_from_the_microphone_is_as_wide_as_asked(self, wide: bool, sample_format: int) -> None:
        module = PyAudioModule()
        microphone(PortAudioLibrary(lambda: module, lambda: None), wide=wide)
        assert module.opened[0]["format"] == sample_format

    def test_to_the_loudspeaker_is_one_channel_of_sixteen_bits(self) -> None:
        module = PyAudioModule()
        PortAudioLibrary(lambda: module, lambda: None).loudspeaker("edge_speaker", rate=44_100, buffer_ms=60)
        (options,) = module.opened
        assert (options["output"], options["output_device_index"], options["channels"]) == (True, 2, 1)
        assert (options["rate"], options["frames_per_buffer"], options["format"]) == (44_100, 441, 8)

    def test_of_a_pcm_that_is_not_there_or_too_narrow_is_not_opened(self) -> None:
        module = PyAudioModule()
        library = PortAudioLibrary(lambda: module, lambda: None)
        with pytest.raises(LookupError):
            library.microphone("hw:9", rate=16_000, channels=1, wide=False, buffer_ms=60)
        with pytest.raises(LookupError):
            microphone(library, channels=5)
        with pytest.raises(LookupError):
            library.loudspeaker("edge_mic", rate=48_000, buffer_ms=60)
        assert module.opened == []


class TestTheLibrary:
    def test_tells_what_it_found(self) -> None:
        assert PortAudioLibrary(PyAudioModule, lambda: None).offers() == list(NAMES)

    def test_ends_without_a_complaint(self) -> None:
        module = PyAudioModule()
        PortAudioLibrary(lambda: module, lambda: None).close()
        assert module.terminated == 1

    def test_without_pyaudio_says_what_to_install(self) -> None:
        def missing() -> Any:
            raise ImportError("No module named 'pyaudio'")

        with pytest.raises(DeviceError, match="install the 'pyaudio' package and libportaudio2"):
            PortAudioLibrary(missing)

    def test_that_cannot_start_says_so(self) -> None:
        module = PyAudioModule()
        module.breaks = True
        with pytest.raises(OSError, match="Unanticipated"):
            PortAudioLibrary(lambda: module)


class TestTheRealOne:
    def test_shows_its_structure_as_it_is_described_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is read from libportaudio is what PyAudio reads from it, and what is written there PyAudio reads."""
        pytest.importorskip("pyaudio", reason="PyAudio is not installed")
        knobs = load_knobs()
        if knobs is None:
            pytest.skip("libportaudio.so.2 is not installed")
        base = tmp_path / "card.conf"
        base.write_text(f'<{alsa_config.SYSTEM_CONFIG}>\npcm.!default {{ type plug slave.pcm "null" }}\n')
        monkeypatch.setenv(alsa_config.VARIABLE, str(base))
        alsa_config.apply(tmp_path / "run", input_rate=48_000, output_rate=48_000)
        portaudio = load_pyaudio().PyAudio()
        try:
            index = next(
                at
                for at in range(portaudio.get_device_count())
                if portaudio.get_device_info_by_index(at)["name"] == alsa_config.MIC
            )
            told = portaudio.get_device_info_by_index(index)
            info = knobs.Pa_GetDeviceInfo(index).contents
            assert (info.version, info.name) == (DEVICE_INFO_VERSION, alsa_config.MIC.encode())
            assert (info.most_inputs, info.rate) == (told["maxInputChannels"], told["defaultSampleRate"])
            assert info.low_input_s == told["defaultLowInputLatency"]
            assert info.high_output_s == told["defaultHighOutputLatency"]
            info.low_input_s = 0.123
            assert portaudio.get_device_info_by_index(index)["defaultLowInputLatency"] == 0.123
        finally:
            portaudio.terminate()
