"""PortAudioDevice against a PyAudio made of arithmetic: priming, lost sound, and errors that say what to do.

The real PyAudio is exercised in tests/contract/test_audio_device.py; it cannot lose sound there.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest

from edge_agent.audio.alsa_config import MIC, SPEAKER
from edge_agent.audio.device import DeviceError
from edge_agent.audio.portaudio import INPUT_OVERFLOWED, OUTPUT_UNDERFLOWED, PortAudioDevice


class Stream:
    """One direction. Like PyAudio's, it is closed once it has raised."""

    def __init__(self, card: Card, options: dict[str, Any]) -> None:
        self.card = card
        self.options = options
        self.is_open = True
        self.running = options.get("start", True)

    def get_output_latency(self) -> float:
        return self.card.output_latency_s

    def start_stream(self) -> None:
        self.running = True

    def write(self, data: bytes, frames: int, exception_on_underflow: bool = False) -> None:
        self._fail_if_due(OUTPUT_UNDERFLOWED)
        assert len(data) == 2 * frames
        self.card.written.append(np.frombuffer(data, "<i2"))

    def read(self, frames: int, exception_on_overflow: bool = True) -> bytes:
        assert self.running
        self._fail_if_due(INPUT_OVERFLOWED)
        values = np.arange(frames * self.options["channels"]) % 100
        return values.astype("<i2").tobytes()

    def close(self) -> None:
        self.is_open = False

    def _fail_if_due(self, own: int) -> None:
        if not self.is_open:
            raise OSError(-9988, "Stream closed")
        due = self.card.failures[0] if self.card.failures else None
        if due is not None and (due == own or due not in (INPUT_OVERFLOWED, OUTPUT_UNDERFLOWED)):
            self.card.failures.popleft()
            self.is_open = False
            raise OSError(due, "as the test wants it")


class Card:
    """The `pyaudio` module and one card behind it."""

    paInt16 = 8

    def __init__(
        self, *, output_latency_s: float = 0.05, mic_channels: int = 2, names: tuple[str, ...] = (MIC, SPEAKER)
    ):
        self.output_latency_s = output_latency_s
        self.mic_channels = mic_channels
        self.names = ("hw:0", *names)
        self.failures: deque[int] = deque()
        self.written: list[Any] = []
        self.streams: list[Stream] = []
        self.terminated = 0
        self.refuse = False

    def PyAudio(self) -> Card:
        return self

    def get_device_count(self) -> int:
        return len(self.names)

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        mics = self.mic_channels if self.names[index] == MIC else 0
        return {"index": index, "name": self.names[index], "maxInputChannels": mics, "maxOutputChannels": 2 - mics}

    def open(self, **options: Any) -> Stream:
        if self.refuse:
            raise OSError(-9997, "Invalid sample rate")
        self.streams.append(Stream(self, options))
        return self.streams[-1]

    def terminate(self) -> None:
        self.terminated += 1


def opened(card: Card, **settings: Any) -> PortAudioDevice:
    device = PortAudioDevice(load=lambda: card, **settings)
    device.open()
    return device


SILENCE = np.zeros(480, np.float32)


class TestOpening:
    def test_fills_the_buffer_less_one_block_and_tells_that_as_latency(self) -> None:
        card = Card(output_latency_s=0.05)
        device = opened(card)
        assert len(card.written) == 5
        assert not np.concatenate(card.written).any()
        assert (device.latency_ms, device.obtained_ms) == (50, 60)

    def test_does_not_fill_more_than_was_asked_for(self) -> None:
        device = opened(Card(output_latency_s=0.34), buffer_ms=80)
        assert (device.latency_ms, device.obtained_ms) == (70, 350)

    def test_opens_one_stream_a_direction_by_name(self) -> None:
        card = Card()
        opened(card, channels=2)
        speaker, mic = (stream.options for stream in card.streams)
        assert (speaker["output_device_index"], speaker["channels"], speaker["output"]) == (2, 1, True)
        assert (mic["input_device_index"], mic["channels"], mic["input"]) == (1, 2, True)
        assert speaker["frames_per_buffer"] == mic["frames_per_buffer"] == 480

    def test_again_looks_for_cards_anew(self) -> None:
        card = Card()
        device = opened(card)
        device.open()
        assert card.terminated == 1
        assert [stream.is_open for stream in card.streams] == [False, False, True, True]


