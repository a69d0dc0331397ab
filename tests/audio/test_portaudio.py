"""PortAudioDevice against a PyAudio made of arithmetic: priming, settling, lost sound, two clocks, helpful errors.

The real PyAudio is exercised in tests/contract/test_audio_device.py; it cannot lose sound there, and has no clock.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_agent.audio.alsa_config import MIC, SPEAKER
from edge_agent.audio.card_format import CardSettings
from edge_agent.audio.cards import CAPTURE, Abilities
from edge_agent.audio.device import DeviceError
from edge_agent.audio.duplex import Duplex
from edge_agent.audio.format import Samples
from edge_agent.audio.playback import Playback
from edge_agent.audio.portaudio import INPUT_OVERFLOWED, OUTPUT_UNDERFLOWED, PortAudioDevice
from edge_agent.audio.split_clock import SplitClock

SILENCE: Samples = np.zeros(480, np.float32)
BUFFER_MS = 60


class Stream:
    """One direction. Like PyAudio's, it is closed once it has raised."""

    def __init__(self, card: Card, options: dict[str, Any]) -> None:
        self.card = card
        self.options = options
        self.is_open = True
        self.running = options.get("start", True)

    def get_output_latency(self) -> float:
        return self.card.output_latency_s

    def get_input_latency(self) -> float:
        return 0.05

    def start_stream(self) -> None:
        self.running = True

    def get_write_available(self) -> int:
        """A card without a clock has always room for a whole buffer."""
        return int(self.options["rate"]) * BUFFER_MS // 1000

    def get_read_available(self) -> int:
        return 0

    def write(self, data: bytes, frames: int, exception_on_underflow: bool = False) -> None:
        self._fail_if_due(OUTPUT_UNDERFLOWED)
        assert len(data) == 2 * frames
        self.card.written.append(np.frombuffer(data, "<i2"))

    def read(self, frames: int, exception_on_overflow: bool = True) -> bytes:
        assert self.running
        self._fail_if_due(INPUT_OVERFLOWED)
        channels = self.options["channels"]
        if self.options["format"] == Card.paInt32:
            return (np.arange(frames * channels) % 100 * 2**16).astype("<i4").tobytes()
        return (np.arange(frames * channels) % 100).astype("<i2").tobytes()

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
    """The `pyaudio` module and one card behind it, without a clock."""

    paInt16, paInt32 = 8, 2

    def __init__(
        self, *, output_latency_s: float = 0.05, mic_channels: int = 2, names: tuple[str, ...] = (MIC, SPEAKER)
    ):
        self.output_latency_s = output_latency_s
        self.mic_channels = mic_channels
        self.names = ("hw:0", *names)
        self.failures: deque[int] = deque()
        self.written: list[Any] = []
        self.streams: list[Any] = []
        self.terminated = 0
        self.refuse = False

    def PyAudio(self) -> Card:
        return self

    def get_device_count(self) -> int:
        return len(self.names)

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        mics = self.mic_channels if self.names[index] == MIC else 0
        speakers = 2 if self.names[index] == SPEAKER else 0
        return {
            "index": index,
            "name": self.names[index],
            "maxInputChannels": mics,
            "maxOutputChannels": speakers,
        }

    def open(self, **options: Any) -> Any:
        if self.refuse:
            raise OSError(-9997, "Invalid sample rate")
        self.streams.append(self.stream(options))
        return self.streams[-1]

    def stream(self, options: dict[str, Any]) -> Any:
        return Stream(self, options)

    def terminate(self) -> None:
        self.terminated += 1


