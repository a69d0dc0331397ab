"""The daemon as a process, and what it needs around it: an ALSA card made of files, a listener to its notifications."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

# A direction each: the plugin writes what is captured into `file` too.
CARD = """
</usr/share/alsa/alsa.conf>
pcm.!default {{ type asym playback.pcm speaker capture.pcm microphone }}
pcm.speaker {{ type file slave.pcm null file "{speaker}" format raw }}
pcm.microphone {{ type file slave.pcm null file /dev/null infile "{microphone}" format raw }}
"""


def edge_agent(*arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """`edge-agent ARGUMENTS` of this checkout, with this Python."""
    clean = {name: value for name, value in os.environ.items() if name not in ("OPENAI_API_KEY", "NOTIFY_SOCKET")}
    return subprocess.Popen(
        [sys.executable, "-m", "edge_agent", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**clean, **(env or {})},
    )


def file_card(directory: Path) -> dict[str, str]:
    """The environment in which ALSA's default card reads silence from a file and writes into another, with no clock."""
    microphone, speaker = directory / "microphone.raw", directory / "speaker.raw"
    microphone.write_bytes(bytes(48_000 * 2 * 60))
    config = directory / "asound.conf"
    config.write_text(CARD.format(microphone=microphone, speaker=speaker))
    return {"ALSA_CONFIG_PATH": str(config), "RUNTIME_DIRECTORY": str(directory)}


class NotifySocket:
    """What systemd is on the other end of sd_notify."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self.env = {"NOTIFY_SOCKET": str(path)}

    def wait_for(self, word: str, seconds: float) -> str:
        """The first notification that begins with `word`. Raises TimeoutError."""
        self._socket.settimeout(seconds)
        while True:
            message = self._socket.recv(4096).decode()
            if message.startswith(word):
                return message

    def close(self) -> None:
        self._socket.close()
