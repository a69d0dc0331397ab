"""The real sound card, through PyAudio: blocking reads and writes of 10 ms on the two PCMs that `alsa_config` names.

Law: the only importer of PyAudio, and not before `open`. Two streams, one a direction, because PyAudio has one
channel count per stream. int16 at the device's own rate; nothing is resampled or mixed here.

The pair's delay. `open` fills the speaker's buffer with silence, less one block, and starts the microphone: from then
on every exchange adds 10 ms to the one and takes 10 ms from the other, so the delay between the sides is constant
while both directions run on one clock.

Lost sound. PyAudio's `exception_on_overflow=False` hides an overflow altogether, and with `True` PyAudio closes the
stream as it raises (-9981 on read, -9980 on write; stream_io.c). That is what is used here: the exception is the only
count that can be trusted, and both streams are then opened anew, in some milliseconds. PortAudio alone would restart
one direction only and leave the pair with a new, unknown delay; a fresh start gives the echo canceller the delay that
it knows. What a restart throws away is at least one full buffer of the microphone, and is counted in `overflows` as
that many pairs.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.audio.alsa_config import MIC, SPEAKER
from edge_agent.audio.device import DeviceError
from edge_agent.audio.format import BLOCK_MS, BLOCKS_PER_S, Samples
from edge_agent.audio.wire import FULL_SCALE, pcm16

INPUT_OVERFLOWED = -9981  # PaErrorCode, portaudio.h
OUTPUT_UNDERFLOWED = -9980
MOST_RESTARTS = 5  # in one exchange; a card that loses sound that fast does not work
CARDS = Path("/proc/asound/cards")


def load_pyaudio() -> Any:
    """The PyAudio module, with the chatter of ALSA and JACK silenced. Raises ImportError."""
    _hush()
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # PortAudio asks for JACK too; it must not start one
    return import_module("pyaudio")


class PortAudioDevice:
    """An `AudioDevice` on PortAudio. `alsa_config.apply` must have been called with the same settings.

    input_card, output_card: as configured; for the text of errors only.
    buffer_ms: how much sound is to wait in the card, at most; where PortAudio got less, that.
    load: where PyAudio comes from.
    obtained_ms: buffer of the speaker as PortAudio reports it, ms; known after `open`.
    """

    def __init__(
        self,
        *,
        rate: int = 48_000,
        channels: int = 1,
        buffer_ms: int = 60,
        input_card: str = "",
        output_card: str = "",
        load: Callable[[], Any] = load_pyaudio,
    ) -> None:
        self.rate = rate
        self.channels = channels
        self.latency_ms = 0.0
        self.obtained_ms = 0.0
        self.overflows = 0
        self.underruns = 0
        self._block = rate // BLOCKS_PER_S
        self._buffer_ms = buffer_ms
        self._cards = {MIC: input_card, SPEAKER: output_card}
        self._load = load
        self._library: Any = None
        self._portaudio: Any = None
        self._mic: Any = None
        self._speaker: Any = None

    def open(self) -> None:
        """Claim the card. A fresh PortAudio each time: it looks for cards only then. Raises DeviceError."""
        self.close()
        self.overflows = self.underruns = 0
        try:
            self._library = self._load()
        except ImportError as error:
            raise DeviceError(
                f"PyAudio cannot be loaded ({error}): install the 'pyaudio' package and libportaudio2"
            ) from error
        try:
            self._portaudio = self._library.PyAudio()
            self._start()
        except OSError as error:
            self.close()
            raise self._failure("cannot be opened", error) from error
        except DeviceError:
            self.close()
            raise

    def exchange(self, speaker: Samples) -> Samples:
        """10 ms out, shape (rate/100,), and 10 ms in, shape (channels, rate/100). Blocks. Raises DeviceError."""
        if speaker.shape != (self._block,):
            raise ValueError(f"expected {self._block} samples, got shape {speaker.shape}")
        if self._mic is None:
            raise DeviceError("the sound card is not open")
        pcm = pcm16(speaker)
        for _ in range(MOST_RESTARTS):
            try:
                self._speaker.write(pcm, self._block, exception_on_underflow=True)
                heard = self._mic.read(self._block, exception_on_overflow=True)
            except OSError as error:
                self._recover(error)
            else:
                frames = np.frombuffer(heard, "<i2").reshape(self._block, self.channels)
                return np.ascontiguousarray(frames.T, dtype=np.float32) / np.float32(FULL_SCALE)
        raise DeviceError(
            f"the sound card lost sound {MOST_RESTARTS} times in a row: raise [audio] buffer_ms (now {self._buffer_ms})"
        )

    def close(self) -> None:
        """Let the card go. Never raises; may be called twice."""
        self._drop_streams()
        if self._portaudio is not None:
            with suppress(OSError):
                self._portaudio.terminate()
            self._portaudio = None

    def _recover(self, error: OSError) -> None:
        """Count what was lost and start both directions afresh; anything but lost sound means that the card is gone."""
        code = error.args[0] if error.args else None
        if code not in (INPUT_OVERFLOWED, OUTPUT_UNDERFLOWED):
            raise self._failure("is gone", error) from error
        if code == OUTPUT_UNDERFLOWED:
            self.underruns += 1
        self.overflows += max(1, self._buffer_ms // BLOCK_MS)
        self._drop_streams()
        try:
            self._start()
        except OSError as again:
            raise self._failure("cannot be restarted after it lost sound", again) from again

    def _start(self) -> None:
        """Open both streams, fill the speaker's buffer less one block with silence, let the microphone run."""
        format_int16 = self._library.paInt16
        self._speaker = self._portaudio.open(
            rate=self.rate,
            channels=1,
            format=format_int16,
            output=True,
            output_device_index=self._find(SPEAKER, "maxOutputChannels", 1),
            frames_per_buffer=self._block,
        )
        self._mic = self._portaudio.open(
            rate=self.rate,
            channels=self.channels,
            format=format_int16,
            input=True,
            input_device_index=self._find(MIC, "maxInputChannels", self.channels),
            frames_per_buffer=self._block,
            start=False,
        )
        # PortAudio's output latency on ALSA is the buffer less one period: what may wait ahead of a new block.
        ahead_ms = 1000 * self._speaker.get_output_latency()
        self.obtained_ms = ahead_ms + BLOCK_MS
        blocks = max(1, round(min(ahead_ms, self._buffer_ms - BLOCK_MS) / BLOCK_MS))
        for _ in range(blocks):
            self._speaker.write(bytes(2 * self._block), self._block)
        self._mic.start_stream()
        self.latency_ms = float(blocks * BLOCK_MS)

    def _find(self, name: str, capability: str, channels: int) -> int:
        """Index of the PCM `name`, with enough channels in its direction. Raises DeviceError."""
        pcms = [self._portaudio.get_device_info_by_index(at) for at in range(self._portaudio.get_device_count())]
        for pcm in pcms:
            if pcm["name"] == name and pcm[capability] >= channels:
                return int(pcm["index"])
        offered = ", ".join(f"{pcm['name']} ({pcm[capability]})" for pcm in pcms if pcm[capability]) or "none"
        side, key = ("microphone", "input_card") if name == MIC else ("loudspeaker", "output_card")
        raise DeviceError(
            f"no {side} with {channels} channel(s) on {self._card(name)} (PCM {name}). Cards: {_cards()}. "
            f"PortAudio offers: {offered}. Set [audio] {key} to a card's id, or free the card"
        )

    def _failure(self, what: str, error: OSError) -> DeviceError:
        reason = " ".join(str(arg) for arg in error.args)
        return DeviceError(
            f"sound card {what} ({reason}): microphone {self._card(MIC)}, {self.channels} channel(s), loudspeaker "
            f"{self._card(SPEAKER)}, {self.rate} Hz. Cards: {_cards()}. Check the plug, [audio] rate and channels, and "
            "that no other program holds the card (`fuser -v /dev/snd/*`)"
        )

    def _card(self, name: str) -> str:
        return f"card {self._cards[name]!r}" if self._cards[name] else "the system's default card"

    def _drop_streams(self) -> None:
        for stream in (self._speaker, self._mic):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._speaker = self._mic = None


def _cards() -> str:
    """The ids of the cards that the kernel knows."""
    try:
        lines = CARDS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return "none (the kernel has no sound)"
    return ", ".join(line.split("[")[1].split("]")[0].strip() for line in lines if "[" in line) or "none"


_DEAF_EAR = ctypes.CFUNCTYPE(None)(lambda: None)  # kept for as long as a library may call it


def _hush() -> None:
    """ALSA and JACK print dozens of lines about what PortAudio tries in vain at each start; give them a deaf ear.

    The arguments they pass are left unread, which the C calling conventions of Linux allow.
    """
    for library, setters in (
        ("libasound.so.2", ("snd_lib_error_set_handler",)),
        ("libjack.so.0", ("jack_set_error_function", "jack_set_info_function")),
    ):
        with suppress(OSError, AttributeError):
            loaded = ctypes.CDLL(library)
            for setter in setters:
                getattr(loaded, setter)(_DEAF_EAR)