class ClockedCard(Card):
    """A card that has time: it passes when somebody waits for room or for sound. 48 kHz, times in ms.

    drift_ppm: of the loudspeaker.  stall_ms: from the microphone's start it gives nothing, and then all at once.
    plays_on: whether the loudspeaker plays meanwhile.  The microphone's samples tell their time, in whole ms.
    """

    def __init__(self, *, drift_ppm: float = 0.0, stall_ms: float = 0.0, plays_on: bool = False) -> None:
        super().__init__()
        self.drift_ppm, self.stall_ms, self.plays_on = drift_ppm, stall_ms, plays_on
        self.now = 0.0
        self.waiting = 0.0  # in the loudspeaker's buffer
        self.fills: list[float] = []  # of it: what is ahead of each block
        self.heard_to = 0.0  # how far the microphone was read
        self.started: float | None = None
        self.dry_ms = 0.0

    @property
    def stalls(self) -> bool:
        return self.started is None or self.now < self.started + self.stall_ms

    def stream(self, options: dict[str, Any]) -> Any:
        return Out(self) if "output" in options else In(self)

    def wait(self, ms: float) -> None:
        while ms > 1e-9:
            step = min(ms, 1.0)
            if not self.stalls or (self.plays_on and self.started is not None):
                left = self.waiting - step * (1 + self.drift_ppm * 1e-6)
                self.dry_ms += max(0.0, -left)
                self.waiting = max(0.0, left)
            self.now += step
            ms -= step

    @property
    def heard(self) -> float:
        """Waiting to be read."""
        return 0.0 if self.stalls else self.now - self.heard_to


class Out:
    def __init__(self, card: ClockedCard) -> None:
        self.card = card
        card.waiting = 0.0

    def get_output_latency(self) -> float:
        return 0.05

    def get_write_available(self) -> int:
        return round((BUFFER_MS - self.card.waiting) * 48)

    def write(self, data: bytes, frames: int, exception_on_underflow: bool = False) -> None:
        card = self.card
        assert len(data) == 2 * frames, "PyAudio would read on behind its end"
        while card.waiting + frames / 48 > BUFFER_MS + 1e-6:
            card.wait(1.0)
        if frames and exception_on_underflow:
            card.fills.append(card.waiting)
        if exception_on_underflow and card.dry_ms > 0:
            card.dry_ms = 0.0
            raise OSError(OUTPUT_UNDERFLOWED, "ran dry")
        card.dry_ms = 0.0
        card.waiting += frames / 48
        card.written.append(np.frombuffer(data, "<i2"))

    def close(self) -> None:
        """Nothing to let go."""


class In:
    def __init__(self, card: ClockedCard) -> None:
        self.card = card

    def get_input_latency(self) -> float:
        return 0.05

    def start_stream(self) -> None:
        self.card.started = self.card.heard_to = self.card.now

    def get_read_available(self) -> int:
        return int(self.card.heard * 48)

    def read(self, frames: int, exception_on_overflow: bool = True) -> bytes:
        card = self.card
        while card.heard < frames / 48 - 1e-6:
            card.wait(1.0 if card.stalls else frames / 48 - card.heard)
        if exception_on_overflow and card.heard > BUFFER_MS + 10:
            raise OSError(INPUT_OVERFLOWED, "piled up")
        times = card.heard_to + np.arange(frames) / 48
        card.heard_to += frames / 48
        return (times.astype(np.int64) % 30_000).astype("<i2").tobytes()

    def close(self) -> None:
        self.card.started = None


@pytest.fixture
def open_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ALSA_CONFIG_PATH", "")

    def open_on(card: Card, abilities: Any = None, **settings: Any) -> PortAudioDevice:
        asked = CardSettings(**{"clocks": "one", **settings})
        device = PortAudioDevice(
            asked, directory=tmp_path, load=lambda: card, abilities=abilities or (lambda card, stream: None)
        )
        device.open()
        return device

    return open_on


