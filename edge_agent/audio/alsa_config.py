"""A private ALSA configuration: the only way to give PyAudio a card, which it cannot name.

Law: text and its place; no sound is opened here. It defines two PCMs, one a direction, by the names below, on top of
whatever configuration ALSA would have used without us. Cards are named by their ALSA id, never by number: numbers
change from boot to boot.

A card's hardware is opened directly, under a `plug` that changes the sample format and the number of channels where the
card has others; its rate is fixed to one the card has, so that ALSA's own, poor, resampling is never used. The
loudspeaker's one channel goes to all of the card's; of the microphones the card's first channels are taken. dmix and
dsnoop are not used: they fix what must be negotiated, and a card that is pulled out leaves their readers waiting. The
buffer and its period are set in `portaudio_library`.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from edge_agent.audio.cards import hardware
from edge_agent.audio.device import DeviceError

MIC = "edge_mic"
SPEAKER = "edge_speaker"
SYSTEM_CONFIG = Path("/usr/share/alsa/alsa.conf")
FILE_NAME = "edge-agent-asound.conf"
VARIABLE = "ALSA_CONFIG_PATH"
# An ALSA id has at most 15 characters; one or two digits alone alsa-lib would take for a number.
CARD = re.compile(r"(?!\d{1,2}(?:,|$))[A-Za-z0-9_-]{1,15}(,\d{1,2})?")
PCM = re.compile(r"pcm:[A-Za-z0-9_.:,=-]+")  # a PCM of the system's own configuration

_bases: dict[Path, Path] = {}  # of each file written: what it stands on, should the file be lost


def is_name(card: str) -> bool:
    """Whether it could be a card, a PCM of the system's configuration, or the default."""
    return not card or (CARD if is_hardware(card) else PCM).fullmatch(card) is not None


def is_hardware(card: str) -> bool:
    """Whether `card` names a card; otherwise it is the system's default, or a PCM of the system's configuration."""
    return bool(card) and not card.startswith("pcm:")


def text(
    *, input_card: str = "", output_card: str = "", input_rate: int, output_rate: int, base: str | Path = SYSTEM_CONFIG
) -> str:
    """The configuration. Cards: ALSA id, or "ID,DEVICE", or "pcm:NAME" for a PCM of the system's configuration, or ""
    for the system's default. Rates: Hz. base: the configuration that is read first. Raises DeviceError for a card that
    cannot be a name."""
    return "\n".join(
        (
            f"<{Path(base).resolve()}>",
            _pcm(MIC, "capture", input_card, input_rate, route="copy"),
            _pcm(SPEAKER, "playback", output_card, output_rate, route="duplicate"),
        )
    )


def directory(env: Mapping[str, str]) -> Path:
    """A place that is ours alone: systemd's RUNTIME_DIRECTORY, the session's XDG_RUNTIME_DIR where it is this user's,
    or a new one under /tmp, with a name that nobody can guess, gone when the process ends. Never one whose path
    alsa-lib would split. Raises DeviceError.
    """
    if env.get("RUNTIME_DIRECTORY") and not _splits(env["RUNTIME_DIRECTORY"]):
        return Path(env["RUNTIME_DIRECTORY"])
    session = Path(env.get("XDG_RUNTIME_DIR") or "/nonexistent")
    try:
        if not _splits(str(session)) and session.stat().st_uid == os.getuid() and os.access(session, os.W_OK | os.X_OK):
            return session
    except OSError:
        pass  # it has gone with its session
    try:
        fresh = tempfile.mkdtemp(prefix="edge-agent-")
    except OSError as error:
        raise DeviceError(f"no place for the sound configuration: {error.strerror or error}; set TMPDIR") from error
    atexit.register(shutil.rmtree, fresh, ignore_errors=True)
    return Path(fresh)


def _splits(path: str) -> bool:
    """Whether alsa-lib would take it for several paths; PortAudio then aborts the process."""
    return re.search(r"[\s:]", path) is not None


def apply(
    directory: str | Path, *, input_card: str = "", output_card: str = "", input_rate: int, output_rate: int
) -> Path:
    """Write the configuration under `directory` (made if need be) and point ALSA to it; must happen before PortAudio is
    initialised.

    A configuration that ALSA_CONFIG_PATH named before stays underneath. May be called again. Raises DeviceError.
    """
    path = Path(directory).resolve() / FILE_NAME
    before = os.environ.get(VARIABLE, "")
    base = Path(before).resolve() if before else SYSTEM_CONFIG
    if base == path:
        base = _bases.get(path, SYSTEM_CONFIG)
    _bases[path] = base
    content = text(
        input_card=input_card, output_card=output_card, input_rate=input_rate, output_rate=output_rate, base=base
    )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, content)
    except OSError as error:
        raise DeviceError(f"{path}: cannot write the sound configuration: {error.strerror or error}") from error
    os.environ[VARIABLE] = str(path)
    return path


def _write(path: Path, content: str) -> None:
    """For the owner only, and never through a link that somebody laid there: the configuration names what is loaded.

    A new file each time: alsa-lib reads a configuration again when its inode is another, and looks at whole seconds
    only otherwise.
    """
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=".asound-")  # mode 0600
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(fresh, path)
    except OSError:
        with suppress(OSError):
            os.unlink(fresh)
        raise


def _pcm(name: str, side: str, card: str, rate: int, *, route: str) -> str:
    """One direction. route: `copy` hands out the card's first channels, `duplicate` feeds all of them alike."""
    if not is_hardware(card):
        if card and not PCM.fullmatch(card):
            raise DeviceError(f"sound card {card!r}: expected pcm: and the name of a PCM as `aplay -L` shows it")
        slave = card.removeprefix("pcm:") or "default"
        return f'pcm.{name} {{\n  type asym\n  {side}.pcm "{slave}"\n}}\n'
    if not CARD.fullmatch(card):
        raise DeviceError(
            f"sound card {card!r}: expected an ALSA id as `arecord -l` shows it, or ID,DEVICE, or pcm:NAME, or nothing"
        )
    return f"""pcm.{name} {{
  type plug
  route_policy {route}
  slave {{
    pcm "{hardware(card)}"
    rate {rate}
  }}
}}
"""
