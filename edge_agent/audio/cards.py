"""The sound cards as the kernel and alsa-lib know them: their ids, what they can do, who holds one.

Law: it looks, it opens nothing for sound. A card is asked for its abilities by opening its hardware PCM without
blocking and closing it at once (alsa-lib through ctypes: PyAudio has no such question). Where alsa-lib is not there, or
knows less than it is asked, the answer is "unknown", never a guess. Rates in Hz.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edge_agent.audio.device import DeviceDenied, DeviceError

SOUND = Path("/proc/asound")
CARDS = SOUND / "cards"
PROCESSES = Path("/proc")
CAPTURE, PLAYBACK = 1, 0  # snd_pcm_stream_t
RATES = (48_000, 44_100, 32_000, 24_000, 16_000, 96_000)  # whole samples in 10 ms; best first where none is asked for
FORMATS = {"S16_LE": 2, "S24_LE": 6, "S32_LE": 10, "S24_3LE": 32}  # snd_pcm_format_t
WIDE = frozenset(FORMATS) - {"S16_LE"}
_NONBLOCK = 1
# Takes what a library would print, and prints nothing; kept for as long as a library may call it. The arguments are
# left unread, which the C calling conventions of Linux allow.
DEAF_EAR = ctypes.CFUNCTYPE(None)(lambda: None)


@dataclass(frozen=True, slots=True)
class Abilities:
    """Of one direction of a card. channels: fewest and most."""

    rates: tuple[int, ...]
    formats: tuple[str, ...]
    channels: tuple[int, int]

    @property
    def wide(self) -> bool:
        """Whether its samples have more than 16 bits."""
        return any(name in WIDE for name in self.formats)


Ask = Callable[[str, int], Abilities | None]


def ids() -> tuple[str, ...]:
    """The ids of the cards that the kernel knows, in its order; empty where the kernel has no sound."""
    return tuple(_numbered())


def hardware(card: str) -> str:
    """The hardware PCM of "ID" or "ID,DEVICE"."""
    card_id, _, device = card.partition(",")
    return f"hw:CARD={card_id},DEV={device or 0}"


@cache
def load_alsa() -> Any:
    """alsa-lib, its chatter silenced, or None where there is none."""
    try:
        alsa = ctypes.CDLL("libasound.so.2")
    except OSError:
        return None
    alsa.snd_lib_error_set_handler(DEAF_EAR)
    return alsa


def abilities(card: str, stream: int) -> Abilities | None:
    """What `card` ("ID" or "ID,DEVICE") can do in one direction; None where alsa-lib is not there to be asked.

    Raises DeviceError for a card that is not there, has no such direction, is held by another program, or may not be
    opened by this user.
    """
    return ask(hardware(card), stream, card)


def ask(pcm: str, stream: int, card: str, load: Callable[[], Any] = load_alsa) -> Abilities | None:
    """As `abilities`, for any PCM that alsa-lib knows. card: how errors name it.  load: where alsa-lib comes from."""
    alsa = load()
    if alsa is None:
        return None
    handle = ctypes.c_void_p()
    try:
        failed = -alsa.snd_pcm_open(ctypes.byref(handle), pcm.encode(), stream, _NONBLOCK)
        if failed > 0:
            raise (DeviceDenied if failed in (errno.EACCES, errno.EPERM) else DeviceError)(_why(card, stream, failed))
        try:
            return _abilities(alsa, handle)
        finally:
            alsa.snd_pcm_close(handle)
    finally:
        alsa.snd_config_update_free_global()  # or PortAudio would take it for the one that is written next


def _abilities(alsa: Any, handle: ctypes.c_void_p) -> Abilities | None:
    params = ctypes.c_void_p()
    if alsa.snd_pcm_hw_params_malloc(ctypes.byref(params)) < 0:
        return None
    try:
        if alsa.snd_pcm_hw_params_any(handle, params) < 0:
            return None
        fewest, most = ctypes.c_uint(), ctypes.c_uint()
        alsa.snd_pcm_hw_params_get_channels_min(params, ctypes.byref(fewest))
        alsa.snd_pcm_hw_params_get_channels_max(params, ctypes.byref(most))
        return Abilities(
            tuple(rate for rate in RATES if alsa.snd_pcm_hw_params_test_rate(handle, params, rate, 0) == 0),
            tuple(
                name for name, code in FORMATS.items() if alsa.snd_pcm_hw_params_test_format(handle, params, code) == 0
            ),
            (fewest.value, most.value),
        )
    finally:
        alsa.snd_pcm_hw_params_free(params)


def _why(card: str, stream: int, failed: int) -> str:
    side, key = ("microphone", "input_card") if stream == CAPTURE else ("loudspeaker", "output_card")
    known = ", ".join(ids()) or "none (the kernel has no sound)"
    match failed:
        case errno.EBUSY:
            held = ", ".join(holders(card)) or "a program of another user (`sudo fuser -v /dev/snd/*` names it)"
            return f"the {side}'s card {card!r} is busy: held by {held}; stop it, or give [audio] {key} another card"
        case errno.EACCES | errno.EPERM:
            why = "this user is not in the group 'audio', or the unit's DeviceAllow leaves it out"
            return f"the {side}'s card {card!r} may not be opened: {why}"
        case errno.ENOENT if card.partition(",")[0] in ids():
            return f"card {card!r} has no {side}; cards: {known}; give [audio] {key} another one"
    return (
        f"no {side}: card {card!r} is not there ({os.strerror(failed)}); cards: {known}; "
        f"plug it in, or set [audio] {key}"
    )


def running(card: str, stream: int) -> tuple[float, float] | None:
    """Period and buffer of a card that is open in one direction, ms, as the kernel has them; None where it is not."""
    card_id, _, device = card.partition(",")
    file = SOUND / card_id / f"pcm{device or 0}{'c' if stream == CAPTURE else 'p'}" / "sub0" / "hw_params"
    with suppress(OSError, KeyError, ValueError):
        facts = dict(line.split(": ", 1) for line in file.read_text().splitlines() if ": " in line)
        rate = float(facts["rate"].split()[0])
        return 1000 * int(facts["period_size"]) / rate, 1000 * int(facts["buffer_size"]) / rate
    return None


def holders(card: str) -> list[str]:
    """The programs that hold a PCM of `card`, as "name (pid)"; of other users' programs only root sees any."""
    number = _numbered().get(card.partition(",")[0])
    if number is None:
        return []
    wanted = re.compile(rf"/dev/snd/pcmC{number}D\d+[cp]")
    found = []
    for process in PROCESSES.glob("[0-9]*"):
        with suppress(OSError):
            if any(wanted.fullmatch(os.readlink(file)) for file in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} ({process.name})")
    return sorted(found)


def _numbered() -> dict[str, int]:
    """Every card's id and its number now. A USB card's name may be cut in the middle of a character."""
    try:
        text = CARDS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found = re.findall(r"^ *(\d+) \[(.{1,15}?) *\]", text, re.MULTILINE)
    return {card_id.strip(): int(number) for number, card_id in found}
