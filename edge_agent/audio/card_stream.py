"""PyAudio's stream on a card's hardware, which PortAudio is never left to wait for.

Law: it waits, and passes on; bytes in, bytes out, nothing of them is looked at. Only for cards whose file is open in
this process: PulseAudio's has none of ours to wait on, and PortAudio waits for it.

Why. PortAudio's wait for a card that is pulled out has no end and no rest: the kernel's `poll` reports an error,
PortAudio takes that for lost sound, finds none, counts the frames that ALSA's shared page still shows, which is none,
and polls again (PaAlsaStream_WaitForFrames, pa_linux_alsa.c). Seen on kernel 6.1 with PortAudio 19.6: a core at 100 %
in `Pa_ReadStream`, for ever. Here the kernel is asked what the error means before PortAudio hears of it.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

NO_SOUND_MS = 1000  # a card that neither gives nor takes a block for so long does not work
LITTLE_S = 0.001  # between two looks at a card whose period is shorter than a block: it wakes us for less than we want
PCM_VERSION = 0x80044100  # SNDRV_PCM_IOCTL_PVERSION, sound/asound.h: the simplest question there is
CARD_FILE = re.compile(r"/dev/snd/pcmC\d+D\d+[cp]")
DELETED = " (deleted)"  # behind the name of an open file whose card is gone, in /proc
GONE, TIMED_OUT = -9985, -9987  # PaErrorCode, portaudio.h: device unavailable, timed out


class CardStream:
    """stream: PyAudio's, of one direction.  descriptor: of the card's file under it, open as long as the stream is.
    answers: whether the card still does.
    """

    def __init__(
        self, stream: Any, descriptor: int, answers: Callable[[int], bool] = lambda file: _answers(file)
    ) -> None:
        self._stream = stream
        self.descriptor = descriptor
        self._file = os.readlink(f"/proc/self/fd/{descriptor}")
        self._answers = answers
        self._kernel = select.poll()
        self._kernel.register(descriptor, select.POLLIN | select.POLLOUT)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read(self, frames: int, exception_on_overflow: bool = True) -> bytes:
        """As PyAudio's; raises OSError too when the card is gone, or gives nothing."""
        self._wait(self._stream.get_read_available, frames)
        heard: bytes = self._stream.read(frames, exception_on_overflow=exception_on_overflow)
        return heard

    def write(self, data: bytes, frames: int, exception_on_underflow: bool = False) -> None:
        """As PyAudio's; raises OSError too when the card is gone, or takes nothing.

        No frames: nothing is written, but a card that is gone is noticed.
        """
        if not frames:
            self._look()
        self._wait(self._stream.get_write_available, frames)
        self._stream.write(data, frames, exception_on_underflow=exception_on_underflow)

    def _wait(self, available: Callable[[], int], frames: int) -> None:
        until = time.monotonic() + NO_SOUND_MS / 1000
        while available() < frames:
            answers = self._kernel.poll(NO_SOUND_MS)
            if not answers or time.monotonic() > until:
                raise OSError(TIMED_OUT, f"no sound for {NO_SOUND_MS / 1000:g} s")
            if answers[0][1] & (select.POLLERR | select.POLLHUP):
                self._look()
                return  # lost sound: PortAudio knows what to say
            if available() < frames:
                time.sleep(LITTLE_S)

    def _look(self) -> None:
        """Raises OSError where the card is gone."""
        if not self._answers(self.descriptor):
            raise OSError(GONE, "it was disconnected")

    def let_go(self) -> None:
        """Once PortAudio has ended: it leaves the file of a card that died under it open (Pa_CloseStream stops where
        its abort fails), and a loose plug would use up all there are in time."""
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{self.descriptor}").removesuffix(DELETED) == self._file:
                os.close(self.descriptor)


def _answers(descriptor: int) -> bool:
    """Of a card that was taken out the kernel answers no question."""
    try:
        fcntl.ioctl(descriptor, PCM_VERSION, bytes(4))
    except OSError:
        return False
    return True


def on_card(opening: Callable[[], Any]) -> Any:
    """The stream that `opening` gives; where it opened a card's file in this process, with its waiting taken over.

    By whatever name it was opened: the system's default may be a card too.
    """
    before = set(_card_files())
    stream = opening()
    fresh = [file for file in _card_files() if file not in before]
    return CardStream(stream, fresh[-1]) if fresh else stream


def _card_files() -> Iterator[int]:
    """This process's open files that are a direction of a sound card."""
    for file in sorted(Path("/proc/self/fd").iterdir(), key=lambda path: int(path.name)):
        with suppress(OSError):
            if CARD_FILE.match(os.readlink(file)):
                yield int(file.name)
