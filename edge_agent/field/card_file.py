"""The file on the card that a person edits on a laptop: read, judged, and written again without its secrets.

Law: text in, facts out; nothing is applied here. All that is wrong is told at once, as of every file of settings
(`FILE: KEY: found VALUE, expected WHAT`), but more silently: a value under an unknown key, or text that is not TOML,
may be a password on the wrong line, so neither is ever quoted. Sections: [wifi] and [device], declared here, and those
of the program's own settings (`config.py`).
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from edge_agent.config import ConfigError, Settings, declared
from edge_agent.config_file import from_dict
from edge_agent.config_text import quoted, toml_value
from edge_agent.system.credentials import VARIABLE, CredentialError, find_key

NAME = "edge-agent.toml"
KEPT = "(kept in the device)"  # stands in the file where a secret stood
OPEN = "open"  # the password of a network without one; a real one has 8 characters at least
LONGEST = 65_536  # bytes; a file of settings has a tenth of it

OURS = {"wifi": ("ssid", "password", "country"), "device": ("hostname", "api_key", "ssh_key")}
SECRETS = (("wifi", "password"), ("device", "api_key"))

_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_KEY_TYPES = r"ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com"
_SSH_KEY = re.compile(rf"({_KEY_TYPES}) ([A-Za-z0-9+/]+={{0,2}})(?: [\x20-\x7e]*)?")
_SECRET_LINE = re.compile(r"^(\s*(?:wifi\s*\.\s*password|device\s*\.\s*api_key|password|api_key)\s*=\s*).*?(\r?\n?)$")


@dataclass(frozen=True, slots=True)
class Card:
    """What the file says. None: not mentioned. Empty: to be taken away. KEPT: the secret that is in the device."""

    text: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    ssid: str | None = None
    password: str | None = field(default=None, repr=False)
    country: str | None = None
    hostname: str | None = None
    api_key: str | None = field(default=None, repr=False)
    ssh_key: str | None = None
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def has_secrets(self) -> bool:
        return any(secret not in (None, "", KEPT, OPEN) for secret in (self.password, self.api_key))


def read(path: Path) -> Card:
    """The file's facts. Raises ConfigError with every problem, FileNotFoundError where there is no file."""
    data, text = _parse(path)
    problems: list[str] = []
    _judge_names(data, problems)
    ours = {(s, k): data[s][k] for s in OURS if isinstance(data.get(s), dict) for k in OURS[s] if k in data[s]}
    for (section, k), value in ours.items():
        if wrong := _wrong_with(k, value):
            problems.append(f"{NAME}: {section}.{k}: {wrong}")
    if ours.get(("wifi", "ssid")) and not ours.get(("wifi", "country")):
        problems.append(f"{NAME}: wifi.country: found nothing, expected the country's two letters, as DE or GB")
    if ours.get(("wifi", "ssid")) and not ours.get(("wifi", "password")):
        problems.append(f'{NAME}: wifi.password: found nothing, expected the password, or "{OPEN}" where there is none')
    settings = _settings(data)
    try:
        from_dict(settings, NAME)
    except ConfigError as error:
        problems += str(error).splitlines()
    if problems:
        raise ConfigError("\n".join(problems))
    return Card(text, data, **{k: value for (_, k), value in ours.items()}, settings=settings)


