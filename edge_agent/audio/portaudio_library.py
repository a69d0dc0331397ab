"""PortAudio as PyAudio gives it to us, and the two knobs that PyAudio leaves out: the card's buffer and its period.

Law: the only importer of PyAudio, and not before the first card is opened; nothing here knows what is played or heard.

The buffer. PyAudio asks for PortAudio's default low latency, about 20 ms, and offers no other; PortAudio divides any
buffer into four periods. Both are settled in PortAudio itself before a stream is opened: the number of periods by its
own `PaAlsa_SetNumPeriods` (pa_linux_alsa.h), the latency by writing it into the PaDeviceInfo that PyAudio will read it
from (`Pa_GetDeviceInfo` returns PortAudio's own copy). Measured on PulseAudio: a buffer of exactly 60 ms in periods of
10, instead of 30 ms. Where the structure is not the one known here nothing is written, and PortAudio's choice stands.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from edge_agent.audio.cards import DEAF_EAR
from edge_agent.audio.device import DeviceError
from edge_agent.audio.format import BLOCK_MS, BLOCKS_PER_S

SHARED_LIBRARY = "libportaudio.so.2"
DEVICE_INFO_VERSION = 2  # PaDeviceInfo.structVersion, portaudio.h v19


class DeviceInfo(ctypes.Structure):
    """PaDeviceInfo, portaudio.h v19."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("host_api", ctypes.c_int),
        ("most_inputs", ctypes.c_int),
        ("most_outputs", ctypes.c_int),
        ("low_input_s", ctypes.c_double),
        ("low_output_s", ctypes.c_double),
        ("high_input_s", ctypes.c_double),
        ("high_output_s", ctypes.c_double),
        ("rate", ctypes.c_double),
    )


def load_pyaudio() -> Any:
    """The PyAudio module, with the chatter of ALSA and JACK silenced. Raises ImportError."""
    _hush()
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # PortAudio asks for JACK too; it must not start one
    return import_module("pyaudio")


def load_knobs() -> Any:
    """The shared library that PyAudio is linked with, or None where there is none of that name."""
    try:
        library = ctypes.CDLL(SHARED_LIBRARY)
        library.Pa_GetDeviceInfo.restype = ctypes.POINTER(DeviceInfo)
        library.Pa_GetDeviceInfo.argtypes = (ctypes.c_int,)
        library.PaAlsa_SetNumPeriods.argtypes = (ctypes.c_int,)
    except (OSError, AttributeError):
        return None
    return library


class PortAudioLibrary:
    """PortAudio from its initialisation to its end. It looks for cards only when initialised: a new one, new eyes.

    load: where PyAudio comes from.  knobs: where PortAudio itself does. Raises DeviceError without PyAudio, OSError
    where PortAudio cannot start.
    """

    def __init__(self, load: Callable[[], Any] = load_pyaudio, knobs: Callable[[], Any] = load_knobs) -> None:
        try:
            self._module = load()
        except ImportError as error:
            raise DeviceError(
                f"PyAudio cannot be loaded ({error}): install the 'pyaudio' package and libportaudio2"
            ) from error
        self._portaudio = self._module.PyAudio()
        self._knobs = knobs()

    def microphone(self, name: str, *, rate: int, channels: int, wide: bool, buffer_ms: int) -> Any:
        """A stopped stream from the PCM `name`; wide: 32 bits a sample instead of 16. Raises OSError, LookupError."""
        return self._portaudio.open(
            rate=rate,
            channels=channels,
            format=self._module.paInt32 if wide else self._module.paInt16,
            input=True,
            input_device_index=self._prepared(name, "maxInputChannels", channels, buffer_ms),
            frames_per_buffer=rate // BLOCKS_PER_S,
            start=False,
        )

    def loudspeaker(self, name: str, *, rate: int, buffer_ms: int) -> Any:
        """A running stream of one channel, 16 bits a sample, to the PCM `name`. Raises OSError, LookupError."""
        return self._portaudio.open(
            rate=rate,
            channels=1,
            format=self._module.paInt16,
            output=True,
            output_device_index=self._prepared(name, "maxOutputChannels", 1, buffer_ms),
            frames_per_buffer=rate // BLOCKS_PER_S,
        )

    def offers(self) -> list[str]:
        """The names of the PCMs that PortAudio found."""
        return [str(pcm["name"]) for pcm in self._pcms()]

    def close(self) -> None:
        """The end of all its streams. Never raises."""
        with suppress(OSError):
            self._portaudio.terminate()

    def _pcms(self) -> list[dict[str, Any]]:
        return [self._portaudio.get_device_info_by_index(at) for at in range(self._portaudio.get_device_count())]

    def _prepared(self, name: str, capability: str, channels: int, buffer_ms: int) -> int:
        """Index of the PCM `name`, its buffer settled. Raises LookupError where it lacks the channels, or is not."""
        for pcm in self._pcms():
            if pcm["name"] == name and pcm[capability] >= channels:
                index = int(pcm["index"])
                self._settle_buffer(index, name, buffer_ms)
                return index
        raise LookupError(name)

    def _settle_buffer(self, index: int, name: str, buffer_ms: int) -> None:
        if self._knobs is None:
            return
        info = self._knobs.Pa_GetDeviceInfo(index)
        if not info or info.contents.version != DEVICE_INFO_VERSION or info.contents.name != name.encode():
            return  # another library than PyAudio's, or another structure
        self._knobs.PaAlsa_SetNumPeriods(max(2, buffer_ms // BLOCK_MS))
        info.contents.low_input_s = info.contents.low_output_s = (buffer_ms - BLOCK_MS) / 1000


def _hush() -> None:
    """ALSA and JACK print dozens of lines about what PortAudio tries in vain at each start; give them a deaf ear."""
    for library, setters in (
        ("libasound.so.2", ("snd_lib_error_set_handler",)),
        ("libjack.so.0", ("jack_set_error_function", "jack_set_info_function")),
    ):
        with suppress(OSError, AttributeError):
            loaded = ctypes.CDLL(library)
            for setter in setters:
                getattr(loaded, setter)(DEAF_EAR)
