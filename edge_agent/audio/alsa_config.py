"""A private ALSA configuration: the only way to choose card, period and buffer for PyAudio, which has no such
parameters.

Law: text and its place; no sound is opened here. It defines two PCMs, one a direction, by the names below, on top of
whatever configuration ALSA would have used without us. Cards are named by their ALSA id, never by number: numbers
change from boot to boot.

A named card is opened through dmix and dsnoop with `max_periods -1`: then the buffer offered to PortAudio is exactly
the card's own, set here, and PortAudio takes its default latency from it (buffer less one period). Sharing comes with
it: a technician can play or record while the daemon runs. The system's default device ("") is taken as it is, with
the buffer PortAudio chooses for it, about 20 ms with 10 ms blocks: name the card where that is too little.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from edge_agent.audio.device import DeviceError
from edge_agent.audio.format import BLOCK_MS

MIC = "edge_mic"
SPEAKER = "edge_speaker"
SYSTEM_CONFIG = Path("/usr/share/alsa/alsa.conf")
FILE_NAME = "edge-agent-asound.conf"
VARIABLE = "ALSA_CONFIG_PATH"
CARD = re.compile(r"[A-Za-z0-9_-]{1,15}(,\d{1,2})?")  # an ALSA id has at most 15 characters


def text(
    *,
    input_card: str = "",
    output_card: str = "",
    rate: int = 48_000,
    channels: int = 1,
    buffer_ms: int = 60,
    base: str | Path = SYSTEM_CONFIG,
) -> str:
    """The configuration. Cards: ALSA id, or "ID,DEVICE", or "" for the system's default. rate: Hz. channels: of the
    microphones.
    buffer_ms: of each direction. base: the configuration that is read first. Raises DeviceError for a card that
    cannot be a name."""
    return "\n".join(
        (
            f"<{Path(base).resolve()}>",
            _pcm(MIC, "dsnoop", input_card, rate, channels, buffer_ms, route="copy"),
            _pcm(SPEAKER, "dmix", output_card, rate, 2, buffer_ms, route="duplicate"),
        )
    )


def directory(env: Mapping[str, str]) -> Path:
    """A place that is ours alone: systemd's RUNTIME_DIRECTORY, the session's XDG_RUNTIME_DIR where it is this user's,
    or a new one under /tmp, with a name that nobody can guess, gone when the process ends. Raises DeviceError.
    """
    if env.get("RUNTIME_DIRECTORY"):
        return Path(env["RUNTIME_DIRECTORY"])
    session = Path(env.get("XDG_RUNTIME_DIR") or "/nonexistent")
    try:
        if session.stat().st_uid == os.getuid() and os.access(session, os.W_OK | os.X_OK):
            return session
    except OSError:
        pass  # it has gone with its session
    try:
        fresh = tempfile.mkdtemp(prefix="edge-agent-")
    except OSError as error:
        raise DeviceError(f"no place for the sound configuration: {error.strerror or error}; set TMPDIR") from error
    atexit.register(shutil.rmtree, fresh, ignore_errors=True)
    return Path(fresh)


def apply(
    directory: str | Path,
    *,
    input_card: str = "",
    output_card: str = "",
    rate: int = 48_000,
    channels: int = 1,
    buffer_ms: int = 60,
) -> Path:
    """Write the configuration under `directory` (made if need be) and point ALSA to it; must happen before PyAudio
    opens anything.

    A configuration that ALSA_CONFIG_PATH named before stays underneath. May be called again. Raises DeviceError.
    """
    path = Path(directory).resolve() / FILE_NAME
    before = os.environ.get(VARIABLE, "")
    base = Path(before).resolve() if before else SYSTEM_CONFIG
    if base == path:
        base = _base_of(path)
    content = text(
        input_card=input_card, output_card=output_card, rate=rate, channels=channels, buffer_ms=buffer_ms, base=base
    )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, content)
    except OSError as error:
        raise DeviceError(f"{path}: cannot write the sound configuration: {error.strerror or error}") from error
    os.environ[VARIABLE] = str(path)
    return path


def _write(path: Path, content: str) -> None:
    """For the owner only, and never through a link that somebody laid there: the configuration names what is loaded."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)  # also one that was there before us
        file.write(content)


def _base_of(path: Path) -> Path:
    """The configuration that the file written before stands on."""
    try:
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    except OSError:
        return SYSTEM_CONFIG
    return Path(first.strip("<>"))


def _pcm(name: str, plugin: str, card: str, rate: int, channels: int, buffer_ms: int, *, route: str) -> str:
    """One direction. route: `copy` hands out the card's first channels, `duplicate` feeds all of them alike."""
    if not card:
        return f'pcm.{name} {{\n  type plug\n  slave.pcm "default"\n  route_policy {route}\n}}\n'
    if not CARD.fullmatch(card):
        raise DeviceError(
            f"sound card {card!r}: expected an ALSA id as `arecord -l` shows it, or ID,DEVICE, or nothing"
        )
    card_id, _, device = card.partition(",")
    shared = f"{plugin} {card} {rate} {channels} {buffer_ms}"
    return f"""pcm.{name} {{
  type plug
  route_policy {route}
  slave.pcm {{
    type {plugin}
    ipc_key {zlib.crc32(shared.encode()) & 0x7FFFFFFF}
    ipc_perm 0660
    max_periods -1
    slave {{
      pcm "hw:CARD={card_id},DEV={device or 0}"
      format S16_LE
      rate {rate}
      channels {channels}
      period_time {BLOCK_MS * 1000}
      buffer_time {buffer_ms * 1000}
    }}
  }}
}}
"""
