"""The guest's sound card, from the other side: a person at its microphone, a recorder at its loudspeaker.

Law: snd-aloop's device 0 is the daemon's, device 1 is ours; what is played into one's playback is captured at the
other. Both sides must speak one format, so ours is read from what the daemon opened. Samples are float32 mono at 16 kHz
on this side, as everywhere in the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr

from edge_agent.audio.format import HEARING_RATE, Samples
from tests.vm.guest import Done, Guest, GuestError

CARD = "/proc/asound/Loopback"
DEVICE = "hw:Loopback,1,0"
SAID, HEARD = "/run/said.raw", "/run/heard.raw"
RECORDER = "recorder.service"
BITS = {"S16_LE": 16, "S32_LE": 32}


@dataclass(frozen=True, slots=True)
class Form:
    """What a direction of the daemon's card was opened with. code: ALSA's name of the samples, one of `BITS`."""

    code: str
    rate: int
    channels: int

    @property
    def options(self) -> str:
        return f"-D {DEVICE} -t raw -f {self.code} -r {self.rate} -c {self.channels}"

    def pack(self, samples: Samples) -> bytes:
        """Samples (n,) of 16 kHz as the card takes them, the same in every channel."""
        wide = soxr.resample(samples, HEARING_RATE, self.rate) if self.rate != HEARING_RATE else samples
        full = 2.0 ** (BITS[self.code] - 1) - 1
        pcm = (np.clip(wide, -1, 1).astype(np.float64) * full).astype(f"<i{BITS[self.code] // 8}")
        return np.repeat(pcm[:, None], self.channels, axis=1).tobytes()

    def unpack(self, raw: bytes) -> Samples:
        """The first channel, shape (n,), 16 kHz."""
        size = self.channels * BITS[self.code] // 8
        pcm = np.frombuffer(raw[: len(raw) // size * size], f"<i{BITS[self.code] // 8}").reshape(-1, self.channels)
        wide: Samples = (pcm[:, 0] / 2.0 ** (BITS[self.code] - 1)).astype(np.float32)
        return soxr.resample(wide, self.rate, HEARING_RATE) if self.rate != HEARING_RATE else wide


def form(guest: Guest, direction: str) -> Form:
    """direction: "c" for the daemon's microphone, "p" for its loudspeaker. Raises GuestError where it is closed."""
    text = guest.run(f"cat {CARD}/pcm0{direction}/sub0/hw_params").out
    facts = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if facts.get("format") not in BITS:
        raise GuestError(f"the daemon's card is not open in a form that is known here: {text}")
    return Form(facts["format"], int(facts["rate"].split()[0]), int(facts["channels"]))


def say(guest: Guest, samples: Samples) -> Callable[[bool], Done]:
    """Play samples (n,) into the daemon's microphone; what is returned waits for the end of it."""
    wanted = form(guest, "c")
    guest.put(SAID, wanted.pack(samples))
    return guest.start(
        f"aplay -q --buffer-time=500000 {wanted.options} {SAID}", limit_s=30 + len(samples) / HEARING_RATE
    )


class Recording:
    """What the daemon plays, from construction to `stop`."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._form = form(guest, "p")
        guest.run(f"systemd-run -q --unit={RECORDER} arecord -q --buffer-time=500000 {self._form.options} {HEARD}")

    def stop(self) -> Samples:
        """All of it, shape (n,)."""
        self._guest.run(f"systemctl stop {RECORDER}")
        return self._form.unpack(self._guest.get(HEARD))