class TestOpening:
    def test_fills_the_buffer_less_one_block_and_tells_that_as_latency(self, open_on: Any) -> None:
        card = Card(output_latency_s=0.05)
        device = open_on(card)
        assert [len(block) for block in card.written] == [480] * 5
        assert not np.concatenate(card.written).any()
        assert device.latency_ms == 50

    def test_does_not_fill_more_than_was_asked_for(self, open_on: Any) -> None:
        assert open_on(Card(output_latency_s=0.34), buffer_ms=80).latency_ms == 70

    def test_tells_what_was_obtained(self, open_on: Any) -> None:
        device = open_on(Card(), input_card="Mic", channels=2)
        assert device.obtained == {
            "input_card": "Mic",
            "output_card": "default",
            "input_rate": 48_000,
            "rate": 48_000,
            "channels": 2,
            "bits": 16,
            "input_period": "not told",  # only the kernel's own card could tell
            "period": "not told",
            "buffer_ms": 60.0,
            "input_buffer_ms": 60.0,
            "latency_ms": 50.0,
            "clocks": 1,
        }

    def test_opens_one_stream_a_direction_by_name(self, open_on: Any) -> None:
        card = Card()
        open_on(card, channels=2)
        speaker, mic = (stream.options for stream in card.streams)
        assert (speaker["output_device_index"], speaker["channels"], speaker["output"]) == (2, 1, True)
        assert (mic["input_device_index"], mic["channels"], mic["input"]) == (1, 2, True)
        assert speaker["frames_per_buffer"] == mic["frames_per_buffer"] == 480

    def test_again_looks_for_cards_anew(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card)
        device.open()
        assert card.terminated == 1
        assert [stream.is_open for stream in card.streams] == [False, False, True, True]

    def test_takes_the_rates_that_the_cards_have(self, open_on: Any, tmp_path: Path) -> None:
        def able(card: str, stream: int) -> Abilities:
            rates, formats = ((16_000,), ("S32_LE",)) if stream == CAPTURE else ((48_000,), ("S16_LE",))
            return Abilities(rates, formats, (1, 2))

        card = Card()
        device = open_on(card, able, input_card="Mic", output_card="DAC")
        assert (device.mic_rate, device.rate) == (16_000, 48_000)
        assert device.exchange(SILENCE).shape == (1, 160)
        speaker, mic = (stream.options for stream in card.streams)
        assert (mic["rate"], mic["format"], speaker["rate"], speaker["format"]) == (16_000, 2, 48_000, 8)
        written = next(tmp_path.iterdir()).read_text()
        assert "rate 16000" in written
        assert 'pcm "hw:CARD=Mic,DEV=0"' in written

    def test_again_takes_other_rates_when_the_card_has_others(self, open_on: Any) -> None:
        rates = [48_000]

        def able(card: str, stream: int) -> Abilities:
            return Abilities(tuple(rates), ("S16_LE",), (1, 2))

        device = open_on(Card(), able, input_card="Jabra", output_card="Jabra")
        assert (device.rate, device.mic_rate) == (48_000, 48_000)
        rates[:] = [16_000]
        device.open()
        assert (device.rate, device.mic_rate) == (16_000, 16_000)
        assert device.exchange(SILENCE[:160]).shape == (1, 160)

    def test_of_a_card_that_refuses_to_be_asked_opens_nothing(self, open_on: Any) -> None:
        def busy(card: str, stream: int) -> Abilities:
            raise DeviceError(f"the microphone's card {card!r} is busy")

        card = Card()
        with pytest.raises(DeviceError, match="'Jabra' is busy"):
            open_on(card, busy, input_card="Jabra")
        assert card.streams == []


class TestSettling:
    """Some cards sleep over their first block, and then have much to tell at once."""

    @pytest.mark.parametrize("plays_on", [False, True], ids=["both sleep", "the loudspeaker runs dry"])
    @pytest.mark.parametrize("clocks", ["one", "two"])
    def test_throws_the_backlog_away_and_fills_the_loudspeaker_again(
        self, open_on: Any, plays_on: bool, clocks: str
    ) -> None:
        card = ClockedCard(stall_ms=2000, plays_on=plays_on)
        device = open_on(card, clocks=clocks)
        ages = []
        for _ in range(50):
            heard = device.exchange(SILENCE)
            ages.append(card.now - heard[0, 0] * 2**15)
        assert card.now > 2000
        assert max(ages) < 15, "what was heard before the first block is told as if it were now"
        aim = device.latency_ms - (SplitClock(rate=48_000, target_ms=0).latency_ms if clocks == "two" else 0)
        assert min(card.fills) == pytest.approx(aim, abs=1)
        assert max(card.fills) == pytest.approx(aim, abs=1)
        assert (device.overflows, device.underruns) == (0, 0)

    def test_takes_no_longer_than_it_must(self, open_on: Any) -> None:
        card = ClockedCard()
        open_on(card)
        assert card.now < 150

    def test_is_not_needed_without_a_clock(self, open_on: Any) -> None:
        card = Card()
        open_on(card)
        assert len(card.written) == 5

    def test_ends_on_a_card_that_never_breathes_evenly(self, open_on: Any) -> None:
        class Restless(ClockedCard):
            def wait(self, ms: float) -> None:
                super().wait(ms)
                self.heard_to -= ms  # as much again as there was time for

        card = Restless()
        device = open_on(card)
        assert device.obtained["buffer_ms"] == BUFFER_MS