class TestAnExchange:
    def test_gives_channels_as_rows(self) -> None:
        heard = opened(Card(), channels=2).exchange(SILENCE)
        assert heard.shape == (2, 480)
        assert heard.dtype == np.float32
        assert (heard[:, :3] * 32768).tolist() == [[0, 2, 4], [1, 3, 5]]

    def test_before_open_or_after_close_is_an_error(self) -> None:
        device = PortAudioDevice(load=Card)
        with pytest.raises(DeviceError, match="not open"):
            device.exchange(SILENCE)
        device.open()
        device.close()
        with pytest.raises(DeviceError, match="not open"):
            device.exchange(SILENCE)

    def test_of_another_length_is_refused(self) -> None:
        with pytest.raises(ValueError, match="480"):
            opened(Card()).exchange(np.zeros(160, np.float32))


class TestLostSound:
    def test_by_an_overflow_counts_a_buffer_of_pairs_and_goes_on_with_the_same_delay(self) -> None:
        card = Card()
        device = opened(card)
        device.exchange(SILENCE)
        card.failures.append(INPUT_OVERFLOWED)
        card.written.clear()
        assert device.exchange(SILENCE + 0.5).shape == (1, 480)
        assert (device.overflows, device.underruns) == (6, 0)
        # what the broken stream swallowed, then the fresh stream: 50 ms of silence and the block again
        assert [bool(block.any()) for block in card.written] == [True] + [False] * 5 + [True]
        assert device.latency_ms == 50

    def test_by_an_underrun_is_counted_as_such(self) -> None:
        card = Card()
        device = opened(card)
        card.failures.append(OUTPUT_UNDERFLOWED)
        device.exchange(SILENCE)
        assert device.underruns == 1
        assert device.overflows == 6

    def test_leaves_no_stream_open_behind(self) -> None:
        card = Card()
        device = opened(card)
        card.failures.extend([INPUT_OVERFLOWED, INPUT_OVERFLOWED])
        device.exchange(SILENCE)
        assert sum(stream.is_open for stream in card.streams) == 2

    def test_again_and_again_is_an_error_that_names_the_key(self) -> None:
        card = Card()
        device = opened(card)
        card.failures.extend([INPUT_OVERFLOWED] * 20)
        with pytest.raises(DeviceError, match="buffer_ms"):
            device.exchange(SILENCE)

    def test_is_counted_from_open(self) -> None:
        card = Card()
        device = opened(card)
        card.failures.append(INPUT_OVERFLOWED)
        device.exchange(SILENCE)
        device.open()
        assert device.overflows == 0


class TestErrors:
    def test_without_pyaudio_say_what_to_install(self) -> None:
        def missing() -> Any:
            raise ImportError("No module named 'pyaudio'")

        with pytest.raises(DeviceError, match="install"):
            PortAudioDevice(load=missing).open()

    def test_for_a_card_that_is_not_there_name_it_and_what_is(self) -> None:
        with pytest.raises(DeviceError) as caught:
            opened(Card(names=(SPEAKER,)), input_card="Jabra")
        for said in ("microphone", "Jabra", "Cards: ", "input_card"):
            assert said in str(caught.value)

    def test_for_too_few_channels_say_how_many_were_asked(self) -> None:
        card = Card(mic_channels=1)
        with pytest.raises(DeviceError, match=r"4 channel\(s\)"):
            opened(card, channels=4)
        assert not any(stream.is_open for stream in card.streams)
        assert card.terminated == 1

    def test_from_portaudio_are_passed_on_with_what_was_asked(self) -> None:
        card = Card()
        card.refuse = True
        with pytest.raises(DeviceError, match=r"Invalid sample rate.*44100 Hz"):
            opened(card, rate=44_100)

    def test_of_a_card_that_was_pulled_say_so(self) -> None:
        card = Card()
        device = opened(card)
        card.failures.append(-9999)
        with pytest.raises(DeviceError, match="is gone"):
            device.exchange(SILENCE)
        device.close()
        device.close()
