"""What a person wrote on the card, taken into the device: Wi-Fi, name, keys, settings; and an answer left on the card.

Law: all or nothing is judged first; then the device's files are written, and only when all of them are on the disk are
the secrets taken out of the card's file. So a power cut at any moment loses nothing, and the next start does the rest:
every step finds its work done or does it. A wrong file changes nothing but the answer. No secret is printed, logged or
handed to another program's command line.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.config import ConfigError, Loaded
from edge_agent.config_file import from_dict
from edge_agent.config_text import quoted
from edge_agent.durable import Disk
from edge_agent.field import card_file, wifi
from edge_agent.field.card_file import KEPT, NAME, Card
from edge_agent.system.credentials import CREDENTIAL, SEALED

STATUS = "edge-agent-status.txt"
WIFI = "etc/wpa_supplicant/wpa_supplicant-wlan0.conf"
SETTINGS = "etc/edge-agent/conf.d/10-first-boot.toml"
HOSTNAME = "etc/hostname"
SSH_KEY = "etc/ssh/authorized_keys.d/root"
PLAIN_KEY = f"etc/credstore/{CREDENTIAL}"
SEALED_KEY = f"etc/credstore.encrypted/{SEALED}"

Seal = Callable[[bytes], bytes | None]  # a key, encrypted for this device alone; None where nothing can do that


@dataclass(slots=True)
class Outcome:
    """problems: what is wrong with the file, and then nothing was changed. understood: a line each.
    warnings: what could not be done to the card. disk: why the device could not keep it, and then some of it may be
    in force and the card's file is as it was.
    """

    problems: list[str] = field(default_factory=list)
    understood: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    disk: OSError | None = None


def run(card: Path, root: Path, *, seal: Seal, disk: Disk | None = None) -> Outcome:
    """Take in `card`/edge-agent.toml, below `root`; leave `card`/edge-agent-status.txt. Raises OSError where the
    device's own files cannot be written; what is wrong with the card is told in the outcome.
    """
    disk = disk or Disk()
    outcome = Outcome()
    try:
        disk.finish(card / NAME)
    except OSError as error:
        outcome.warnings.append(f"{NAME}: {error.strerror}: the file of an earlier start could not be restored")
    try:
        told = card_file.read(card / NAME)
        password = _password(told, root)
        _examine(told, root)
    except FileNotFoundError:
        outcome.understood.append(_missing(card))
    except ConfigError as error:
        outcome.problems = str(error).splitlines()
    else:
        try:
            _apply(told, password, root, seal, disk)
            outcome.understood = _understood(told, root)
            _clean(card, told, disk, outcome)
        except OSError as error:
            outcome.disk = error
    try:
        disk.replace(card / STATUS, status(outcome).replace("\n", "\r\n").encode(), mode=0o777)
    except OSError as error:
        outcome.warnings.append(f"{STATUS}: {error.strerror}: the card got no answer")
    if outcome.disk:
        raise outcome.disk
    return outcome


def status(outcome: Outcome) -> str:
    """The answer on the card, for a person without a screen: plain words; no date, so it changes with its facts."""
    if outcome.disk:
        lines = [f"{NAME} could NOT be kept in the device: {outcome.disk.strerror}."]
        lines += ["The file stays on the card as it is, and the next start tries again."]
    elif outcome.problems:
        lines = [f"{NAME} was NOT used: nothing was changed. Please put right:", ""]
        lines += [f"  {problem}" for problem in outcome.problems]
        lines += ["", "Edit the file, put the card back, switch on again. Until then all is as it was before."]
    else:
        lines = [f"{NAME} was understood:", "", *(f"  {line}" for line in outcome.understood)]
    if outcome.warnings:
        lines += ["", "But:", *(f"  {warning}" for warning in outcome.warnings)]
    return "\n".join(lines) + "\n"


def seal_of(root: Path) -> Seal:
    """The seal for the device at `root`: a key that is encrypted here can be read here only."""
    return _sealed_by_systemd if root == Path("/") else lambda _: None


def _sealed_by_systemd(key: bytes) -> bytes | None:
    """Encrypted with this device's own key (/var/lib/systemd/credential.secret), as LoadCredentialEncrypted= wants
    it. The key goes through a pipe.
    """
    command = ["systemd-creds", "encrypt", "--with-key=host", f"--name={SEALED}", "-", "-"]
    try:
        done = subprocess.run(command, input=key, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


# --- judging against what the device knows --------------------------------------------------------------------------


def _password(told: Card, root: Path) -> str | None:
    """The password to use: the file's, or the one that is in the device. Raises ConfigError."""
    if not told.ssid or told.password != KEPT:
        return told.password
    kept = wifi.password_of(_text(root / WIFI), told.ssid)
    if kept is None:
        raise ConfigError(f"{NAME}: wifi.password: found {quoted(KEPT)}, expected the password of this other network")
    return kept