def _parse(path: Path) -> tuple[dict[str, Any], str]:
    """Raises ConfigError, FileNotFoundError."""
    try:
        with path.open("rb") as reader:
            raw = reader.read(LONGEST + 1)
        if len(raw) > LONGEST:
            raise ConfigError(f"{NAME}: file: found more than {LONGEST} bytes, expected a file of settings")
        text = raw.decode("utf-8-sig")
        return tomllib.loads(text), text
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        found = f"a byte at {error.start} that is not UTF-8"
        raise ConfigError(f"{NAME}: file: found {found}, expected plain text, saved as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        where = f"line {place[1]}" if place else "the last line"
        expected = 'KEY = "text" with straight quotes, or a # in front'
        raise ConfigError(f"{NAME}: {where}: found what cannot be read (not shown), expected {expected}") from None
    except (ValueError, RecursionError):  # the parser's own limits; it names no line
        raise ConfigError(f"{NAME}: file: found a number or brackets beyond all measure, expected settings") from None
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{NAME}: file: found {why}, expected a readable file") from None


def _judge_names(data: Mapping[str, Any], problems: list[str]) -> None:
    """Unknown sections and keys, told without their values."""
    known: dict[str, tuple[str, ...]] = dict(OURS)
    for section, f in declared():
        known[section] = (*known.get(section, ()), f.name)
    for section, table in data.items():
        if section not in known:
            expected = "one of " + ", ".join(f"[{s}]" for s in known)
            problems.append(f"{NAME}: {_name(section)}: found it (its value is not shown), expected {expected}")
        elif not isinstance(table, dict):
            problems.append(f"{NAME}: {section}: found a value (not shown), expected [{section}] and its keys below")
        else:
            for k in table.keys() - set(known[section]):
                expected = f"a key of [{section}]: {', '.join(known[section])}"
                problems.append(f"{NAME}: {section}.{_name(k)}: found it (its value is not shown), expected {expected}")


def _name(k: str) -> str:
    """A key that may be quoted: a word. What looks like anything else may be a secret on the wrong side of a `=`."""
    return k if re.fullmatch(r"[A-Za-z_-]{1,24}", k) else "an unknown name (not shown)"


def _settings(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The program's own part: known sections and keys only; the others have been complained about."""
    names = {s.name: {f.name for section, f in declared() if section == s.name} for s in fields(Settings)}
    return {
        s: {k: v for k, v in table.items() if k in names[s]}
        for s, table in data.items()
        if s in names and isinstance(table, dict)
    }


# --- judging [wifi] and [device] ------------------------------------------------------------------------------------


def _wrong_with(k: str, value: Any) -> str:
    """`found VALUE, expected WHAT`, or nothing."""
    if not isinstance(value, str):
        return 'found something else (not shown), expected text in "quotes"'
    if value == "" or (value == KEPT and k in ("password", "api_key")):
        return ""
    return _JUDGES[k](value)


def _ssid(value: str) -> str:
    length = len(value.encode())
    return "" if length <= 32 else f"found {length} bytes, expected a network's name of 32 bytes at most"


def _password(value: str) -> str:
    fits = value == OPEN or re.fullmatch(r"[\x20-\x7e]{8,63}|[0-9A-Fa-f]{64}", value)
    found = f"{len(value)} characters (not shown)"
    return "" if fits else f'found {found}, expected 8 to 63 of ASCII, or "{OPEN}" for a network without a password'


def _country(value: str) -> str:
    fits = re.fullmatch(r"[A-Z]{2}", value)
    return "" if fits else f"found {quoted(value)}, expected the country's two capital letters, as DE or GB"


def _hostname(value: str) -> str:
    fits = _HOSTNAME.fullmatch(value)
    return "" if fits else f"found {quoted(value)}, expected letters, digits and hyphens, 63 at most, none at the ends"


def _api_key(value: str) -> str:
    try:
        find_key({VARIABLE: value})
    except CredentialError as error:
        return str(error).partition(": ")[2].replace("; ", ", expected a key: ", 1)
    return ""


def _ssh_key(value: str) -> str:
    if "PRIVATE" in value:
        return "found a private key (not shown), expected the public one, from the file that ends in .pub"
    match = _SSH_KEY.fullmatch(value.strip())
    if match:
        try:
            inside = base64.b64decode(match[2], validate=True)
            if inside[4 : 4 + int.from_bytes(inside[:4])] == match[1].encode():
                return ""
        except binascii.Error:
            pass
    return "found something else (not shown), expected one public key: ssh-ed25519 AAAA..."


_JUDGES = {
    "ssid": _ssid,
    "password": _password,
    "country": _country,
    "hostname": _hostname,
    "api_key": _api_key,
    "ssh_key": _ssh_key,
}


# --- writing --------------------------------------------------------------------------------------------------------


def without_secrets(card: Card) -> str:
    """The file's text with KEPT where its secrets stood, all else as the person wrote it, comments and line ends too;
    where that cannot be proved by reading the result, a text made anew from the facts.
    """
    secrets = [s for s in (card.password, card.api_key) if s not in (None, "", KEPT, OPEN)]
    wanted = {
        section: {k: KEPT if (section, k) in SECRETS and v in secrets else v for k, v in table.items()}
        for section, table in card.data.items()
    }
    replaced = "".join(_SECRET_LINE.sub(_kept, line) for line in card.text.splitlines(keepends=True))
    if not any(secret in replaced for secret in secrets if secret):
        try:
            if tomllib.loads(replaced) == wanted:
                return replaced
        except tomllib.TOMLDecodeError:
            pass
    return as_toml(wanted, "the device wrote this file anew, to take the secrets out; your comments are gone")


def _kept(line: re.Match[str]) -> str:
    emptied = re.match(rf'"({OPEN})?"\s*(#|$)', line[0].partition("=")[2].strip())
    return line[0] if emptied else f'{line[1]}"{KEPT}"{line[2]}'


def as_toml(sections: Mapping[str, Mapping[str, Any]], comment: str) -> str:
    """A file of these sections. comment: its first line."""
    lines = [f"# {comment}"]
    for section, table in sections.items():
        lines += ["", f"[{section}]", *(f"{k} = {toml_value(v)}" for k, v in table.items())]
    return "\n".join(lines) + "\n"