class TestAnExchange:
    def test_gives_channels_as_rows(self, open_on: Any) -> None:
        heard = open_on(Card(), channels=2).exchange(SILENCE)
        assert heard.shape == (2, 480)
        assert heard.dtype == np.float32
        assert (heard[:, :3] * 32768).tolist() == [[0, 2, 4], [1, 3, 5]]

    def test_of_wide_samples_has_the_same_full_scale(self, open_on: Any) -> None:
        def able(card: str, stream: int) -> Abilities:
            return Abilities((48_000,), ("S32_LE",), (1, 2))

        heard = open_on(Card(), able, input_card="Mic", output_card="Mic", channels=2).exchange(SILENCE)
        assert (heard[:, :3] * 32768).tolist() == [[0, 2, 4], [1, 3, 5]]

    def test_has_the_microphones_first_and_the_cards_reference_last(self, open_on: Any) -> None:
        device = open_on(Card(mic_channels=6), channels=2, reference_channel=5)
        heard = device.exchange(SILENCE) * 32768
        assert (device.channels, device.has_reference) == (2, True)
        assert heard[:, :2].tolist() == [[0, 5], [1, 6], [4, 9]]

    def test_raises_the_microphones_by_the_gain(self, open_on: Any) -> None:
        plain, raised = (open_on(Card(), gain_db=gain).exchange(SILENCE) for gain in (0.0, 20.0))
        assert np.allclose(raised, 10 * plain, rtol=1e-6)

    def test_before_open_or_after_close_is_an_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALSA_CONFIG_PATH", "")
        device = PortAudioDevice(CardSettings(), directory=tmp_path, load=Card)
        with pytest.raises(DeviceError, match="not open"):
            device.exchange(SILENCE)
        device.open()
        device.close()
        with pytest.raises(DeviceError, match="not open"):
            device.exchange(SILENCE)

    def test_of_another_length_is_refused(self, open_on: Any) -> None:
        with pytest.raises(ValueError, match="480"):
            open_on(Card()).exchange(np.zeros(160, np.float32))


class TestLostSound:
    def test_by_an_overflow_counts_a_buffer_of_pairs_and_goes_on_with_the_same_delay(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card)
        device.exchange(SILENCE)
        card.failures.append(INPUT_OVERFLOWED)
        card.written.clear()
        assert device.exchange(SILENCE + 0.5).shape == (1, 480)
        assert (device.overflows, device.underruns) == (6, 0)
        # what the broken stream swallowed, then the fresh stream: 50 ms of silence and the block again
        assert [bool(block.any()) for block in card.written] == [True] + [False] * 5 + [True]
        assert device.latency_ms == 50

    def test_by_an_underrun_is_counted_as_such(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card)
        device.exchange(SILENCE)
        card.failures.append(OUTPUT_UNDERFLOWED)
        device.exchange(SILENCE)
        assert (device.overflows, device.underruns) == (6, 1)

    @pytest.mark.parametrize("code", [INPUT_OVERFLOWED, OUTPUT_UNDERFLOWED])
    def test_before_the_first_block_was_never_heard_and_is_not_counted(self, open_on: Any, code: int) -> None:
        card = Card()
        device = open_on(card)
        card.failures.append(code)
        device.exchange(SILENCE)
        assert (device.overflows, device.underruns) == (0, 0)
        card.failures.append(code)
        device.exchange(SILENCE)
        assert device.overflows == 6

    def test_in_a_row_is_counted_once_until_a_block_has_come(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card)
        device.exchange(SILENCE)
        card.failures.extend([INPUT_OVERFLOWED] * 3)
        device.exchange(SILENCE)
        assert device.overflows == 6

    def test_leaves_no_stream_open_behind(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card)
        card.failures.extend([INPUT_OVERFLOWED, INPUT_OVERFLOWED])
        device.exchange(SILENCE)
        assert sum(stream.is_open for stream in card.streams) == 2

    def test_again_and_again_is_an_error_that_names_the_key(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card)
        card.failures.extend([INPUT_OVERFLOWED] * 20)
        with pytest.raises(DeviceError, match="buffer_ms"):
            device.exchange(SILENCE)

    def test_is_counted_from_open(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card)
        device.exchange(SILENCE)
        card.failures.append(INPUT_OVERFLOWED)
        device.exchange(SILENCE)
        device.open()
        assert device.overflows == 0