def _examine(told: Card, root: Path) -> None:
    """Whether what the settings name is there (wake words, boards): looked at when they are new. Raises ConfigError."""
    if told.api_key == KEPT and not any((root / place).exists() for place in (PLAIN_KEY, SEALED_KEY)):
        raise ConfigError(f"{NAME}: device.api_key: found {quoted(KEPT)}, expected a key: there is none in the device")
    if _settings(told) == _text(root / SETTINGS):
        return
    from edge_agent.config_check import examine  # loads the networks' runtime, seconds on a board: not at every start

    origins = {f"{section}.{k}": NAME for section, table in told.settings.items() for k in table}
    wrong = examine(Loaded(from_dict(told.settings, NAME), origins))
    if wrong:
        raise ConfigError("\n".join(wrong))


# --- the device's files ---------------------------------------------------------------------------------------------


def _apply(told: Card, password: str | None, root: Path, seal: Seal, disk: Disk) -> None:
    if told.ssid:
        assert password is not None  # card_file.read demands it, and the country
        assert told.country is not None
        disk.replace(root / WIFI, wifi.supplicant(told.ssid, password, told.country).encode(), mode=0o600)
    elif told.ssid == "":
        disk.remove(root / WIFI)
    _apply_key(told.api_key, root, seal, disk)
    if told.hostname:
        disk.replace(root / HOSTNAME, f"{told.hostname}\n".encode())
    if told.ssh_key:
        disk.replace(root / SSH_KEY, f"{told.ssh_key.strip()}\n".encode())
    elif told.ssh_key == "":
        disk.remove(root / SSH_KEY)
    disk.replace(root / SETTINGS, _settings(told).encode())


def _apply_key(key: str | None, root: Path, seal: Seal, disk: Disk) -> None:
    """One of the two places holds it; the other is cleared after, so that there is a key at every moment."""
    if key is None or key == KEPT:
        return
    sealed = seal(key.encode()) if key else None
    places = {SEALED_KEY: sealed, PLAIN_KEY: f"{key}\n".encode() if key and sealed is None else None}
    for place, data in sorted(places.items(), key=lambda item: item[1] is None):
        if data is None:
            disk.remove(root / place)
        else:
            (root / place).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            disk.replace(root / place, data, mode=0o600)


def _settings(told: Card) -> str:
    sections = {section: table for section, table in told.settings.items() if table}
    return card_file.as_toml(sections, f"written by `edge-agent first-boot` from {NAME} on the card; change it there")


def _clean(card: Path, told: Card, disk: Disk, outcome: Outcome) -> None:
    if not told.has_secrets():
        return
    try:
        disk.replace_and_wipe(card / NAME, card_file.without_secrets(told).encode())
    except OSError as error:
        outcome.warnings.append(f"{NAME}: {error.strerror}: your password and key still stand in this file")


# --- the answer -----------------------------------------------------------------------------------------------------


def _understood(told: Card, root: Path) -> list[str]:
    """What is in force now, a line each."""
    host = _text(root / HOSTNAME).strip() or "as before"
    keyed = any((root / place).exists() for place in (PLAIN_KEY, SEALED_KEY))
    login = f"on, with your key only: ssh root@{host}.local" if (root / SSH_KEY).exists() else "off"
    lines = [_wifi_line(told, root), f"name: {host}", f"remote login: {login}"]
    lines.append(f"provider's key: {'kept in the device' if keyed else 'none'}")
    pairs: list[tuple[str, Any]] = [(f"{s}.{k}", v) for s, table in told.settings.items() for k, v in table.items()]
    return lines + [f"setting {name}: {quoted(value)}" for name, value in pairs]


def _wifi_line(told: Card, root: Path) -> str:
    if told.ssid:
        return f"Wi-Fi: {quoted(told.ssid)} in {told.country}, its password kept in the device"
    return f"Wi-Fi: {'as before' if (root / WIFI).exists() else 'off'}"


def _missing(card: Path) -> str:
    other = card / f"{NAME}.txt"  # Windows hides the last part of a name, and adds it when saving
    found = f"; {other.name} is there: rename it" if other.exists() else ""
    return f"there is no {NAME} on the card: everything is as it was{found}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def set_hostname(root: Path) -> None:
    """The kernel's name too, before the network starts. Where that is not allowed, the next boot does it."""
    name = _text(root / HOSTNAME).strip()
    if name and root == Path("/") and name != socket.gethostname():
        try:
            socket.sethostname(name)
        except OSError:
            return
