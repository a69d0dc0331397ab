"""A sound card with a clock, without a sound card: PulseAudio, alone in a directory, with two null sinks.

What is played into the sink `room` is what the daemon's microphone hears; what the daemon plays lands in the sink
`speaker`, and can be recorded from its monitor. Both keep a listener, because a null sink that nobody wants in a hurry
hands out its sound in pieces of two seconds. `speed` makes the server's clock run fast (libfaketime): a second card.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples

PROGRAMS = ("pulseaudio", "pacat", "parec", "pactl")
ALSA_PLUGIN = "libasound_module_pcm_pulse.so"
FAKETIME = "libfaketimeMT.so.1"
START_S = 15.0


def missing() -> str:
    """What this machine lacks for such a card, or nothing."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    if not library(f"alsa-lib/{ALSA_PLUGIN}"):
        lacking.append("libasound2-plugins")
    return ", ".join(lacking)


def library(name: str) -> str:
    """Where a shared library of Debian's lies, or nothing."""
    return next((str(path) for path in Path("/usr/lib").glob(f"*-linux-gnu/{name}")), "")


class PulseAudio:
    """A server of our own, running from construction to `stop`."""

    def __init__(self, directory: Path, *, speed: float = 1.0) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        self.socket = directory / "socket"
        self._directory = directory
        self._speed = speed
        self._children: list[subprocess.Popen[bytes]] = []
        self.start()

    def start(self) -> None:
        """The server, and a listener on each sink. Raises TimeoutError."""
        self._log = (self._directory / "pulse.log").open("ab")
        command = [
            *_hurry(),
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"),
            *("-L", f"module-native-protocol-unix socket={self.socket} auth-anonymous=1"),
            *("-L", "module-null-sink sink_name=room rate=48000 channels=2"),
            *("-L", "module-null-sink sink_name=speaker rate=48000 channels=2"),
        ]
        fake = {}
        if self._speed != 1.0:
            fake = {"LD_PRELOAD": library(f"faketime/{FAKETIME}"), "FAKETIME": f"+0 x{self._speed}"}
        self._children = [self._child(command, fake)]
        deadline = time.monotonic() + START_S
        while subprocess.run(("pactl", "info"), env=self.env(), capture_output=True, check=False).returncode:
            if time.monotonic() > deadline:
                raise TimeoutError((self._directory / "pulse.log").read_text())
            time.sleep(0.05)
        for sink in ("room", "speaker"):
            self._children.append(self._child([*_hurry(), *_pacat("--playback", sink), "/dev/zero"], {}))

    def stop(self) -> None:
        for child in reversed(self._children):
            child.kill()
            child.wait()
        self._children = []
        self.socket.unlink(missing_ok=True)
        self._log.close()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """The server is there, and does nothing."""
        self._children[0].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._children[0].send_signal(signal.SIGCONT)

    def sleep(self, seconds: float) -> None:
        with self.asleep():
            time.sleep(seconds)

    def pcm(self, name: str, device: str) -> str:
        """ALSA's description of a PCM on a sink, or on a sink's monitor."""
        return f'pcm.{name} {{ type pulse server "unix:{self.socket}" device {device} hint.show on }}\n'

    def say(self, samples: Samples) -> subprocess.Popen[bytes]:
        """Play samples (n,) of 16 kHz into the room; the process ends with them."""
        path = self._directory / "said.raw"
        path.write_bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        return self._child([*_hurry(), *_pacat("--playback", "room", HEARING_RATE, 1), str(path)], {})

    def record(self) -> Recording:
        """What the loudspeaker plays, from now on."""
        return Recording(self, self._directory / "speaker.raw")

    def env(self) -> dict[str, str]:
        """For PulseAudio's own programs."""
        home = str(self._directory)
        return {**os.environ, "HOME": home, "XDG_RUNTIME_DIR": home, "PULSE_SERVER": f"unix:{self.socket}"}

    def _child(self, command: list[str], more: dict[str, str], output: int | None = None) -> subprocess.Popen[bytes]:
        env = {**self.env(), **more}
        if command[len(_hurry())] == "pulseaudio":
            del env["PULSE_SERVER"]
        return subprocess.Popen(command, env=env, stdout=output or self._log, stderr=self._log)


class Recording:
    """The loudspeaker's sound while it is open, 16 kHz."""

    def __init__(self, pulse: PulseAudio, path: Path) -> None:
        self._path = path
        with path.open("wb") as file:
            command = [*_hurry(), *_pacat("--record", "speaker.monitor", HEARING_RATE, 1)]
            self._child = pulse._child(command, {}, file.fileno())

    def stop(self) -> Samples:
        """All of it, shape (n,)."""
        self._child.terminate()
        self._child.wait()
        return np.frombuffer(self._path.read_bytes(), "<i2").astype(np.float32) / np.float32(32768)


def cards(microphone: PulseAudio, loudspeaker: PulseAudio, directory: Path) -> dict[str, str]:
    """The environment in which ALSA has the PCMs `room` and `speaker`, and they are its default."""
    config = directory / "asound.conf"
    config.write_text(
        "</usr/share/alsa/alsa.conf>\n"
        + microphone.pcm("room", "room.monitor")
        + loudspeaker.pcm("speaker", "speaker")
        + "pcm.!default { type asym playback.pcm speaker capture.pcm room }\n"
    )
    return {"ALSA_CONFIG_PATH": str(config), "RUNTIME_DIRECTORY": str(directory)}


def _pacat(direction: str, device: str, rate: int = 48_000, channels: int = 2) -> list[str]:
    return [
        *("pacat", direction, "-d", device, "--raw", "--format=s16le", "--latency-msec=20"),
        *(f"--rate={rate}", f"--channels={channels}"),
    ]


def _hurry() -> list[str]:
    """A card does not wait for other programs; where we may, neither does its stand-in."""
    return ["nice", "-n", "-15"] if os.geteuid() == 0 else []