class TestTwoClocks:
    @pytest.mark.parametrize("drift_ppm", [-200.0, 200.0])
    def test_run_for_minutes_without_a_slip(self, open_on: Any, drift_ppm: float) -> None:
        card = ClockedCard(drift_ppm=drift_ppm)
        device = open_on(card, clocks="two")
        assert device.obtained["clocks"] == 2
        for _ in range(9000):
            device.exchange(SILENCE)
        assert (device.overflows, device.underruns) == (0, 0)
        assert device.drift_ppm == pytest.approx(drift_ppm, abs=10)
        assert np.ptp(card.fills[6000:]) < 2
        assert card.fills[-1] + 5 == pytest.approx(device.latency_ms, abs=2)

    def test_would_slip_if_they_were_taken_for_one(self, open_on: Any) -> None:
        card = ClockedCard(drift_ppm=2000)
        device = open_on(card, clocks="one")
        for _ in range(5000):
            device.exchange(SILENCE)
        assert device.underruns > 0

    def test_leave_room_in_the_buffer_to_sway(self, open_on: Any) -> None:
        card = ClockedCard()
        device = open_on(card, clocks="two")
        device.exchange(SILENCE)
        assert device.latency_ms == 45  # 60, less a block to write, less a block to sway in; 5 in the resampling
        assert card.fills[0] == pytest.approx(40, abs=10)

    def test_put_an_empty_buffer_right_at_once_and_count_it(self, open_on: Any) -> None:
        card = ClockedCard()
        device = open_on(card, clocks="two")
        device.exchange(SILENCE)
        card.waiting = 2.0
        card.written.clear()
        device.exchange(SILENCE + 0.5)
        *silence, block = card.written
        assert [len(piece) for piece in silence] == [480] * 4  # up to the 40 ms that waited before
        assert not np.concatenate(silence).any()
        assert block[-200:].any()
        assert device.underruns == 1
        for _ in range(20):
            device.exchange(SILENCE)
        assert card.fills[-1] == pytest.approx(40, abs=6)
        assert device.underruns == 1

    def test_put_a_full_buffer_right_at_once_and_count_it(self, open_on: Any) -> None:
        """Writing into it would keep the microphone waiting."""
        card = ClockedCard()
        device = open_on(card, clocks="two")
        for _ in range(5):
            device.exchange(SILENCE)
        card.waiting = 58.0
        before = card.now
        device.exchange(SILENCE + 0.5)
        assert len(card.written[-1]) == 0
        assert device.underruns == 1
        assert card.now - before == pytest.approx(10, abs=1)

    def test_that_takes_nothing_for_a_second_is_gone(self, open_on: Any) -> None:
        """A loudspeaker whose buffer stays full: nobody would hear a word, and nobody would know."""
        card = ClockedCard()
        device = open_on(card, clocks="two")
        for _ in range(5):
            device.exchange(SILENCE)

        def stuck() -> None:
            for _ in range(200):
                card.waiting = 60.0
                device.exchange(SILENCE)

        began = card.now
        with pytest.raises(DeviceError, match="taken no sound for 1 s"):
            stuck()
        assert card.now - began == pytest.approx(1000, abs=50)

    def test_keep_what_they_know_when_sound_was_lost(self, open_on: Any) -> None:
        card = ClockedCard(drift_ppm=200)
        device = open_on(card, clocks="two")
        for _ in range(6000):
            device.exchange(SILENCE)
        known = device.drift_ppm
        assert known > 150
        card.heard_to -= 500  # half a second came at once: an overflow
        device.exchange(SILENCE)
        assert device.overflows == 6
        assert device.drift_ppm == known

    def test_are_one_where_there_is_none_to_follow(self, open_on: Any) -> None:
        device = open_on(Card(), clocks="two")
        assert device.obtained["clocks"] == 1
        assert device.drift_ppm == 0.0


class TestAPauseOnTwoClocks:
    @pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
    def test_brings_nothing_old_back(self, open_on: Any, rate: int) -> None:
        """What the resampling still holds of a reply must be played before silence is no longer computed."""
        card = ClockedCard()
        device = open_on(card, clocks="two", rate=rate)
        for _ in range(5):
            device.exchange(np.full(rate // 100, 0.5, np.float32))
        for _ in range(20):
            device.exchange(None)
        card.written.clear()
        for _ in range(5):
            device.exchange(np.zeros(rate // 100, np.float32))
        assert not np.concatenate(card.written).any()


class TestAnAmplifierThatIsKeptAwake:
    def test_hears_silence_as_one_step_of_noise_at_most(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card, keep_awake=True)
        card.written.clear()
        for _ in range(50):
            device.exchange(SILENCE)
        assert all(block.any() and len(block) == 480 for block in card.written)
        assert np.abs(np.concatenate(card.written)).max() == 1
        assert len({block.tobytes() for block in card.written}) > 3, "the ear would find the pattern"

    def test_hears_every_other_sound_as_it_is(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card, keep_awake=True)
        device.exchange(SILENCE + 0.25)
        assert (card.written[-1] == 8192).all()

    def test_sleeps_where_nobody_asked(self, open_on: Any) -> None:
        card = Card()
        open_on(card).exchange(SILENCE)
        assert not card.written[-1].any()

    def test_is_no_echo(self, open_on: Any) -> None:
        """What is below hearing is not in the reference, where an echo canceller would try to learn from it."""
        card = Card()
        duplex = Duplex(open_on(card, keep_awake=True), Playback())
        assert not any(duplex.step().ref.any() for _ in range(20))
        assert card.written[-1].any()

    @pytest.mark.parametrize("drift_ppm", [-300.0, 300.0])
    def test_is_whole_on_two_clocks_too(self, open_on: Any, drift_ppm: float) -> None:
        card = ClockedCard(drift_ppm=drift_ppm)
        device = open_on(card, clocks="two", keep_awake=True)
        for _ in range(1000):
            device.exchange(SILENCE)
        assert device.underruns == 0
        assert all(block.any() for block in card.written[-900:])


class TestErrors:
    def test_without_pyaudio_say_what_to_install(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALSA_CONFIG_PATH", "")

        def missing() -> Any:
            raise ImportError("No module named 'pyaudio'")

        with pytest.raises(DeviceError, match="install"):
            PortAudioDevice(CardSettings(), directory=tmp_path, load=missing).open()

    def test_for_a_card_that_is_not_there_name_it_and_what_is(self, open_on: Any) -> None:
        with pytest.raises(DeviceError) as caught:
            open_on(Card(names=(SPEAKER,)), input_card="Jabra")
        for said in ("microphone", "Jabra", "Cards: ", "input_card"):
            assert said in str(caught.value)

    def test_for_too_few_channels_say_how_many_were_asked(self, open_on: Any) -> None:
        card = Card(mic_channels=1)
        with pytest.raises(DeviceError, match=r"4 channel\(s\)"):
            open_on(card, channels=4)
        assert not any(stream.is_open for stream in card.streams)
        assert card.terminated == 1

    def test_from_portaudio_are_passed_on_with_what_was_asked(self, open_on: Any) -> None:
        card = Card()
        card.refuse = True
        with pytest.raises(DeviceError, match=r"Invalid sample rate.*44100 Hz"):
            open_on(card, rate=44_100)

    def test_of_a_card_that_was_pulled_say_so(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card)
        card.failures.append(-9999)
        with pytest.raises(DeviceError, match="is gone"):
            device.exchange(SILENCE)
        device.close()
        device.close()

    def test_of_a_card_that_was_pulled_while_it_restarted_say_so(self, open_on: Any) -> None:
        card = Card()
        device = open_on(card)
        card.failures.append(INPUT_OVERFLOWED)
        card.refuse = True
        with pytest.raises(DeviceError, match="cannot be restarted"):
            device.exchange(SILENCE)
